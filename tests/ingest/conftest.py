"""X as the tests meet it: a loopback server and an operator pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, TOKEN, Operator
from tests.installation import x_settings
from tests.servers import XServer, x_post

MakeOperator = Callable[..., Operator]


def week_of_posts(count: int = 350, *, days: float = 6.5) -> list[dict[str, Any]]:
    """Posts about a bridge, spread over the days before now, the youngest two minutes old."""
    step = timedelta(days=days) / count
    return [
        x_post(NOW - timedelta(minutes=2) - step * number, f"the bridge number {number}", author_id=str(1000 + number))
        for number in range(count)
    ]


def ids_of(posts: list[dict[str, Any]]) -> set[str]:
    """The ids of posts."""
    return {post["id"] for post in posts}


@pytest.fixture
def x_server() -> Iterator[XServer]:
    """X with a week of posts; its clock stands at the operator's now."""
    moment = [NOW]
    with XServer(week_of_posts(), clock=lambda: moment[0].timestamp(), bearer_token=TOKEN) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, x_server: XServer) -> Operator:
    """An operator who reads a week back on the first run."""
    return Operator(tmp_path / "home", x_settings(x_server.url, X_FIRST_RUN_LOOKBACK="7d"))
