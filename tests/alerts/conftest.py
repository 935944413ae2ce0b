"""A desk and its Telegram."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.servers import TelegramServer


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A Telegram that takes messages."""
    with TelegramServer() as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, telegram: TelegramServer) -> Desk:
    """An operator who has set Telegram up."""
    return Desk(tmp_path / "home", telegram)
