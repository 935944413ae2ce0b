"""An installation for each test: a real SQLite file in its own folder, and a clock that stands."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.servers.postgres import Databases

from tests.installation import FixedClock, Installation, copy_installation
from trendspark_cli.base import redaction
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.store import SqliteStore


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database, made once."""
    path = tmp_path_factory.mktemp("template") / "trendspark.db"
    create_database(path)
    return path


@pytest.fixture
def workplace(tmp_path: Path, template_database: Path) -> Installation:
    """An installation with an empty database."""
    copy_installation(template_database, tmp_path / "home")
    return Installation(tmp_path / "home")


@pytest.fixture
def clock(workplace: Installation) -> FixedClock:
    """The clock of that installation."""
    return workplace.clock


@pytest.fixture
def store(workplace: Installation) -> Iterator[SqliteStore]:
    """Its store."""
    opened = workplace.store()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Databases, str]]:
    """A real PostgreSQL that all processes of this test run share, and the name of a template to copy."""
    from tests.servers.postgres import shared_databases

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with shared_databases(shared, fill=fill_postgres) as found:
        yield found


@pytest.fixture
def postgres_url(postgres: tuple[Databases, str]) -> Iterator[str]:
    """DATABASE_URL of a PostgreSQL database of this test alone, as `db init` leaves it."""
    databases, template = postgres
    name = f"trendspark_{uuid4().hex}"
    yield databases.create(name, template)
    databases.drop(name)


def fill_postgres(url: str) -> None:
    """Do in a new database what `db init` does."""


@pytest.fixture(autouse=True)
def _leave_no_trace() -> Iterator[None]:
    """Forget the secrets and log handlers a test has set up: they belong to the process."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    redaction.install(())
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
