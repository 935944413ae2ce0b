"""A clock that was wrong for an hour, ahead or back: nothing lost, nothing silent, nothing bought twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.ingest.conftest import ids_of, week_of_posts
from tests.ingest.operator import NOW, TOKEN, Operator
from tests.installation import x_settings
from tests.servers import RedditServer, TelegramServer, XServer, faults, reddit_post, x_post
from trendspark_cli.alerts.direct_alert import send_directly
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import StoreError
from trendspark_cli.base.locks import STORE_ALERT_MARKER
from trendspark_cli.base.metrics import CLOCK_HEALED
from trendspark_cli.crontabs.timetable import example_timetable
from trendspark_cli.screens.doctor.records import check_rows
from trendspark_cli.screens.health_report import recorded_health
from trendspark_cli.store.rows.stored_times import BOUNDS

AHEAD = {"a month": timedelta(days=30), "a year": timedelta(days=365)}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUERY = "(bridge) -is:retweet"


def snowflake(moment: datetime) -> str:
    return str((int(moment.timestamp() * 1000) - 1288834974657) << 22)


@pytest.fixture
def x_server() -> Iterator[XServer]:
    """X with a week of posts; its clock stands at the right time."""
    with XServer(week_of_posts(), clock=lambda: NOW.timestamp(), bearer_token=TOKEN) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, x_server: XServer) -> Operator:
    """An operator who reads a week back on the first run."""
    return Operator(tmp_path / "home", x_settings(x_server.url, X_FIRST_RUN_LOOKBACK="7d"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An operator whose alerts go to a chat."""
    with TelegramServer() as telegram:
        yield Desk(tmp_path / "home", telegram)


def write(operator: Operator, sql: str, *values: object) -> None:
    """Put into the database what a wrong clock leaves there."""
    store = operator.store()
    with store.transaction():
        store.connection.execute(sql, values)
    store.close()


def set_clock(operator: Operator, server: XServer | RedditServer | None, off: timedelta) -> None:
    """Set this machine's clock off by so much; the service's answers still say the right time."""
    operator.now = NOW + off
    if server is not None:
        server.date_off = -off.total_seconds()


def healed(operator: Operator, kind: str) -> float:
    """How many stored times of a kind were taken back, by the metrics."""
    return operator.metric(f'trendspark_clock_healed_total{{kind="{kind}"}}')


@pytest.mark.parametrize("span", AHEAD)
def test_a_clock_ahead_for_an_hour_moves_no_cursor_before_x_has_answered(
    operator: Operator, x_server: XServer, span: str
) -> None:
    operator.ingest()
    before = operator.values("SELECT newest_id FROM cursors")
    x_server.faults.add(faults.server_error(503), times=3)

    set_clock(operator, x_server, AHEAD[span])
    operator.ingest()

    assert operator.values("SELECT newest_id FROM cursors") == before
    assert operator.values("SELECT state FROM gaps") == []


@pytest.mark.parametrize("span", AHEAD)
def test_a_clock_ahead_loses_nothing_and_buys_nothing_twice_while_x_answers(
    operator: Operator, x_server: XServer, span: str
) -> None:
    operator.ingest()
    fresh = [x_post(NOW - timedelta(seconds=90 + n), f"bridge news {n}", author_id=f"9{n}") for n in range(5)]
    x_server.add(fresh)

    set_clock(operator, x_server, AHEAD[span])
    operator.ingest()
    set_clock(operator, x_server, timedelta())
    operator.ingest()

    assert operator.stored_ids() == ids_of(week_of_posts()) | ids_of(fresh)
    assert x_server.billing.delivered_posts == 355
    assert operator.values("SELECT state FROM gaps") == []


def test_what_x_calls_too_old_is_not_given_up_while_its_clock_contradicts_ours(
    operator: Operator, x_server: XServer
) -> None:
    old = snowflake(NOW - timedelta(days=9))
    write(operator, "INSERT INTO cursors VALUES ('default', 'x', ?, ?, ?)", QUERY, old, to_text(NOW))

    set_clock(operator, x_server, timedelta(days=30))
    result = operator.ingest()

    assert (result.exit_code, "30 d 0 h ahead" in str(result.errors)) == (78, True)
    assert operator.values("SELECT newest_id FROM cursors") == [old]
    assert operator.values("SELECT state FROM gaps") == []


@pytest.mark.parametrize("span", AHEAD)
def test_a_cursor_of_the_future_goes_back_to_where_it_stood_before_the_loss(
    operator: Operator, x_server: XServer, span: str
) -> None:
    operator.ingest()
    [stood] = operator.values("SELECT newest_id FROM cursors")
    future = snowflake(NOW + AHEAD[span] - timedelta(days=7))
    write(operator, "UPDATE cursors SET newest_id = ?", future)
    write(
        operator,
        "INSERT INTO gaps (profile, source, query, since_id, until_id, reason, estimated_reads, state, created_at)"
        " VALUES ('default', 'x', ?, ?, ?, 'older than the service gives', 0, 'lost', ?)",
        QUERY,
        stood,
        future,
        to_text(NOW),
    )

    result = operator.ingest()

    assert (result.exit_code, result.counts["times_healed"], healed(operator, "cursor")) == (0, 1, 1)
    assert operator.values("SELECT state FROM gaps") == []
    assert x_server.billing.delivered_posts == 350


def test_a_cursor_of_the_future_without_such_a_loss_goes_back_to_the_newest_post_served(
    operator: Operator, x_server: XServer
) -> None:
    operator.ingest()
    write(operator, "UPDATE cursors SET newest_id = ?", snowflake(NOW + timedelta(days=358)))
    fresh = [x_post(NOW - timedelta(seconds=90), "bridge news", author_id="9")]
    x_server.add(fresh)

    operator.ingest()

    assert operator.stored_ids() == ids_of(week_of_posts()) | ids_of(fresh)
    assert x_server.billing.delivered_posts == 351


def test_a_clock_a_day_back_keeps_the_cursor_and_reads_what_is_new(operator: Operator, x_server: XServer) -> None:
    operator.ingest()
    fresh = [x_post(NOW - timedelta(seconds=90 + n), f"bridge news {n}", author_id=f"9{n}") for n in range(5)]
    x_server.add(fresh)

    set_clock(operator, x_server, -DAY)
    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 5)
    assert x_server.billing.delivered_posts == 355


def test_a_day_back_passes_no_ceiling(operator: Operator, x_server: XServer) -> None:
    operator.environment |= {"X_MAX_READS_PER_DAY": "360", "X_MAX_READS_PER_MONTH": "360"}
    operator.ingest()
    x_server.add([x_post(NOW - timedelta(seconds=90 + n), f"news {n} bridge", author_id=f"9{n}") for n in range(25)])

    for back in (DAY, DAY, timedelta()):
        set_clock(operator, x_server, -back)
        operator.ingest()

    assert x_server.billing.delivered_posts <= 360


def test_what_x_bills_again_on_its_new_day_is_booked_again_a_day_back(operator: Operator, x_server: XServer) -> None:
    newest = x_post(NOW - timedelta(seconds=60), "bridge news", author_id="9", sequence=0)  # its id is that of a moment
    x_server.add([newest])
    operator.ingest()
    x_server.clock = lambda: (NOW + DAY).timestamp()

    x_server.date_off = DAY.total_seconds()
    operator.ingest()

    assert x_server.billing.delivered_posts == x_server.billing.billed_posts == 352
    assert operator.values("SELECT sum(used) FROM spend") == [352]


def test_counters_of_what_another_day_paid_are_not_bought_again_a_day_back(
    operator: Operator, x_server: XServer
) -> None:
    operator.ingest()
    looked_up = len(x_server.requests_of("tweets"))

    set_clock(operator, x_server, -DAY)
    result = operator.ingest()

    assert (result.counts["refresh_left"], len(x_server.requests_of("tweets"))) == (1, looked_up)


def spend_of(operator: Operator) -> list[tuple[str, int]]:
    return [(row["day"], row["used"]) for row in operator.rows("SELECT day, sum(used) AS used FROM spend GROUP BY day")]


@pytest.mark.parametrize("span", AHEAD)
def test_money_booked_on_a_day_to_come_counts_today_and_then_no_more(
    operator: Operator, x_server: XServer, span: str
) -> None:
    operator.ingest()
    write(operator, "UPDATE spend SET day = ?", to_text(NOW + AHEAD[span])[:10])

    result = operator.ingest()

    assert spend_of(operator) == [("2026-11-01", 350)]
    assert (result.counts["times_healed"], healed(operator, "spend")) == (1, 1)


def test_money_of_days_to_come_is_left_and_told_while_nobody_confirms_the_time(operator: Operator) -> None:
    day = to_text(NOW + timedelta(days=30))[:10]
    write(operator, "INSERT INTO spend VALUES (?, 'openai', 'default', 'k', 7, 1, 0.1)", day)

    result = operator.run("vacuum", lambda job: None)

    assert (result.counts["times_left"], spend_of(operator)) == (1, [(day, 7)])


@pytest.mark.parametrize("span", AHEAD)
def test_a_gap_that_ends_in_the_future_is_read_as_far_as_it_has_come(
    operator: Operator, x_server: XServer, span: str
) -> None:
    operator.ingest()
    write(operator, "DELETE FROM posts")
    write(
        operator,
        "INSERT INTO gaps (profile, source, query, since_id, until_id, reason, estimated_reads, state, created_at)"
        " VALUES ('default', 'x', ?, ?, ?, 'the stream was not connected', 0, 'open', ?)",
        QUERY,
        snowflake(NOW - DAY),
        snowflake(NOW + AHEAD[span]),
        to_text(NOW),
    )

    operator.ingest()
    operator.later(minutes=2)
    operator.ingest()

    assert (operator.values("SELECT state FROM gaps"), healed(operator, "gap")) == (["filled"], 1)
    assert len(operator.stored_ids()) > 50


def test_a_gap_is_not_given_up_while_x_contradicts_our_clock(operator: Operator, x_server: XServer) -> None:
    operator.ingest()
    write(
        operator,
        "INSERT INTO gaps (profile, source, query, since_id, until_id, reason, estimated_reads, state, created_at)"
        " VALUES ('default', 'x', ?, ?, ?, 'spending ceiling reached', 0, 'open', ?)",
        QUERY,
        snowflake(NOW - timedelta(days=3)),
        snowflake(NOW - timedelta(days=2)),
        to_text(NOW),
    )

    set_clock(operator, x_server, timedelta(days=30))
    result = operator.ingest()

    assert (result.counts["gaps_left"], operator.values("SELECT state FROM gaps")) == (1, ["open"])


@pytest.mark.parametrize("off", [*AHEAD.values(), DAY + HOUR], ids=[*AHEAD, "a day"])
def test_alerts_go_out_once_the_clock_is_right_again(desk: Desk, off: timedelta) -> None:
    desk.queue("one")
    desk.server.faults.add(faults.server_error(503))
    desk.now = NOW + off
    desk.deliver()

    desk.now = NOW
    desk.queue("two")
    desk.deliver()

    assert desk.statuses() == {"one": "sent", "two": "sent"}
    assert healed(desk, "back_off") == healed(desk, "attempt") == 1


def test_a_pause_that_telegram_asked_for_is_kept_a_day_back(desk: Desk) -> None:
    until = to_text(NOW + timedelta(minutes=20))
    write(desk, "INSERT INTO channel_states (channel, failures, paused_until) VALUES ('telegram', 0, ?)", until)
    desk.queue("one")

    desk.now = NOW - timedelta(hours=23)
    result = desk.deliver()

    assert (result.counts["paused_until"], desk.statuses()) == (until, {"one": "pending"})


@pytest.mark.parametrize("off", [*AHEAD.values(), DAY], ids=[*AHEAD, "a day"])
def test_what_went_out_in_the_future_does_not_fill_this_minute(desk: Desk, off: timedelta) -> None:
    sends = json.dumps([(NOW + off).timestamp() + n for n in range(20)])
    write(desk, "INSERT INTO channel_states (channel, recent_sends) VALUES ('telegram', ?)", sends)
    desk.queue("one")

    desk.deliver()

    assert (desk.statuses(), healed(desk, "send")) == ({"one": "sent"}, 20)


@pytest.mark.parametrize("off", [*AHEAD.values(), DAY], ids=[*AHEAD, "a day"])
def test_a_claim_of_the_future_is_given_back_and_counted_as_uncertain(desk: Desk, off: timedelta) -> None:
    desk.queue("one")
    write(desk, "UPDATE notifications SET status = 'sending', lease = ?", to_text(NOW + off))

    desk.deliver()

    assert (desk.statuses(), desk.counted("uncertain")) == ({"one": "sent"}, 1)


@pytest.mark.parametrize("span", AHEAD)
def test_trend_alerts_sent_on_a_day_to_come_leave_today_its_own(desk: Desk, span: str) -> None:
    desk.queue(*[f"f{n}" for n in range(20)], category="trending_alert", trend_id=1)
    write(desk, "UPDATE notifications SET status = 'sent', created_at = ?", to_text(NOW + AHEAD[span]))
    desk.queue("today", category="trending_alert", trend_id=2)

    desk.deliver()

    assert desk.statuses()["today"] == "sent"


def test_a_day_back_does_not_send_a_days_trend_alerts_twice(desk: Desk) -> None:
    desk.queue(*[f"f{n}" for n in range(20)], category="trending_alert", trend_id=1)
    write(desk, "UPDATE notifications SET status = 'sent'")

    desk.now = NOW - DAY
    desk.queue("one more", category="trending_alert", trend_id=2)
    desk.deliver()

    assert desk.statuses()["one more"] == "digested"


@pytest.mark.parametrize("span", AHEAD)
def test_what_was_said_in_the_future_is_said_again(operator: Operator, span: str) -> None:
    store = operator.store()
    with store.transaction():
        store.notice_once("ceiling", NOW + AHEAD[span])
        store.notice_after("job_alert:rank", NOW + AHEAD[span], HOUR)
    store.close()

    operator.run("vacuum", lambda job: None)
    store = operator.store()
    with store.transaction():
        said = [store.notice_once("ceiling", NOW), store.notice_after("job_alert:rank", NOW, HOUR)]
    store.close()

    assert said == [True, True]


@pytest.mark.parametrize("span", AHEAD)
def test_errors_of_the_future_are_no_errors_of_now(operator: Operator, span: str) -> None:
    store = operator.store()
    with store.transaction():
        store.api_calls.add([(NOW + AHEAD[span], "x", "stream", "5xx", 0.1, 503)] * 50)
    store.close()

    operator.run("vacuum", lambda job: None)

    assert operator.values("SELECT key FROM incidents") == []
    assert operator.values("SELECT count(*) FROM api_calls") == [0]


def test_a_streak_and_a_schedule_of_the_future_began_now(operator: Operator) -> None:
    later = to_text(NOW + timedelta(days=365))
    sql = "INSERT INTO job_states (job_id, failures, failing_since, schedule_since) VALUES ('rank', 2, ?, ?)"
    write(operator, sql, later, later)

    operator.run("vacuum", lambda job: None)

    assert operator.rows("SELECT failing_since, schedule_since FROM job_states WHERE job_id = 'rank'") == [
        {"failing_since": to_text(NOW), "schedule_since": to_text(NOW)}
    ]


def test_a_vacuum_a_year_ahead_drops_nothing(operator: Operator) -> None:
    operator.ingest()
    write(operator, "INSERT INTO notices VALUES ('said', ?)", to_text(NOW))

    operator.now = NOW + timedelta(days=365)
    result = operator.installation().runner().run("vacuum", _vacuum)

    assert ("not_dropped" in result.counts, operator.values("SELECT key FROM notices")) == (True, ["said"])


def _vacuum(job: object) -> None:
    from trendspark_cli.jobs.vacuum import vacuum

    vacuum(job, full=False)  # type: ignore[arg-type]


def test_a_marker_of_the_future_holds_back_no_alert_about_the_store(tmp_path: Path) -> None:
    marker = tmp_path / STORE_ALERT_MARKER
    marker.touch()
    os.utime(marker, ((NOW + DAY).timestamp(),) * 2)

    send_directly((), tmp_path, "rank", StoreError("broken"), NOW, HOUR)

    assert marker.stat().st_mtime == NOW.timestamp()


def test_health_and_doctor_see_a_clock_that_jumped(desk: Desk) -> None:
    desk.now = NOW + timedelta(days=30)
    desk.run("vacuum", lambda job: None)
    desk.queue("one")
    desk.server.faults.add(faults.server_error(503))
    desk.deliver()
    desk.now = NOW

    health = recorded_health(desk.installation().settings, NOW, lambda: example_timetable(UTC))["clock"]
    store = desk.store(read_only=True)
    findings = [finding for finding in check_rows(store, NOW) if finding.check == "clock"]
    store.close()

    assert health["ok"] is False
    assert "later than now" in str(health["reason"])
    assert len(findings) >= 3


def test_every_kind_of_stored_time_has_its_series() -> None:
    kinds = {labels["kind"] for labels in CLOCK_HEALED.zeros()}

    assert kinds == {bound.kind for bound in BOUNDS} | {"cursor", "gap"}


REDDIT = {
    "REDDIT_CLIENT_ID": "app-id-of-a-test",
    "REDDIT_CLIENT_SECRET": "secret-of-a-test",
    "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
    "REDDIT_SUBREDDITS": "ferries",
    "HTTP_TIMEOUT": "2s",
}


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    """Reddit with three days of posts, four an hour; its clock stands at the right time."""
    posts = [reddit_post(NOW - timedelta(minutes=15 * n + 5), f"ferry {n}", subreddit="ferries") for n in range(288)]
    own, secret = REDDIT["REDDIT_CLIENT_ID"], REDDIT["REDDIT_CLIENT_SECRET"]
    with RedditServer(posts, clock=lambda: NOW.timestamp(), client_id=own, client_secret=secret) as server:
        yield server


@pytest.fixture
def redditor(tmp_path: Path, reddit: RedditServer) -> Operator:
    """An operator who has never read it."""
    return Operator(tmp_path / "home", {**REDDIT, "REDDIT_BASE_URL": reddit.url, "REDDIT_OAUTH_URL": reddit.url})


@pytest.mark.parametrize("span", AHEAD)
def test_a_first_run_of_reddit_with_a_clock_ahead_reads_two_days_by_reddits_clock(
    redditor: Operator, reddit: RedditServer, span: str
) -> None:
    set_clock(redditor, reddit, AHEAD[span])

    redditor.ingest()

    assert redditor.values("SELECT sum(new) FROM ingest_audit WHERE query = 'r/ferries/new'") == [200]  # whole pages


@pytest.mark.parametrize("span", AHEAD)
def test_a_gap_of_reddit_that_begins_in_the_future_is_read_from_two_days_ago(
    redditor: Operator, reddit: RedditServer, span: str
) -> None:
    begin = f"@{int((NOW + AHEAD[span]).timestamp())}"
    names = "profile, source, query, since_id, reason, estimated_reads, state, run_id, created_at"
    values = ("default", "reddit", "r/ferries/new", begin, "interrupted", 1, "open", 1, to_text(NOW - DAY))
    store = redditor.store()
    store.cursors.set("default", "reddit", "r/ferries/new", "zzzzzzzz", NOW)
    with store.transaction():
        store.connection.execute(f"INSERT INTO gaps({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    store.close()

    redditor.ingest()

    assert redditor.values("SELECT sum(new) FROM ingest_audit WHERE query = 'r/ferries/new'") == [200]  # whole pages
