"""What one operator cares about, asked of trends: names of settings and profiles, marks, and what was learned.

It orders trends and never opens or closes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TopicStory, TopicTrend
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import KnownTopic, TrendVerdict

TYPE_CHECKING = False
if TYPE_CHECKING:  # they bring numpy, and what lists trends needs none
    from trendspark_cli.ranking.interest.judging import Interest, Pull
    from trendspark_cli.ranking.interest.marks import DatedMark
    from trendspark_cli.ranking.interest.subjects import Subject
    from trendspark_cli.ranking.interest.vectors import Vectors

KNOWN_FOR = timedelta(days=42)  # the middle is that of the trends of six weeks
MOST_KNOWN = 200  # the newest: enough for a middle, and a run of `rank` reads where their posts are
SHOWN_POINTS = 0.05  # less is none on a screen
GOOD = "good"
Names = tuple[tuple[str, ...], ...]


def interest_names(settings: Settings, stored: Sequence[Profile]) -> Names:
    """Return what matters by profile, those that name nothing left out; *stored* are those of the database."""
    return tuple(profile.interest for profile in read_profiles(settings, stored) if profile.interest)


@dataclass(frozen=True)
class OperatorInterest:
    """What matters by profile, and everything that was marked; the store is asked when a trend is.

    `known_marks`: what was marked, where it has been read already; None: the store knows.
    """

    store: Store
    names: Names
    now: datetime
    known_marks: Sequence[DatedMark] | None = None

    @cached_property
    def is_asked(self) -> bool:
        """Tell whether anything is named, or enough was marked."""
        from trendspark_cli.ranking.interest.marks import LEAST_MARKS

        return bool(self.names) or len(self.marks) >= LEAST_MARKS

    @cached_property
    def marks(self) -> Sequence[DatedMark]:
        """Return what people said, oldest first."""
        if self.known_marks is not None:
            return self.known_marks
        return [dated_mark(verdict) for verdict in self.store.trends.verdicts()]

    @cached_property
    def known(self) -> list[KnownTopic]:
        """Return the topics of the last weeks, the newest first."""
        return self.store.interest.topics(self.now - KNOWN_FOR, MOST_KNOWN)

    @cached_property
    def vectors(self) -> Vectors | None:
        """Return what was learned; None when nothing was yet."""
        from trendspark_cli.ranking.interest.vectors import Vectors

        kept = self.store.interest.last()
        return None if kept is None else Vectors.from_bytes(kept.vectors)

    @cached_property
    def judging(self) -> Interest:
        """Return what judges topics."""
        from trendspark_cli.ranking.interest.judging import Interest

        marks = [one.mark for one in self.marks]
        return Interest(self.vectors, self.names, marks, [subject_of_known(topic) for topic in self.known])

    def pull(self, trend: AnyTrend) -> Pull:
        """Return what moves a trend; a single post does not move."""
        from trendspark_cli.ranking.interest.judging import NO_PULL

        if not self.is_asked or not isinstance(trend.story, TopicStory):
            return NO_PULL
        return self.judging.pull(subject_of_trend(self.store, trend.story))

    def moved(self, trend: TopicTrend) -> TopicTrend:
        """Return a trend moved by what matters."""
        from trendspark_cli.ranking.interest.judging import moved

        return replace(trend, interest=moved(trend.score, self.pull(trend).points) - trend.score)

    def refresh(self, topics: Iterable[KnownTopic]) -> list[tuple[int, float]]:
        """Return (id, points) of those of these topics that lie elsewhere than is stored of them."""
        from trendspark_cli.ranking.interest.judging import moved

        found = []
        for topic in topics:
            pull = self.judging.pull(subject_of_known(topic)) if self.is_asked else None
            points = 0.0 if pull is None else moved(topic.score, pull.points) - topic.score
            if abs(points - topic.interest) >= SHOWN_POINTS:
                found.append((topic.trend_id, points))
        return found

    def reasons(self, trend: AnyTrend) -> list[str]:
        """Return in words what moves a trend; nothing for one that does not move."""
        return reason_words(self.pull(trend)) if trend.interest else []


class Move(NamedTuple):
    """A topic of the last weeks, its score, and where other names would bring it from where it is ordered now."""

    topic: KnownTopic
    before: float
    after: float
    words: str


def moves(interest: OperatorInterest, names: Sequence[str]) -> tuple[list[Move], list[str]]:
    """Return where the topics of the last weeks would go under these names beside the marks, and names unknown here."""
    from trendspark_cli.ranking.interest.judging import moved

    asked = replace(interest, names=(tuple(names),) if names else ())
    found = []
    for topic in interest.known:
        pull = asked.judging.pull(subject_of_known(topic))
        after = moved(topic.score, pull.points)
        found.append(Move(topic, topic.score + topic.interest, after, "; ".join(reason_words(pull))))
    return found, asked.judging.unknown


def refresh_open(interest: OperatorInterest) -> dict[int, float]:
    """Bring the order of open trends up to what matters now, in one transaction; return (id, points) that changed."""
    changed = interest.refresh(topic for topic in interest.known if topic.is_open)

    def order() -> None:
        for trend_id, points in changed:
            interest.store.trends.set_interest(trend_id, points)

    if changed:
        interest.store.write(order)
    return dict(changed)


def reason_words(pull: Pull) -> list[str]:
    """Return in words what moves a topic: `+2.4: like what you named (r/news)`, `-1.1: like 7 marked noise`."""
    words = []
    if abs(pull.named) >= SHOWN_POINTS:
        how = "like" if pull.named > 0 else "unlike"
        words.append(f"{pull.named:+.1f}: {how} what you named" + (f" ({pull.name})" if pull.named > 0 else ""))
    if abs(pull.marked) >= SHOWN_POINTS:
        kind = "good" if pull.marked > 0 else "noise"
        if pull.alike:
            words.append(f"{pull.marked:+.1f}: like {pull.alike} marked {kind}")
        else:
            words.append(f"{pull.marked:+.1f}: unlike what you marked {'noise' if pull.marked > 0 else 'good'}")
    return words


def dated_mark(verdict: TrendVerdict) -> DatedMark:
    """Return what a person said, as it counts."""
    from trendspark_cli.ranking.interest.marks import DatedMark, Mark
    from trendspark_cli.ranking.interest.subjects import Subject

    subject = Subject(verdict.communities, verdict.terms)
    return DatedMark(int(from_text(verdict.marked_at).timestamp()), Mark(subject, verdict.mark == GOOD))


def subject_of_known(topic: KnownTopic) -> Subject:
    """Return what a stored topic is about."""
    from trendspark_cli.ranking.interest.subjects import Subject

    return Subject(topic.communities, topic.terms)


def subject_of_trend(store: Store, story: TopicStory) -> Subject:
    """Return what a topic is about, by its live posts."""
    from trendspark_cli.ranking.interest.subjects import Subject

    return Subject(store.interest.communities_of(story.post_ids), story.terms)


def communities_of_trend(store: Store, trend: AnyTrend) -> Mapping[str, int]:
    """Return in which communities the live posts of a trend are."""
    return store.interest.communities_of(trend.story.post_ids)
