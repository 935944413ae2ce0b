"""An installation for each test: a real SQLite file in its own folder, and a clock that stands."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.servers.postgres import Databases

from tests.installation import PLACE, FixedClock, Installation
from trendspark_cli.base import redaction
from trendspark_cli.store.sqlite.store import SqliteStore


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let every test of an installation run on every database."""
    parser.addoption("--every-store", action="store_true", help="run every test on PostgreSQL, too")
    parser.addoption("--undone", action="store_true", help="have PostgreSQL undo each transaction of a job once")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of an installation on every database where they, or the command line, ask for that."""
    asked = metafunc.definition.get_closest_marker("every_store") or metafunc.config.getoption("--every-store")
    has_its_own = "postgres_url" in metafunc.fixturenames or metafunc.definition.get_closest_marker("only_sqlite")
    if asked and not has_its_own:
        databases = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
        metafunc.parametrize("database", databases, indirect=True)


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database of this test's installations: `sqlite` or `postgres`."""
    name = str(getattr(request, "param", "sqlite"))
    if name == "postgres":
        PLACE["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    yield name
    PLACE.clear()


@pytest.fixture
def workplace(tmp_path: Path, database: str) -> Installation:
    """An installation with an empty database."""
    here = Installation(tmp_path / "home")
    here.make_database()
    return here


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


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """One store on each database for all tests of a module: for those that try many things in it, and tidy up first."""
    environment = {}
    if request.param == "postgres":
        databases, template = request.getfixturevalue("postgres")
        environment["DATABASE_URL"] = databases.create(f"trendspark_{uuid4().hex}", template)
    here = Installation(tmp_path_factory.mktemp("shared") / "home", environment)
    here.make_database()
    with closing(here.store()) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Databases, str]]:
    """A real PostgreSQL that all processes of this test run share, and the name of a template to copy."""
    from tests.servers.postgres import shared_databases

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with shared_databases(shared, fill=fill_postgres) as found:
        yield found


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres: tuple[Databases, str]) -> Iterator[str]:
    """DATABASE_URL of a PostgreSQL database of this test alone, as `db init` leaves it."""
    databases, template = postgres
    name = f"trendspark_{uuid4().hex}"
    url = databases.create(name, template)
    if request.config.getoption("--undone"):
        from tests.tools.undone import undo_each_once

        undo_each_once(url)
    yield url
    databases.drop(name)


@pytest.fixture
def another_database(request: pytest.FixtureRequest, database: str) -> Iterator[Callable[[], None]]:
    """Has installations in a new folder keep their rows in a new database; a SQLite file lies in the folder anyway."""
    made = []

    def begin() -> None:
        if database == "postgres":
            databases, template = request.getfixturevalue("postgres")
            made.append(f"trendspark_{uuid4().hex}")
            PLACE["DATABASE_URL"] = databases.create(made[-1], template)

    yield begin
    for name in made:
        request.getfixturevalue("postgres")[0].drop(name)


def fill_postgres(url: str) -> None:
    """Do in a new database what `db init` does."""
    from trendspark_cli.store.postgres.administration import create_database as create

    create(url)


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
