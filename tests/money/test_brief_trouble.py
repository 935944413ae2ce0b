"""`brief` when the model does not answer as it should: the posts speak, the books stay right, it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.money.briefing import message, open_trend, spent_tokens, told
from tests.money.conftest import budget_alerts
from tests.servers import Fault, OpenAIServer, faults
from tests.servers.openai_server import insufficient_quota, rate_limited


@dataclass(frozen=True)
class Row:
    """A trouble, and what is promised: exit code, what is said, how many calls are made for two trends."""

    name: str
    plan: Callable[[Operator, OpenAIServer], object]
    exit_code: int
    says: str
    calls: int
    status: str
    is_billed_by_bound: bool = False  # nobody told what it cost, so the most it can have cost is in the books


def always(fault: Fault) -> Callable[[Operator, OpenAIServer], object]:
    """Have every call meet a fault."""
    return lambda operator, model: model.faults.add(fault, times=None)


def writes(text: str) -> Callable[[Operator, OpenAIServer], object]:
    """Have the model write this, whatever it is asked."""

    def plan(operator: Operator, model: OpenAIServer) -> None:
        model.write = lambda form, content: text

    return plan


def setting(name: str, value: str) -> Callable[[Operator, OpenAIServer], object]:
    """Give the operator another setting."""
    return lambda operator, model: operator.environment.update({name: value})


def refusing(operator: Operator, model: OpenAIServer) -> None:
    """Have the model refuse."""
    model.refuses = True


def nobody_there(operator: Operator, model: OpenAIServer) -> None:
    """Point the operator at a port nobody listens on."""
    operator.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"


UNUSABLE = "the model gave no usable answer"
CUT = '{"label": "Bridge", "summary": "' + "long " * 2000
ROWS = (
    Row("refusal", refusing, 0, UNUSABLE, 2, "refused"),
    Row("no JSON", writes("Sure! Here is your label: Bridge"), 0, UNUSABLE, 2, "broken"),
    Row("fenced JSON", writes('```json\n{"label": "Bridge"}\n```'), 0, UNUSABLE, 2, "broken"),
    Row("half a JSON", writes('{"label": "Bridge", "summ'), 0, UNUSABLE, 2, "broken"),
    Row("cut at the most tokens", writes(CUT), 3, "was cut at the most output tokens", 2, "incomplete"),
    Row("another form", writes('{"title": "Bridge"}'), 0, UNUSABLE, 2, "broken"),
    Row("blank", writes(""), 3, "holds no text", 2, "incomplete"),
    Row("posts that are not there", writes('{"label":"B","summary":"S.","posts":[7]}'), 0, UNUSABLE, 2, "ok"),
    Row("insufficient_quota", always(insufficient_quota()), 3, "no quota left", 1, "quota"),
    Row("429 with Retry-After", always(rate_limited(30)), 3, "rate limit reached (429)", 1, "rate_limited"),
    Row("hang", always(faults.hang()), 3, "no answer within", 1, "timeout", True),
    Row("slow body", always(faults.slow_body()), 3, "no answer within", 1, "timeout", True),
    Row("connection cut", always(faults.connection_reset()), 3, "broke off", 1, "error", True),
    Row("envelope cut", always(faults.truncated_body()), 3, "broke off", 1, "error", True),
    Row("broken envelope", always(faults.broken_json()), 3, "the answer is no JSON object", 1, "error", True),
    Row("HTML with 200", always(faults.html_page()), 3, "a proxy or a captive portal spoke", 1, "error", True),
    Row("redirect to a login page", always(faults.redirect_to_login()), 3, "refused the request (302)", 1, "error"),
    Row("503", always(faults.server_error(503)), 3, "is failing (503)", 1, "error"),
    Row("wrong model", setting("OPENAI_MODEL", "gpt-nonsense"), 3, "gpt-nonsense", 1, "error"),
    Row("wrong key", setting("OPENAI_API_KEY", "sk-wrong-000000000000"), 3, "the key was refused (401)", 1, "error"),
    Row("nobody there", nobody_there, 3, "cannot be reached", 0, "error"),
)


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def trouble(request: pytest.FixtureRequest, editor: Operator, model: OpenAIServer) -> tuple[Row, Any]:
    """A run over two open trends in some trouble, and how it ended."""
    row: Row = request.param
    editor.environment["OPENAI_TIMEOUT"] = "1s" if row.status == "timeout" else "10s"
    open_trend(editor, "bridge", ["The bridge is closed.", "No trains over the bridge."])
    open_trend(editor, "ferry", ["The ferry is full."])
    row.plan(editor, model)
    return row, editor.brief(ideas=0)


def test_the_posts_speak_and_the_message_says_why(trouble: tuple[Row, Any], editor: Operator) -> None:
    row, result = trouble

    said = {brief["label"]: (brief["summary"], brief["written_by"]) for brief in told(result)["briefs"]}
    assert result.exit_code == row.exit_code
    assert said == {
        "bridge": ("“The bridge is closed.” “No trains over the bridge.”", ""),
        "ferry": ("“The ferry is full.”", ""),
    }
    [note] = told(result)["notes"]
    assert note.startswith("all texts are taken from the posts: ")
    assert row.says in note
    assert escape(note, quote=False) in message(editor)


def test_no_call_follows_a_failure_of_the_service(trouble: tuple[Row, Any], model: OpenAIServer) -> None:
    row, _ = trouble

    assert len(model.log) == row.calls


def test_the_books_hold_what_was_billed_or_the_most_it_can_be(
    trouble: tuple[Row, Any], editor: Operator, model: OpenAIServer
) -> None:
    row, result = trouble

    if row.is_billed_by_bound:
        assert spent_tokens(editor) == result.counts["tokens"]
        assert 1500 < spent_tokens(editor) < 5000
    else:
        assert spent_tokens(editor) == model.input_tokens + model.output_tokens
    assert editor.rows("SELECT * FROM spend_reservations") == []


def test_the_metrics_name_the_trouble(trouble: tuple[Row, Any], editor: Operator) -> None:
    row, _ = trouble

    asked = editor.metric(f'trendspark_openai_requests_total{{kind="trend_label",status="{row.status}"}}')
    assert asked == max(row.calls, 1)


def test_an_answer_that_was_useless_is_not_bought_again(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    refusing(editor, model)

    for _ in range(3):
        editor.brief(ideas=0)

    assert len(model.bodies) == 1


def test_after_a_failure_of_the_service_the_next_run_asks_again(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    model.faults.add(faults.server_error(503))

    first, second = editor.brief(ideas=0), editor.brief(ideas=0)

    assert (first.exit_code, second.exit_code) == (3, 0)
    assert told(second)["briefs"][0]["written_by"] == "gpt-5-mini"


def test_all_calls_of_a_run_share_one_time(editor: Operator, model: OpenAIServer) -> None:
    editor.environment["OPENAI_TIMEOUT"] = "2s"
    model.slow_seconds = 0.7
    for number in range(6):
        open_trend(editor, f"topic{number}", [f"topic{number} is here"])

    result = editor.brief(ideas=0)

    assert result.counts["written"] in (1, 2, 3)
    assert len(model.bodies) < 4
    assert result.duration_seconds < 6


def test_without_a_key_nobody_is_asked_and_the_message_says_so(editor: Operator, model: OpenAIServer) -> None:
    editor.environment["OPENAI_API_KEY"] = ""
    open_trend(editor)

    result = editor.brief()

    assert (result.exit_code, model.log) == (0, [])
    assert "all texts are taken from the posts: there is no OPENAI_API_KEY" in message(editor)
    assert "no ideas: there is no OPENAI_API_KEY" in message(editor)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OPENAI_MAX_TOKENS_PER_DAY", "1000", "the ceiling of 1000 tokens for this day is reached"),
        ("OPENAI_MAX_USD_PER_MONTH", "0.001", "the ceiling of $0.001 for this month is reached"),
    ],
)
def test_an_empty_budget_asks_nobody_and_is_reported_once(
    editor: Operator, model: OpenAIServer, name: str, value: str, says: str
) -> None:
    editor.environment[name] = value
    open_trend(editor)

    results = [editor.brief() for _ in range(2)]

    assert [(result.exit_code, getattr(result.cause, "is_news", None)) for result in results] == [
        (75, True),
        (75, False),
    ]
    assert says in message(editor)
    assert model.log == []


def test_no_account_is_told_of_twice(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    model.faults.add(insufficient_quota(), times=None)

    for _ in range(2):
        editor.brief()

    assert budget_alerts(editor) == ["openai: the account gives nothing more"]


def test_a_service_that_tells_no_usage_is_booked_at_its_bound(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    model.tells_usage = False

    result = editor.brief(ideas=0)

    assert (result.exit_code, result.counts["written"]) == (0, 1)
    assert spent_tokens(editor) > model.input_tokens + model.output_tokens


def test_a_run_killed_during_a_call_is_booked_by_the_next_one(editor: Operator, model: OpenAIServer) -> None:
    open_trend(editor)
    store = editor.store()
    with store.transaction():
        run = store.job_runs.start("brief", editor.now - timedelta(hours=1), 1, "host", "0")
        store.spend.reserve("openai", "default", "trend_label", 4000, run, editor.now, 0.004)
    store.close()

    editor.brief(ideas=0)

    assert spent_tokens(editor) == 4000 + model.input_tokens + model.output_tokens
