"""How often terms were used in each tick and source of the window, and how often that is usual."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, WINDOW_TICKS, hour_of, tick_of
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic, traffic_before
from trendspark_cli.ranking.bursts.evidence import history_of
from trendspark_cli.ranking.bursts.hours import hour_factors
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.bursts.scoring import Floats
from trendspark_cli.ranking.bursts.segments import FIRST_WORD
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.keys import NO_WORD, Integers, term_keys, word_key

TICKS = WINDOW_TICKS[-1]
UNUSED = -1  # a code no word of the window has
EXPECTED_DIGITS = 4


class TickCount(NamedTuple):
    """One tick of a trend in one source: `posts` rows by `people` authors that differ, `expected` posts.

    `tick` is its beginning in epoch seconds. `expected` is None where nothing is usual: of single posts.
    """

    tick: int
    source: str
    posts: int
    people: int
    expected: float | None


def count_ticks(
    window: Window,
    terms: Sequence[tuple[str, int]],
    now: int,
    history: TermHistory,
    sources: Mapping[str, SourceState],
) -> list[list[TickCount]]:
    """Return for each (term, since) its ticks of the eight hours before `now`, a tick end; empty ones are left out.

    Times are epoch seconds. Expected is the term's usual part of all posts, at that hour of day, of the posts of that
    tick and source; as the history is at `now`. Sources that are warming up are left out, as they are in the ranking.
    """
    if not terms:
        return []
    posts, tick = window.columns(), tick_of(now)
    known = {name: state for name, state in sources.items() if not state.is_warming_up(tick)}
    traffic = traffic_before(tick, known)
    slots = posts.created // TICK_SECONDS - (tick - TICKS)
    is_known = np.array([name in known for name in posts.source_names], dtype=bool)
    eligible = (slots >= 0) & (posts.created < now) & (is_known[posts.sources] if is_known.size else False)
    cells = slots * len(posts.source_names) + posts.sources
    size = TICKS * len(posts.source_names)
    volume = np.bincount(cells[eligible], minlength=size)
    words = np.array([_word_keys(term) for term, _ in terms], np.int64)
    usual = _usual_parts(words, history, traffic, tick)
    found = []
    for number, own in enumerate(_posts_of(posts, words, eligible)):
        since = tick_of(terms[number][1])
        counts = np.bincount(cells[own], minlength=size)
        pairs = np.unique(np.stack((cells[own], posts.authors[own])), axis=1)
        people = np.bincount(pairs[0], minlength=size)
        rows = []
        for cell in np.flatnonzero(counts).tolist():
            slot, source = divmod(cell, len(posts.source_names))
            if (at := tick - TICKS + slot) >= since:
                expected = round(float(usual[slot, number] * volume[cell]), EXPECTED_DIGITS)
                name = posts.source_names[source]
                rows.append(TickCount(at * TICK_SECONDS, name, int(counts[cell]), int(people[cell]), expected))
        found.append(rows)
    return found


def _word_keys(term: str) -> tuple[int, int]:
    """Return the keys of a term's words; the first is NO_WORD when it has one only."""
    first, _, second = term.rpartition(" ")
    return word_key(first) if first else NO_WORD, word_key(second)


def _usual_parts(words: Integers, history: TermHistory, traffic: Traffic, tick: int) -> Floats:
    """Return which part of all posts each term (columns) usually has in each tick of the window (rows)."""
    first, second = words.T.copy()
    keys = term_keys(first, second)
    baseline, _ = history_of(keys, history.load(np.unique(keys)), tick)
    part = (baseline + PRIOR_POSTS) / (traffic.posts + traffic.prior)
    ticks = range(tick - TICKS, tick)
    by_hour = {hour_of(one): hour_factors(first, second, history, traffic, one + 1) for one in ticks}
    parts: Floats = np.array([part * by_hour[hour_of(one)] for one in ticks])
    return parts


def _posts_of(posts: PostColumns, words: Integers, eligible: Mask) -> list[Integers]:
    """Return the eligible posts (numbers into the columns) with each term; all codes are read once for all terms."""
    codes = np.array([[_code(posts.keys, key) for key in pair] for pair in words.tolist()], np.int64)
    wanted = np.zeros(posts.keys.size, dtype=bool)
    wanted[codes[codes[:, 1] != UNUSED, 1]] = True
    places = np.flatnonzero(wanted[posts.codes])
    found = []
    for (first_key, _), (first, second) in zip(words.tolist(), codes.tolist(), strict=True):
        own: npt.NDArray[np.intp] = places[posts.codes[places] == second]
        if first_key != NO_WORD:
            own = own[own > 0]
            own = own[posts.codes[own - 1] == first]
        numbers = np.unique(posts.owners[own]).astype(np.int64)
        found.append(numbers[eligible[numbers]])
    return found


def _code(keys: Integers, key: int) -> int:
    """Return the code of a word in the window, UNUSED when no post has it."""
    place = FIRST_WORD + int(np.searchsorted(keys[FIRST_WORD:], key))
    return place if key != NO_WORD and place < keys.size and int(keys[place]) == key else UNUSED
