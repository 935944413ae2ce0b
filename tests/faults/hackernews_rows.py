"""What can be wrong with Hacker News, and what its operator is promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, at, patiently, times
from tests.faults.scene import Scene
from tests.servers import Fault, faults, hackernews_story

NEXT_RUN = "nothing to do: the next run goes on"
PORTAL = "captive portals"
ADDRESS = "HACKERNEWS_API_BASE_URL"
SLOW = 2.0 + 1.5  # two pauses between quick retries


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 2.0, **more: Any) -> Row:
    """A row about Hacker News."""
    return Row(name, "hackernews", plan, code, says, audited, seconds, **more)


KINDS: tuple[tuple[str, Fault, int, str, str, float], ...] = (
    ("401", faults.unauthorized(), 77, ADDRESS, "(401)", 2),
    ("403", faults.forbidden(), 77, ADDRESS, "(403)", 2),
    ("404", faults.not_found(), 76, ADDRESS, "404", 2),
    ("429 ends soon", faults.rate_limited(faults.Reset.NEAR), 75, NEXT_RUN, "429", 2),
    ("429 says no end", faults.rate_limited(faults.Reset.MISSING), 75, NEXT_RUN, "429", 2),
    ("503 for ever", faults.server_error(503), 69, NEXT_RUN, "(503)", SLOW),
    ("hang", faults.hang(), 69, "the next run tries again", "no answer in time", 2),
    ("slow body", faults.slow_body(), 69, "the next run tries again", "no answer in time", 2),
    ("stalled body", more_faults.stalled_body(), 69, "the next run tries again", "no answer in time", 2),
    ("truncated body", faults.truncated_body(), 69, "check the network", "answer broke off", SLOW),
    ("connection reset", faults.connection_reset(), 69, "check the network", "cannot be reached", SLOW),
    ("HTML with 200", faults.html_page(), 76, PORTAL, "no JSON", 2),
    ("redirect to a login page", faults.redirect_to_login(), 76, PORTAL, "redirects", 2),
    ("redirect without a target", more_faults.redirect(""), 76, PORTAL, "redirects", 2),
    ("broken JSON", faults.broken_json(), 76, PORTAL, "no JSON", 2),
    ("JSON without bottom", more_faults.deep_json(), 76, PORTAL, "", 2),
    ("list as JSON", faults.json_list(), 76, PORTAL, "no list of stories", 2),
    ("empty body", faults.empty_body(), 76, PORTAL, "no JSON", 2),
    ("data null", faults.null_data(), 76, PORTAL, "no list of stories", 2),
    ("stories without a time", more_faults.answered("odd", {"hits": [{"objectID": "1"}]}), 76, PORTAL, "posted", 2),
    ("gzip that is none", more_faults.broken_gzip(), 76, ADDRESS, "makes no sense", 2),
)


def _more_than_one_question_shows(scene: Scene) -> None:
    """Far more than a thousand stories within the hour."""
    times = [scene.operator.now - timedelta(seconds=2 * number) for number in range(1500)]
    scene.server.add([hackernews_story(at, f"bridge, and {number} more") for number, at in enumerate(times)])


def _of_the_future(scene: Scene) -> None:
    def change(document: Any, request: object) -> None:
        if document["hits"]:
            document["hits"][0]["created_at_i"] = 4102444800

    at("stories", more_faults.changed(scene, change))(scene)


HACKERNEWS_ROWS: tuple[Row, ...] = (
    *(row(name, at("stories", fault), code, says, told, most) for name, fault, code, says, told, most in KINDS),
    row("an endless body", patiently(at("stories", more_faults.endless_body())), 76, ADDRESS, "larger than", 20),
    row("a bomb in gzip", at("stories", more_faults.packed_bomb()), 76, ADDRESS, "larger than", 20),
    row("more than a thousand stories", _more_than_one_question_shows, 0, seconds=20),
    row("a story of the future", _of_the_future, 0),
    row("5xx burst", times(2, faults.server_error(502), endpoint="stories"), 0, seconds=SLOW),
    row("resets, then well", times(2, faults.connection_reset(), endpoint="stories"), 0, seconds=SLOW),
    row("truncated once, then well", times(1, faults.truncated_body(), endpoint="stories"), 0, seconds=SLOW),
    row("look-up: 503", at("counts", faults.server_error()), 3, NEXT_RUN, "(503)", SLOW, has_run_before=True),
    row("look-up: hang", at("counts", faults.hang()), 3, "tries again", "no answer in time", has_run_before=True),
    row("look-up: HTML", at("counts", faults.html_page()), 3, PORTAL, "no JSON", has_run_before=True),
)
