"""Made-up posts: a steady background of everyday words, and whatever a test adds to it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, count
from random import Random

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.baseline.updating import leaving_posts, read_texts, updated
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD
from trendspark_cli.ranking.bursts.topics import Topic, find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.topic_lifecycle import advance_trends
from trendspark_cli.ranking.lifecycle.trends import TopicTrend

START_TICK = 1_700_000_000 // 86_400 * TICKS_PER_DAY  # a midnight
HOUR = 3600
_VOCABULARY = [f"everyday{number}x" for number in range(1500)]
_WEIGHTS = list(accumulate(1.0 / (rank + 10) for rank in range(len(_VOCABULARY))))
_ids = count(1)


def post(
    text: str, at: int, author: str | None = None, source: str = "reddit", community: str | None = None
) -> PostRow:
    """Return one post created at `at` (epoch seconds)."""
    return PostRow(next(_ids), source, author, community, at, text)


def background(first_tick: int, ticks: int, per_tick: int = 10, source: str = "reddit", seed: int = 1) -> list[PostRow]:
    """Return everyday posts, `per_tick` in each tick, each by an author of its own."""
    random = Random(seed * 1_000_003 + first_tick)
    return [
        post(" ".join(random.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=7)), tick * TICK_SECONDS + n, None, source)
        for tick in range(first_tick, first_tick + ticks)
        for n in range(per_tick)
    ]


def said(
    words: str, times: int, at: int, authors: Sequence[str | None] = (None,), seed: int = 5, every: int = 10
) -> list[PostRow]:
    """Return posts that all say `words` amid everyday ones, `every` so many seconds."""
    random = Random(seed)
    return [
        post(f"{words} {' '.join(random.choices(_VOCABULARY, k=4))}", at + every * n, authors[n % len(authors)])
        for n in range(times)
    ]


def opened_by(topics: Iterable[Topic], now: int) -> list[TopicTrend]:
    """Return the trends that these topics open where there are none yet."""
    return list(advance_trends([], list(topics), now, LifecycleRules(DEFAULT_THRESHOLD)).opened)


class Desk:
    """A history and its sources, with the two things one does with them."""

    def __init__(self) -> None:
        self.history = MemoryHistory()
        self.sources: dict[str, SourceState] = {}

    def learn(self, rows: Iterable[PostRow], at_once: int = 1_000) -> None:
        """Fold posts, in the order of their creation."""
        posts = sorted(rows, key=lambda row: row.created_at)
        sizes = Counter(tick_of(one.created_at) for one in posts)
        for start in range(0, len(posts), at_once):
            self.fold(posts[start : start + at_once], sizes)

    def fold(self, posts: Sequence[PostRow], sizes: Mapping[int, int]) -> None:
        """Fold posts, in this order; `sizes`: all posts of each tick that occurs."""
        leaving = leaving_posts([(one.source, one.created_at) for one in posts], read_texts(posts))
        if leaving.runs:
            self.history.publish(updated(leaving, sizes, self.history.load(leaving.uses.keys), self.sources))

    def topics(self, rows: Iterable[PostRow], now: int, floor: float | None = None) -> list[Topic]:
        """Return the topics at `now` of a window of these posts."""
        rows = list(rows)
        texts = {row.id: row.text for row in rows}
        window = Window(lambda post_ids: {number: texts[number] for number in post_ids})
        window.add(rows)
        return find_topics(window, now, self.history, self.sources, floor=floor)
