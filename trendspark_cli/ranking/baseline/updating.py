"""Posts that left the longest window update the baselines of their terms and sources."""

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from itertools import groupby

from trendspark_cli.ranking.baseline.baseline_posts import BaselinePost
from trendspark_cli.ranking.baseline.history import COUNT_SCALE, RESIDUALS_SCALE, SourceState, TermHistory, TermState
from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, decay, hour_of, tick_of
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic, traffic_before
from trendspark_cli.ranking.text.terms import keys_of_posts

LARGEST_SQUARED_RESIDUAL = 400.0  # one absurd tick must not make a term seem overdispersed for ever
HOURS_FROM_COUNT = 8.0  # below that, hours of day would be noise and cost 96 bytes

States = dict[int, TermState]


def update_baseline(
    posts: Sequence[BaselinePost],
    tick_sizes: Mapping[int, int],
    history: TermHistory,
    sources: MutableMapping[str, SourceState],
) -> None:
    """Add posts to the baselines: one `get` and one `put` of terms, and new states in `sources`.

    `tick_sizes`: all posts of each tick that occurs, over all sources. Cut the stream into calls anywhere; only the
    order of posts matters (created_at order; late posts of any age are fine).
    """
    keys = keys_of_posts([post.text for post in posts])
    states = history.get(list({key for of_post in keys for key in of_post}))
    changed: set[int] = set()
    for tick, numbers in _runs_of_one_tick(posts):
        counts = Counter(key for number in numbers for key in keys[number])
        _update_terms(tick, counts, tick_sizes.get(tick, len(numbers)), states, sources)
        _update_sources(tick, Counter(posts[number].source for number in numbers), sources)
        changed.update(counts)
    history.put({key: states[key] for key in changed})


def _runs_of_one_tick(posts: Sequence[BaselinePost]) -> Iterator[tuple[int, list[int]]]:
    """Yield (tick, post numbers) for each run of successive posts of one tick; sorting would depend on the cuts."""
    for tick, run in groupby(range(len(posts)), key=lambda number: tick_of(posts[number].created_at)):
        yield tick, list(run)


def _update_terms(
    tick: int, counts: Mapping[int, int], tick_posts: int, states: States, sources: Mapping[str, SourceState]
) -> None:
    """Replace the state of each term that occurs in this tick."""
    newest = max((source.last_tick for source in sources.values()), default=tick)
    traffic = traffic_before(tick, sources) if tick >= newest else None
    for key, count in counts.items():
        state = states.get(key)
        if state is not None and tick < state.last_tick:
            states[key] = _with_late_posts(state, tick, count)
        else:
            states[key] = _with_posts(state, tick, count, tick_posts, traffic)


def _with_posts(state: TermState | None, tick: int, count: int, tick_posts: int, traffic: Traffic | None) -> TermState:
    """Return the state with posts of its newest tick, or of one after it.

    Without `traffic` the tick is older than others already counted. What was expected then is no longer known, so the
    posts count and their residual does not.
    """
    if state is None:
        state = TermState(0.0, 0.0, tick, 0)
    if state.last_tick < tick:
        state = _faded(state, tick)
    posts = state.last_tick_posts + count
    count_before = state.count - state.last_tick_posts
    squared_residuals = state.squared_residuals
    if traffic is not None:
        expected = _expected(count_before, tick_posts, traffic)
        squared_residuals += _squared_residual(posts, expected) - _squared_residual(state.last_tick_posts, expected)
    hours = _with_hour(state.hours, count_before, tick, count * COUNT_SCALE)
    return TermState(state.count + count, squared_residuals, tick, posts, hours)


def _faded(state: TermState, tick: int) -> TermState:
    """Return the state decayed to a later tick, in which nothing was posted yet.

    Rounding happens only here, once a tick: any rounding within a tick would depend on where calls are cut.
    """
    fade = decay(tick - state.last_tick)
    hours = None if state.hours is None else tuple([round(posts * fade) for posts in state.hours])
    return TermState(
        round(state.count * fade * COUNT_SCALE) / COUNT_SCALE,
        round(state.squared_residuals * fade * RESIDUALS_SCALE) / RESIDUALS_SCALE,
        tick,
        0,
        hours,
    )


def _with_late_posts(state: TermState, tick: int, count: int) -> TermState:
    """Return the state with posts older than its last tick: they count as much as is left of them by now."""
    weight = round(decay(state.last_tick - tick) * COUNT_SCALE)  # of one post, so that cuts do not matter
    hours = _with_hour(state.hours, 0.0, tick, count * weight)
    return replace(state, count=state.count + count * weight / COUNT_SCALE, hours=hours)


def _expected(count: float, tick_posts: int, traffic: Traffic) -> float:
    """Return the posts expected in a tick of this size for a term with this decayed count."""
    return (count + PRIOR_POSTS) / (traffic.posts + traffic.prior) * tick_posts


def _squared_residual(posts: int, expected: float) -> float:
    """Return (posts - expected)^2 / expected, at most 400, in whole eighths; 0 for no posts."""
    if not posts or expected <= 0.0:
        return 0.0
    return round(min(LARGEST_SQUARED_RESIDUAL, (posts - expected) ** 2 / expected) * RESIDUALS_SCALE) / RESIDUALS_SCALE


def _with_hour(
    hours: tuple[int, ...] | None, count_before: float, tick: int, scaled_posts: int
) -> tuple[int, ...] | None:
    """Return the hours of day with posts (in 1/128) added, begun once the count before this tick passed 8."""
    if hours is None:
        if count_before <= HOURS_FROM_COUNT:
            return None
        hours = (0,) * 24
    hour = hour_of(tick)
    return (*hours[:hour], hours[hour] + scaled_posts, *hours[hour + 1 :])


def _update_sources(tick: int, counts: Mapping[str, int], sources: MutableMapping[str, SourceState]) -> None:
    """Replace the state of each source that posted in this tick."""
    for name, count in counts.items():
        state = sources.get(name)
        if state is None:
            state = SourceState(0.0, 1.0, (0.0,) * 24, tick, tick, 0)
        elif tick < state.last_tick:
            sources[name] = _source_with_late_posts(state, tick, count)
            continue
        elif tick > state.last_tick:
            state = _source_faded(state, tick)
        sources[name] = state._replace(
            posts=state.posts + count,
            hours=_hours_plus(state.hours, tick, count),
            last_tick_posts=state.last_tick_posts + count,
        )


def _source_faded(state: SourceState, tick: int) -> SourceState:
    """Return the state decayed to a later tick, which is counted as one with posts."""
    fade = decay(tick - state.last_tick)
    return state._replace(
        posts=state.posts * fade,
        ticks=state.ticks * fade + 1.0,
        hours=tuple([posts * fade for posts in state.hours]),
        last_tick=tick,
        last_tick_posts=0,
    )


def _source_with_late_posts(state: SourceState, tick: int, count: int) -> SourceState:
    """Return the state with posts older than its last tick.

    Whether their tick had posts before is not known: it counts when the last late post was of another tick, but
    never more ticks than fit between the first and the last one.
    """
    weight = decay(state.last_tick - tick)
    first_tick = min(state.first_tick, tick)
    fitting = (1.0 - decay(state.last_tick - first_tick + 1)) / (1.0 - 0.5 ** (1 / HALF_LIFE_TICKS))
    ticks = state.ticks if tick == state.late_tick else min(state.ticks + weight, fitting)
    return state._replace(
        posts=state.posts + count * weight,
        ticks=ticks,
        hours=_hours_plus(state.hours, tick, count * weight),
        first_tick=first_tick,
        late_tick=tick,
    )


def _hours_plus(hours: tuple[float, ...], tick: int, posts: float) -> tuple[float, ...]:
    """Return posts by hour of day with these added."""
    hour = hour_of(tick)
    return (*hours[:hour], hours[hour] + posts, *hours[hour + 1 :])
