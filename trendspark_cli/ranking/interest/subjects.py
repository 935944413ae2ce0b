"""Where a topic lies among the vectors: by the communities of its posts, else by its words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.interest.post_words import PLACE_PARTS
from trendspark_cli.ranking.interest.vectors import SIZE, Floats, Vectors
from trendspark_cli.ranking.text.keys import word_key
from trendspark_cli.ranking.text.terms import Vocabulary

COMMUNITY_SIGN = "r/"  # before the name of a community, among names of what matters


class Subject(NamedTuple):
    """What a topic is about, as it can be kept: axes turn with each learning, communities and words stay.

    `communities`: posts by place, as `place_of` calls it; posts without one are in none. `words`: terms, strongest
    first.
    """

    communities: Mapping[str, int]
    words: tuple[str, ...]

    @property
    def only_community(self) -> str | None:
        """Return the community that three quarters of its posts are in, two at least; None when there is none."""
        name = max(self.communities, key=self.communities.__getitem__, default=None)
        if name is None or self.communities[name] < 2:
            return None
        return name if 4 * self.communities[name] >= 3 * sum(self.communities.values()) else None


class Space:
    """Vectors, asked for topics and for the names of what matters."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._rows = {place: row for row, place in enumerate(vectors.places)}
        self._by_name: dict[str, list[int]] = {}
        for place, row in self._rows.items():
            self._by_name.setdefault(place.partition(PLACE_PARTS)[2].lower(), []).append(row)

    def position(self, subject: Subject) -> Floats | None:
        """Return where a topic lies, at most 1 from the middle; None when none of its places and words is known."""
        known = [(self._rows[place], posts) for place, posts in subject.communities.items() if place in self._rows]
        if known:
            weights = np.sqrt(np.array([posts for _, posts in known], np.float32))
            mean: Floats = weights @ self._vectors.of_places[[row for row, _ in known]] / weights.sum()
            return mean
        return self.of_words(subject.words)

    def of_name(self, name: str) -> Floats | None:
        """Return the direction of a name: of `r/NAME` that community's, else that of its words; None when unknown."""
        if name.lower().startswith(COMMUNITY_SIGN):
            rows = self._by_name.get(name[len(COMMUNITY_SIGN) :].lower(), [])
            return unit(self._vectors.of_places[rows].mean(axis=0)) if rows else None
        found = self.of_words(terms_of(name))
        return None if found is None else unit(found)

    def of_words(self, terms: Sequence[str]) -> Floats | None:
        """Return the mean of the words of terms, each once; None when none is known."""
        words = list(dict.fromkeys(word for term in terms for word in term.split(" ")))
        keys = np.fromiter(map(word_key, words), np.int64, len(words))
        known = self._vectors.words
        if not known.size or not keys.size:
            return None
        places = np.minimum(np.searchsorted(known, keys), known.size - 1)
        rows = places[known[places] == keys]
        mean: Floats | None = self._vectors.of_words[rows].mean(axis=0) if rows.size else None
        return mean


def terms_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as they are counted."""
    vocabulary = Vocabulary()
    vocabulary.encode([text])
    return tuple(word for word in vocabulary.words().values() if word)


def unit(vector: Floats) -> Floats:
    """Return a vector of length 1; of one without length, itself."""
    length = float(np.linalg.norm(vector))
    result: Floats = (vector / length).astype(np.float32) if length > 1e-9 else np.zeros(SIZE, np.float32)
    return result
