"""The sample as it came in: what could be read at each quarter of an hour of its last two hours."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from trendspark_cli.base.clock import from_text

QUARTER = timedelta(minutes=15)
LIVED = timedelta(hours=2)  # before the end; what came earlier is read at once
COUNTERS = ("likes", "replies", "reposts", "quotes", "views", "observed_at")


def moments_of(sample: Path, end: datetime) -> Iterator[tuple[datetime, bytes]]:
    """Yield each time at which cron would have read posts, and our NDJSON of what was new by then.

    A post whose counters were looked at later is there without them first.
    """
    moments = [end - LIVED + QUARTER * number for number in range(LIVED // QUARTER + 1)]
    new: dict[datetime, list[Mapping[str, object]]] = {moment: [] for moment in moments}
    known: set[tuple[str, str]] = set()
    with gzip.open(sample, "rt", encoding="utf-8") as lines:
        for line in lines:
            post: Mapping[str, object] = json.loads(line)
            written, looked_at = (_moment(moments, str(post[time])) for time in ("created_at", "observed_at"))
            name = (str(post["source"]), str(post["source_id"]))
            if name not in known and written < looked_at:
                new[written].append({key: value for key, value in post.items() if key not in COUNTERS})
            known.add(name)
            new[looked_at].append(post)
    for moment, posts in new.items():
        yield moment, "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in posts).encode()


def _moment(moments: list[datetime], time: str) -> datetime:
    """Return the first of these moments at which what is of that time can be read."""
    return next((moment for moment in moments if from_text(time) <= moment), moments[-1])
