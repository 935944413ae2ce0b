"""What can be wrong with X, and what its operator is promised."""

from __future__ import annotations

from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, always, at, patiently, second_page, times
from tests.faults.scene import Scene
from tests.servers import Fault, Request, faults

NEXT_RUN = "nothing to do: the next run goes on"
PORTAL = "captive portals"
SLOW = 2.0 + 1.5  # two pauses between quick retries


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 2.0, **more: Any) -> Row:
    """A row about X."""
    return Row(name, "x", plan, code, says, audited, seconds, **more)


def _says_five_and_gives_none(document: dict[str, Any], request: Request) -> None:
    document.pop("data", None)


def _wrong_meta(document: dict[str, Any], request: Request) -> None:
    document["meta"]["next_token"] = 7


def _no_meta(document: dict[str, Any], request: Request) -> None:
    del document["meta"]


def _odd_newest_id(document: dict[str, Any], request: Request) -> None:
    document["meta"]["newest_id"] = "not-an-id"


def _odd_429(scene: Scene) -> None:
    fault = more_faults.answered("odd_429", {"title": "slow down"}, 429, {"x-rate-limit-reset": "soon"})
    always(fault)(scene)


def _odd_remaining(scene: Scene) -> None:
    fault = more_faults.answered("odd", {"meta": {"result_count": 0}}, 200, {"x-rate-limit-remaining": "nan"})
    times(1, fault)(scene)


def _same_token(scene: Scene) -> None:
    always(more_faults.first_page_again(scene, "token1"))(scene)


def _same_page(scene: Scene) -> None:
    always(more_faults.first_page_again(scene, None))(scene)


def _used_up(scene: Scene) -> None:
    scene.operator.environment["X_MAX_READS_PER_DAY"] = "110"


NULL_ALONE = more_faults.answered("null_data_alone", {"data": None})

KINDS: tuple[tuple[str, Fault, int, str, str, float], ...] = (
    ("401 token refused", faults.unauthorized(), 77, "set X_BEARER_TOKEN", "(401)", 2),
    ("402 credits gone", faults.credits_depleted(), 77, "buy credits", "(402)", 2),
    ("403 app not enrolled", faults.forbidden(), 77, "developer portal", "(403)", 2),
    ("404", faults.not_found(), 76, "check X_API_BASE_URL", "404", 2),
    ("429 ends soon", faults.rate_limited(faults.Reset.NEAR), 75, NEXT_RUN, "until", 2),
    ("429 ends in minutes", faults.rate_limited(faults.Reset.FAR), 75, NEXT_RUN, "until", 2),
    ("429 ended in the past", faults.rate_limited(faults.Reset.PAST), 75, NEXT_RUN, "until", 2),
    ("429 says no end", faults.rate_limited(faults.Reset.MISSING), 75, NEXT_RUN, "429", 2),
    ("429 usage cap", faults.usage_capped(), 75, "raise the cap", "usage cap", 2),
    ("503 for ever", faults.server_error(503), 69, NEXT_RUN, "(503)", SLOW),
    ("hang", faults.hang(), 69, "the next run tries again", "no answer in time", 2),
    ("slow body", faults.slow_body(), 69, "the next run tries again", "no answer in time", 2),
    ("stalled body", more_faults.stalled_body(), 69, "the next run tries again", "no answer in time", 2),
    ("truncated body", faults.truncated_body(), 69, "check the network", "answer broke off", 2),
    ("connection reset", faults.connection_reset(), 69, "check the network", "cannot be reached", 2),
    ("HTML with 200", faults.html_page(), 76, PORTAL, "no page of posts", 2),
    ("redirect to a login page", faults.redirect_to_login(), 76, PORTAL, "redirect", 2),
    ("broken JSON", faults.broken_json(), 76, PORTAL, "no page of posts", 2),
    ("list as JSON", faults.json_list(), 76, PORTAL, "no page of posts", 2),
    ("empty body", faults.empty_body(), 76, PORTAL, "no page of posts", 2),
    ("data null and nothing else", NULL_ALONE, 76, PORTAL, "no page of posts", 2),
    ("errors only", faults.errors_only(), 76, PORTAL, "Not Found Error", 2),
)

LOST = frozenset(  # sent, and answered by nothing that can be read: X may have billed what it meant to send
    {
        *("hang", "slow body", "stalled body", "truncated body", "connection reset", "HTML with 200", "broken JSON"),
        *("list as JSON", "empty body", "data null and nothing else", "errors only", "gzip that is none"),
        *("an endless body", "JSON without bottom", "posts announced and not given", "a next page that is no text"),
        *("a page that does not say whether it is the last", "reset once, then well", "truncated once, then well"),
    }
)

X_ROWS: tuple[Row, ...] = (
    *(row(name, always(fault), code, says, told, most) for name, fault, code, says, told, most in KINDS),
    *(
        row(f"second page: {name}", second_page(fault), code, says, told, most)
        for name, fault, code, says, told, most in KINDS
    ),
    row("5xx burst", times(2, faults.server_error(502)), 0, seconds=SLOW),
    row("reset once, then well", times(1, faults.connection_reset()), 69, "check the network", "cannot be reached"),
    row("truncated once, then well", times(1, faults.truncated_body()), 69, "check the network", "answer broke off"),
    row(
        "500 with a JSON list",
        always(more_faults.answered("500", ["sorry"], 500)),
        69,
        NEXT_RUN,
        "(500)",
        SLOW,
    ),
    row("403 with a JSON text", always(more_faults.answered("403", "no", 403)), 77, "developer portal", "(403)"),
    row("429 with a reset that is no number", _odd_429, 75, NEXT_RUN, "429"),
    row("a remaining that is no number", _odd_remaining, 0),
    row("403 that repeats the token", always(more_faults.told_secret()), 77, "developer portal", "no access for"),
    row("redirect to nowhere", always(more_faults.redirect("ftp://nowhere")), 76, PORTAL, "redirect"),
    row("redirect without end", always(more_faults.redirect("/2/tweets/search/recent")), 76, PORTAL, "redirect"),
    row("gzip that is none", always(more_faults.broken_gzip()), 76, "X_API_BASE_URL", "makes no sense"),
    row("an endless body", patiently(always(more_faults.endless_body())), 76, "X_API_BASE_URL", "larger than", 20),
    row("JSON without bottom", always(more_faults.deep_json()), 76, PORTAL, "no page of posts"),
    row(
        "posts announced and not given",
        lambda scene: always(more_faults.changed(scene, _says_five_and_gives_none))(scene),
        76,
        PORTAL,
        "no page of posts",
    ),
    row(
        "a next page that is no text",
        lambda scene: always(more_faults.changed(scene, _wrong_meta))(scene),
        76,
        PORTAL,
        "no page of posts",
    ),
    row(
        "a page that does not say whether it is the last",
        lambda scene: always(more_faults.changed(scene, _no_meta))(scene),
        76,
        PORTAL,
        "no page of posts",
    ),
    row(
        "a newest id that is none",
        lambda scene: always(more_faults.changed(scene, _odd_newest_id))(scene),
        0,
    ),
    row("400 for the query", always(more_faults.answered("400", {"detail": "bad query"}, 400)), 78, "config check"),
    row("since_id too old", times(1, faults.since_id_too_old()), 0, has_run_before=True),
    row("since_id too old for ever", always(faults.since_id_too_old()), 69, "seven days", "older than", 2),
    row("listing names the same page for ever", _same_token, 76, "try again later", "same next page"),
    row("listing gives the same page for ever", _same_page, 76, "try again later", "no older posts"),
    row(
        "listing of empty pages for ever",
        always(more_faults.empty_pages_for_ever()),
        76,
        "try again later",
        "empty pages",
    ),
    row("ceiling reached", _used_up, 75, "raise X_MAX_READS_PER_DAY"),
    row("look-up: 503", at("tweets_lookup", faults.server_error()), 3, NEXT_RUN, "(503)", SLOW, has_run_before=True),
    row("look-up: hang", at("tweets_lookup", faults.hang()), 3, "tries again", "in time", has_run_before=True),
    row("look-up: HTML", at("tweets_lookup", faults.html_page()), 3, PORTAL, "no page", has_run_before=True),
)
