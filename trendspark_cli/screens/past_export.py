"""What would have trended, as files: the tables of `trends export`, and a page like that of `report`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trendspark_cli import __version__
from trendspark_cli.backtests.simulating import Outcome, PastExport, SimulationPlan
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.console import Output
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TrendState
from trendspark_cli.ranking.past.post_simulation import FiredPost
from trendspark_cli.ranking.past.replay import PastExample
from trendspark_cli.ranking.past.simulation import Fired
from trendspark_cli.reports.lasting_ids import lasting_ids
from trendspark_cli.reports.page import Report, State, page_of
from trendspark_cli.reports.told_trend import ToldTrend
from trendspark_cli.reports.trend_words import counted
from trendspark_cli.screens.simulations import show_outcome
from trendspark_cli.screens.trend_export import Exported, open_folder, write_file, write_table
from trendspark_cli.store.rows.trend_columns import columns_of
from trendspark_cli.store.rows.trend_history import KeptExample, TrendCount, TrendSummary

PAGE = "report.html"
MOST_TRENDS = 500  # of the page: more than anybody reads
SHOWN_EXAMPLES = 3


def tell_outcome(outcome: Outcome, plan: SimulationPlan, output: Output) -> None:
    """Print what would have fired, and write the files that were asked for before it."""
    written = export_outcome(outcome, plan.export) if plan.export is not None else []
    show_outcome(outcome, output)
    if not output.is_json and not output.is_quiet:
        for file in written:
            output.line(f"{file.path}: {counted(file.rows, 'row' if file.path[-5:] != '.html' else 'trend')}")


def export_outcome(outcome: Outcome, export: PastExport) -> list[Exported]:
    """Write `trends`, `trend_counts` and a page into a folder, in place of those of an earlier export."""
    folder, form = export
    told = sorted(_told(outcome), key=lambda one: (one.trend.opened_at, one.trend.label))
    numbered = list(enumerate(told, 1))
    counts = [count._replace(trend_id=number) for number, one in numbered for count in one.counts]
    open_folder(folder)
    written = [
        write_table(
            folder / f"trends.{form}", TrendSummary, [_summary(number, one.trend) for number, one in numbered], form
        ),
        write_table(folder / f"trend_counts.{form}", TrendCount, counts, form),
    ]
    strongest = sorted(told, key=lambda one: -one.trend.order)
    page = Report(
        since=from_epoch(outcome.since),
        now=from_epoch(max(outcome.until, outcome.since + 1)),
        trends=strongest[:MOST_TRENDS],
        state=State("", ()),
        version=__version__,
        has_more=len(told) > MOST_TRENDS,
        is_past=True,
    )
    write_file(folder / PAGE, page_of(page).encode())
    return [*written, Exported(str(folder / PAGE), len(page.trends))]


def _told(outcome: Outcome) -> Iterator[ToldTrend]:
    """Yield the trends of the first set of rules, each with its curve and examples."""
    lives = [*map(_topic, outcome.fired[0]), *map(_single_post, outcome.fired_posts[0])]
    lives += [(one.trend, (), ()) for one in outcome.volumes(0)]
    names = lasting_ids([trend for trend, _, _ in lives])
    for (trend, curve, examples), lasting_id in zip(lives, names, strict=True):
        counts = [
            TrendCount(0, to_text(from_epoch(one.tick)), one.source, one.posts, one.people, one.expected)
            for one in curve
        ]
        yield ToldTrend(trend, lasting_id, counts, [_example(one) for one in examples])


def _topic(fired: Fired) -> tuple[AnyTrend, Sequence[TickCount], Sequence[PastExample]]:
    if fired.life is None:
        return fired.trend, (), ()
    last, curve, examples = fired.life
    return last, [curve[key] for key in sorted(curve)], list(examples.values())[:SHOWN_EXAMPLES]


def _single_post(fired: FiredPost) -> tuple[AnyTrend, Sequence[TickCount], Sequence[PastExample]]:
    trend = fired.last or fired.trend
    example = PastExample(fired.name, trend.story.source, fired.trend.story.author, trend.label)
    return trend, (), (example,)


def _example(post: PastExample) -> KeptExample:
    source_id = post.name.partition(":")[2] or post.name
    return KeptExample(0, post.source, source_id, post.author, None, post.text, None)


def _summary(number: int, trend: AnyTrend) -> TrendSummary:
    """Return a trend as `v_trends` would have it, without what only people and models say."""
    story = trend.story
    return TrendSummary(
        id=number,
        label=trend.label,
        kind=story.kind,
        state=trend.state.value,
        terms=", ".join(story.terms),
        sources=", ".join(f"{name} {posts}" for name, posts in sorted(story.sources.items())),
        people=story.authors,
        posts_now=trend.posts_now if trend.state is TrendState.OPEN else 0,
        posts_peak=trend.posts_peak,
        posts_total=trend.posts_total,
        usual=round(columns_of(trend)["expected"], 2),
        score=round(trend.score, 2),
        first_post_at=to_text(trend.first_seen),
        detected_at=to_text(trend.told_at),
        peak_at=to_text(trend.peak_at),
        last_post_at=to_text(trend.last_seen),
        ended_at=None if trend.closed_at is None else to_text(trend.closed_at),
        verdict=None,
        note=None,
        summary=None,
    )
