"""`alert-test`: one message through each channel, the way real alerts go, and what the channels answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from trendspark_cli.alerts.alert_texts import manual_alert
from trendspark_cli.alerts.bundling import DeliveryRules
from trendspark_cli.alerts.channel import ChannelBusyError, ChannelRefused, Notifier
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.base.clock import Clock, to_text
from trendspark_cli.base.errors import ConfigError, RateLimitedError, UpstreamError
from trendspark_cli.base.models import AlertCategory
from trendspark_cli.running.job_context import JobContext

log = logging.getLogger(__name__)

ANSWER, ANSWERS = "answer", "answers"  # of the only channel, or the first; of each, when there are several


def send_tests(
    job: JobContext,
    notifiers: Sequence[Notifier],
    rules: DeliveryRules,
    clock: Clock,
    *,
    category: AlertCategory,
    text: str,
) -> None:
    """Send a message through each channel and report the answers; raise the first refusal once all were tried."""
    answers: dict[str, dict[str, str] | None] = {}
    failures: list[UpstreamError | ConfigError] = []
    for notifier in notifiers:
        try:
            answers[notifier.name] = send_test(job, notifier, rules, clock, category=category, text=text)
        except (UpstreamError, ConfigError) as failure:
            failures.append(failure)
    told = {name: answer for name, answer in answers.items() if answer is not None}
    if told:
        job.result[ANSWER] = next(iter(told.values()))
    if len(notifiers) > 1:
        job.result[ANSWERS] = told
    for other in failures[1:]:
        log.error("%s", other)
    if failures:
        raise failures[0]


def answers_of(result: Mapping[str, object], channels: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Return what each channel answered, from a run's result; *channels* are those that were asked."""
    if ANSWERS in result:
        return cast(dict[str, Mapping[str, str]], result[ANSWERS])
    return {channel: cast(Mapping[str, str], result[ANSWER]) for channel in channels[:1] if ANSWER in result}


def send_test(
    job: JobContext, notifier: Notifier, rules: DeliveryRules, clock: Clock, *, category: AlertCategory, text: str
) -> dict[str, str] | None:
    """Queue a message, send it now, and return the answer; None in a dry run.

    Raises what the channel refused with; RateLimitedError when it asks to wait.
    """
    if job.dry_run:
        job.result["would_send"] = text
        return None
    state = job.store.channels.get(notifier.name)
    if state.paused_until is not None and state.failures == 0 and to_text(clock()) < state.paused_until:
        # A pause of our own, after failures, is no reason not to try by hand.
        told = f"asked us to wait until {state.paused_until}"
        raise RateLimitedError(notifier.name, told, hint="try again after that")
    alert = manual_alert(f"{category}:run {job.run_id}", category, text)._replace(channel=notifier.name)
    job.write(lambda: job.store.notifications.queue(alert, clock(), muted=False))
    [queued] = [a for a in job.store.notifications.waiting(notifier.name) if a.dedupe_key == alert.dedupe_key]
    delivery = Delivery(job, notifier, replace(rules, is_enabled=True), clock, time.sleep)
    try:
        sent = delivery.deliver(queued)
    except ChannelBusyError as busy:
        raise RateLimitedError(notifier.name, str(busy), hint="the message waits in the outbox") from busy
    except ChannelRefused as refused:
        told = str(refused)
        job.write(lambda: job.store.notifications.mark(queued.id, "expired", error=told))
        raise
    if sent is None:
        found = job.store.notifications.get(queued.id)
        raise UpstreamError(notifier.name, str(found.error) if found else "the message was not sent")
    return {"message_id": sent.message_id, "chat": sent.chat}
