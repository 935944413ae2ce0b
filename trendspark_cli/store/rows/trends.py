"""What is known of trends beside the trends: what models and people said of them, thresholds, progress."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class TrendBrief(NamedTuple):
    """What a model wrote of a trend when it held `observed` posts; empty texts when it was asked and gave none.

    `post_ids` are the posts the summary rests on; `made_at` is text in the stored form.
    """

    trend_id: int
    label: str
    summary: str
    post_ids: tuple[int, ...]
    model: str
    observed: float
    made_at: str


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answered: a value in the form that was asked for, when `outcome` is `ok`."""

    outcome: Literal["ok", "refused", "broken"]
    value: Mapping[str, Any] = field(default_factory=dict)


class Calibration(NamedTuple):
    """A threshold made of an operator's own posts. Times are text in the stored form.

    `posts` of [`since`, `until`) were shuffled `shuffles` times from `seed` on, which gave `days` without any story and
    `episodes` false alarms in them. `alarms`: the strongest of these, and what people marked as noise, as (score, how
    many a day one stands for). `threshold` is what `wanted_per_day` of them ask for.
    """

    made_at: str
    since: str
    until: str
    posts: int
    shuffles: int
    seed: int
    days: float
    episodes: int
    alarms: tuple[tuple[float, float], ...]
    wanted_per_day: float
    threshold: float


class TrendNames(NamedTuple):
    """How a trend is called, and where its posts came from."""

    label: str
    terms: tuple[str, ...]
    sources: tuple[str, ...]


class TrendVerdict(NamedTuple):
    """What a person said of a trend: `good` or `noise`. `terms`, `score` and `opened_at` are the trend's own.

    `communities`: its posts then, by source and community with a line break between; empty where none was known.
    """

    trend_id: int | None  # None when the trend is gone
    mark: str
    note: str | None
    terms: tuple[str, ...]
    score: float
    opened_at: str
    marked_at: str
    marked_by: str
    communities: Mapping[str, int] = {}


class LearningProgress(NamedTuple):
    """When was learned what communities and words are about (epoch seconds), and of how many posts there were."""

    learned_at: int
    posts: int


class KeptVectors(NamedTuple):
    """The same with what was learned, in bytes; none while posts were too few."""

    learned_at: int
    posts: int
    vectors: bytes


class KnownTopic(NamedTuple):
    """A topic of the last weeks: what orders it, and what it is about.

    `communities`: its live posts by source and community, with a line break between.
    """

    trend_id: int
    label: str
    is_open: bool
    score: float
    interest: float
    terms: tuple[str, ...]
    communities: Mapping[str, int]


class RankingProgress(NamedTuple):
    """How far the ranker has come.

    Posts up to `seen_post_id` were looked at. Of those, every one before the position (`folded_created_at`,
    `folded_post_id`) is in the history. `ranked_tick` is the last tick whose trends were settled, `swept_tick`
    the last at which faded terms were dropped.

    `history_version` is that of the terms in the history. While the history is built anew from the posts created since
    `rebuilt_since`, that is a time, and the position tells how far that has come; else it is empty. Posts up to
    `counted_post_id` are in the metric of posts looked at: some of them are looked at again then.
    """

    seen_post_id: int = 0
    folded_created_at: str = ""
    folded_post_id: int = 0
    ranked_tick: int = 0
    swept_tick: int = 0
    history_version: int = 0
    rebuilt_since: str = ""
    counted_post_id: int = 0
