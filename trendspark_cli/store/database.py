"""What an installation relies on of the place of its rows: a SQLite file, or a database of a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trendspark_cli.store.copying.ends import CopyEnd
    from trendspark_cli.store.protocol import Store
    from trendspark_cli.store.rows.upkeep import DatabaseStats


@dataclass
class JobParts:
    """What one run does of a job that several can be at, each with other parts: `default/x` is X for a profile.

    Parts that `are_shared` are done by several at once. `names` are known when the store is open.
    """

    job_id: str
    find: Callable[[Store], Sequence[str]]
    are_shared: bool = False
    names: Sequence[str] = ()


class Database(Protocol):
    """One place of rows. Every method raises errors of ours; none of their texts has a secret."""

    @property
    def name(self) -> str:
        """Return what people call it: the path of a file, or a database and its host."""

    @property
    def folder(self) -> Path:
        """Return where the files of this host lie: locks, notes, the spool."""

    @property
    def files(self) -> Sequence[Path]:
        """Return the files that hold rows and are private to us; none when a server keeps them."""

    @property
    def owned(self) -> Path:
        """Return the file or folder whose owner runs the jobs of this host."""

    def is_there(self) -> bool:
        """Tell whether it can be looked for at all; of a server, only asking tells."""

    def require(self) -> None:
        """Raise ConfigError when nobody made it, as far as that is seen without asking a server."""

    def open(self, *, read_only: bool = False) -> Store:
        """Return the store; raise ConfigError unless it is there with this version's schema."""

    def locked(
        self, jobs: Sequence[str], now: datetime, *, read_only: bool = False, parts: JobParts | None = None
    ) -> AbstractContextManager[Store]:
        """Return the store, open for the with-block with the locks of these jobs held.

        Of the job of *parts* these alone are held; their names are known from then on.
        Raises LockHeldError when one of them is at work, on whichever host.
        """

    def held(self, jobs: Sequence[str], now: datetime) -> AbstractContextManager[CopyEnd]:
        """Return what a copy reads or writes, with the locks of these jobs held, whatever its schema says."""

    def create(self) -> bool:
        """Make it, and the folders of this host; return False when a good one was there."""

    def upgrade(self, jobs: Sequence[str], now: datetime) -> list[str]:
        """Bring the schema up to this version, with the locks of these jobs held; return the names of the steps."""

    def backup(self, target: Path) -> int:
        """Copy it into a new file while jobs go on; return the bytes of that."""

    def stats(self, now: datetime) -> DatabaseStats:
        """Return what is known of it as a whole."""
