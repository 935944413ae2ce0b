"""`alert-test`: one message, the way real alerts go, and what the channel answered."""

from __future__ import annotations

import time
from dataclasses import replace

from trendspark_cli.alerts.alert_texts import manual_alert
from trendspark_cli.alerts.channel import ChannelBusyError, Notifier
from trendspark_cli.alerts.delivery import Delivery, DeliveryRules
from trendspark_cli.base.clock import Clock, to_text
from trendspark_cli.base.errors import RateLimitedError, UpstreamError
from trendspark_cli.base.models import AlertCategory
from trendspark_cli.running.job_context import JobContext


def send_test(
    job: JobContext, notifier: Notifier, rules: DeliveryRules, clock: Clock, *, category: AlertCategory, text: str
) -> None:
    """Queue a message, send it now, and report the answer.

    Raises what the channel refused with; RateLimitedError when it asks to wait.
    """
    if job.dry_run:
        job.result["would_send"] = text
        return
    state = job.store.channels.get(notifier.name)
    if state.paused_until is not None and state.failures == 0 and to_text(clock()) < state.paused_until:
        # A pause of our own, after failures, is no reason not to try by hand.
        told = f"asked us to wait until {state.paused_until}"
        raise RateLimitedError(notifier.name, told, hint="try again after that")
    alert = manual_alert(f"{category}:run {job.run_id}", category, text)
    with job.store.transaction():
        job.store.notifications.queue(alert, clock(), muted=False)
    [queued] = [a for a in job.store.notifications.waiting(notifier.name) if a.dedupe_key == alert.dedupe_key]
    delivery = Delivery(job, notifier, replace(rules, is_enabled=True), clock, time.sleep)
    try:
        sent = delivery.deliver(queued)
    except ChannelBusyError as busy:
        raise RateLimitedError(notifier.name, str(busy), hint="the message waits in the outbox") from busy
    if sent is None:
        found = job.store.notifications.get(queued.id)
        raise UpstreamError(notifier.name, str(found.error) if found else "the message was not sent")
    job.result["answer"] = {"message_id": sent.message_id, "chat": sent.chat}
