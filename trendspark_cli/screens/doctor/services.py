"""Ask each configured service whether it takes our credentials, all at once, by calls that cost nothing.

Their answers also say what time it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from trendspark_cli.app.adapters.channels import notifier_of
from trendspark_cli.app.adapters.guarded import guarded
from trendspark_cli.app.adapters.opening import opening_of
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.manifests import MANIFESTS, MANIFESTS_OF_0_1
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import ConfigError, IntegrityError, RateLimitedError, TrendSparkError
from trendspark_cli.base.redaction import redact
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.threads import Answer, ask_all
from trendspark_cli.kinds.channels import CHANNELS, ChannelKind, channels_of
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.services import WRITERS, WriterKind
from trendspark_cli.kinds.sources import SOURCES, SourceKind
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding

ANSWER_SECONDS = 5.0
LONGEST_SECONDS = 24.0  # for all of them; a name server that hangs knows no time-out of ours
SKEW_TOLERATED, SKEW_REFUSED = timedelta(seconds=30), timedelta(minutes=5)  # signatures of requests last minutes

WRITTEN = "_doctor/can-be-written.txt"  # its name begins with `_`: no data to those who read tables
WRITTEN_TEXT = "trendspark doctor wrote this once, to see whether archives can be written here.\n"
MOST_LISTED = 1001  # one more than fits into an answer, so that it is seen whether listings go on

Probe = Callable[[], str]  # returns what the service said; raises TrendSparkError
Record = Callable[[ApiCall], None]


def impatient(settings: Settings) -> Settings:
    """Return settings for calls that give up soon."""
    return replace(settings, http_timeout=min(settings.http_timeout, timedelta(seconds=ANSWER_SECONDS)))


def probes(settings: Settings, record: Record, destination: Callable[[str], Destination]) -> dict[str, Probe | str]:
    """Return what asks each service, or which settings it would need."""
    found: dict[str, Probe | str] = {}
    for source in SOURCES.values():
        asks = partial(_ask_source, settings, source, record)
        found[source.name] = asks if source.can_be_asked(settings) else f"needs {source.needs_words}"
    for channel in channels_of(settings).values():
        asks = partial(_ask_channel, settings, channel, record)
        found[channel.name] = asks if channel.is_configured(settings) else f"needs {channel.needs_words}"
    for writer in WRITERS.values():
        asks = partial(_ask_writer, settings, writer, record)
        found[writer.name] = asks if writer.is_configured(settings) else f"needs {writer.needs_words}"
    found["archive"] = (
        (lambda: _ask_archive(destination(settings.archive_url))) if settings.archive_url else "needs ARCHIVE_URL"
    )
    return found


def check_services(asked: Mapping[str, Probe | str]) -> Iterator[Finding]:
    """Yield what each service says, in the order given; all are asked side by side."""
    answers = ask_all({name: probe for name, probe in asked.items() if callable(probe)}, LONGEST_SECONDS)
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


def _finding(name: str, answer: Answer[str] | None) -> Finding:
    if answer is None:
        return Finding(name, FAIL, f"no answer in {LONGEST_SECONDS:.0f} s", "check the network and its name servers")
    try:
        return Finding(name, OK, redact(answer.value()))
    except RateLimitedError as error:
        return Finding(name, WARN, redact(str(error)), redact(error.command_hint or "try again later"))
    except TrendSparkError as error:
        return Finding(name, FAIL, redact(str(error)), redact(error.command_hint or "see `trendspark logs --tail 20`"))


def _ask_source(settings: Settings, kind: SourceKind, record: Record) -> str:
    def asks() -> str:
        return str(load(kind.check)(opening_of(settings, record)))

    return guarded(kind.name, kind.make, asks) if kind.name in SOURCES.installed else asks()


def _ask_channel(settings: Settings, kind: ChannelKind, record: Record) -> str:
    def asks() -> str:
        return notifier_of(settings, kind.name, record).check()

    return guarded(kind.name, kind.make, asks) if kind.name in CHANNELS.installed else asks()


def _ask_writer(settings: Settings, kind: WriterKind, record: Record) -> str:
    return str(load(kind.make)(opening_of(settings, record)).check(settings.http_timeout.total_seconds()))


def _ask_archive(destination: Destination) -> str:
    listings = [islice(destination.list(prefix), MOST_LISTED) for prefix in (MANIFESTS, MANIFESTS_OF_0_1)]
    number = sum(1 for listing in listings for _ in listing)
    place = destination.local_path(WRITTEN)
    if place is not None and not os.access(place.parents[1], os.W_OK):
        raise ConfigError(f"folder {str(place.parents[1])!r} cannot be written", hint="let this user write there")
    told = [
        f"{destination.url} answers, {'with archives' if number else 'and holds no archive yet'}",
        _write(destination),
    ]
    return "; ".join([*told, *destination.remarks()])


def _write(destination: Destination) -> str:
    """Put a small object that stays, once, and read it back; return that it was done, or that it was done before."""
    if destination.head(WRITTEN) is not None:
        return f"nothing was written, since {WRITTEN} is there"
    with TemporaryDirectory() as folder:
        path = Path(folder, "written")
        path.write_text(WRITTEN_TEXT, encoding="ascii")
        sha256 = sha256_of(path)
        destination.put(WRITTEN, path, sha256)
        if destination.fetch(WRITTEN, path, len(WRITTEN_TEXT)) != sha256:
            what = f"{destination.url}: {WRITTEN} does not come back as it was written"
            raise IntegrityError(what, hint="do not archive there before it does")
    return f"{WRITTEN} was written and read back, and stays"
