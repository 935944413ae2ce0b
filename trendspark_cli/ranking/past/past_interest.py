"""What mattered to an operator while past posts are ranked once more: learned as `rank` learns it, never ahead."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.topics import Topic
from trendspark_cli.ranking.interest.judging import Interest, Pull
from trendspark_cli.ranking.interest.learning import LEARNED_FROM_SECONDS, is_due
from trendspark_cli.ranking.interest.marks import DatedMark
from trendspark_cli.ranking.interest.post_words import PostWords, place_of
from trendspark_cli.ranking.interest.subjects import Subject
from trendspark_cli.ranking.interest.vectors import Vectors, learn

DAY = 86400


class PastVectors:
    """Vectors as they were at each moment of a replay; times are epoch seconds."""

    def __init__(self) -> None:
        self.vectors: Vectors | None = None
        self._words = PostWords()
        self._learned_at = self._learned_posts = self._day = 0

    def advance(self, end: int, posts: Sequence[PostRow]) -> None:
        """Add the posts of the tick that ends at *end*; once a day, see whether it is time to learn."""
        self._words.add(posts)
        if end // DAY == self._day:
            return
        self._day = end // DAY
        self._words.drop_before(end - LEARNED_FROM_SECONDS)
        if is_due(end, self._learned_at, self._words.posts, self._learned_posts):
            learned = learn(self._words)
            if learned is not None:
                self.vectors, self._learned_at, self._learned_posts = learned, end, self._words.posts


class _Known(NamedTuple):
    opened_at: int
    subject: Subject


class PastInterest:
    """What is named and was marked, as the ticks of a replay pass; marks count from when they were made."""

    def __init__(self, names: Sequence[Sequence[str]], marks: Sequence[DatedMark] = ()) -> None:
        self._names = names
        self._marks = sorted(marks, key=lambda one: one.at)
        self._known: dict[int, _Known] = {}
        self._interest: Interest | None = None
        self._made_of: tuple[int, int, Vectors | None] | None = None

    def know(self, number: int, opened_at: int, subject: Subject) -> None:
        """Remember what the trend of a number is about now; it opened when it was first known."""
        before = self._known.get(number)
        self._known[number] = _Known(before.opened_at if before else opened_at, subject)

    def mark(self, mark: DatedMark) -> None:
        """Remember what somebody said, after all that was said before."""
        self._marks.append(mark)

    def pull(self, vectors: Vectors | None, now: int, subject: Subject) -> Pull:
        """Return what moves a topic at *now*; the middle is that of the trends known when the day began."""
        marks = [one.mark for one in self._marks if one.at <= now]
        made_of = (now // DAY, len(marks), vectors)
        before = self._made_of
        if self._interest is None or before is None or made_of[:2] != before[:2] or vectors is not before[2]:
            since = now - LEARNED_FROM_SECONDS
            self._known = {number: one for number, one in self._known.items() if one.opened_at >= since}
            known = [one.subject for one in self._known.values()]
            self._interest, self._made_of = Interest(vectors, self._names, marks, known), made_of
        return self._interest.pull(subject)


def subject_of(topic: Topic, rows: Mapping[int, PostRow]) -> Subject:
    """Return what a topic is about, given the rows of its posts."""
    posts = (rows[number] for number in topic.post_ids)
    places = Counter(place_of(post.source, post.community) for post in posts if post.community)
    return Subject(places, tuple(term.term for term in topic.terms))
