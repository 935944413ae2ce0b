"""An operator with one channel, who delivers by a clock that only sleeping and the test move."""

from __future__ import annotations

from tests.ingest.operator import Operator
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app.job_bodies import delivery_rules
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.models import RunResult
from trendspark_cli.running.job_context import JobContext


class Delivering(Operator):
    """Runs `deliver` once, or each minute."""

    def deliver(self) -> RunResult:
        """Run `deliver` as cron does, in simulated time."""
        here = self.installation()

        def body(job: JobContext) -> None:
            [notifier] = Wired(here.settings, job).notifiers()
            Delivery(job, notifier, delivery_rules(here.settings), self.clock, lambda s: self.later(seconds=s)).run()

        return here.runner().run("deliver", body)

    def every_minute(self, minutes: int) -> list[int]:
        """Run `deliver` each minute; return the exit codes."""
        codes = []
        for _ in range(minutes):
            codes.append(int(self.deliver().exit_code))
            self.later(seconds=60 - self.now.second)
        return codes
