"""What goes wrong for an hour, and how it is mended."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.month.world import World
from tests.servers import faults
from tests.servers.messages import Fault
from tests.tools.object_store import Disturbance

DRIP_SECONDS = 0.2  # between two bytes of an answer that drips: far less than any time-out
SERVICES = ("x", "reddit", "telegram")
OUTAGES: dict[str, Callable[[], Fault]] = {
    "errs": faults.server_error,
    "cuts connections": faults.connection_reset,
    "drips": lambda: faults.slow_body(DRIP_SECONDS, 100),
    "cuts answers short": faults.truncated_body,
}
KINDS = (
    *(f"{service} {what}" for service in SERVICES for what in OUTAGES),
    "telegram loses answers",
    "archive out of reach",
    "disk full",
    "long reader",
    "a year ahead",
    "a day back",
    "kills",
    "kills",
)
KILLED_OF_A_HUNDRED = {"kills": 60}  # of the runs in such an hour
WRONG = {"a year ahead": timedelta(days=365), "a day back": timedelta(days=-1)}
LOST_ANSWERS = 2
BALLAST = "ballast"


@dataclass(frozen=True)
class Surroundings:
    """What can be broken."""

    world: World
    home: Path
    has_own_disk: bool  # a full disk must be nobody else's
    archive: Disturbance | Path

    @property
    def database(self) -> Path:
        """The file of the installation."""
        return self.home / "trendspark.db"


@contextmanager
def wrong(kind: str, here: Surroundings) -> Iterator[None]:
    """Have something be wrong for the with-block."""
    service, _, what = kind.partition(" ")
    if service in SERVICES:
        server = here.world.servers[service]
        if what in OUTAGES:
            server.faults.add(OUTAGES[what](), times=None)
        else:
            here.world.telegram.lost_answers = LOST_ANSWERS
        yield
        server.faults.clear()
        here.world.telegram.lost_answers = 0
    elif kind == "archive out of reach":
        with _out_of_reach(here.archive):
            yield
    elif kind == "disk full" and here.has_own_disk:
        with _full(here.home):
            yield
    elif kind == "long reader":
        with closing(sqlite3.connect(f"file:{here.database}?mode=ro", uri=True, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM posts").fetchone()
            yield
    else:
        yield  # of clocks and kills the runs themselves are told


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Leave no byte free on the folder's disk."""
    ballast = folder / BALLAST
    disk = os.statvfs(folder)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_bsize)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _out_of_reach(archive: Disturbance | Path) -> Iterator[None]:
    if isinstance(archive, Path):
        away = archive.with_name("archive-away")
        with suppress(FileNotFoundError):
            archive.rename(away)
            yield
            away.rename(archive)
        return
    archive.rule = lambda method, path: "refuse"
    yield
    archive.rule = lambda method, path: None
