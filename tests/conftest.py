"""An installation for each test: a real SQLite file in its own folder, and a clock that stands."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import FixedClock, Installation, copy_installation, new_database
from trendspark_cli.base import redaction
from trendspark_cli.store.sqlite.store import SqliteStore


@pytest.fixture(scope="session")
def template_database() -> Path:
    """A new database, made once."""
    return new_database()


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
