"""`stream`: every post X sends is stored once; what it missed is a gap; it never hammers and ends in order."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.servers import x_post
from tests.stream.listening import QUERY, Listener, now, posts, x_stream
from tests.tools.processes import wait_for
from trendspark_cli.base.metrics import STREAM_LAST_DATA
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.stream_source import StreamEndedError
from trendspark_cli.services.x.stream import XStream


@pytest.fixture
def x(tmp_path: Path) -> Iterator[Listener]:
    """An operator with rules, and X."""
    with x_stream(tmp_path / "home") as listener:
        yield listener


def ids(items: list[dict[str, str]]) -> set[str]:
    """Their ids."""
    return {item["id"] for item in items}


def test_posts_are_stored_as_they_come(x: Listener) -> None:
    with x.listening():
        first, second = posts(30), posts(20, first=100)
        x.server.publish(first)
        x.wait_stored(ids(first))
        x.server.publish(second)
        x.wait_stored(ids(second))

    assert x.stored() == ids(first) | ids(second)
    audit = x.operator.rows("SELECT endpoint, fetched, new, reads FROM ingest_audit")
    assert audit == [{"endpoint": "stream", "fetched": 50, "new": 50, "reads": 50}]
    assert x.operator.rows("SELECT sum(used) AS used FROM spend") == [{"used": 50}]
    assert x.operator.rows("SELECT * FROM spend_reservations") == []


def test_duplicates_edits_and_characters_cut_in_two_are_one_post_each(x: Listener) -> None:
    x.server.piece_bytes = 7
    with x.listening():
        some = posts(10, text="η γέφυρα 👩‍👩‍👧 中")
        x.server.publish(some, times=3)
        x.wait_stored(ids(some))

    texts = {row["text"] for row in x.operator.rows("SELECT text FROM posts")}
    assert texts == {post["text"] for post in some}
    assert len(x.stored()) == 10


def test_junk_and_new_kinds_of_messages_harm_nothing(x: Listener) -> None:
    with x.listening():
        junk = ["no json", "[1]", '{"data": {"id": 5}}', '{"new_kind": {}}', '{"data": {"text": "no id"}}']
        x.server.send_lines(junk)
        some = posts(3)
        x.server.publish(some)
        x.wait_stored(ids(some))

    rejected = json.loads(x.operator.rows("SELECT rejected FROM ingest_audit")[0]["rejected"])
    rejected.pop("items")
    assert rejected == {"not_json": 1, "not_a_post": 1, "bad_id": 1, "missing_field": 1}


def test_sigterm_stores_what_has_arrived_and_closes_in_order(x: Listener) -> None:
    x.server.is_silent = True  # nothing but the signal ends it
    with x.listening() as process:
        some = posts(60)  # fewer than are set aside: of more, the connection is closed before all have come
        x.server.publish(some)
        x.wait_stored({some[0]["id"]})
        process.terminate()
        stdout, stderr = process.communicate(timeout=15)
        wait_for("X sees the end", lambda: not x.server.is_connected, seconds=5)

    assert (process.returncode, stdout, stderr.count("\n")) == (143, "", 1)
    assert x.stored() == ids(some)
    with x.listening():  # not refused with TooManyConnections
        assert len(x.server.attempts) == 2


def test_its_planned_end_exits_0(x: Listener) -> None:
    done = x.operator.command("stream", "--max-runtime", "1s", "--json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "success"


def test_a_second_one_says_nothing_and_leaves_no_row(x: Listener) -> None:
    with x.listening():
        done = x.operator.command("stream")

    assert (done.exit_code, done.stdout, done.stderr) == (75, "", "")
    assert x.operator.rows("SELECT count(*) AS n FROM job_runs") == [{"n": 1}]
    assert len(x.server.attempts) == 1


def test_switched_off_it_does_nothing(x: Listener) -> None:
    done = x.operator.command("stream", environment={"X_STREAM_ENABLED": "false"})

    assert (done.exit_code, done.stdout, done.stderr, x.server.attempts) == (0, "", "", [])


def test_what_was_missed_between_two_connections_is_a_gap_and_is_filled(x: Listener) -> None:
    with x.listening():
        some = posts(5)
        x.server.publish(some)
        x.wait_stored(ids(some))
        x.server.refusals += [(503, "{}")]
        x.server.disconnect()
        wait_for("X has noticed", lambda: not x.server.is_connected, seconds=5, pause=0.01)
        missed = posts(7, first=50)
        x.server.publish(missed)  # nobody listens
        wait_for("it is back", lambda: x.server.is_connected, seconds=20, pause=0.02)
        more = posts(4, first=90)
        x.server.publish(more)
        x.wait_stored(ids(more))

    assert x.stored() == ids(some) | ids(more)
    (gap,) = x.gaps()
    assert (gap["state"], gap["query"]) == ("open", QUERY)
    assert all(int(gap["since_id"]) < int(post["id"]) < int(gap["until_id"]) for post in missed)
    done = x.operator.command("gaps", "fill", "--json")  # too soon: search does not know it all yet
    assert [row["state"] for row in x.gaps()] == ["open"], done.stderr


def test_a_gap_is_filled_by_search_once_it_has_settled(x: Listener) -> None:
    old = posts(6, before=timedelta(minutes=10))
    settled_gap(x, old)

    dry = x.operator.command("gaps", "fill", "--dry-run", "--json")
    done = x.operator.command("gaps", "fill", "--json")

    assert json.loads(dry.stdout)["estimates"][0]["reads"] == 6
    assert done.exit_code == 0, done.stderr
    assert (x.stored(), [gap["state"] for gap in x.gaps()]) == (ids(old), ["filled"])


def settled_gap(x: Listener, old: list[dict[str, str]]) -> None:
    """Say that these posts were missed."""
    x.server.search.add(old)
    with closing(x.operator.store()) as store, store.transaction():
        store.gaps.open(
            profile="default",
            source="x",
            query=QUERY,
            since_id=str(int(old[0]["id"]) - 1),
            until_id=str(int(old[-1]["id"]) + 1),
            reason="test",
            estimated_reads=len(old),
            run_id=None,
            now=now(),
        )


def test_the_stream_fills_gaps_by_itself(x: Listener) -> None:
    old = posts(6, before=timedelta(minutes=10))
    settled_gap(x, old)

    with x.listening():
        x.wait_stored(ids(old))
        wait_for("the gap is filled", lambda: [gap["state"] for gap in x.gaps()] == ["filled"], seconds=10)


def test_a_killed_process_leaves_a_gap_that_the_next_one_knows(x: Listener) -> None:
    with x.listening() as process:
        some = posts(5)
        x.server.publish(some)
        x.wait_stored(ids(some))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        wait_for("X has noticed", lambda: not x.server.is_connected, seconds=5, pause=0.01)
    missed = posts(3, first=70)
    x.server.publish(missed)

    with x.listening():
        wait_for("the gap is known", lambda: bool(x.gaps()), seconds=10)

    (gap,) = x.gaps()
    assert all(int(gap["since_id"]) < int(post["id"]) < int(gap["until_id"]) for post in missed)
    assert [row["status"] for row in x.operator.rows("SELECT status FROM job_runs ORDER BY id")] == [
        "abandoned",
        "interrupted",
    ]


def test_health_names_a_stream_that_fell_silent(x: Listener) -> None:
    never = json.loads(x.operator.command("health", "--json").stdout)["services"]["stream"]
    with closing(x.operator.store()) as store, store.transaction():
        at = (now() - timedelta(minutes=5)).timestamp()
        store.totals.set([STREAM_LAST_DATA.at(at)])

    silent = json.loads(x.operator.command("health", "--json").stdout)["services"]["stream"]

    assert (never["ok"], never["reason"][:29]) == (False, "it has never been connected: ")
    assert (silent["ok"], silent["reason"]) == (False, "nothing came for 5 min")


def test_a_silent_connection_is_given_up(x: Listener) -> None:
    x.server.is_silent = True
    calls: list[object] = []
    stream = XStream(
        bearer_token=x.server.search.bearer_token,
        base_url=x.server.url,
        record=calls.append,
        silence_seconds=0.5,
    )
    connection = stream.connect()

    with pytest.raises(StreamEndedError) as ended:
        for _ in connection.chunks():
            pass

    assert ended.value.reason == "silence"
    connection.close()


@pytest.mark.parametrize(
    ("refusal", "exit_code", "told"),
    [
        ((401, "{}"), 77, "the bearer token was refused (401)"),
        ((402, '{"title":"CreditsDepleted"}'), 77, "no credits left (402)"),
        ((403, '{"detail":"not your plan"}'), 77, "the app may not stream (403)"),
        ((409, "{}"), 78, "the stream has no rules (409)"),
        ((400, '{"detail":"bad field"}'), 78, "x refused to stream (400)"),
    ],
)
def test_what_waiting_cannot_mend_ends_the_job(
    x: Listener, refusal: tuple[int, str], exit_code: int, told: str
) -> None:
    x.server.refusals.append(refusal)

    done = x.operator.command("stream")

    assert (done.exit_code, len(x.server.attempts)) == (exit_code, 1)
    assert told in done.stderr


def test_with_nothing_to_listen_for_it_does_not_begin(x: Listener) -> None:
    done = x.operator.command("stream", environment={"KEYWORDS": ""})

    assert (done.exit_code, x.server.attempts) == (78, [])
    assert "there is no rule for the stream to have" in done.stderr


def test_a_start_gives_x_the_rules_of_all_profiles_and_leaves_those_of_others(x: Listener) -> None:
    x.server.add_rule("somebody else's", "other")
    with closing(x.operator.store()) as store, store.transaction():
        for name, word in (("city", "bridge"), ("harbour", "ferry")):
            store.profiles.save(Profile(name, (word,), created_at="t", updated_at="t"))
        store.profiles.save(Profile("off", ("museum",), is_enabled=False, created_at="t", updated_at="t"))

    with x.listening():
        rules = {(rule["value"], rule["tag"].partition(":")[0]) for rule in x.server.rules.values()}

    ours = {("(bridge) -is:retweet", "trendspark"), ("(ferry) -is:retweet", "trendspark")}
    assert rules == {*ours, ("somebody else's", "other")}


def test_what_the_stream_missed_is_a_gap_of_the_rules_own_profile(x: Listener) -> None:
    with closing(x.operator.store()) as store, store.transaction():
        for name, word in (("city", "bridge"), ("harbour", "ferry")):
            store.profiles.save(Profile(name, (word,), created_at="t", updated_at="t"))
    with x.listening():
        wait_for("it knows how far it is", lambda: x.operator.rows("SELECT * FROM cursors"), seconds=10, pause=0.05)

    with x.listening():
        wait_for("it knows what it missed", x.gaps, seconds=10, pause=0.05)

    found = {(gap["profile"], gap["query"]) for gap in x.gaps()}
    assert found == {("city", "(bridge) -is:retweet"), ("harbour", "(ferry) -is:retweet")}


def test_operational_disconnect_is_followed_by_a_new_connection(x: Listener) -> None:
    with x.listening():
        x.server.send_lines(['{"errors":[{"title":"operational-disconnect","detail":"going away"}]}'])
        wait_for("it connects again", lambda: len(x.server.attempts) == 2, seconds=15, pause=0.02)
        wait_for("it is back", lambda: x.server.is_connected, seconds=5)

    series = x.operator.rows("SELECT labels FROM metric_totals WHERE name = 'trendspark_stream_reconnects_total'")
    assert series == [{"labels": '{"reason":"disconnect"}'}]


def test_the_ceiling_ends_the_stream_with_one_alert(tmp_path: Path) -> None:
    with x_stream(tmp_path / "home", X_MAX_READS_PER_DAY="20") as x:
        with x.listening() as process:
            some = posts(30)
            x.server.publish(some)
            assert process.wait(20) == 75
        again = x.operator.command("stream")

        used = x.operator.rows("SELECT sum(used) AS used FROM spend")[0]["used"]
        assert x.stored() <= ids(some)
        assert 10 <= used == len(x.stored())  # what was delivered was paid
        assert (again.exit_code, again.stderr, len(x.server.attempts)) == (75, "", 1)
        told = "SELECT title FROM notifications WHERE category = 'budget_alert' AND title LIKE '%reached'"
        assert [alert["title"][:25] for alert in x.operator.rows(told)] == ["x: the ceiling for the da"]


def test_metrics_tell_of_the_stream_while_it_runs_and_after(x: Listener) -> None:
    file = x.operator.home / "textfile_collector" / "trendspark_stream.prom"
    with x.listening():
        some = posts(2)
        x.server.publish(some)
        x.wait_stored(ids(some))
        wait_for("metrics are there", lambda: file.exists(), seconds=10)
        while_it_runs = file.read_text()
        health = json.loads(x.operator.command("health", "--json").stdout)["services"]["stream"]
    after = file.read_text()

    assert "trendspark_stream_connected 1.0" in while_it_runs
    assert health["ok"]
    assert "trendspark_stream_connected 0.0" in after
    last = next(line for line in after.splitlines() if line.startswith("trendspark_stream_last_data_timestamp"))
    assert abs(float(last.split()[1]) - now().timestamp()) < 30


def test_posts_are_ranked_without_waiting_for_cron(x: Listener) -> None:
    with x.listening():
        x.server.publish([x_post(now(), "the bridge is closed", author_id=str(n + 1), sequence=n) for n in range(40)])
        ranked = "SELECT seen_post_id AS n FROM ranking_progress"
        wait_for("rank has seen them", lambda: [r for r in x.operator.rows(ranked) if r["n"] >= 40], seconds=30)


def test_a_pause_ends_it(x: Listener) -> None:
    with x.listening() as process:
        assert x.operator.command("jobs", "pause", "stream", "--reason", "test").exit_code == 0

        assert process.wait(30) == 0


def test_whatever_x_does_each_post_is_stored_once_or_within_a_gap(x: Listener) -> None:
    dice = random.Random(20261101)
    published: list[dict[str, str]] = []
    disconnect = '{"errors":[{"title":"operational-disconnect"}]}'
    with x.listening() as process:
        for turn in range(60):
            some = posts(dice.randint(1, 20), first=1000 * turn)
            published += some
            x.server.publish(some, times=dice.choice((1, 1, 2)))
            if turn % 10 == 3:
                dice.choice((x.server.disconnect, lambda: x.server.send_lines([disconnect])))()
            if turn == 25:
                x.server.refusals.append((503, "{}"))
            if turn == 45:
                process.kill()
                process.wait(10)
            time.sleep(0.1)  # time must pass here: what is published while nobody listens is what this is about
    with x.listening():
        last = posts(3, first=90_000)
        x.server.publish(last)
        x.wait_stored(ids(last))

    stored = x.operator.rows("SELECT source_id, count(*) AS n FROM posts GROUP BY 1")
    gaps = [(int(gap["since_id"]), int(gap["until_id"])) for gap in x.gaps()]
    missing = {int(post["id"]) for post in published} - {int(row["source_id"]) for row in stored}
    assert missing  # else nothing was proven
    assert [number for number in missing if not any(since < number < until for since, until in gaps)] == []
    assert {row["n"] for row in stored} == {1}
