"""What mattered to an operator while past posts are ranked once more: learned as `rank` learns it, never ahead."""

from collections.abc import Sequence
from typing import NamedTuple

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.interest.judging import Interest, Mark, Pull
from trendspark_cli.ranking.interest.learning import LEARNED_FROM_SECONDS, is_due
from trendspark_cli.ranking.interest.post_words import PostWords
from trendspark_cli.ranking.interest.subjects import Subject
from trendspark_cli.ranking.interest.vectors import Vectors, learn

DAY = 86400


class KnownTopic(NamedTuple):
    """A sure topic of the past, as it was last."""

    opened_at: int
    subject: Subject


class PastInterest:
    """Interest that learns as the ticks of a replay pass; times are epoch seconds."""

    def __init__(self, names: Sequence[Sequence[str]]) -> None:
        self.names = names
        self.marks: list[Mark] = []
        self.vectors: Vectors | None = None
        self._words = PostWords()
        self._known: dict[int, KnownTopic] = {}
        self._learned_at = self._learned_posts = self._day = 0
        self._interest: Interest | None = None

    def advance(self, end: int, posts: Sequence[PostRow]) -> None:
        """Add the posts of the tick that ends at *end*; once a day, see whether it is time to learn."""
        self._words.add(posts)
        if end // DAY == self._day:
            return
        self._day = end // DAY
        since = end - LEARNED_FROM_SECONDS
        self._words.drop_before(since)
        self._known = {number: one for number, one in self._known.items() if one.opened_at >= since}
        self._interest = None
        if is_due(end, self._learned_at, self._words.posts, self._learned_posts):
            learned = learn(self._words)
            if learned is not None:
                self.vectors, self._learned_at, self._learned_posts = learned, end, self._words.posts

    def know(self, number: int, opened_at: int, subject: Subject) -> None:
        """Remember what the sure topic of a number is about; `opened_at` stays what it was first."""
        before = self._known.get(number)
        self._known[number] = KnownTopic(before.opened_at if before else opened_at, subject)

    def mark(self, mark: Mark) -> None:
        """Remember what somebody said."""
        self.marks.append(mark)
        self._interest = None

    def pull(self, subject: Subject) -> Pull:
        """Return what moves a topic, by what was known until now; a topic of today is no part of the middle yet."""
        if self._interest is None:
            known = [one.subject for one in self._known.values()]
            self._interest = Interest(self.vectors, self.names, self.marks, known)
        return self._interest.pull(subject)
