"""What can be wrong with an instance of Mastodon, and what its reader is promised."""

from __future__ import annotations

from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, at, patiently, second_page, times
from tests.faults.scene import Scene
from tests.servers import Fault, faults
from tests.servers.messages import json_answer

NEXT_RUN = "nothing to do: the next run goes on"
PORTAL = "captive portals"
SETTING = "MASTODON_TIMELINES"
SLOW = 2.0 + 1.5  # two pauses between quick retries
CLOSED = Fault("closed", lambda request: json_answer({"error": "This method requires an authenticated user"}, 422))
ENDS = {"x-ratelimit-reset": "2026-11-01T12:05:00.000000Z"}
LIMIT = Fault("limit", lambda request: json_answer({"error": "Too many requests"}, 429, ENDS))


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 2.0, **more: Any) -> Row:
    """A row about Mastodon."""
    return Row(name, "mastodon", plan, code, says, audited, seconds, **more)


KINDS: tuple[tuple[str, Fault, int, str, str, float], ...] = (
    ("401", faults.unauthorized(), 77, SETTING, "closed to readers without an account (401)", 2),
    ("422", CLOSED, 77, SETTING, "closed to readers without an account (422)", 2),
    ("403", faults.forbidden(), 77, SETTING, "(403)", 2),
    ("404", faults.not_found(), 76, SETTING, "is not there (404)", 2),
    ("429 that names its end", LIMIT, 75, NEXT_RUN, "429", 2),
    ("429 says no end", faults.rate_limited(faults.Reset.MISSING), 75, NEXT_RUN, "429", 2),
    ("503 for ever", faults.server_error(503), 69, NEXT_RUN, "(503)", SLOW),
    ("hang", faults.hang(), 69, "the next run tries again", "no answer in time", 2),
    ("slow body", faults.slow_body(), 69, "the next run tries again", "no answer in time", 2),
    ("stalled body", more_faults.stalled_body(), 69, "the next run tries again", "no answer in time", 2),
    ("truncated body", faults.truncated_body(), 69, "check the network", "answer broke off", SLOW),
    ("connection reset", faults.connection_reset(), 69, "check the network", "cannot be reached", SLOW),
    ("HTML with 200", faults.html_page(), 76, PORTAL, "no JSON", 2),
    ("redirect to a login page", faults.redirect_to_login(), 76, PORTAL, "redirects", 2),
    ("broken JSON", faults.broken_json(), 76, PORTAL, "no JSON", 2),
    ("JSON without bottom", more_faults.deep_json(), 76, PORTAL, "", 2),
    ("an object for a list", more_faults.answered("odd", {"error": "no"}), 76, PORTAL, "no list of posts", 2),
    ("empty body", faults.empty_body(), 76, PORTAL, "no JSON", 2),
    ("posts without an id", more_faults.answered("odd", [{"uri": "https://a.example/1"}]), 76, PORTAL, "has an id", 2),
    ("gzip that is none", more_faults.broken_gzip(), 76, SETTING, "makes no sense", 2),
)


def _of_the_future(scene: Scene) -> None:
    def change(document: Any, request: object) -> None:
        if document:
            document[0]["created_at"] = "2099-01-01T00:00:00.000Z"

    at("timeline", more_faults.changed(scene, change))(scene)


MASTODON_ROWS: tuple[Row, ...] = (
    *(row(name, at("timeline", fault), code, says, told, most) for name, fault, code, says, told, most in KINDS),
    row("an endless body", patiently(at("timeline", more_faults.endless_body())), 76, SETTING, "larger than", 20),
    row("a bomb in gzip", at("timeline", more_faults.packed_bomb()), 76, SETTING, "larger than", 20),
    row("posts of the future", _of_the_future, 0),
    row("5xx burst", times(2, faults.server_error(502), endpoint="timeline"), 0, seconds=SLOW),
    row("resets, then well", times(2, faults.connection_reset(), endpoint="timeline"), 0, seconds=SLOW),
    row("second page: 503", second_page(faults.server_error(503)), 69, NEXT_RUN, "(503)", SLOW),
    row("second page: 429", second_page(LIMIT), 75, NEXT_RUN, "429"),
)
