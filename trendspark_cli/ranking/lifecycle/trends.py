"""A trend as a value: what any trend has, and the story of a topic, a single post or a volume that it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory

Kind = Literal["topic", "post", "volume", "silence"]  # permanent: stored in trends.kind


class TrendState(StrEnum):
    """Whether a trend is still going on."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicStory:
    """Many posts about one topic. `terms`: strongest first, at most 12 over the whole life.

    `observed` to `sources` (posts by source) are those of the peak, in `window`; `evidence` is of that moment too.
    """

    terms: tuple[str, ...]
    observed: float
    expected: float
    window: timedelta
    authors: int
    sources: Mapping[str, int]
    post_ids: tuple[int, ...]
    example_ids: tuple[int, ...]
    evidence: tuple[TermEvidence, ...]

    @property
    def kind(self) -> Kind:
        """Return what the story is of."""
        return "topic"

    @property
    def size(self) -> float:
        """Return what alerts go by: voices, which copies and repeated authors add little to."""
        return self.observed

    @property
    def posts(self) -> int:
        """Return its posts at the peak."""
        return sum(self.sources.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PostStory:
    """One post going far. Engagement, comments, forecast and usual are those of the peak.

    `forecast`: the engagement it is expected to end with, `error` of its logarithm; `enough`: the forecast that would
    have opened the trend; `usual`: what posts of its author or community end with, known by `usual_posts` of them.
    """

    post_id: int
    source: str
    author: str | None
    engagement: int
    comments: int
    forecast: float
    error: float
    usual: float
    usual_posts: float
    enough: float

    @property
    def kind(self) -> Kind:
        """Return what the story is of."""
        return "post"

    @property
    def terms(self) -> tuple[str, ...]:
        """Return none: its text says what it is about."""
        return ()

    @property
    def size(self) -> float:
        """Return what alerts say of its size: the engagement it is expected to reach."""
        return self.forecast

    @property
    def sources(self) -> Mapping[str, int]:
        """Return its posts by source."""
        return {self.source: 1}

    @property
    def posts(self) -> int:
        """Return that it is one."""
        return 1

    @property
    def authors(self) -> int:
        """Return that one person wrote it."""
        return 1

    @property
    def post_ids(self) -> tuple[int, ...]:
        """Return the posts it rests on."""
        return (self.post_id,)

    @property
    def example_ids(self) -> tuple[int, ...]:
        """Return the posts that show what it is about."""
        return (self.post_id,)


Story = TopicStory | PostStory | VolumeStory | SilenceStory
StoryT = TypeVar("StoryT", bound=Story, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Generic[StoryT]):
    """A trend over its life. `id` is None until the store gave one; all times are UTC.

    `score` is the highest so far, at `peak_at`, and `threshold` the one it needed to open. `first_seen`: when the
    first post of the window it was found in was made, or the single post. `last_strong_at`: when it last was what
    keeps a trend open. `closed_at`: None while open. `detected_at`: when `rank` found it, which people are told;
    `opened_at` is the end of the tick. Posts are rows: `posts_now` those of a window as long as that of the peak, when
    it was last looked at; `posts_peak` the most of such a window; `posts_total` over its life, as the store counts.
    `interest`: how far it moves by what its operator cares about, in points of the score.
    """

    id: int | None
    label: str
    state: TrendState
    score: float
    threshold: float
    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    last_strong_at: datetime
    peak_at: datetime
    closed_at: datetime | None
    story: StoryT
    detected_at: datetime | None = None
    posts_now: int = 1
    posts_peak: int = 1
    posts_total: int = 1
    interest: float = 0.0

    @property
    def order(self) -> float:
        """Return by which score it stands among others: its own, moved by what its operator cares about."""
        return self.score + self.interest

    @property
    def stored_id(self) -> int:
        """Return its id; raise ValueError when the store gave it none yet."""
        if self.id is None:
            raise ValueError(f"the trend {self.label!r} is not stored yet: expected an id")
        return self.id

    @property
    def told_at(self) -> datetime:
        """Return when people are told it was found: never a time that lay in the future then."""
        return self.opened_at if self.detected_at is None else self.detected_at

    @property
    def age_when_seen(self) -> timedelta:
        """Return how long after it began it was last seen."""
        return max(timedelta(0), self.last_seen - self.first_seen)


TopicTrend = Trend[TopicStory]
PostTrend = Trend[PostStory]
VolumeTrend = Trend[VolumeStory]
SilenceTrend = Trend[SilenceStory]
AnyTrend = Trend[Story]


def moment_of(epoch_seconds: int) -> datetime:
    """Return the UTC time of a tick end, or of a post as ranking counts time."""
    return datetime.fromtimestamp(epoch_seconds, UTC)
