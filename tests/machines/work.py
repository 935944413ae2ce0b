"""What processes under test do: bodies of jobs as they are wired, with a sleep that takes no time."""

from __future__ import annotations

import typing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.installation import Installation
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app import job_bodies
from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool
from trendspark_cli.app.wired import Wired
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.parts import Parts, Unseen
from trendspark_cli.archiving.restoring import Restore, learn_from_archive, of_time
from trendspark_cli.base.errors import StoreError
from trendspark_cli.jobs.archive import ArchiveRules
from trendspark_cli.jobs.archive import archive as archive_rows
from trendspark_cli.running.job_context import JobContext

if typing.TYPE_CHECKING:
    from tests.installation import Body
    from tests.machines.stepping import Steps

HOLD = timedelta(days=2)  # restored rows stay so long


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


def brief(here: Installation, steps: Steps) -> Body:
    """Return the body of `brief`."""
    return _wired(here, job_bodies.brief_body())


def archive(here: Installation, steps: Steps, trouble: str = "", is_forced: bool = False) -> Body:
    """Return the body of `archive`, for posts, with a folder that has a *trouble*."""

    def body(job: JobContext) -> None:
        settings = here.installation().settings
        retention = {"posts": settings.retention["posts"]}
        rules = ArchiveRules(retention, str(settings.archive_url), settings.archive_format, is_forced)
        archive_rows(
            job, Parts(job, archive_spool(settings), _places(here, steps, trouble), here.clock, Unseen()), rules
        )

    return body


def restore(here: Installation, steps: Steps, trouble: str = "") -> Body:
    """Return what `archives restore --since` does: everything comes back."""

    def body(job: JobContext) -> None:
        settings, places = here.installation().settings, _places(here, steps, trouble)
        with archive_spool(settings).own_folder() as spool:
            learn_from_archive(job.store, places(str(settings.archive_url)), spool, job.now)
            work = Restore(job.store, places, spool, job.now, "", "", HOLD, is_dry=False)
            done = [m for m in job.store.archives.stored() if m.state == "done"]
            for _ in work.restore_each(of_time(done, "", "")):
                pass

    return body


def _places(here: Installation, steps: Steps, trouble: str) -> Callable[[str], Destination]:
    """Return what gives the archive's folder, with a stop before and after each write."""
    inner = archive_destinations(here.installation().settings, lambda call: None)
    made: dict[str, OddPlace] = {}
    return lambda url: made.setdefault(url, OddPlace(inner(url), steps, trouble))


class OddPlace:
    """A real folder that fails once: before a write, after it, or by keeping something else."""

    def __init__(self, inner: Destination, steps: Steps, trouble: str) -> None:
        self._inner = inner
        self._steps = steps
        self._trouble = trouble

    def __getattr__(self, name: str) -> typing.Any:
        return getattr(self._inner, name)

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Store a file, or not."""
        trouble, self._trouble = self._trouble, ""
        self._steps.stop("before an object is put")
        if trouble == "it takes nothing":
            raise StoreError("no space left")
        if trouble == "it keeps something else" and "part-" in key:
            damaged = file.with_name("damaged")
            damaged.write_bytes(bytes(reversed(file.read_bytes())))
            self._inner.put(key, damaged, sha256)
            damaged.unlink()
        else:
            self._inner.put(key, file, sha256)
        self._steps.stop("after an object was put")
        if trouble == "it takes it and says no":
            raise StoreError("the answer was lost")


def linger(here: Installation, steps: Steps, stops: int = 3) -> Body:
    """Return a body that stops so often, and does nothing else."""

    def body(job: JobContext) -> None:
        for _ in range(stops):
            steps.stop("in the body")

    return body
