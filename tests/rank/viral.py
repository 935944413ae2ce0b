"""An operator who has watched posts for days, and one post that goes far."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.ingest.operator import Operator
from trendspark_cli.clock import to_text

LOOKS = ((0, 1.0), (40, 3.0), (120, 6.0), (600, 10.0), (1500, 11.0))  # minutes after it was posted; growth by then


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
        for minutes, growth in LOOKS:
            seen = created + timedelta(minutes=minutes + chance.randint(0, 9))
            if seen <= now:
                likes = round(begins * (1 + (growth - 1) * luck))
                lines.append(line(str(number + 1), created, seen, likes, author=f"author{number % 150}"))
    return lines


def ingest(operator: Operator, lines: Iterable[dict[str, Any]]) -> None:
    """Have the operator read these lines from a file."""
    file = operator.home / "looks.ndjson"
    file.write_text("\n".join(json.dumps(one) for one in lines))
    assert operator.ingest(file=str(file)).exit_code == 0


def look(operator: Operator, name: str, age_minutes: float, likes: int, **changes: Any) -> None:
    """Have the operator see a post of this age now."""
    created = operator.now - timedelta(minutes=age_minutes)
    ingest(operator, [line(name, created, operator.now, likes, **changes)])
