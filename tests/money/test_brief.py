"""`brief` with a model that answers: what is written, what is asked, and what is not asked twice."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import post, post_trend
from tests.ingest.operator import NOW, Operator
from tests.money.briefing import TREND, grow, message, open_trend, spent_tokens, told
from tests.servers import OpenAIServer
from tests.servers.openai_server import sound_text
from trendspark_cli.store.rows.archives import Tombstone


def test_each_open_trend_gets_a_label_a_summary_and_the_posts_it_rests_on(
    editor: Operator, model: OpenAIServer
) -> None:
    trend = open_trend(editor)

    result = editor.brief()

    [brief] = told(result)["briefs"]
    assert result.exit_code == 0
    assert (brief["trend_id"], brief["label"], brief["written_by"]) == (trend, "Bridge", "gpt-5-mini")
    assert brief["summary"] == "People speak of Bridge. It is new."
    assert [post["source_id"] for post in brief["posts"]] == ["1", "2"]


def test_nothing_is_stored_at_the_service_and_the_answer_is_bounded(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)

    editor.brief()

    assert {body["store"] for body in model.bodies} == {False}
    assert {body["max_output_tokens"] for body in model.bodies} == {1500, 3000}


def test_the_message_of_the_day_is_queued_once_with_ideas_marked_as_machine_written(
    editor: Operator, model: OpenAIServer
) -> None:
    open_trend(editor)

    counts = [editor.brief(ideas=2).counts.get("alerts_queued", 0) for _ in range(2)]

    assert counts == [1, 0]
    assert "machine-written by gpt-5-mini" in message(editor)
    assert "<b>Ideas</b> <i>(machine-written: check before use)</i>\n1. <b>Idea 1</b>" in message(editor)
    assert message(editor).count("<b>Idea ") == 2


def test_the_next_day_has_a_message_of_its_own(editor: Operator) -> None:
    open_trend(editor)
    editor.brief()

    editor.later(days=1)
    editor.brief()

    keys = editor.rows("SELECT dedupe_key FROM notifications WHERE category = 'daily_ideas' ORDER BY id")
    assert [row["dedupe_key"] for row in keys] == ["daily_ideas:2026-11-01", "daily_ideas:2026-11-02"]


def test_a_day_without_trends_is_silent_and_costs_nothing(editor: Operator, model: OpenAIServer) -> None:
    result = editor.brief()

    assert (result.exit_code, result.counts["trends"], model.log) == (0, 0, [])
    assert editor.rows("SELECT * FROM notifications") == []


def test_a_trend_with_other_posts_is_not_asked_about_again_until_it_doubles(
    editor: Operator, model: OpenAIServer
) -> None:
    trend = open_trend(editor)
    editor.brief(ideas=0)
    asked = []

    for observed in (15.0, 19.9, 20.0, 21.0):
        grow(editor, trend, observed)
        with closing(editor.store()) as store, store.transaction():
            store.connection.execute("UPDATE posts SET text = ? WHERE id = 1", (f"The bridge at {observed}.",))
        editor.brief(ideas=0)
        asked.append(len(model.bodies))

    assert asked == [1, 1, 2, 2]


def test_a_single_post_going_viral_is_told_in_its_own_words_and_no_model_is_asked(
    editor: Operator, model: OpenAIServer
) -> None:
    store = editor.store()
    with store.transaction():
        store.posts.save([post("1", text="The bridge is open again")], NOW)
        store.trends.save(post_trend(NOW))
    store.close()

    [brief] = told(editor.brief(ideas=0))["briefs"]

    assert (brief["label"], brief["written_by"], model.log) == ("a post", "", [])
    assert brief["counts"].startswith("340 expected, this author's usual is 41")
    assert "The bridge is open again" in message(editor)


def test_a_doubled_trend_with_new_posts_is_written_of_anew(editor: Operator, model: OpenAIServer) -> None:
    trend = open_trend(editor)
    editor.brief(ideas=0)
    with closing(editor.store()) as store, store.transaction():
        store.connection.execute("UPDATE posts SET text = 'The bridge opens again.' WHERE id = 1")
    model.write = lambda form, content: '{"label": "Bridge opens", "summary": "It opens.", "posts": [1]}'

    before = told(editor.brief(ideas=0))["briefs"][0]["label"]
    grow(editor, trend, 20.0)
    after = told(editor.brief(ideas=0))["briefs"][0]["label"]

    assert (before, after, len(model.bodies)) == ("Bridge", "Bridge opens", 2)


def test_the_same_question_is_never_paid_twice(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    editor.brief(ideas=0)
    with closing(editor.store()) as store, store.transaction():
        store.connection.execute("DELETE FROM trend_briefs")  # as if the run had been killed before it stored them

    result = editor.brief(ideas=0)

    assert (told(result)["briefs"][0]["label"], len(model.bodies)) == ("Bridge", 1)


def test_our_books_hold_the_tokens_the_service_billed_and_their_price(editor: Operator, model: OpenAIServer) -> None:
    for label in ("bridge", "ferry", "tram"):
        open_trend(editor, label, [f"{label} stops", f"{label} late"])

    editor.brief()

    usd = editor.rows("SELECT sum(usd) AS usd FROM spend WHERE service = 'openai'")[0]["usd"]
    assert spent_tokens(editor) == model.input_tokens + model.output_tokens
    assert usd == pytest.approx(model.input_tokens * 0.25e-6 + model.output_tokens * 2e-6)
    assert editor.rows("SELECT * FROM spend_reservations") == []


def test_the_metrics_tell_requests_tokens_and_price_by_kind(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)

    editor.brief()

    labels = {"trend_label", "daily_ideas"}
    assert {editor.metric(f'trendspark_openai_requests_total{{kind="{k}",status="ok"}}') for k in labels} == {1.0}
    tokens = [editor.metric(f'trendspark_openai_tokens_total{{direction="input",kind="{kind}"}}') for kind in labels]
    assert sum(tokens) == model.input_tokens
    assert editor.metric('trendspark_openai_cost_usd_total{kind="trend_label"}') > 0
    assert 0 < editor.metric('trendspark_budget_used_ratio{period="month",service="openai"}') < 1


def test_a_model_that_does_not_think_is_not_told_how_hard_to(editor: Operator, model: OpenAIServer) -> None:
    editor.environment["OPENAI_MODEL"] = "gpt-4o-mini"
    open_trend(editor)

    result = editor.brief()

    assert (result.exit_code, told(result)["briefs"][0]["written_by"]) == (0, "gpt-4o-mini")
    assert "reasoning" not in model.bodies[0]


def test_without_a_field_there_are_no_ideas_and_the_message_says_why(editor: Operator, model: OpenAIServer) -> None:
    editor.environment["NICHE"] = ""
    open_trend(editor)

    editor.brief()

    assert "no ideas: NICHE is not set" in message(editor)
    assert len(model.bodies) == 1


def test_only_the_strongest_ten_trends_are_written_of(editor: Operator, model: OpenAIServer) -> None:
    for number in range(12):
        open_trend(editor, f"topic{number}", [f"topic{number} is here"], score=float(number))

    result = editor.brief(ideas=0)

    assert len(told(result)["briefs"]) == len(model.bodies) == 10
    assert [brief["trend_id"] for brief in told(result)["briefs"]] == list(range(12, 2, -1))


def test_later_alerts_of_a_trend_carry_the_models_label_marked_as_such(editor: Operator) -> None:
    from trendspark_cli.alerts.trend_texts import closed_alert, grown_alert

    trend = replace(TREND, id=1, closed_at=NOW + timedelta(hours=1))
    bodies = [
        grown_alert(trend, "k", 10.0, "Bridge <closed>").html,
        closed_alert(trend, "k", "Bridge <closed>").html,
    ]

    assert all("🤖 Bridge &lt;closed&gt; <i>(machine-written)</i>" in body for body in bodies)


def test_trends_show_tells_what_was_written_and_by_whom(editor: Operator) -> None:
    open_trend(editor)
    editor.brief(ideas=0)

    shown = editor.command("trends", "show", "1").stdout
    told_as_json = editor.command("trends", "show", "1", "--json").json["brief"]

    assert "Bridge: People speak of Bridge. It is new. (machine-written by gpt-5-mini)" in shown
    assert told_as_json == {
        "label": "Bridge",
        "summary": "People speak of Bridge. It is new.",
        "written_by": "gpt-5-mini",
    }


def test_a_forgotten_post_leaves_nothing_in_briefs_and_answers(editor: Operator) -> None:
    open_trend(editor)
    editor.brief()
    store = editor.store()

    with store.transaction():
        store.tombstones.forget_posts(Tombstone("t1", "x", "1", None, "2026-11-01T12:00:00.000Z"), [1])
    store.close()

    assert editor.rows("SELECT * FROM trend_briefs") == editor.rows("SELECT * FROM model_answers") == []
    assert message(editor) == "Daily brief 2026-11-01: 1 trend"


@pytest.mark.parametrize("form", ["TrendLabel", "DailyIdeas"])
def test_a_post_that_is_forgotten_while_the_model_writes_is_paid_for_and_not_written_of(
    editor: Operator, model: OpenAIServer, form: str
) -> None:
    open_trend(editor)
    open_trend(editor, "ferry", ["A ferry sails."])

    def write(asked: str, content: str) -> str:
        if asked == form:
            with closing(editor.store()) as store, store.transaction():
                store.tombstones.forget_posts(Tombstone("t1", "x", "1", None, "2026-11-01T12:00:00.000Z"), [1])
        return sound_text(asked, content)

    model.write = write

    result = editor.brief()

    written = editor.rows("SELECT label, summary FROM trend_briefs UNION ALL SELECT kind, answer FROM model_answers")
    assert result.exit_code == 0
    assert spent_tokens(editor) == model.input_tokens + model.output_tokens
    for text in (str(written), str(told(result)["ideas"]), message(editor)):
        assert "closed" not in text
        assert "People speak of Bridge" not in text
    assert "People speak of Ferry" in message(editor)


def test_a_dry_run_names_calls_and_price_and_asks_nobody(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)

    done = editor.command("brief", "--dry-run", "--json")

    [estimate] = done.json["estimates"]
    assert (done.exit_code, estimate["calls"], model.log) == (0, 2, [])
    assert estimate["tokens_at_most"] > 1500 + 3000
    assert 0 < estimate["usd_at_most"] < 0.05
    assert editor.rows("SELECT * FROM job_runs") == []


def test_the_command_is_silent_without_a_terminal_and_delivers_at_once(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    muted = {"ENABLE_REALTIME_ALERTS": "false"}

    done = editor.command("brief", environment=muted)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert len(model.bodies) == 2


def test_the_key_is_in_no_file_and_no_output(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    model.api_key = "another-key"

    done = editor.command("-v", "brief", environment={"ENABLE_REALTIME_ALERTS": "false"})

    everything = done.stdout + done.stderr
    everything += "".join(p.read_bytes().decode("utf-8", "replace") for p in editor.home.rglob("*") if p.is_file())
    assert done.exit_code == 3
    assert re.search(r"the key was refused \(401\)", done.stderr)
    assert editor.environment["OPENAI_API_KEY"] not in everything
