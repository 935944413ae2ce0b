"""How surprising each term of the window is, by its posts, its history and the traffic around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.history import CHI_SCALE, COUNT_SCALE, CountRow, SourceState, TermHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_HOUR, WINDOW_TICKS, decay, tick_of
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic, traffic_before
from trendspark_cli.ranking.bursts.communities import Communities, breadth
from trendspark_cli.ranking.bursts.effective_authors import Signatures, count_voices, near_copies, text_signatures
from trendspark_cli.ranking.bursts.hours import hour_factors
from trendspark_cli.ranking.bursts.occurrences import Occurrences, count_terms
from trendspark_cli.ranking.bursts.scoring import (
    LEAST_EXCESS,
    LEAST_OBSERVED,
    MANY_WINDOWS,
    Floats,
    dispersion,
    lift,
    log10_probability,
    score_of,
    spread_of,
    surprise,
)
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.bursts.window import Mask, PostColumns, Window
from trendspark_cli.ranking.text.keys import Integers, term_keys

BEST_TERMS = 1_000  # judged exactly, by authors and texts; the others only by how many posts they have
SOURCE_PSEUDO_POSTS = 50.0
NAMING_POSTS = 3  # of each term, from which its words are read again


@dataclass(frozen=True, slots=True)
class Moment:
    """The window as seen at one tick end: which posts count, and how many were expected for each post in history.

    `inside[w]`: posts of window w, by source states that are not warming up. `volume[w]`: for each source number,
    the posts of window w for each post of history. `rush`: how many times more posts than usual, log10.
    """

    now: int
    posts: PostColumns
    inside: tuple[Mask, ...]
    volume: tuple[Floats, ...]
    traffic: Traffic
    rush: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The terms of `occurrences`: `score` of each; the rest one row per window, one column per term.

    `texts` has one entry per post. `surprises`: -log10 of the chance of `observed`, corrected for how many there were.
    `lifts`: how large it is, in the windows that tell (else 0); `breadth`: see `communities.breadth`.
    """

    occurrences: Occurrences
    texts: Signatures
    score: Floats
    surprises: Floats
    lifts: Floats
    breadth: Floats
    observed: Floats
    counts: Floats
    expected: Floats
    spread: Floats
    dispersion: Floats
    baseline: Floats
    hour_factor: Floats


def look_at(window: Window, now: int, sources: Mapping[str, SourceState]) -> Moment:
    """Return the window as of `now`, a tick end in epoch seconds."""
    posts = window.columns()
    tick = tick_of(now)
    known = {name: state for name, state in sources.items() if not state.is_warming_up(tick)}
    counts = np.array([name in known for name in posts.source_names], dtype=bool)
    eligible = (posts.created < now) & (counts[posts.sources] if counts.size else False)
    inside = tuple(eligible & (posts.created >= now - ticks * TICK_SECONDS) for ticks in WINDOW_TICKS)
    traffic = traffic_before(tick, known)
    history = np.array([known[n].posts_at(tick) if n in known else 0.0 for n in posts.source_names])
    sizes = [np.bincount(posts.sources[mask], minlength=history.size) for mask in inside]
    volume = tuple(_volume(size, history, traffic) for size in sizes)
    hours_ago = (now - 1 - posts.created[inside[-1]]) // (TICKS_PER_HOUR * TICK_SECONDS)
    by_hour = np.bincount(hours_ago, minlength=WINDOW_TICKS[-1] // TICKS_PER_HOUR)
    return Moment(now, posts, inside, volume, traffic, traffic.rush(tick, by_hour.tolist()))


def _volume(posts: npt.NDArray[np.int64], history: Floats, traffic: Traffic) -> Floats:
    """Return for each source the posts in the window for each post of its history.

    A term is measured against the sources it came from, so that one source falling silent, or coming back, changes
    nothing for the others. A small source is drawn towards all of them; a single one gives E / (N + b) exactly.
    """
    if traffic.posts <= 0.0:
        return np.zeros(history.size)
    overall = float(posts.sum()) / traffic.posts
    shrunk = (posts + SOURCE_PSEUDO_POSTS * overall) / (history + SOURCE_PSEUDO_POSTS)
    return shrunk * (traffic.posts / (traffic.posts + traffic.prior))


def judge_terms(moment: Moment, history: TermHistory, floor: float) -> Judged:
    """Return the terms that reach `floor` with their scores: at most 1,000, the most promising ones."""
    found = count_terms(moment.posts, moment.inside[-1])
    keys = term_keys(moment.posts.keys[found.first], moment.posts.keys[found.second])
    counts, volume = _count(found, moment)
    rough = _expect(found, counts, volume, moment, history.counts(np.sort(keys).tolist()), keys)
    bound = _bound(counts, rough)
    best = np.argsort(-bound, kind="stable")[:BEST_TERMS]
    best = best[bound[best] >= min(floor, SURE)]  # once sure, a score may be any number above its surprise
    chosen = _with_hours(_columns(rough, best), history, moment)
    texts = text_signatures(moment.posts, chosen.occurrences)
    exact = _columns_over(_heard(chosen, moment, texts), floor)
    # Near copies and communities are looked for only where it matters: they can but lower a score.
    texts = near_copies(moment.posts, exact.occurrences, texts)
    if len(exact.occurrences):  # at most ticks nothing is left here, and a whole window is to be sorted
        communities = Communities.of(moment.posts, moment.inside[-1])
        exact = replace(exact, breadth=breadth(exact.occurrences, communities, moment.inside))
    return _columns_over(_heard(exact, moment, texts), floor)


def _heard(judged: Judged, moment: Moment, texts: Signatures) -> Judged:
    """Return the terms with their voices, and how surprising that makes them."""
    voices, all_voices = count_voices(judged.occurrences, moment.posts, texts, moment.inside)
    flat = surprise(voices.ravel(), judged.expected.ravel(), judged.spread.ravel()).reshape(voices.shape)
    surprises = np.maximum(0.0, flat - MANY_WINDOWS - moment.rush)
    lifts = lift(all_voices, judged.expected, judged.breadth)
    score = score_of(surprises.max(axis=0), lifts.max(axis=0))
    return replace(judged, texts=texts, score=score, surprises=surprises, lifts=lifts, observed=voices)


def _with_hours(judged: Judged, history: TermHistory, moment: Moment) -> Judged:
    """Return the terms with what is usual at this hour; only for the chosen ones, as it never raises a score."""
    found, keys = judged.occurrences, moment.posts.keys
    factors = hour_factors(keys[found.first], keys[found.second], history, moment.traffic, tick_of(moment.now))
    return replace(judged, hour_factor=factors, expected=judged.expected * factors)


def _columns_over(judged: Judged, floor: float) -> Judged:
    return _columns(judged, np.flatnonzero(judged.score >= floor))


def name_terms(window: Window, judged: Judged) -> tuple[Judged, list[str]]:
    """Return the terms with their names; those whose posts were all edited or deleted since are left out."""
    found, posts = judged.occurrences, window.columns()
    examples = [posts.ids[found.posts_of(term)[:NAMING_POSTS]].tolist() for term in range(len(found))]
    first, second = (window.words(posts.keys[codes], examples) for codes in (found.first, found.second))
    pairs = zip(first, second, strict=True)
    names = {term: f"{a} {b}".lstrip() for term, (a, b) in enumerate(pairs) if a is not None and b is not None}
    return _columns(judged, np.array(list(names), np.int64)), list(names.values())


def _count(found: Occurrences, moment: Moment) -> tuple[Floats, Floats]:
    """Return for each window and term the posts, and the mean over them of their sources' volume."""
    sources = len(moment.posts.source_names)
    innermost = sum((~mask).astype(np.int16) for mask in moment.inside[:-1])  # windows lie within each other
    kinds = (innermost * sources + moment.posts.sources).astype(np.int16)
    of_kinds = found.counts(kinds, len(moment.inside) * sources).reshape(len(moment.inside), sources, len(found))
    of_sources = np.cumsum(of_kinds, axis=0).astype(np.float64)
    counts: Floats = of_sources.sum(axis=1)
    volume = (of_sources * np.array(moment.volume)[:, :, None]).sum(axis=1) / np.maximum(1.0, counts)
    return counts, volume


def _expect(
    found: Occurrences, counts: Floats, volume: Floats, moment: Moment, known: Sequence[CountRow], keys: Integers
) -> Judged:
    """Return what was expected of each term in each window; what was seen is still empty."""
    tick, traffic = tick_of(moment.now), moment.traffic
    baseline, chi = _history_of(keys, known, tick)
    per_tick = (baseline + PRIOR_POSTS) / (traffic.posts + traffic.prior) * traffic.posts_per_tick
    uneven = dispersion(chi, per_tick, traffic)
    nothing = np.zeros(counts.shape)
    return Judged(
        found,
        np.zeros(0, np.int64),
        np.zeros(len(found)),
        nothing,
        nothing,
        np.ones(counts.shape),
        nothing,
        counts,
        (baseline + PRIOR_POSTS) * volume,
        np.broadcast_to(spread_of(baseline, uneven, per_tick), counts.shape),
        uneven,
        baseline,
        np.ones(baseline.size),
    )


def _history_of(keys: Integers, known: Sequence[CountRow], tick: int) -> tuple[Floats, Floats]:
    """Return count and chi of each term as of `tick`; 0 for unknown ones."""
    baseline, chi = np.zeros(keys.size), np.zeros(keys.size)
    if known:
        key, count, heaps, last_tick = np.array(known, np.int64).T
        ages, of_age = np.unique(np.maximum(0, tick - last_tick), return_inverse=True)
        fade = np.array([decay(age) for age in ages.tolist()])[of_age]
        order = np.argsort(keys)
        place = order[np.searchsorted(keys, key, sorter=order)]
        baseline[place] = count / COUNT_SCALE * fade
        chi[place] = np.maximum(0, heaps) / CHI_SCALE * fade
    return baseline, chi


def _bound(counts: Floats, rough: Judged) -> Floats:
    """Return a surprise no term can exceed: every post counted as a voice of its own, the tail as its first summand."""
    telling = (counts >= LEAST_OBSERVED) & (counts > LEAST_EXCESS * rough.expected)
    mean = np.maximum(rough.expected[telling], 1e-300)
    highest = np.zeros(counts.shape)
    highest[telling] = -log10_probability(counts[telling], mean, 1.0 / rough.spread[telling]) - MANY_WINDOWS
    result: Floats = highest.max(axis=0)
    return result


def _columns(judged: Judged, terms: npt.NDArray[np.int64]) -> Judged:
    """Return only these terms."""
    return Judged(
        judged.occurrences.select(terms),
        judged.texts,
        judged.score[terms],
        judged.surprises[:, terms],
        judged.lifts[:, terms],
        judged.breadth[:, terms],
        judged.observed[:, terms],
        judged.counts[:, terms],
        judged.expected[:, terms],
        judged.spread[:, terms],
        judged.dispersion[terms],
        judged.baseline[terms],
        judged.hour_factor[terms],
    )
