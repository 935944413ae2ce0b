"""`deliver`: send what waits in the outbox."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from trendspark_cli.alerts.bundling import DeliveryRules
from trendspark_cli.alerts.channel import AlertCrashedError, ChannelPausedError, Notifier
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.base.clock import Clock
from trendspark_cli.base.errors import ConfigError, UpstreamError
from trendspark_cli.running.job_context import JobContext

log = logging.getLogger(__name__)


def deliver(job: JobContext, notifiers: Sequence[Notifier], rules: DeliveryRules, clock: Clock) -> None:
    """Send what is due through each channel, whatever becomes of the others; nothing due is a good result.

    Raises what the first channel that failed answered.
    """
    if job.dry_run:
        due = [alert for notifier in notifiers for alert in job.store.notifications.due(notifier.name, job.now)]
        job.counts["due"] = sum(not rules.holds(alert, job.now) for alert in due)
        return
    failures: list[UpstreamError | ConfigError | AlertCrashedError] = []
    # Those that failed may take as long as it takes to hear nothing: the others come first.
    for notifier in sorted(notifiers, key=lambda notifier: job.store.channels.get(notifier.name).failures > 0):
        try:
            Delivery(job, notifier, rules, clock, time.sleep).run()
        except (UpstreamError, ConfigError, AlertCrashedError) as failure:
            failures.append(failure)
    for other in failures[1:]:
        if not isinstance(other, ChannelPausedError):  # which was in the log when its pause began
            log.error("%s", other)
    if failures:
        raise failures[0]
