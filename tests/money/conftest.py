"""X with a week of posts, and an operator who reads it and has a Telegram chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.conftest import week_of_posts
from tests.ingest.operator import NOW, TOKEN, Operator
from tests.installation import model_settings, x_settings
from tests.servers import OpenAIServer, XServer
from tests.servers.telegram_server import CHAT
from tests.servers.telegram_server import TOKEN as BOT_TOKEN


@pytest.fixture
def x_server() -> Iterator[XServer]:
    """X with 350 posts; its clock stands at the operator's now."""
    with XServer(week_of_posts(), clock=lambda: NOW.timestamp(), bearer_token=TOKEN) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, x_server: XServer) -> Operator:
    """An operator who reads a week back on the first run; alerts wait in the outbox."""
    return Operator(
        tmp_path / "home",
        {
            **x_settings(x_server.url, X_FIRST_RUN_LOOKBACK="7d"),
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_CHAT_ID": str(CHAT),
        },
    )


def budget_alerts(operator: Operator) -> list[str]:
    """Titles of the budget alerts that wait, oldest first."""
    rows = operator.rows("SELECT title FROM notifications WHERE category = 'budget_alert' ORDER BY id")
    return [row["title"] for row in rows]


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    """A language model on a socket of this machine."""
    with OpenAIServer(clock=lambda: NOW.timestamp()) as server:
        yield server


@pytest.fixture
def editor(tmp_path: Path, model: OpenAIServer) -> Operator:
    """An operator with a model, a field and a Telegram chat."""
    return Operator(
        tmp_path / "home",
        {
            **model_settings(model),
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_CHAT_ID": str(CHAT),
        },
    )
