"""Two hosts that share one database of PostgreSQL; each has its own folder, and says its own name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import Installation, make_folders

MakeHost = Callable[[str], Installation]


@pytest.fixture
def host(postgres_url: str, tmp_path: Path) -> MakeHost:
    """Makes a host by its name."""

    def make(name: str, **settings: str) -> Installation:
        make_folders(tmp_path / name / "home")
        return Installation(tmp_path / name / "home", {"DATABASE_URL": postgres_url, **settings})

    return make
