"""Posts that left the longest window update the baselines of their terms and sources."""

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from itertools import groupby
from typing import NamedTuple

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.term_states import TermStates
from trendspark_cli.ranking.baseline.term_updating import TermUpdating
from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, decay, hour_of, tick_of
from trendspark_cli.ranking.baseline.traffic import traffic_before
from trendspark_cli.ranking.baseline.uses import CodedPosts, TermUses, count_uses
from trendspark_cli.ranking.text.terms import coded_texts


class TickRun(NamedTuple):
    """Successive posts of one tick: how many of each source."""

    tick: int
    sources: Mapping[str, int]


class LeavingPosts(NamedTuple):
    """Posts that leave the window, as the baselines take them: the terms of each run of successive posts of a tick."""

    runs: list[TickRun]
    uses: TermUses


def read_texts(posts: Sequence[PostRow]) -> CodedPosts:
    """Return the words of posts, cut up now."""
    return CodedPosts(*coded_texts([post.text for post in posts]))


def leaving_posts(made: Sequence[tuple[str, int]], coded: CodedPosts) -> LeavingPosts:
    """Return posts as the baselines take them, given (source, created at) of each and, in this order, their words."""
    runs, lengths = [], []
    for tick, run in groupby(made, key=lambda one: tick_of(one[1])):  # sorting would depend on where calls are cut
        sources = Counter(source for source, _ in run)
        runs.append(TickRun(tick, sources))
        lengths.append(sources.total())
    return LeavingPosts(runs, count_uses(coded, lengths))


def updated(
    leaving: LeavingPosts, tick_sizes: Mapping[int, int], known: TermStates, sources: MutableMapping[str, SourceState]
) -> TermStates:
    """Return the new states of all terms of these posts, given what is known of them; put new states in *sources*."""
    updating = TermUpdating(leaving.uses.keys, known)
    for run, use in zip(leaving.runs, leaving.uses.runs, strict=True):
        newest = max((source.last_tick for source in sources.values()), default=run.tick)
        traffic = traffic_before(run.tick, sources) if run.tick >= newest else None
        posts = tick_sizes.get(run.tick, sum(run.sources.values()))
        updating.add(run.tick, use, posts, traffic)
        _update_sources(run.tick, run.sources, sources)
    return updating.states()


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
