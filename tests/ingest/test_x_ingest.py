"""`ingest` against X, through the real client library: nothing lost, nothing paid twice, everything on record."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ingest.conftest import ids_of, week_of_posts
from tests.ingest.operator import NOW, TOKEN, Operator
from tests.servers import XServer, edit_of, faults, retweet_of, x_post

pytestmark = pytest.mark.every_store


def test_a_first_run_brings_the_whole_week(operator: Operator, x_server: XServer) -> None:
    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 350)
    assert operator.stored_ids() == ids_of(week_of_posts())


def test_every_count_of_a_run_agrees_to_the_post(operator: Operator, x_server: XServer) -> None:
    operator.ingest()

    audit = operator.rows("SELECT sum(fetched) AS fetched, sum(new) AS new, sum(reads) AS reads FROM ingest_audit")[0]
    totals = {(row["name"], row["labels"]): row["value"] for row in operator.rows("SELECT * FROM metric_totals")}
    assert audit == {"fetched": 350, "new": 350, "reads": 350}
    assert totals["trendspark_ingest_items_total", '{"source":"x"}'] == 350
    assert totals["trendspark_x_reads_total", '{"endpoint":"search_recent"}'] == 350
    assert operator.metric('trendspark_ingest_items_total{source="x"}') == 350
    assert operator.metric("trendspark_x_cost_usd_total") == pytest.approx(x_server.billing.cost_usd)
    assert operator.rows("SELECT sum(used) AS used FROM spend")[0]["used"] == x_server.billing.billed_posts


def test_a_second_run_with_nothing_new_asks_once_and_stores_nothing(operator: Operator, x_server: XServer) -> None:
    operator.ingest()
    asked = len(x_server.requests_of("search_recent"))

    second = operator.ingest()

    assert second.counts == {"pages": 1, "fetched": 0, "new": 0, "updated": 0, "rejected": 0}
    assert len(x_server.requests_of("search_recent")) == asked + 1


def test_new_posts_are_read_from_where_the_last_run_began(operator: Operator, x_server: XServer) -> None:
    operator.ingest()
    fresh = [x_post(NOW - timedelta(seconds=100 - n), f"bridge news {n}", author_id=f"9{n}") for n in range(30)]
    x_server.add(fresh)

    result = operator.ingest()

    assert result.counts["new"] == 30
    assert operator.stored_ids() == ids_of(week_of_posts()) | ids_of(fresh)


def test_a_failing_second_page_leaves_a_gap_that_the_next_run_reads(operator: Operator, x_server: XServer) -> None:
    x_server.faults.add(None, times=1)
    x_server.faults.add(faults.server_error(503), times=3)

    first = operator.ingest()
    gaps_between = operator.rows("SELECT state, until_id FROM gaps")
    second = operator.ingest()

    assert (first.exit_code, first.counts["new"]) == (69, 100)
    assert [gap["state"] for gap in gaps_between] == ["open"]
    assert second.exit_code == 0
    assert operator.stored_ids() == ids_of(week_of_posts())
    assert [row["state"] for row in operator.rows("SELECT state FROM gaps")] == ["filled"]


def test_a_gap_is_not_read_again_above_where_it_was_left(operator: Operator, x_server: XServer) -> None:
    x_server.faults.add(None, times=2)
    x_server.faults.add(faults.server_error(503), times=3)
    operator.ingest()

    operator.ingest()

    assert x_server.billing.delivered_posts == 350


def test_reading_stops_before_the_ceiling_and_says_so_once(operator: Operator, x_server: XServer) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "230"

    first, second = operator.ingest(), operator.ingest()

    assert x_server.billing.delivered_posts <= 230
    assert (first.exit_code, second.exit_code) == (75, 75)
    assert getattr(first.cause, "is_news", None) is True
    assert getattr(second.cause, "is_news", None) is False
    assert [row["state"] for row in operator.rows("SELECT state FROM gaps")] == ["open"]


def test_the_day_after_a_ceiling_the_rest_is_read(operator: Operator, x_server: XServer) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "230"
    operator.ingest()

    operator.later(hours=12, minutes=1)
    result = operator.ingest()

    assert result.exit_code == 0
    assert operator.stored_ids() == ids_of(week_of_posts())


def test_a_cursor_older_than_seven_days_starts_again_and_records_what_is_lost(
    operator: Operator, x_server: XServer
) -> None:
    store = operator.store()
    with store.transaction():
        old = str((int((NOW - timedelta(days=9)).timestamp() * 1000) - 1288834974657) << 22)
        store.cursors.set("default", "x", "(bridge) -is:retweet", old, NOW)
    store.close()

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 350)
    assert operator.rows("SELECT state, since_id FROM gaps WHERE state = 'lost'") == [
        {"state": "lost", "since_id": old}
    ]


def test_a_cursor_that_x_calls_too_old_starts_again(operator: Operator, x_server: XServer) -> None:
    store = operator.store()
    with store.transaction():
        store.cursors.set("default", "x", "(bridge) -is:retweet", "4711", NOW)
    store.close()

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 350)


def test_a_rate_limit_ends_the_run_at_once_with_75(operator: Operator, x_server: XServer) -> None:
    x_server.faults.add(faults.rate_limited(faults.Reset.FAR), times=None)

    result = operator.ingest()

    assert result.exit_code == 75
    assert len(x_server.requests_of("search_recent")) == 1
    assert result.duration_seconds < 5


def test_a_refused_token_is_77_and_its_failure_is_in_the_audit(operator: Operator, x_server: XServer) -> None:
    operator.environment["X_BEARER_TOKEN"] = "a-token-that-x-does-not-know"

    result = operator.ingest()

    assert result.exit_code == 77
    assert "refused" in operator.rows("SELECT error FROM ingest_audit")[0]["error"]
    assert operator.rows("SELECT count(*) AS n FROM spend_reservations")[0]["n"] == 0


def test_an_edited_post_is_one_post_with_its_last_text(operator: Operator, x_server: XServer) -> None:
    first = x_post(NOW - timedelta(minutes=20), "the bridge opens tomorow")
    x_server.add([first])
    operator.ingest()
    x_server.add([edit_of(first, NOW - timedelta(minutes=1), "the bridge opens tomorrow")])

    operator.ingest()

    rows = operator.rows(f"SELECT text, edits FROM posts WHERE source_id = '{first['id']}'")
    assert rows == [{"text": "the bridge opens tomorrow", "edits": 1}]
    assert len(operator.stored_ids()) == 351


def test_a_repost_points_to_its_original(tmp_path: Path, operator: Operator) -> None:
    original = x_post(NOW - timedelta(hours=3), "the bridge is closed", author_id="77")
    page = {"data": [retweet_of(original, NOW)], "includes": {"tweets": [original]}, "meta": {"result_count": 1}}
    file = tmp_path / "page.json"
    file.write_text(json.dumps(page))

    operator.ingest(file=str(file))

    assert operator.rows("SELECT source_id, author FROM posts") == [{"source_id": original["id"], "author": "77"}]


def test_long_posts_are_stored_whole_and_unescaped(operator: Operator, x_server: XServer) -> None:
    text = "the bridge & the ferry <3 " * 20
    x_server.add([x_post(NOW - timedelta(minutes=5), text.strip())])

    operator.ingest()

    assert operator.rows("SELECT max(length(text)) AS longest FROM posts")[0]["longest"] == len(text.strip())


def test_partial_errors_beside_data_are_noted_and_are_no_failure(operator: Operator, x_server: XServer) -> None:
    x_server.partial_errors = [{"title": "Not Found Error", "detail": "Could not find user", "type": "about:blank"}]

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 350)
    assert operator.rows("SELECT DISTINCT error FROM ingest_audit") == [{"error": "Not Found Error"}]


def test_a_bad_item_is_refused_alone_and_named_in_the_audit(operator: Operator, x_server: XServer) -> None:
    bad = x_post(NOW - timedelta(minutes=9), "bridge likes", metrics={"like_count": 9 * 10**15})
    x_server.add([bad])

    result = operator.ingest()

    assert result.counts["new"] == 350
    assert result.counts["rejected_by_reason"] == {"bad_counter": 1}
    named = [json.loads(row["rejected"]).get("items") for row in operator.rows("SELECT rejected FROM ingest_audit")]
    assert [f"{bad['id']}: bad_counter"] in named


def test_two_keywords_are_asked_for_in_brackets_with_every_condition(operator: Operator, x_server: XServer) -> None:
    operator.environment |= {"KEYWORDS": "bridge,harbour ferry", "EXCLUDE_KEYWORDS": "ad", "LANGUAGES": "en,de"}

    operator.ingest()

    query = x_server.requests_of("search_recent")[0].query["query"]
    asked = query if isinstance(query, str) else query[0]
    assert asked == '(bridge OR "harbour ferry") -is:retweet -ad (lang:en OR lang:de)'


def test_a_dry_run_asks_nobody_and_names_the_price(operator: Operator, x_server: XServer) -> None:
    done = operator.command("ingest", "--dry-run", "--json")

    estimate = json.loads(done.stdout)["estimates"][0]
    assert done.exit_code == 0
    assert (estimate["reads_at_most"], estimate["usd_at_most"]) == (5000, 25.0)
    assert x_server.log == []


def test_the_token_is_in_no_file_and_no_output_after_a_failure(operator: Operator, x_server: XServer) -> None:
    x_server.faults.add(faults.forbidden(), times=None)

    done = operator.command("-v", "ingest")

    assert done.exit_code == 77
    everything = (
        done.stdout
        + done.stderr
        + "".join(path.read_bytes().decode("utf-8", "replace") for path in operator.home.rglob("*") if path.is_file())
    )
    assert TOKEN not in everything
