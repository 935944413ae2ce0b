"""`brief` with the servers that people really have: what each knows is found out, and each answer is paid once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, Operator
from tests.installation import model_settings
from tests.money.briefing import message, open_trend, spent_tokens
from tests.servers.messages import json_answer
from tests.servers.model_server import MODEL, UNKNOWN, ModelServer
from tests.servers.openai_server import sound_text
from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.screens.doctor.examining import examine_services

Serve = Callable[..., tuple[ModelServer, Operator]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server that knows some APIs, and an operator whose settings name it; three trends are open."""
    servers: list[ModelServer] = []

    def start(*apis: str, **settings: str) -> tuple[ModelServer, Operator]:
        server = ModelServer(*apis, clock=lambda: NOW.timestamp())
        servers.append(server)
        server.__enter__()
        operator = Operator(
            tmp_path / f"home{len(servers)}", {**model_settings(server), "OPENAI_MODEL": MODEL, **settings}
        )
        for word in ("bridge", "ferry", "harbour"):
            open_trend(operator, word, [f"The {word} is closed.", f"No {word} today."])
        return server, operator

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def ask_doctor(operator: Operator) -> tuple[str, str, str]:
    """What `doctor` says of the model: the state, the line, the mend."""
    found = examine_services(operator.installation().settings, archive_destinations)
    return next((one.state, one.what, one.fix) for one in found if one.check == "openai")


@pytest.mark.parametrize("apis", [("responses",), ("chat",), ("responses", "chat")])
def test_each_api_writes_labels_and_ideas(serve: Serve, apis: tuple[str, ...]) -> None:
    server, operator = serve(*apis)

    result = operator.brief(ideas=2)

    assert (result.exit_code, result.counts["written"], result.counts["ideas"]) == (0, 3, 2)
    assert spent_tokens(operator) == server.input_tokens + server.output_tokens > 0


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_server_that_does_not_know_the_newer_api_is_asked_by_the_other_and_once_per_run_only(
    serve: Serve, unknown: str
) -> None:
    server, operator = serve("chat")
    server.unknown = UNKNOWN[unknown]

    result = operator.brief(ideas=0)

    assert (result.exit_code, result.counts["written"]) == (0, 3)
    assert server.asked == ["responses", "chat", "chat", "chat"]
    assert result.counts["calls"] == 3


@pytest.mark.parametrize("status", [402, 429, 503])
def test_an_error_within_a_success_is_told_and_no_other_api_is_asked(serve: Serve, status: int) -> None:
    server, operator = serve("chat")
    server.unknown = json_answer({"error": {"message": "the provider is out of reach", "code": status}, "user_id": "u"})

    result = operator.brief(ideas=0)

    assert f"the answer is an error ({status}): the provider is out of reach" in str(result.cause)
    assert set(server.asked) == {"responses"}


def test_an_api_that_is_named_is_the_only_one_that_is_asked(serve: Serve) -> None:
    server, operator = serve("responses", "chat", OPENAI_API="chat")

    operator.brief(ideas=0)

    assert set(server.asked) == {"chat"}


def test_an_api_that_is_named_and_not_known_is_told_with_the_setting(serve: Serve) -> None:
    _, operator = serve("chat", OPENAI_API="responses")

    result = operator.brief(ideas=0)

    assert result.exit_code == 3
    assert "does not know /responses" in str(result.cause)
    assert "OPENAI_API" in result.errors[0]["hint"]
    assert spent_tokens(operator) == 0


def test_a_server_that_knows_neither_is_told_and_costs_nothing(serve: Serve) -> None:
    server, operator = serve()

    result = operator.brief(ideas=0)

    assert (result.exit_code, server.asked, spent_tokens(operator)) == (3, ["responses", "chat"], 0)
    assert "OPENAI_BASE_URL" in result.errors[0]["hint"]


REFUSALS = {
    "effort": ("reasoning", "reasoning_effort", "Unsupported parameter: 'reasoning.effort' is not supported."),
    "tokens": ("max_output_tokens", "max_tokens", "Unsupported parameter: 'max_output_tokens' (max_tokens)."),
    "store": ("store", "store", "Unrecognized request argument supplied: store"),
    "form": ("text", "response_format", "This response_format type (text.format) is unavailable now"),
}


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("part", REFUSALS)
@pytest.mark.parametrize("status", [400, 422])
def test_what_a_server_refuses_by_name_is_left_out_for_the_run(serve: Serve, api: str, part: str, status: int) -> None:
    server, operator = serve(api, OPENAI_REASONING_EFFORT="minimal", OPENAI_MAX_OUTPUT_TOKENS="5000")
    newer, older, words = REFUSALS[part]
    server.refuses_names = {newer if api == "responses" else older: words}
    server.refusal_status = status

    result = operator.brief(ideas=0)

    names = [set(body) for body in server.bodies_of(api)]
    assert (result.exit_code, result.counts["written"]) == (0, 3)
    assert [server_name in body for body in names for server_name in server.refuses_names][1:] == [False] * (
        len(names) - 1
    )
    assert len(names) <= 4
    assert spent_tokens(operator) == server.input_tokens + server.output_tokens


def test_a_server_that_knows_only_the_newer_name_of_the_most_tokens_gets_it(serve: Serve) -> None:
    server, operator = serve("chat", OPENAI_MAX_OUTPUT_TOKENS="5000")
    server.refuses_names = {"max_tokens": "'max_tokens' is not supported with this model. Use 'max_completion_tokens'."}

    operator.brief(ideas=0)

    assert [body.get("max_completion_tokens") for body in server.bodies_of("chat")] == [None, 5000, 5000, 5000]


def test_a_server_that_refuses_everything_is_asked_no_more_than_a_few_times(serve: Serve) -> None:
    server, operator = serve("responses", OPENAI_REASONING_EFFORT="low")
    server.refuses_names = {"input": "reasoning max_output_tokens store text.format: all wrong"}

    result = operator.brief(ideas=0)

    assert (result.exit_code, spent_tokens(operator)) == (3, 0)
    assert len(server.asked) <= 8


@pytest.mark.parametrize("model", ["gpt-5-mini", "openai/gpt-5-mini", "o3-mini", "azure/openai/o4"])
def test_models_whose_names_think_are_asked_for_little_of_it(serve: Serve, model: str) -> None:
    server, operator = serve("responses", OPENAI_MODEL=model)

    operator.brief(ideas=0)

    assert {body["reasoning"]["effort"] for body in server.bodies_of("responses")} == {"low"}


@pytest.mark.parametrize("model", ["gpt-5-chat-latest", "qwen3:8b", "gpt-4o-mini", "olmo-2"])
def test_other_models_are_asked_for_no_effort(serve: Serve, model: str) -> None:
    server, operator = serve("responses", OPENAI_MODEL=model)

    operator.brief(ideas=0)

    assert not any("reasoning" in body for body in server.bodies_of("responses"))


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_the_settings_say_how_much_is_thought_and_written(serve: Serve, api: str) -> None:
    server, operator = serve(api, OPENAI_REASONING_EFFORT="high", OPENAI_MAX_OUTPUT_TOKENS="7000")

    operator.brief(ideas=0)

    bodies = server.bodies_of(api)
    assert {json.dumps(body.get("reasoning_effort") or body["reasoning"]["effort"]) for body in bodies} == {'"high"'}
    assert {body.get("max_output_tokens") or body.get("max_tokens") for body in bodies} == {7000}


THOUGHTS_ONLY = "holds thoughts and no text"
INCOMPLETE: dict[str, tuple[dict[str, Any], str, str]] = {
    "cut while it thinks": ({"thinks_tokens": 9000}, "was cut at the most output tokens", "OPENAI_MAX_OUTPUT_TOKENS"),
    "thoughts and no text": ({"thinks_tokens": 5, "text": None}, THOUGHTS_ONLY, "OPENAI_REASONING_EFFORT"),
    "no text": ({"text": None}, "holds no text", "the next run asks again"),
    "blank text": ({"text": " \n"}, "holds no text", "the next run asks again"),
    "thoughts in the text": ({"text": "<think>Hm. {}</think>\n"}, THOUGHTS_ONLY, "the next run asks again"),
    "thoughts that do not end": ({"text": "<think>Hm."}, THOUGHTS_ONLY, "the next run asks again"),
    "a filter": ({"ends_as": "content_filter"}, "content filter", "the next run asks again"),
    "another end": ({"ends_as": "tool_calls"}, "ended as 'tool_calls'", "the next run asks again"),
    "an error": ({"ends_as": "error"}, "ended as 'error'", "the next run asks again"),
}


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_incomplete_answer_is_told_paid_and_asked_for_again_by_the_next_run(
    serve: Serve, api: str, name: str
) -> None:
    server, operator = serve(api)
    attributes, words, hint = INCOMPLETE[name]
    sound = {attribute: getattr(server, attribute) for attribute in attributes}
    vars(server).update(attributes)
    first = operator.brief(ideas=0)
    billed = spent_tokens(operator)
    vars(server).update(sound)

    second = operator.brief(ideas=0)

    assert (first.exit_code, first.counts["written"]) == (3, 0)
    assert words in str(first.cause)
    assert hint in first.errors[0]["hint"]
    assert words in message(operator)
    assert billed > 0
    assert (second.exit_code, second.counts["written"]) == (0, 3)
    assert spent_tokens(operator) == server.input_tokens + server.output_tokens


def test_a_run_buys_two_incomplete_answers_and_no_more(serve: Serve) -> None:
    server, operator = serve("chat")
    server.thinks_tokens = 9000

    result = operator.brief(ideas=2)

    assert result.counts["calls"] == 2
    assert operator.metric('trendspark_openai_requests_total{kind="trend_label",status="incomplete"}') == 2


def test_one_incomplete_answer_among_others_costs_the_others_nothing(serve: Serve) -> None:
    server, operator = serve("chat")
    server.write = lambda form, content: " " if "ferry" in content else sound_text(form, content)

    result = operator.brief(ideas=0)

    assert (result.exit_code, result.counts["written"]) == (3, 2)


DRESSED = {
    "a fence": "```json\n{}\n```",
    "a fence without a language": "\n```\n{}\n```\n",
    "thoughts before it": "<think>Hm, [1, 2].</think>\n{}",
    "blanks": "  \n{}\n\n",
    "thoughts that nothing opened": "Hm, {1: 2}?\n</think>\n\n{}",
    "thoughts in capitals": "[THINK]Hm.[/THINK]{}",
    "channels": "<|channel|>analysis<|message|>Hm {.<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "thoughts, and a fence amid sentences": "<thinking>Hm.</thinking>Here it is:\n```json\n{}\n```\nAnything else?",
    "a sentence before and after": "Here is the JSON you asked for: {} Hope that helps!",
}


@pytest.mark.parametrize("name", DRESSED)
def test_a_form_is_read_whatever_a_server_puts_around_it(serve: Serve, name: str) -> None:
    server, operator = serve("chat")
    server.write = lambda form, content: DRESSED[name].replace("{}", sound_text(form, content))

    assert operator.brief(ideas=0).counts["written"] == 3


@pytest.mark.parametrize("end", ["eos", "end_turn", "STOP", None])
def test_a_whole_answer_is_taken_by_whatever_name_its_end_goes(serve: Serve, end: str | None) -> None:
    server, operator = serve("chat")
    server.ends_as = end

    assert operator.brief(ideas=0).counts["written"] == 3


def test_a_server_that_takes_no_form_is_told_of_it_in_words(serve: Serve) -> None:
    server, operator = serve("chat")
    server.refuses_names = {"response_format": "response_format is not supported"}

    operator.brief(ideas=0)

    assert '"label"' in server.bodies_of("chat")[-1]["messages"][0]["content"]


@pytest.mark.parametrize(("apis", "path"), [(("responses",), "/responses"), (("chat",), "/chat/completions")])
def test_doctor_names_the_api_that_brief_uses_and_buys_nothing(serve: Serve, apis: tuple[str, ...], path: str) -> None:
    server, operator = serve(*apis)

    state, what, _ = ask_doctor(operator)

    assert (state, what) == ("ok", f"the key is good; {MODEL} is offered; asked by {path}")
    assert (server.asked, server.input_tokens) == ([], 0)


def test_doctor_says_that_no_api_is_known(serve: Serve) -> None:
    _, operator = serve()

    state, what, fix = ask_doctor(operator)

    assert state == "fail"
    assert "does not know /chat/completions" in what
    assert "OPENAI_BASE_URL" in fix


def test_doctor_knows_a_server_without_a_list_of_models(serve: Serve) -> None:
    server, operator = serve("chat")
    server.lists_models = False

    assert ask_doctor(operator)[:2] == ("ok", "the key is good; the server lists no models; asked by /chat/completions")


def test_a_time_for_all_answers_may_be_minutes_and_ends_before_the_job_does(serve: Serve) -> None:
    _, operator = serve("chat", OPENAI_TIMEOUT="10m", JOB_TIMEOUT_BRIEF="16s")

    result = operator.brief(ideas=0)

    assert (result.exit_code, result.counts["written"]) == (0, 3)


WRONG = {
    "OPENAI_API": "completions",
    "OPENAI_REASONING_EFFORT": "much",
    "OPENAI_MAX_OUTPUT_TOKENS": "99",
    "OPENAI_TIMEOUT": "11m",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_setting_of_the_model_cannot_be_is_told(serve: Serve, name: str) -> None:
    _, operator = serve("chat", **{name: WRONG[name]})

    assert [problem.partition("=")[0] for problem in operator.installation().settings.problems] == [name]
