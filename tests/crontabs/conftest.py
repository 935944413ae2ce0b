"""A place to check crontabs at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crontabs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Settings that are all defaults, and a program that is there."""
    return Desk(tmp_path)
