"""What processes under test do: bodies of jobs as they are wired, with a sleep that takes no time."""

from __future__ import annotations

import typing

from tests.installation import Installation
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app import job_bodies
from trendspark_cli.app.wired import Wired
from trendspark_cli.running.job_context import JobContext

if typing.TYPE_CHECKING:
    from tests.installation import Body
    from tests.machines.stepping import Steps


def _wired(here: Installation, body: job_bodies.Body) -> Body:
    return lambda job: body(Wired(here.installation().settings, job, here.clock))


def deliver(here: Installation, steps: Steps) -> Body:
    """Return the outbox at work; between two messages it sleeps, as long as their pace asks for."""

    def body(wired: Wired) -> None:
        [notifier] = wired.notifiers()
        rules = job_bodies.delivery_rules(wired.settings)
        Delivery(wired.job, notifier, rules, wired.clock, steps.sleep).run()

    return _wired(here, body)


def ingest(here: Installation, steps: Steps, **options: typing.Any) -> Body:
    """Return the body of `ingest`."""
    return _wired(here, job_bodies.ingest_body(**options))


def fill_gaps(here: Installation, steps: Steps) -> Body:
    """Return the body of `gaps fill`."""
    return _wired(here, job_bodies.gaps_body())


def archive(here: Installation, steps: Steps, **options: typing.Any) -> Body:
    """Return the body of `archive`."""
    return _wired(here, job_bodies.archive_body(**options))


def linger(here: Installation, steps: Steps, stops: int = 3) -> Body:
    """Return a body that stops so often, and does nothing else."""

    def body(job: JobContext) -> None:
        for _ in range(stops):
            steps.stop("in the body")

    return body
