"""What can be wrong with a feed, and what its reader is promised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, at, patiently, times
from tests.faults.scene import Scene, posts_of
from tests.servers import Answer, Fault, faults

LATER = "nothing to do: a later run tries again"
PORTAL = "captive portals"
SETTING = "FEEDS"
QUICK = 1.0 + 1.5  # one pause before a quick retry


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 3.0, **more: Any) -> Row:
    """A row about feeds."""
    return Row(name, "feeds", plan, code, says, audited, seconds, **more)


def _status(status: int, headers: dict[str, str] | None = None) -> Fault:
    return Fault(f"status {status}", lambda request: Answer(status, b"", headers or {}))


KINDS: tuple[tuple[str, Fault, int, str, str, int], ...] = (
    ("401", faults.unauthorized(), 77, SETTING, "was refused (401)", 1),
    ("403", faults.forbidden(), 77, SETTING, "was refused (403)", 1),
    ("404", faults.not_found(), 76, SETTING, "answered 404", 1),
    ("304 to nobody", _status(304), 76, SETTING, "answered 304", 1),
    ("429 ends soon", faults.rate_limited(faults.Reset.NEAR), 75, LATER, "429", 1),
    ("429 says no end", faults.rate_limited(faults.Reset.MISSING), 75, LATER, "429", 5),
    ("503 for ever", faults.server_error(503), 69, LATER, "(503)", 1),
    ("503 with an end", _status(503, {"retry-after": "1800"}), 69, LATER, "(503) until", 3),
    ("hang", faults.hang(), 69, "the next run tries again", "no answer in time", 1),
    ("slow body", faults.slow_body(), 69, "the next run tries again", "no answer in time", 1),
    ("stalled body", more_faults.stalled_body(), 69, "the next run tries again", "no answer in time", 1),
    ("truncated body", faults.truncated_body(), 69, "check the network", "answer broke off", 1),
    ("connection reset", faults.connection_reset(), 69, "check the network", "cannot be reached", 1),
    ("HTML with 200", faults.html_page(), 76, PORTAL, "it is a web page, and no feed", 1),
    ("redirect to a login page", faults.redirect_to_login(), 76, SETTING, "into a private network", 1),
    ("redirect without a target", more_faults.redirect(""), 76, PORTAL, "redirects to what is no address", 1),
    ("broken JSON", faults.broken_json(), 76, PORTAL, "JSON that makes no sense", 1),
    ("JSON without bottom", more_faults.deep_json(), 76, PORTAL, "", 1),
    ("empty body", faults.empty_body(), 76, PORTAL, "the answer is empty", 1),
    ("gzip that is none", more_faults.broken_gzip(), 76, SETTING, "makes no sense", 1),
)

AUTHOR = b"<rss version='2.0'><channel><item><title>t</title><author>%s</author></item></channel></rss>" % (
    b"a" * 200_000
)


def _page(body: bytes) -> Fault:
    return Fault("page", lambda request: Answer(body=body, headers={"content-type": "application/rss+xml"}))


def _an_hour_later(scene: Scene) -> None:
    """The feed is asked again, and has nothing new to say."""
    scene.later(minutes=61)
    at("feed", _status(304))(scene)


def _of_the_future(scene: Scene) -> None:
    scene.server.add(posts_of("feeds", 3, newest=datetime(2099, 1, 1, tzinfo=UTC), minutes=1))


FEEDS_ROWS: tuple[Row, ...] = (
    *(row(n, at("feed", fault), code, says, told, runs_to_heal=runs) for n, fault, code, says, told, runs in KINDS),
    row("an endless body", patiently(at("feed", more_faults.endless_body())), 76, SETTING, "larger than", 20),
    row("a bomb in gzip", at("feed", more_faults.packed_bomb()), 76, SETTING, "larger than", 20),
    row("an author who takes for ever to read", at("feed", _page(AUTHOR)), 76, PORTAL, "takes too long", 60),
    row("410", at("feed", _status(410)), 76, "take it out of FEEDS", "is gone for good (410)", runs_to_heal=7 * 96),
    row("304", _an_hour_later, 0, has_run_before=True, runs_to_heal=5),
    row("dates of the future", _of_the_future, 0, runs_to_heal=5),
    row("5xx once, then well", times(1, faults.server_error(502), endpoint="feed"), 0, runs_to_heal=5),
    row("a reset, then well", times(1, faults.connection_reset(), endpoint="feed"), 0, runs_to_heal=5),
    row("truncated once, then well", times(1, faults.truncated_body(), endpoint="feed"), 0, runs_to_heal=5),
)
