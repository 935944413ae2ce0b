"""Cursors, gaps, the audit of pages, spend: what is remembered between runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOW, page, post
from tests.installation import Installation
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import CeilingReachedError
from trendspark_cli.base.metric_kinds import Increase
from trendspark_cli.base.metrics import JOB_RUNS
from trendspark_cli.base.models import Alert, Ceiling, Rejection
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.runs import JobState
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store

TODAY = "2026-11-01"


def open_gap(
    store: SqliteStore, since: str = "1", until: str = "9", *, query: str = "q", profile: str = "default"
) -> int:
    """Record a gap."""
    with store.transaction():
        return store.gaps.open(
            profile=profile,
            source="x",
            query=query,
            since_id=since,
            until_id=until,
            reason="test",
            estimated_reads=100,
            run_id=None,
            now=NOW,
        )


def running(store: SqliteStore) -> int:
    """Record a run that is at work."""
    with store.transaction():
        return store.job_runs.start("ingest", NOW, 1, "host", "0")


def test_a_post_is_billed_once_a_day_whichever_process_reads_it(workplace: Installation) -> None:
    store, other = workplace.store(), workplace.store()
    with store.transaction():
        first = store.spend.bill("x", ["1", "2", "2"], TODAY)
    with other.transaction():
        second = other.spend.bill("x", ["2", "3"], TODAY)
    with store.transaction():
        third = [store.spend.bill("x", ["1", "3", "4"], TODAY), store.spend.bill("x", ["1"], "2026-11-02")]
    other.close()
    store.close()

    assert (first, second, third) == (2, 1, [1, 1])


def test_posts_of_a_page_that_was_not_stored_are_not_billed(store: SqliteStore) -> None:
    def bill_and_fail() -> None:
        with store.transaction():
            store.spend.bill("x", ["1"], TODAY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        bill_and_fail()
    with store.transaction():
        store.spend.bill("x", ["9"], TODAY)

    assert store.spend.billed("x", ["1", "9"], TODAY) == {"9"}


def test_each_profile_source_and_query_has_a_cursor_of_its_own(store: SqliteStore) -> None:
    with store.transaction():
        store.cursors.set("a", "x", "q", "1", NOW)
        store.cursors.set("b", "x", "q", "2", NOW)
        store.cursors.set("a", "x", "r", "3", NOW)
        store.cursors.set("a", "x", "q", "4", NOW)

    found = [store.cursors.get(*key) for key in (("a", "x", "q"), ("b", "x", "q"), ("a", "x", "r"), ("a", "y", "q"))]

    assert found == ["4", "2", "3", None]


def test_open_gaps_come_newest_first_and_only_those_of_the_query(store: SqliteStore) -> None:
    first, second = open_gap(store), open_gap(store)
    open_gap(store, query="other")
    open_gap(store, profile="other")

    found = [gap.id for gap in store.gaps.open_ones("default", "x", "q")]

    assert found == [second, first]


def test_a_gap_shrinks_from_its_newer_end(store: SqliteStore) -> None:
    gap = open_gap(store)

    store.gaps.shrink(gap, "5")

    assert [(g.since_id, g.until_id) for g in store.gaps.open_ones("default", "x", "q")] == [("1", "5")]


@pytest.mark.parametrize("state", ["filled", "lost"])
def test_a_closed_gap_waits_for_nothing_and_stays_on_record(store: SqliteStore, state: str) -> None:
    gap = open_gap(store)

    store.gaps.close(gap, state, NOW)

    assert (store.gaps.count_open(), store.gaps.open_ones("default", "x", "q")) == (0, [])
    assert [(gap.state, gap.closed_at) for gap in store.gaps.recent(5)] == [(state, "2026-11-01T12:00:00.000Z")]


def test_a_gap_its_own_run_read_to_the_end_leaves_no_row(store: SqliteStore) -> None:
    store.gaps.forget(open_gap(store))

    assert store.gaps.recent(5) == []


def test_the_audit_names_what_a_page_held_and_what_was_refused(store: SqliteStore) -> None:
    posts = (post("1", created_at="2026-11-01T10:00:00.000Z"), post("2", created_at="2026-11-01T11:00:00.000Z"))
    rejected = (Rejection("bad_time", "17"), Rejection("bad_time", "18"))
    answer = page(*posts, fetched=4, rejections=rejected, reads=4, request_id="r-1")

    store.audit.add(running(store), "default", "x", "q", answer, PageOutcome(1, 1), NOW, usd=0.02)

    row = store.audit.recent(1)[0]
    assert (row.fetched, row.new, row.updated, row.reads, row.cost, row.request_id) == (4, 1, 1, 4, 0.02, "r-1")
    assert (row.oldest, row.newest) == (posts[0].created_at, posts[1].created_at)
    assert row.rejections == {"bad_time": 2, "items": ["17: bad_time", "18: bad_time"]}


def test_the_last_pages_of_each_source_are_told_at_once(store: SqliteStore) -> None:
    run_id = running(store)
    for query, source in enumerate(("x", "guest-book", "x", "file")):
        store.audit.add(run_id, "default", source, str(query), page(), PageOutcome(0, 0), NOW)

    found = store.audit.last_of(("x", "guest-book", "bluesky"), 5)

    assert {source: [row.query for row in rows] for source, rows in found.items()} == {
        "x": ["2", "0"],
        "guest-book": ["1"],
        "bluesky": [],
    }
    assert [row.query for row in store.audit.last_of(("x",), 1)["x"]] == ["2"]


def test_a_page_of_nothing_but_junk_makes_no_endless_audit_row(store: SqliteStore) -> None:
    junk = tuple(Rejection("not_json", f"line {n}") for n in range(1000))

    store.audit.add(running(store), "default", "file", "f", page(rejections=junk, fetched=1000), PageOutcome(0, 0), NOW)

    assert len(store.audit.recent(1)[0].rejected) < 1000


def test_usual_reads_are_the_mean_of_runs_and_not_of_pages(store: SqliteStore) -> None:
    for reads in ((100, 100), (50,)):
        run_id = running(store)
        for number in reads:
            store.audit.add(run_id, "default", "x", "q", page(reads=number), PageOutcome(0, 0), NOW)

    assert store.audit.usual_reads("default", "x", "q") == 125


def test_calls_are_rolled_up_by_the_minute(store: SqliteStore) -> None:
    calls = [(NOW + timedelta(seconds=s), "x", "search", "5xx", 0.5, 503) for s in (1, 2, 61)]

    store.api_calls.add(calls)

    rows = store.connection.rows("SELECT minute, calls, seconds, last_status FROM api_calls ORDER BY minute")
    assert [(r["minute"], r["calls"], r["seconds"], r["last_status"]) for r in rows] == [
        ("2026-11-01T12:00Z", 2, 1.0, 503),
        ("2026-11-01T12:01Z", 1, 0.5, 503),
    ]


def test_a_reservation_counts_until_it_is_settled_by_what_was_used(store: SqliteStore) -> None:
    made = store.spend.reserve("x", "default", "search", 100, running(store), NOW)
    before = (store.spend.used("x", TODAY, TODAY), store.spend.reserved("x", TODAY, TODAY))

    store.spend.settle(made, 40, 0.2)

    assert before == (100, 100)
    assert (store.spend.used("x", TODAY, TODAY), store.spend.reserved("x", TODAY, TODAY)) == (40, 0)


def test_settling_twice_counts_once(store: SqliteStore) -> None:
    made = store.spend.reserve("x", "default", "search", 100, running(store), NOW)

    store.spend.settle(made, 40, 0.2)
    store.spend.settle(made, 40, 0.2)

    assert store.spend.used_only("x", TODAY, TODAY) == 40


def test_reservations_of_a_killed_run_count_as_used(store: SqliteStore) -> None:
    store.spend.reserve("x", "default", "search", 100, running(store), NOW)
    store.job_runs.abandon([run.id for run in store.job_runs.unended("ingest")], NOW)

    units = store.spend.settle_dead_runs("x", 0.005)

    assert (units, store.spend.used_only("x", TODAY, TODAY)) == (100, 100)


def test_reservations_of_a_run_at_work_are_left_alone(store: SqliteStore) -> None:
    store.spend.reserve("x", "default", "search", 100, running(store), NOW)

    assert store.spend.settle_dead_runs("x", 0.005) == 0
    assert store.spend.reserved("x", TODAY, TODAY) == 100


def ceilings(per_day: int, per_month: int) -> tuple[Ceiling, ...]:
    """A ceiling per day and one per month, in units."""
    return (Ceiling("day", per_day, "X_MAX_READS_PER_DAY"), Ceiling("month", per_month, "X_MAX_READS_PER_MONTH"))


@pytest.mark.parametrize(("per_day", "per_month", "period"), [(150, 1000, "day"), (1000, 150, "month")])
def test_no_call_is_made_that_could_pass_a_ceiling(
    store: SqliteStore, per_day: int, per_month: int, period: str
) -> None:
    budget = Budget("x", ceilings(per_day, per_month), 0.005)
    job = JobContext(store, NOW, running(store))
    first = budget.reserve(job, "search", wanted=100, least=10)
    second = budget.reserve(job, "search", wanted=100, least=10)

    with pytest.raises(CeilingReachedError, match=f"150 reads for this {period}") as caught:
        budget.reserve(job, "search", wanted=100, least=10)

    assert (first.units, second.units, caught.value.exit_code) == (100, 50, 75)


@pytest.mark.parametrize(("usd_per_unit", "left"), [(0.005, 10), (0.01, 5), (0.0, 1000)])
def test_a_ceiling_in_usd_leaves_what_it_still_buys(store: SqliteStore, usd_per_unit: float, left: int) -> None:
    in_usd = Ceiling("month", 0.05, "OPENAI_MAX_USD_PER_MONTH", is_in_usd=True)
    budget = Budget("openai", (Ceiling("day", 1000, "OPENAI_MAX_TOKENS_PER_DAY"), in_usd), usd_per_unit, "tokens")

    assert budget.remaining(JobContext(store, NOW, running(store))) == left


def test_a_ceiling_in_usd_counts_what_is_reserved_and_is_named_in_usd(store: SqliteStore) -> None:
    budget = Budget("openai", (Ceiling("month", 0.05, "OPENAI_MAX_USD_PER_MONTH", is_in_usd=True),), 0.005, "tokens")
    job = JobContext(store, NOW, running(store))
    budget.reserve(job, "trend_label", wanted=8, least=8)

    with pytest.raises(CeilingReachedError, match=r"openai: the ceiling of \$0.05 for this month is reached"):
        budget.reserve(job, "trend_label", wanted=3, least=3)


def test_a_dead_run_is_settled_at_the_price_it_reserved(store: SqliteStore) -> None:
    store.spend.reserve("openai", "default", "trend_label", 100, running(store), NOW, 0.02)
    store.job_runs.abandon([run.id for run in store.job_runs.unended("ingest")], NOW)

    store.spend.settle_dead_runs("openai", 0.1)

    assert store.spend.spent_now("openai", TODAY)["day"] == (100, 0, 0.02, 0.0)


def test_a_new_day_has_a_ceiling_of_its_own_and_the_month_goes_on(store: SqliteStore) -> None:
    budget = Budget("x", ceilings(100, 150), 0.005)
    today, tomorrow = JobContext(store, NOW, running(store)), JobContext(store, NOW + timedelta(days=1), None)
    budget.reserve(today, "search", wanted=100, least=1)

    assert (budget.remaining(today), budget.remaining(tomorrow)) == (0, 50)


def test_calls_are_recorded_once_with_their_metrics(store: SqliteStore) -> None:
    job = JobContext(store, NOW, 1)
    job.api_calls.append(ApiCall(NOW, "x", "search", None, 0.1))

    with store.transaction():
        job.record_calls()
        job.record_calls()

    assert store.totals.all() == {"trendspark_api_requests_total": [({"code_class": "transport", "service": "x"}, 1.0)]}


def test_queueing_the_same_alert_twice_keeps_one(store: SqliteStore) -> None:
    alert = Alert("key", "job_alert", "ingest failed", "<b>ingest failed</b>")

    added = [store.notifications.queue(alert, NOW, muted=False) for _ in range(2)]

    assert (added, store.notifications.backlog()) == ([True, False], {"pending": 1})


def test_something_is_said_once_per_key(store: SqliteStore) -> None:
    said = [store.notice_once(key, NOW) for key in ("a", "a", "b")]

    assert said == [True, False, True]


def test_the_state_of_a_job_comes_back_as_it_was_saved(store: SqliteStore) -> None:
    state = JobState("rank", True, "2026-11-01T12:00:00.000Z", "ada", "tuning", 2, "2026-11-01T11:00:00.000Z", "key")

    store.job_states.save(state)

    assert (store.job_states.get("rank"), store.job_states.get("ingest")) == (state, JobState("ingest"))
    assert store.job_states.of(["ingest", "rank"]) == {"ingest": JobState("ingest"), "rank": state}


def test_equal_labels_in_another_order_are_one_series(store: SqliteStore) -> None:
    labels = {"job": "rank", "status": "success"}
    store.totals.add([Increase(JOB_RUNS, one, 1) for one in (labels, dict(reversed(labels.items())))])

    assert store.totals.all() == {JOB_RUNS.name: [(labels, 2.0)]}
