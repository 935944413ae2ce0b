"""What each part of the ranking is worth: past posts ranked again and again, each time with one part switched off.

History knows nothing of scores, so it is built once for all; only what is made of it differs.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from trendspark_cli.backtests.post_lines import read_past_posts
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, WINDOW_TICKS, tick_of
from trendspark_cli.ranking.baseline.traffic import Traffic
from trendspark_cli.ranking.bursts import effective_authors, evidence, hours, scoring, topics
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD
from trendspark_cli.ranking.lifecycle import topic_lifecycle as lifecycle
from trendspark_cli.ranking.past.replay import Replay, ticks_of
from trendspark_cli.ranking.past.tick_reports import TickReporter, line_of
from trendspark_cli.ranking.text.keys import NO_WORD

Switch = tuple[Any, str, Any]
"""(module or class, name in it, what it is instead)."""

WHOLE = "nothing"


def _alone(found: Any, scores: Any, names: Sequence[str], limit: int) -> list[list[int]]:
    """Return each term as a topic of its own, strongest first."""
    order = sorted(range(len(found)), key=lambda term: (-scores[term], names[term]))
    return [[term] for term in order[:limit]]


def _everyone_new(found: Any, posts: Any, texts: Any, inside: Any) -> Any:
    return effective_authors.count_effective_authors(
        found, posts._replace(authors=np.arange(posts.ids.size)), texts, inside
    )


def _without_window(number: int) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        counted_authors = effective_authors.count_effective_authors(*arguments)
        counted_authors[:, number] = 0.0
        return counted_authors

    return counted


def _single_words(window: Any, inside: Any) -> Any:
    found = OCCURRENCES(window, inside)
    return found.select(np.flatnonzero(found.first == 0))


def _own_hours(first: Any, second: Any, *others: Any) -> Any:
    keys = evidence.term_keys(first, second)
    return hours.hour_factors(np.full_like(keys, NO_WORD), keys, *others)


OCCURRENCES = evidence.Window.occurrences
PARTS: Mapping[str, Sequence[Switch]] = {
    WHOLE: (),
    "hour of day": ((evidence, "hour_factors", lambda first, *others: np.ones(first.size)),),
    "hours of the words of a pair": ((evidence, "hour_factors", _own_hours),),
    "what a rush takes": ((Traffic, "volume_surge", lambda *arguments: 0.0),),
    "unevenness": ((scoring, "_EVEN_ENOUGH", 1e9),),
    "uncertainty of 0.03 for every term": ((scoring, "_BASE_OVERDISPERSION", 0.0),),
    "an author counts once": ((evidence, "count_effective_authors", _everyone_new),),
    "copies of a text are one": (
        (evidence, "text_signatures", lambda posts, found: np.arange(posts.ids.size)),
        (evidence, "merge_near_duplicates", lambda posts, found, texts: texts),
    ),
    "near copies": ((evidence, "merge_near_duplicates", lambda posts, found, texts: texts),),
    "at most 1.9 voices of a text": ((effective_authors, "MOST_AUTHORS_OF_A_TEXT", np.inf),),
    "1.5 times the expected": ((scoring, "LEAST_RATIO", 0.0), (evidence, "LEAST_RATIO", 0.0)),
    "pairs of words": ((evidence.Window, "occurrences", _single_words),),
    **{
        f"window of {ticks * TICK_SECONDS // 60} min": ((evidence, "count_effective_authors", _without_window(number)),)
        for number, ticks in enumerate(WINDOW_TICKS)
    },
    "order by size": ((evidence, "score_of", lambda surprisals, lifts: surprisals),),
    "size in 1 h": ((scoring, "LIFT_WORTH", (0.0, 0.0, 0.0, 1.5)),),
    "size in 8 h": ((scoring, "LIFT_WORTH", (0.0, 1.0, 0.0, 0.0)),),
    "words of new texts measured by one another": ((evidence, "_among_newcomers", lambda scored, *others: scored),),
    "communities": (
        (evidence, "community_dispersion", lambda found, communities, inside: np.ones((len(inside), len(found)))),
    ),
    "authors of further terms": ((topics, "_worth_of_further_terms", lambda *arguments: 0.0),),
    "terms joined to topics": ((topics, "group_terms", _alone),),
    "posts that go on with a trend": ((lifecycle, "LEAST_SHARED_POSTS", np.inf),),
    "common words count half": ((topics, "are_common_words", lambda *arguments: False),),
    "one community's matter counts half": ((topics, "is_of_one_place", lambda *arguments: False),),
    "dates and tags tell nothing": ((topics, "says_what", lambda *arguments: True),),
}


class Shared:
    """A function whose answers to the same arguments are kept until they are forgotten: what parts ask of one tick."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._answers: dict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = {}  # arguments live as long as their ids

    def __call__(self, *arguments: Any) -> Any:
        """Return the answer, computed at most once."""
        asked = tuple(map(id, arguments))
        if asked not in self._answers:
            self._answers[asked] = arguments, self._function(*arguments)
        return self._answers[asked][1]

    def forget(self) -> None:
        """Let the next calls compute."""
        self._answers = {}


STEPS = ((topics, "snapshot_of"), (evidence, "promising_terms"), (topics, "score_terms"))
"""Of a tick, one after the other; what a part changes is in or after the first of them that it does not leave alone."""
WITHIN_TERMS = {
    "hour_factors",
    "text_signatures",
    "merge_near_duplicates",
    "count_effective_authors",
    "community_dispersion",
    "score_of",
    "_among_newcomers",
    "MOST_AUTHORS_OF_A_TEXT",
    "LIFT_WORTH",
}


def steps_left_alone(part: str) -> int:
    """Return how many of the steps of a tick a part leaves as they are."""
    if all(module in (topics, lifecycle) for module, _, _ in PARTS[part]):
        return 3
    if all(name in WITHIN_TERMS for _, name, _ in PARTS[part]):
        return 2
    return 0 if any(module in (Traffic, evidence.Window) for module, _, _ in PARTS[part]) else 1


@contextmanager
def switched(switches: Sequence[Switch]) -> Iterator[None]:
    """Have these names be something else for a while."""
    with ExitStack() as back:
        for module, name, value in switches:
            back.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        yield


def rank_without_each(
    posts: Path,
    since: datetime,
    target: Callable[[str], Path],
    parts: Sequence[str] = tuple(PARTS),
    *,
    floor: float = DEFAULT_THRESHOLD / 2,
) -> None:
    """Rank a file once for each part that is switched off; `target` gives the file of its lines, from *since* on.

    Nothing below *floor* is listed, and nothing is spelled as people write it.
    """
    first = tick_of(int(since.timestamp()))
    replayed, reporters = Replay(), {part: TickReporter(floor=floor) for part in parts}
    shared = [(module, name, Shared(getattr(module, name))) for module, name in STEPS]
    unspelled = (TickReporter, "_named", lambda reporter, replayed, topic, trend: topic)
    with ExitStack() as files, gzip.open(posts) as lines:
        written = {part: files.enter_context(target(part).open("w", encoding="utf-8")) for part in parts}
        for tick, batch in ticks_of(read_past_posts(lines, str(posts))):
            replayed.advance(tick, batch)
            if tick < first:
                continue
            for *_, step in shared:
                step.forget()
            for part in parts:
                with switched((unspelled, *shared[: steps_left_alone(part)], *PARTS[part])):
                    reported = reporters[part].report(replayed, tick)
                written[part].write(line_of((tick + 1) * TICK_SECONDS, reported, replayed.posts) + "\n")
