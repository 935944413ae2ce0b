"""An operator whose past is made once for all tests of a file: its fixture `experienced` is the folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.installation import move_in

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def operator(experienced: Path, tmp_path: Path) -> Operator:
    move_in(experienced, tmp_path / "home")
    return Operator(tmp_path / "home", now=NOW)
