"""Two hosts that share one database of PostgreSQL; each has its own folder, and says its own name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.installation import Installation, make_folders


class MakeHost(Protocol):
    """Makes a host by its name, with these settings beside its own."""

    def __call__(self, name: str, **settings: str) -> Installation: ...


@pytest.fixture
def host(postgres_url: str, tmp_path: Path) -> MakeHost:
    """Makes a host by its name."""

    def make(name: str, **settings: str) -> Installation:
        make_folders(tmp_path / name / "home")
        return Installation(tmp_path / name / "home", {"DATABASE_URL": postgres_url, **settings})

    return make
