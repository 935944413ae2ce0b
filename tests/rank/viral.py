"""An operator who has watched posts for days, and one post that goes far."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.ingest.operator import Operator
from trendspark_cli.base.clock import to_text

OBSERVATIONS = (
    (0, 1.0),
    (40, 3.0),
    (120, 6.0),
    (600, 10.0),
    (1500, 11.0),
)  # minutes after it was posted; growth by then


def line(name: str, created: datetime, seen: datetime, likes: int, **changes: Any) -> dict[str, Any]:
    """Return a look at a post in our own form."""
    fields: dict[str, Any] = {"source": "x", "source_id": name, "created_at": to_text(created), "text": f"post {name}"}
    return {**fields, "author": f"author{name}", "likes": likes, "replies": 1, "observed_at": to_text(seen), **changes}


def quiet_days(now: datetime, posts: int = 400, days: float = 10.0, seed: int = 4) -> list[dict[str, Any]]:
    """Return looks at ordinary posts: each ends with about ten times what it began with."""
    chance, lines = Random(seed), []
    for number in range(posts):
        created = now - timedelta(days=days * (1 - number / posts), hours=0)
        begins, luck = chance.randint(1, 8), chance.lognormvariate(0, 0.3)
        for minutes, growth in OBSERVATIONS:
            seen = created + timedelta(minutes=minutes + chance.randint(0, 9))
            if seen <= now:
                likes = round(begins * (1 + (growth - 1) * luck))
                lines.append(line(str(number + 1), created, seen, likes, author=f"author{number % 150}"))
    return lines


def busy_hours(start: datetime) -> list[dict[str, Any]]:
    """Return looks of five hours: ordinary posts, and four that go far, two of which repeat an author or a text."""
    observations = []

    def seen(name: str, created_minute: int, likes: dict[int, int], **changes: Any) -> None:
        created = start + timedelta(minutes=created_minute)
        for minute, count in likes.items():
            observations.append(line(name, created, start + timedelta(minutes=minute), count, **changes))

    for number in range(40):
        seen(str(9500 + number), 7 * number, {7 * number + 3: 1 + number % 7, 7 * number + 45: 6 + number % 20})
    seen("9001", 5, {12: 6, 42: 900, 72: 2500, 132: 60_000, 192: 61_000}, text="The bridge is open again")
    seen("9002", 70, {81: 9, 111: 1300}, author="author9001", text="One more of the same author")
    seen("9003", 95, {104: 5, 140: 1500}, text="The bridge is open again")
    seen("9004", 120, {131: 12, 155: 700, 200: 2000}, text="A ferry found")
    return observations


def ingest(operator: Operator, lines: Iterable[dict[str, Any]]) -> None:
    """Have the operator read these lines from a file."""
    file = operator.home / "looks.ndjson"
    file.write_text("\n".join(json.dumps(one) for one in lines))
    assert operator.ingest(file=str(file)).exit_code == 0


def observe(operator: Operator, name: str, age_minutes: float, likes: int, **changes: Any) -> None:
    """Have the operator see a post of this age now."""
    created = operator.now - timedelta(minutes=age_minutes)
    ingest(operator, [line(name, created, operator.now, likes, **changes)])
