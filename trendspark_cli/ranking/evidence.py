"""How surprising each term of the window is, by its posts, its history and the traffic around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.history import SourceState, TermHistory, TermState
from trendspark_cli.ranking.occurrences import Occurrences, count_terms
from trendspark_cli.ranking.scoring import (
    LEAST_EXCESS,
    LEAST_OBSERVED,
    THREE_WINDOWS,
    Floats,
    dispersion,
    log10_probability,
    spread_of,
    surprise,
)
from trendspark_cli.ranking.terms import term_key
from trendspark_cli.ranking.ticks import TICK_SECONDS, WINDOW_TICKS, hour_of, tick_of
from trendspark_cli.ranking.traffic import PRIOR_POSTS, Traffic, traffic_before
from trendspark_cli.ranking.voices import Signatures, count_voices, text_signatures
from trendspark_cli.ranking.window import Mask, PostColumns, Window

BEST_TERMS = 1_000  # judged exactly, by authors and texts; the others only by how many posts they have
HOUR_PSEUDO_COUNTS = 8.0
SOURCE_PSEUDO_POSTS = 50.0


@dataclass(frozen=True, slots=True)
class Moment:
    """The window as seen at one tick end: which posts count, and how many were expected for each post in history.

    `inside[w]`: posts of window w, by source states that are not warming up. `volume[w]`: for each source number,
    the posts of window w for each post of history.
    """

    now: int
    posts: PostColumns
    inside: tuple[Mask, ...]
    volume: tuple[Floats, ...]
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of the terms of `occurrences`, one row per window, one column per term; `texts` has one per post."""

    occurrences: Occurrences
    texts: Signatures
    scores: Floats
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
    counts = np.array([name in known for name in window.source_names], dtype=bool)
    eligible = (posts.created < now) & (counts[posts.sources] if counts.size else False)
    inside = tuple(eligible & (posts.created >= now - ticks * TICK_SECONDS) for ticks in WINDOW_TICKS)
    traffic = traffic_before(tick, known)
    history = np.array([known[n].posts_at(tick) if n in known else 0.0 for n in window.source_names])
    sizes = [np.bincount(posts.sources[mask], minlength=history.size) for mask in inside]
    return Moment(now, posts, inside, tuple(_volume(size, history, traffic) for size in sizes), traffic)


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


def judge_terms(window: Window, moment: Moment, history: TermHistory, floor: float) -> Judged:
    """Return the scores of the most promising terms: all that may reach `floor`, at most 1,000."""
    found = count_terms(moment.posts, moment.inside[-1])
    counts = np.array([found.sums(mask.astype(np.float64)) for mask in moment.inside])
    states = _states(window, found, history)
    rough = _expect(found, counts, moment, states)
    bound = _bound(counts, rough)
    best = np.argsort(-bound, kind="stable")[:BEST_TERMS]
    best = best[bound[best] >= floor]
    chosen = _with_hours(_columns(rough, best), [states[term] for term in best.tolist()], moment)
    texts = text_signatures(moment.posts, chosen.occurrences)
    voices = count_voices(chosen.occurrences, moment.posts, texts, moment.inside)
    flat = surprise(voices.ravel(), chosen.expected.ravel(), chosen.spread.ravel()).reshape(voices.shape)
    scores = np.maximum(0.0, flat - THREE_WINDOWS)
    return replace(chosen, texts=texts, scores=scores, observed=voices)


def names_of(window: Window, found: Occurrences) -> list[str]:
    """Return the terms as text."""
    words = window.vocabulary.words
    pairs = zip(found.first.tolist(), found.second.tolist(), strict=True)
    return [f"{words[first]} {words[second]}" if first else words[second] for first, second in pairs]


def _states(window: Window, found: Occurrences, history: TermHistory) -> Sequence[TermState | None]:
    """Return what history knows of each term."""
    keys = [term_key(name) for name in names_of(window, found)]
    known = history.get(keys)
    return [known.get(key) for key in keys]


def _expect(found: Occurrences, counts: Floats, moment: Moment, states: Sequence[TermState | None]) -> Judged:
    """Return what was expected of each term in each window; scores and observed are still empty."""
    tick, traffic = tick_of(moment.now), moment.traffic
    baseline = np.array([0.0 if s is None else s.count_at(tick) for s in states])
    chi = np.array([0.0 if s is None else s.chi_at(tick) for s in states])
    per_tick = (baseline + PRIOR_POSTS) / (traffic.posts + traffic.prior) * traffic.posts_per_tick
    uneven = dispersion(chi, per_tick, traffic)
    spread = np.broadcast_to(spread_of(baseline, uneven, per_tick), counts.shape)
    volume = np.array(
        [
            found.sums(mask * of_source[moment.posts.sources]) / np.maximum(1.0, count)
            for mask, of_source, count in zip(moment.inside, moment.volume, counts, strict=True)
        ]
    ).reshape(counts.shape)
    expected = (baseline + PRIOR_POSTS) * volume
    nothing = np.zeros(counts.shape)
    return Judged(
        found,
        np.zeros(0, np.uint64),
        nothing,
        nothing,
        counts,
        expected,
        spread,
        uneven,
        baseline,
        np.ones(baseline.size),
    )


def _with_hours(judged: Judged, states: Sequence[TermState | None], moment: Moment) -> Judged:
    """Return the terms with what is usual at this hour; only for the chosen ones, as it never raises a score."""
    factors = _hour_factors(states, moment)
    return replace(judged, hour_factor=factors, expected=judged.expected * factors)


def _hour_factors(states: Sequence[TermState | None], moment: Moment) -> Floats:
    """Return for each term how much more usual it is at this hour of day (and the ones beside it); never below 1."""
    hour = hour_of(tick_of(moment.now) - 1)
    around = [(hour - 1) % 24, hour, (hour + 1) % 24]
    usual = moment.traffic.hour_share(around)
    factors = np.ones(len(states))
    if usual <= 0.0:
        return factors
    for number, state in enumerate(states):
        if state is not None and state.hours is not None:
            total = sum(state.hours) / 128.0
            here = sum(state.hours[hour] for hour in around) / 128.0
            share = (here + HOUR_PSEUDO_COUNTS * usual) / (total + HOUR_PSEUDO_COUNTS)
            factors[number] = max(1.0, share / usual)
    return factors


def _bound(counts: Floats, rough: Judged) -> Floats:
    """Return a score no term can exceed: every post counted as a voice of its own, the tail as its first summand."""
    telling = (counts >= LEAST_OBSERVED) & (counts > LEAST_EXCESS * rough.expected)
    mean = np.maximum(rough.expected, 1e-300)
    highest = np.where(telling, -log10_probability(counts, mean, 1.0 / rough.spread) - THREE_WINDOWS, 0.0)
    result: Floats = highest.max(axis=0) if highest.size else np.zeros(0)
    return result


def _columns(judged: Judged, terms: npt.NDArray[np.int64]) -> Judged:
    """Return only these terms."""
    return Judged(
        judged.occurrences.select(terms),
        judged.texts,
        judged.scores[:, terms],
        judged.observed[:, terms],
        judged.counts[:, terms],
        judged.expected[:, terms],
        judged.spread[:, terms],
        judged.dispersion[terms],
        judged.baseline[terms],
        judged.hour_factor[terms],
    )
