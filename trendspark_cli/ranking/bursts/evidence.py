"""The surprisal and the lift of each term of the window, by its posts, its baseline and the traffic around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.history import COUNT_SCALE, RESIDUALS_SCALE, SourceState
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.term_states import TermStates, decays
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_HOUR, WINDOW_TICKS, tick_of
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic, traffic_before
from trendspark_cli.ranking.bursts.communities import Communities, community_dispersion
from trendspark_cli.ranking.bursts.effective_authors import (
    Signatures,
    count_effective_authors,
    merge_near_duplicates,
    text_signatures,
)
from trendspark_cli.ranking.bursts.hours import hour_factors
from trendspark_cli.ranking.bursts.new_words import OVERDISPERSION as NEWCOMERS_OVERDISPERSION
from trendspark_cli.ranking.bursts.new_words import expected_among_newcomers
from trendspark_cli.ranking.bursts.occurrences import LEAST_POSTS, Occurrences
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.bursts.scoring import (
    ARRAYS,
    LEAST_OBSERVED,
    LEAST_RATIO,
    MANY_WINDOWS,
    Floats,
    index_of_dispersion,
    lift,
    overdispersion_of,
    score_of,
    telling_surprisal,
)
from trendspark_cli.ranking.bursts.surprisal import log10_probability
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.keys import Integers, term_keys

BEST_TERMS = 1_000  # judged exactly, by authors and texts; the others only by how many posts they have
SOURCE_PSEUDO_POSTS = 50.0
NAMING_POSTS = 3  # of each term, from which its words are read again


class WindowSnapshot(NamedTuple):
    """The window at one tick end: which posts count, and how many are expected for each post of the baseline.

    `inside[w]`: posts of window w, by source states that are not warming up. `volume[w]`: for each source number,
    the posts of window w for each post of history. `volume_surge`: log10 of posts over expected posts. `found`: returns
    the terms of at least three of some posts, as `Window.occurrences` does.
    """

    now: int
    posts: PostColumns
    inside: tuple[Mask, ...]
    volume: tuple[Floats, ...]
    traffic: Traffic
    volume_surge: float
    found: Callable[[Mask], Occurrences]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTerms:
    """The terms of `occurrences`: `score` of each; the rest one row per window, one column per term.

    `texts` has one entry per post. `surprisals`: -log10 of the chance of `observed`, corrected for how many there were.
    `lifts`: how large it is, in the windows that tell (else 0); `community_dispersion`: see `communities`.
    """

    occurrences: Occurrences
    texts: Signatures
    score: Floats
    surprisals: Floats
    lifts: Floats
    community_dispersion: Floats
    observed: Floats
    counts: Floats
    expected: Floats
    overdispersion: Floats
    dispersion: Floats
    baseline: Floats
    hour_factor: Floats


def snapshot_of(window: Window, now: int, sources: Mapping[str, SourceState]) -> WindowSnapshot:
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
    return WindowSnapshot(
        now, posts, inside, volume, traffic, traffic.volume_surge(tick, by_hour.tolist()), window.occurrences
    )


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


def score_terms(snapshot: WindowSnapshot, history: TermHistory, floor: float) -> ScoredTerms:
    """Return the terms that reach `floor` with their scores: at most 1,000, the most promising ones."""
    chosen = _with_hours(promising_terms(snapshot, history, floor), history, snapshot)
    texts = text_signatures(snapshot.posts, chosen.occurrences)
    exact = _columns_over(_with_effective_authors(chosen, snapshot, texts), floor)
    # Near-duplicates and communities are searched only where it matters: they can but lower a score.
    texts = merge_near_duplicates(snapshot.posts, exact.occurrences, texts)
    if len(exact.occurrences):  # at most ticks nothing is left here, and a whole window is to be sorted
        communities = Communities.of(snapshot.posts, snapshot.inside[-1])
        exact = replace(
            exact, community_dispersion=community_dispersion(exact.occurrences, communities, snapshot.inside)
        )
    scored = _columns_over(_with_effective_authors(exact, snapshot, texts), floor)
    return _columns_over(_among_newcomers(scored, snapshot, history), floor)


def promising_terms(snapshot: WindowSnapshot, history: TermHistory, floor: float) -> ScoredTerms:
    """Return the terms whose posts alone might reach `floor`, each by another author; at most 1,000."""
    found = snapshot.found(snapshot.inside[-1])  # some of other posts, too
    keys = term_keys(snapshot.posts.keys[found.first], snapshot.posts.keys[found.second])
    counts, volume = _count(found, snapshot)
    rough = _expect(found, counts, volume, snapshot, history.load(np.sort(keys)), keys)
    bound = np.where(counts[-1] >= LEAST_POSTS, _bound(counts, rough), -1.0)
    best = np.argsort(-bound, kind="stable")[:BEST_TERMS]
    best = best[bound[best] >= max(0.0, min(floor, SURE))]  # once sure, a score may be any number above its surprisal
    chosen = _columns(rough, best)
    return replace(chosen, occurrences=chosen.occurrences.within(snapshot.inside[-1]))


def _among_newcomers(scored: ScoredTerms, snapshot: WindowSnapshot, history: TermHistory) -> ScoredTerms:
    """Return the terms; those of posts whose words are mostly new are measured by these, too, and the less counts."""
    if not len(scored.occurrences):
        return scored
    posts, traffic, tick = snapshot.posts, snapshot.traffic, tick_of(snapshot.now)
    volume = float(np.count_nonzero(snapshot.inside[-1])) / (traffic.posts + traffic.prior)

    def usual(words: Integers) -> tuple[Floats, Floats]:
        keys = posts.keys[words]
        known = history_of(keys, history.load(np.unique(keys)), tick)[0]
        return known, (known + PRIOR_POSTS) * volume

    expected = expected_among_newcomers(scored.occurrences, posts, snapshot.inside, usual)
    among = replace(scored, expected=expected, overdispersion=np.full(expected.shape, NEWCOMERS_OVERDISPERSION))
    surprisals = _surprisals(among, snapshot)
    is_less = surprisals < scored.surprisals  # where nothing is expected, the history says all
    is_less &= expected > 0.0
    surprisals = np.where(is_less, surprisals, scored.surprisals)
    return replace(
        scored,
        score=score_of(surprisals.max(axis=0), scored.lifts.max(axis=0)),
        surprisals=surprisals,
        expected=np.where(is_less, expected, scored.expected),
        overdispersion=np.where(is_less, among.overdispersion, scored.overdispersion),
    )


def _with_effective_authors(scored: ScoredTerms, snapshot: WindowSnapshot, texts: Signatures) -> ScoredTerms:
    """Return the terms with their effective authors, and the surprisal and lift of these."""
    effective_authors, uncapped = count_effective_authors(scored.occurrences, snapshot.posts, texts, snapshot.inside)
    scored = replace(scored, texts=texts, observed=effective_authors)
    surprisals = _surprisals(scored, snapshot)
    lifts = lift(uncapped, scored.expected, scored.community_dispersion)
    return replace(
        scored, score=score_of(surprisals.max(axis=0), lifts.max(axis=0)), surprisals=surprisals, lifts=lifts
    )


def _surprisals(scored: ScoredTerms, snapshot: WindowSnapshot) -> Floats:
    """Return the surprisal of what was seen of each term in each window, for as many as there were."""
    flat = telling_surprisal(scored.observed.ravel(), scored.expected.ravel(), scored.overdispersion.ravel())
    surprisals: Floats = np.maximum(0.0, flat.reshape(scored.observed.shape) - MANY_WINDOWS - snapshot.volume_surge)
    return surprisals


def _with_hours(scored: ScoredTerms, history: TermHistory, snapshot: WindowSnapshot) -> ScoredTerms:
    """Return the terms with the expected posts at this hour; only for the chosen ones, as it never raises a score."""
    found, keys = scored.occurrences, snapshot.posts.keys
    factors = hour_factors(keys[found.first], keys[found.second], history, snapshot.traffic, tick_of(snapshot.now))
    return replace(scored, hour_factor=factors, expected=scored.expected * factors)


def _columns_over(scored: ScoredTerms, floor: float) -> ScoredTerms:
    return _columns(scored, np.flatnonzero(scored.score >= floor))


def name_terms(window: Window, scored: ScoredTerms) -> tuple[ScoredTerms, list[str]]:
    """Return the terms with their names; those whose posts were all edited or deleted since are left out."""
    found, posts = scored.occurrences, window.columns()
    examples = [posts.ids[found.posts_of(term)[:NAMING_POSTS]].tolist() for term in range(len(found))]
    first, second = (window.words(posts.keys[codes], examples) for codes in (found.first, found.second))
    pairs = zip(first, second, strict=True)
    names = {term: f"{a} {b}".lstrip() for term, (a, b) in enumerate(pairs) if a is not None and b is not None}
    return _columns(scored, np.array(list(names), np.int64)), list(names.values())


def _count(found: Occurrences, snapshot: WindowSnapshot) -> tuple[Floats, Floats]:
    """Return for each window and term the posts, and the mean over them of their sources' volume."""
    sources = len(snapshot.posts.source_names)
    innermost = sum((~mask).astype(np.int16) for mask in snapshot.inside)  # windows lie within each other
    cells = (innermost * sources + snapshot.posts.sources).astype(np.int16)
    of_cells = found.counts(cells, len(snapshot.inside) * sources).reshape(len(snapshot.inside), sources, len(found))
    of_sources = np.cumsum(of_cells, axis=0).astype(np.float64)
    counts: Floats = of_sources.sum(axis=1)
    volume = (of_sources * np.array(snapshot.volume)[:, :, None]).sum(axis=1) / np.maximum(1.0, counts)
    return counts, volume


def _expect(
    found: Occurrences,
    counts: Floats,
    volume: Floats,
    snapshot: WindowSnapshot,
    known: TermStates,
    keys: Integers,
) -> ScoredTerms:
    """Return what was expected of each term in each window; what was seen is still empty."""
    tick, traffic = tick_of(snapshot.now), snapshot.traffic
    baseline, squared_residuals = history_of(keys, known, tick)
    per_tick = (baseline + PRIOR_POSTS) / (traffic.posts + traffic.prior) * traffic.posts_per_tick
    uneven = index_of_dispersion(squared_residuals, per_tick, traffic)
    nothing = np.zeros(counts.shape)
    return ScoredTerms(
        occurrences=found,
        texts=np.zeros(0, np.int64),
        score=np.zeros(len(found)),
        surprisals=nothing,
        lifts=nothing,
        community_dispersion=np.ones(counts.shape),
        observed=nothing,
        counts=counts,
        expected=(baseline + PRIOR_POSTS) * volume,
        overdispersion=np.broadcast_to(overdispersion_of(baseline, uneven, per_tick), counts.shape),
        dispersion=uneven,
        baseline=baseline,
        hour_factor=np.ones(baseline.size),
    )


def history_of(keys: Integers, known: TermStates, tick: int) -> tuple[Floats, Floats]:
    """Return count and squared residuals of each term as of `tick`; 0 for unknown ones."""
    baseline, squared_residuals = np.zeros(keys.size), np.zeros(keys.size)
    if len(known):
        at = np.minimum(np.searchsorted(known.keys, keys), len(known) - 1)
        is_known = known.keys[at] == keys
        at = at[is_known]
        fade = decays(np.maximum(0, tick - known.last_ticks))[at]
        baseline[is_known] = known.counts[at] / COUNT_SCALE * fade
        squared_residuals[is_known] = np.maximum(0, known.residuals[at]) / RESIDUALS_SCALE * fade
    return baseline, squared_residuals


def _bound(counts: Floats, rough: ScoredTerms) -> Floats:
    """Return a surprisal no term can exceed: each post by another author, the tail cut after its first summand."""
    telling = (counts >= LEAST_OBSERVED) & (counts > LEAST_RATIO * rough.expected)
    mean = np.maximum(rough.expected[telling], 1e-300)
    highest = np.zeros(counts.shape)
    highest[telling] = (
        -log10_probability(counts[telling], mean, 1.0 / rough.overdispersion[telling], ARRAYS) - MANY_WINDOWS
    )
    result: Floats = highest.max(axis=0)
    return result


def _columns(scored: ScoredTerms, terms: npt.NDArray[np.int64]) -> ScoredTerms:
    """Return only these terms."""
    return ScoredTerms(
        occurrences=scored.occurrences.select(terms),
        texts=scored.texts,
        score=scored.score[terms],
        surprisals=scored.surprisals[:, terms],
        lifts=scored.lifts[:, terms],
        community_dispersion=scored.community_dispersion[:, terms],
        observed=scored.observed[:, terms],
        counts=scored.counts[:, terms],
        expected=scored.expected[:, terms],
        overdispersion=scored.overdispersion[:, terms],
        dispersion=scored.dispersion[terms],
        baseline=scored.baseline[terms],
        hour_factor=scored.hour_factor[terms],
    )
