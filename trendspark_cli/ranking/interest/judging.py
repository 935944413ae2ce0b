"""How far a topic moves by what its operator cares about: bounded, and never enough to open or close a trend."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.interest.marks import LEAST_MARKS, MOST_MARKS, Mark, Wide, weights_of
from trendspark_cli.ranking.interest.subjects import Space, Subject, unit
from trendspark_cli.ranking.interest.vectors import SIZE, Floats, Vectors

MOST_MOVED = 3.0  # of the score: a factor of two in size, since 10 is ten times
SCORE_PER_LIKENESS = 3.0
LEAST_KNOWN = 20  # sure topics: of fewer there is no middle
ROOT_MEAN_SQUARE = 2.0  # of where sure topics lie
ALIKE = 0.5  # cosine


class Pull(NamedTuple):
    """What moves a topic, in points of the score: `named` by what is named, `marked` by marks.

    `name`: the name it is most like. `alike`: how many marks of the kind that moves it are like it.
    """

    named: float = 0.0
    marked: float = 0.0
    name: str = ""
    alike: int = 0

    @property
    def points(self) -> float:
        """Return how far it moves."""
        return _bounded(self.named + self.marked)


NO_PULL = Pull()


def _bounded(points: float) -> float:
    return max(-MOST_MOVED, min(MOST_MOVED, points))


def moved(score: float, points: float) -> float:
    """Return by which score a topic is ordered: what is not sure does not move, and what is stays sure."""
    return max(SURE, score + points) if score >= SURE else score


class Interest:
    """What one operator cares about, asked for one topic after the other.

    `names`: those of each profile. `known`: earlier sure topics, whose middle is what does not move.
    """

    def __init__(
        self,
        vectors: Vectors | None,
        names: Sequence[Sequence[str]],
        marks: Sequence[Mark] = (),
        known: Sequence[Subject] = (),
    ) -> None:
        self._space = None if vectors is None else Space(vectors)
        self._names: list[tuple[str, Floats]] = []
        self._profiles: list[Floats] = []
        self._weights: Wide | None = None
        self._marked_places, self._are_good = np.zeros((0, SIZE), np.float32), np.zeros(0, np.bool_)
        self._noisy: frozenset[str] = frozenset()
        self._named_middle = self._marked_middle = 0.0
        self._scale = 1.0
        self.unknown: list[str] = []
        if self._space is None:
            return
        positions = _positions(self._space, known)
        if len(positions) < LEAST_KNOWN:
            return
        table = np.array(positions)
        self._scale = ROOT_MEAN_SQUARE / max(1e-6, float(np.sqrt((table**2).sum(axis=1).mean())))
        self._take_names(self._space, names)
        self._take_marks(self._space, marks[-MOST_MARKS:], table)
        if self._profiles:
            self._named_middle = float(np.median([self._likeness(position) for position in table]))
        if self._weights is not None:
            self._marked_middle = float(np.median(table @ self._weights * self._scale))

    def pull(self, subject: Subject) -> Pull:
        """Return what moves a topic."""
        position = None if self._space is None else self._space.position(subject)
        if position is None:
            return NO_PULL
        named, marked, name, alike = 0.0, 0.0, "", 0
        if self._profiles:
            named = self._likeness(position) - self._named_middle
            name = max(self._names, key=lambda each: float(each[1] @ position))[0]
        if self._weights is not None:
            marked = float(position @ self._weights) * self._scale - self._marked_middle
            marked -= self._noise_of_communities(subject)
            alike = self._alike(position, is_good=marked > 0)
        return Pull(_bounded(SCORE_PER_LIKENESS * named), _bounded(SCORE_PER_LIKENESS * marked), name, alike)

    def _take_names(self, space: Space, profiles: Sequence[Sequence[str]]) -> None:
        for names in profiles:
            found = []
            for name in names:
                direction = space.of_name(name)
                if direction is None:
                    self.unknown.append(name)
                else:
                    found.append((name, direction))
            if found:
                self._names += found
                self._profiles.append(unit(np.mean([direction for _, direction in found], axis=0)))

    def _likeness(self, position: Floats) -> float:
        """Return how like a topic is to what a profile names, to that where it is most."""
        return max(float(direction @ position) for direction in self._profiles) * self._scale

    def _take_marks(self, space: Space, marks: Sequence[Mark], known: Floats) -> None:
        said = [(found, mark.is_good) for mark in marks if (found := space.position(mark.subject)) is not None]
        if len(said) < LEAST_MARKS:
            return
        self._marked_places = np.array([unit(position) for position, _ in said])
        self._are_good = np.array([good for _, good in said])
        positions = np.array([position for position, _ in said], np.float64) * self._scale
        is_good = self._are_good
        importance = np.ones(is_good.size)
        if is_good.all() or not is_good.any():  # held against the topics that nobody marked, which weigh as much
            importance = np.concatenate([importance, np.full(len(known), len(said) / len(known))])
            positions = np.vstack([positions, known * self._scale])
            is_good = np.concatenate([is_good, np.full(len(known), not is_good[0])])
        self._weights = weights_of(positions, is_good, importance)
        of_communities = Counter[str]()
        for mark in marks:
            if (community := mark.subject.only_community) is not None:
                of_communities[community] += -1 if mark.is_good else 1
        self._noisy = frozenset(name for name, noise in of_communities.items() if noise > 0)

    def _noise_of_communities(self, subject: Subject) -> float:
        """Return which share of a topic's posts is of communities that were marked as noise themselves."""
        posts = sum(subject.communities.values())
        return sum(subject.communities[name] for name in self._noisy & subject.communities.keys()) / max(1, posts)

    def _alike(self, position: Floats, *, is_good: bool) -> int:
        return int(np.count_nonzero((self._marked_places @ unit(position) >= ALIKE) & (self._are_good == is_good)))


def _positions(space: Space, subjects: Sequence[Subject]) -> list[Floats]:
    return [found for subject in subjects if (found := space.position(subject)) is not None]
