"""`backtest --viral` and `--counts`: past observations of posts, or counts, scored line by line as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from trendspark_cli.backtests.lines import Line, decoded, read_lines


class ObservationLine(msgspec.Struct):
    """What a post's counters said at one time; times in epoch seconds. Other fields are ignored."""

    t: float
    id: str | int
    posted_at: float
    score: int
    comments: int = 0
    author: str | None = None
    community: str | None = None


class CountLine(msgspec.Struct):
    """One count of a series; series come one after the other, or mixed."""

    series: str
    t: datetime
    value: float


def viral_lines(path: str) -> Iterator[str]:
    """Score each observation of a post: ln(1 + final engagement) as forecast."""
    from trendspark_cli.ranking.posts.forecast import MOST_ENGAGEMENT
    from trendspark_cli.ranking.posts.watching import Watching

    watching = Watching()

    def score(observation: ObservationLine) -> dict[str, float]:
        counters = (observation.score, observation.comments)
        if not (
            max(map(abs, counters)) <= MOST_ENGAGEMENT
            and max(abs(observation.t), abs(observation.posted_at)) < _YEAR_9999
        ):
            return {"score": 0.0}  # no post has that many, and no clock says that
        forecast = watching.see(
            str(observation.id),
            int(observation.t),
            int(observation.posted_at),
            observation.author,
            observation.community,
            counters,
        )
        return {"score": forecast.log if forecast is not None else 0.0}

    return _score_lines(
        path, ObservationLine, score, '{"t", "id", "posted_at", "score", "comments", "author", "community"}'
    )


def count_lines(path: str) -> Iterator[str]:
    """Score each count of each series with its surprisal; a burst is reported once, from `REPORTED_AT` on."""
    from trendspark_cli.ranking.bursts.count_series import REPORTED_AT, BurstWatch

    series: dict[str, BurstWatch] = {}

    def score(count: CountLine) -> dict[str, float]:
        surprisal = series.setdefault(count.series, BurstWatch()).score(count.value)
        return {"score": min(REPORTED_AT, surprisal), "surprise": surprisal}

    return _score_lines(path, CountLine, score, '{"series", "t", "value"}')


_YEAR_9999 = 253_402_300_800


def _score_lines(path: str, form: type[Line], score: Callable[[Line], dict[str, float]], shown: str) -> Iterator[str]:
    """Yield what is made of each line, as JSON, before the next one is read."""
    read = decoded(read_lines(path), form, path, f"each line is {shown}, sorted by time")
    scores = (score(line) for _, line in read)
    return (json.dumps({name: round(value, 6) for name, value in values.items()}) for values in scores)
