"""Ask each configured service whether it takes our credentials, all at once, by calls that cost nothing.

Their answers also say what time it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from trendspark_cli.archiving.destination import Destination
from trendspark_cli.base.errors import ConfigError, RateLimitedError, TrendSparkError
from trendspark_cli.base.redaction import redact
from trendspark_cli.base.settings import Settings
from trendspark_cli.running.job_context import ApiCall
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding

ANSWER_SECONDS = 5.0
LONGEST_SECONDS = 30.0  # for all of them; a name server that hangs knows no time-out of ours
SKEW_TOLERATED, SKEW_REFUSED = timedelta(seconds=30), timedelta(minutes=5)  # signatures of requests last minutes

Probe = Callable[[], str]  # returns what the service said; raises TrendSparkError
Record = Callable[[ApiCall], None]


def impatient(settings: Settings) -> Settings:
    """Return settings for calls that give up soon."""
    return replace(settings, http_timeout=min(settings.http_timeout, timedelta(seconds=ANSWER_SECONDS)))


def probes(settings: Settings, record: Record, destination: Callable[[str], Destination]) -> dict[str, Probe | str]:
    """Return what asks each service, or which settings it would need."""
    return {
        "x": (lambda: _ask_x(settings, record)) if settings.x_bearer_token else "needs X_BEARER_TOKEN",
        "reddit": (lambda: _ask_reddit(settings, record))
        if settings.reddit_client_id and settings.reddit_client_secret and settings.reddit_user_agent
        else "needs the REDDIT_* settings",
        "telegram": (lambda: _ask_telegram(settings, record))
        if settings.telegram_is_configured
        else "needs TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID",
        "openai": (lambda: _ask_openai(settings, record)) if settings.openai_api_key else "needs OPENAI_API_KEY",
        "archive": (lambda: _ask_archive(destination(settings.archive_url)))
        if settings.archive_url
        else "needs ARCHIVE_URL",
    }


def check_services(asked: Mapping[str, Probe | str]) -> Iterator[Finding]:
    """Yield what each service says, in the order given; all are asked side by side."""
    pool = ThreadPoolExecutor(len(asked), thread_name_prefix="probe")
    answers = {name: pool.submit(probe) for name, probe in asked.items() if callable(probe)}
    wait(answers.values(), LONGEST_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    for name, probe in asked.items():
        if isinstance(probe, str):
            yield Finding(name, OK, f"not configured: {probe}")
        else:
            yield _finding(name, answers[name])


def check_clock(calls: Sequence[ApiCall]) -> Iterator[Finding]:
    """Yield how far this machine's clock is from those of the services that answered."""
    skews = {}
    for call in calls:
        try:
            theirs = parsedate_to_datetime(call.answered_at)
        except ValueError:
            continue
        here = call.at + timedelta(seconds=call.seconds)
        skews[call.service] = here - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    if not skews:
        return
    service, skew = sorted(skews.items(), key=lambda item: abs(item[1]))[0]  # the one that agrees best
    seconds = round(skew.total_seconds())
    what = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} {service}"
    if abs(skew) <= SKEW_TOLERATED:
        yield Finding("clock", OK, what)
    else:
        state = FAIL if abs(skew) > SKEW_REFUSED else WARN
        yield Finding("clock", state, what, "set the clock (timedatectl), and keep it set by NTP")


def _finding(name: str, answer: Future[str]) -> Finding:
    if not answer.done():
        return Finding(name, FAIL, f"no answer in {LONGEST_SECONDS:.0f} s", "check the network and its name servers")
    try:
        return Finding(name, OK, redact(answer.result()))
    except RateLimitedError as error:
        return Finding(name, WARN, redact(str(error)), redact(error.hint or "nothing to do: the next run tries again"))
    except TrendSparkError as error:
        return Finding(name, FAIL, redact(str(error)), redact(error.hint or "see `trendspark logs --tail 20`"))


def _ask_x(settings: Settings, record: Record) -> str:
    from trendspark_cli.app.adapters import x_usage

    usage = x_usage(settings, record, 1)
    cap = f" of {usage.cap}" if usage.cap is not None else ""
    used = f": {usage.this_period}{cap} posts used this period" if usage.this_period is not None else ""
    return f"the token is good{used}"


def _ask_reddit(settings: Settings, record: Record) -> str:
    from trendspark_cli.app.adapters import reddit_client

    return reddit_client(settings, record).check()


def _ask_telegram(settings: Settings, record: Record) -> str:
    from trendspark_cli.app.adapters import telegram

    notifier = telegram(settings, record)
    assert notifier is not None
    return notifier.check()


def _ask_openai(settings: Settings, record: Record) -> str:
    from trendspark_cli.app.adapters import openai_writer

    writer = openai_writer(settings, record)
    assert writer is not None
    return writer.check(settings.http_timeout.total_seconds())


def _ask_archive(destination: Destination) -> str:
    first = next(iter(destination.list("manifests/")), None)
    place = destination.local_path("manifests")
    if place is not None and not os.access(place.parent, os.W_OK):
        raise ConfigError(f"folder {str(place.parent)!r} cannot be written", hint="let this user write there")
    return f"{destination.url} answers, {'with archives' if first else 'and holds no archive yet'}"
