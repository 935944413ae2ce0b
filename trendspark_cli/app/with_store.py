"""Commands without a run: those that only read, change a few rows, or ask a service and keep its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, TypeVar

from trendspark_cli.app.installation import Installation
from trendspark_cli.base.errors import ExitCode, TrendSparkError
from trendspark_cli.store.open_store import open_store
from trendspark_cli.store.protocol import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.archiving.destination import Destination
    from trendspark_cli.archiving.spool import Spool
    from trendspark_cli.base.api_calls import ApiCall
    from trendspark_cli.services.x.usage import XUsage

T = TypeVar("T")


def read_only(installation: Installation, where: str, action: Callable[[Store], int | None]) -> int:
    """Run a command that only reads, and return its exit code."""
    return _with_store(installation, where, action, read_only=True)


def try_read(installation: Installation, action: Callable[[Store], T]) -> T | None:
    """Return what *action* finds in the database; None when it cannot be read, which is for `health` to tell."""
    try:
        store = open_store(installation.settings, read_only=True)
    except TrendSparkError:
        return None
    try:
        return action(store)
    finally:
        store.close()


def change(installation: Installation, where: str, action: Callable[[Store], int | None]) -> int:
    """Run a command that changes a few rows at once, in one transaction, and return its exit code."""

    return work(installation, where, lambda store: store.write(lambda: action(store)))


def work(
    installation: Installation, where: str, action: Callable[[Store], int | None], *, locks: Sequence[str] = ()
) -> int:
    """Run a command that changes rows in transactions of its own, and return its exit code; *locks* are of jobs."""
    return _with_store(installation, where, action, read_only=False, locks=locks)


class OpenArchive(NamedTuple):
    """What a command about the archive works with. `spool` is a folder of its own, gone when the command ends."""

    store: Store
    spool: Spool
    destination: Callable[[str], Destination]
    now: datetime
    record: Callable[[ApiCall], None]  # takes the calls that others made for this command


def with_archive(
    installation: Installation,
    where: str,
    action: Callable[[OpenArchive], int | None],
    *,
    is_dry: bool = False,
    locks: Sequence[str] = (),
) -> int:
    """Run a command about the archive, keep its calls and metrics unless it is dry, and return its exit code.

    *locks* are those of jobs that must not be at work meanwhile.
    """

    from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool

    def on_store(store: Store, record: Callable[[ApiCall], None]) -> int | None:
        with archive_spool(installation.settings).own_folder() as spool:
            destinations = archive_destinations(installation.settings, record)
            return action(OpenArchive(store, spool, destinations, installation.clock(), record))

    if is_dry:
        return read_only(installation, where, lambda store: on_store(store, lambda call: None))
    return with_calls(installation, where, on_store, locks=locks)


@contextmanager
def _ledger(installation: Installation, store: Store) -> Iterator[Callable[[ApiCall], None]]:
    """Yield what takes the calls of a command; they are kept like those of a job, and so are the metrics."""
    from trendspark_cli.running.job_context import JobContext

    installation.settings.require()
    ledger = JobContext(store, installation.clock())
    try:
        yield ledger.api_calls.append
    finally:
        ledger.write(ledger.record_calls)
        installation.metric_files().write(store, (), ledger.now)


def with_calls(
    installation: Installation,
    where: str,
    action: Callable[[Store, Callable[[ApiCall], None]], int | None],
    *,
    locks: Sequence[str] = (),
) -> int:
    """Run a command that asks a service, keep its calls and metrics, and return its exit code."""

    def on_store(store: Store) -> int | None:
        with _ledger(installation, store) as record:
            return action(store, record)

    return work(installation, where, on_store, locks=locks)


def ask_x_usage(installation: Installation, store: Store, days: int) -> XUsage:
    """Return what X counted in the last *days*; the call goes into the ledger like that of a job."""
    from trendspark_cli.app.adapters.x import x_usage

    with _ledger(installation, store) as record:
        return x_usage(installation.settings, record, days)


def _with_store(
    installation: Installation,
    where: str,
    action: Callable[[Store], int | None],
    *,
    read_only: bool,
    locks: Sequence[str] = (),
) -> int:
    try:
        with installation.database.locked(locks, installation.clock(), read_only=read_only) as store:
            return action(store) or ExitCode.DONE
    except TrendSparkError as error:
        installation.output.failure(error, where=where, exit_code=error.exit_code)
        return error.exit_code
