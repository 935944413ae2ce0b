"""`deliver`: send what waits in the outbox."""

from __future__ import annotations

import time
from collections.abc import Sequence

from trendspark_cli.alerts.channel import Notifier
from trendspark_cli.alerts.delivery import Delivery, DeliveryRules
from trendspark_cli.base.clock import Clock
from trendspark_cli.running.job_context import JobContext


def deliver(job: JobContext, notifiers: Sequence[Notifier], rules: DeliveryRules, clock: Clock) -> None:
    """Send what is due through each channel; nothing due is a good result."""
    if job.dry_run:
        job.counts["due"] = sum(len(job.store.notifications.due(n.name, job.now)) for n in notifiers)
        return
    for notifier in notifiers:
        Delivery(job, notifier, rules, clock, time.sleep).run()
