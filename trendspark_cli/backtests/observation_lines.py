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
    """Score each observation of a post: ln(1 + final engagement) as forecast, 0 while too few have matured.

    The last observation of a post says where it ended, however soon that was: whoever wrote the file looked no longer.
    """
    from trendspark_cli.backtests.id_clock import IdClock
    from trendspark_cli.ranking.past.post_replay import PastRow, PostReplay
    from trendspark_cli.ranking.posts.forecast import MOST_ENGAGEMENT
    from trendspark_cli.ranking.posts.post_learning import Counters
    from trendspark_cli.ranking.text.keys import name_key

    replayed, ids = PostReplay(least_watched_seconds=0), IdClock()

    def score(line: ObservationLine) -> dict[str, float]:
        if not (
            max(abs(line.score), abs(line.comments)) <= MOST_ENGAGEMENT
            and max(abs(line.t), abs(line.posted_at)) < _YEAR_9999
        ):
            return {"score": 0.0}  # no post has that many, and no clock says that
        name, at = str(line.id), int(line.t)
        key = name_key(name)
        known = replayed.watched.get(key)
        created = known.row.created_at if known is not None else ids.created(name, int(line.posted_at), at)
        ids.note(name, at)
        row = PastRow(key, "file", line.author, line.community, created)
        judged = replayed.observe(row, Counters(at, line.score, line.comments))
        return {"score": judged.forecast.log if judged is not None else 0.0}

    return _score_lines(
        path, ObservationLine, score, '{"t", "id", "posted_at", "score", "comments", "author", "community"}'
    )


def count_lines(path: str) -> Iterator[str]:
    """Score each count of each series; a burst is told once a day, from `TOLD_AT` on, where scores end.

    Besides: how far the hour before lies beyond the usual daily peak, its posts, and those of that peak.
    """
    from trendspark_cli.ranking.bursts.count_windows import LastHour
    from trendspark_cli.ranking.bursts.daily_peaks import TOLD_AT, DailyPeaks, log_posts, posts_of

    series: dict[str, tuple[LastHour, DailyPeaks]] = {}

    def score(count: CountLine) -> dict[str, float]:
        hour, peaks = series.setdefault(count.series, (LastHour(), DailyPeaks()))
        at = int(count.t.timestamp())
        posts = hour.add(at, count.value)
        beyond = peaks.observe(at, log_posts(posts))
        usual = posts_of(peaks.state.level)
        told = TOLD_AT if peaks.tells(at, beyond) else 0.0 if peaks.is_quiet(at) else max(0.0, beyond)
        return {"score": told, "beyond": beyond, "posts": posts, "usual_peak": usual}

    return _score_lines(path, CountLine, score, '{"series", "t", "value"}')


_YEAR_9999 = 253_402_300_800


def _score_lines(path: str, form: type[Line], score: Callable[[Line], dict[str, float]], shown: str) -> Iterator[str]:
    """Yield what is made of each line, as JSON, before the next one is read."""
    read = decoded(read_lines(path), form, path, f"each line is {shown}, sorted by time")
    scores = (score(line) for _, line in read)
    return (json.dumps({name: round(value, 6) for name, value in values.items()}) for values in scores)
