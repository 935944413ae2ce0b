"""The ranking over past posts, tick by tick and without look-ahead, through the code that ranks live posts."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, WINDOW_TICKS, tick_of
from trendspark_cli.ranking.baseline.updating import leaving_posts, updated
from trendspark_cli.ranking.baseline.uses import join_codes
from trendspark_cli.ranking.bursts.segments import Segment, coded_posts
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.bursts.topics import MOST_TOPICS, Topic, find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.interest.subjects import Subject
from trendspark_cli.ranking.lifecycle.curves import curves_of
from trendspark_cli.ranking.lifecycle.trends import TopicTrend
from trendspark_cli.ranking.past.past_interest import PastVectors, subject_of

FRESH_VOCABULARY_POSTS = 200_000  # then the words of long ago are forgotten, so that a replay of years fits in memory


@dataclass(frozen=True, slots=True)
class ReplayPost:
    """A past post: the id it was given, and the row the window takes, whose id is a number of the replay's own."""

    name: str
    row: PostRow


class PastExample(NamedTuple):
    """A post that shows what a trend is about, `name`: as people ask for it."""

    name: str
    source: str
    author: str | None
    text: str


class _Tick(NamedTuple):
    """The posts of one tick, and what the window reads of them."""

    number: int
    posts: list[ReplayPost]
    segments: list[Segment]


class Replay:
    """History, window and the posts in it (by the number in their row), moved forward one tick at a time.

    `learned`: what its posts say of communities and words, where somebody named or marked what matters.
    """

    def __init__(self, *, learns: bool = False) -> None:
        self.learned = PastVectors() if learns else None
        self.history = MemoryHistory()
        self.sources: dict[str, SourceState] = {}
        self.posts: dict[int, ReplayPost] = {}
        self._window = Window(self._texts)
        self._ticks: deque[_Tick] = deque()
        self._read = 0

    def advance(self, tick: int, posts: Sequence[ReplayPost]) -> None:
        """Add the posts of one tick, the next one."""
        self.posts.update((post.row.id, post) for post in posts)
        self._ticks.append(_Tick(tick, list(posts), self._window.add(post.row for post in posts)))
        self._read += len(posts)
        while self._ticks and self._ticks[0].number <= tick - WINDOW_TICKS[-1]:
            self._update_baseline(self._ticks.popleft())
        if self._read > FRESH_VOCABULARY_POSTS:
            self._start_window_afresh()
        self._window.drop_before((tick + 1 - WINDOW_TICKS[-1]) * TICK_SECONDS)
        if self.learned is not None:
            self.learned.advance((tick + 1) * TICK_SECONDS, [post.row for post in posts])
        if tick % TICKS_PER_DAY == 0:
            self.history.forget_faint(tick)

    def topics(self, tick: int, threshold: float, floor: float, limit: int = MOST_TOPICS) -> list[Topic]:
        """Return the topics at the end of the tick that was added last."""
        now = (tick + 1) * TICK_SECONDS
        return find_topics(self._window, now, self.history, self.sources, threshold=threshold, floor=floor, limit=limit)

    def texts(self, topic: Topic) -> dict[int, str]:
        """Return the texts of a topic's posts."""
        return self._texts({*topic.post_ids, *topic.named_by})

    def _texts(self, numbers: Iterable[int]) -> dict[int, str]:
        return {number: self.posts[number].row.text for number in numbers}

    def curves(self, trends: Sequence[TopicTrend], tick: int) -> list[list[TickCount]]:
        """Return for each trend its ticks of the eight hours up to the one that was added last."""
        return curves_of(trends, self._window, (tick + 1) * TICK_SECONDS, self.history, self.sources)

    def example(self, number: int) -> PastExample | None:
        """Return a post of the window; None when it has left it."""
        post = self.posts.get(number)
        return None if post is None else PastExample(post.name, post.row.source, post.row.author, post.row.text)

    def subject(self, topic: Topic) -> Subject:
        """Return what a topic is about."""
        return subject_of(topic, {number: self.posts[number].row for number in topic.post_ids})

    def _update_baseline(self, left: _Tick) -> None:
        """Put a tick that left the window into history."""
        rows = [post.row for post in left.posts]
        leaving = leaving_posts(
            [(row.source, row.created_at) for row in rows], join_codes([coded_posts(one) for one in left.segments])
        )
        sizes = Counter(tick_of(row.created_at) for row in rows)
        self.history.publish(updated(leaving, sizes, self.history.load(leaving.uses.keys), self.sources))
        for row in rows:
            del self.posts[row.id]

    def _start_window_afresh(self) -> None:
        """Give its posts to a new window, which knows no words yet."""
        self._window, self._read = Window(self._texts), 0
        self._window.add_segments(segment for one in self._ticks for segment in one.segments)


def ticks_of(posts: Iterable[ReplayPost]) -> Iterator[tuple[int, list[ReplayPost]]]:
    """Yield every tick from the first post on, with its posts and those that came late; posts must be sorted."""
    batch: list[ReplayPost] = []
    tick: int | None = None
    for post in posts:
        of_post = tick_of(post.row.created_at)
        while tick is not None and of_post > tick:
            yield tick, batch
            batch, tick = [], tick + 1
        tick = of_post if tick is None else tick
        batch.append(post)
    if tick is not None:
        yield tick, batch
