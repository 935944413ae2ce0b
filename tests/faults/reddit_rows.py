"""What can be wrong with Reddit, and what its operator is promised."""

from __future__ import annotations

from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, at, patiently, second_page, times
from tests.faults.scene import Scene
from tests.servers import Fault, RedditServer, faults
from tests.servers.reddit_server import Closed

NEXT_RUN = "nothing to do: the next run goes on"
PORTAL = "captive portals"
CREDENTIALS = "check REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET"
SUBREDDITS = "REDDIT_SUBREDDITS"
SLOW = 2.0 + 1.5  # two pauses between quick retries
RENEWED = 2.0 + 2.0  # the library's pause before it asks with a new token


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 2.0, **more: Any) -> Row:
    """A row about Reddit."""
    return Row(name, "reddit", plan, code, says, audited, seconds, **more)


def token(fault: Fault) -> Plan:
    """Nobody can sign in."""
    return at("access_token", fault)


def closed(why: Closed) -> Plan:
    """The subreddit cannot be read."""

    def plan(scene: Scene) -> None:
        assert isinstance(scene.server, RedditServer)
        scene.server.closed["bridges"] = why

    return plan


def _same_page(scene: Scene) -> None:
    at("listing", more_faults.same_page_for_ever(scene))(scene)


def _missing(scene: Scene) -> None:
    scene.operator.environment["REDDIT_SUBREDDITS"] = "nosuchplace"


def _json(name: str, document: object, status: int = 200) -> Fault:
    return more_faults.answered(name, document, status)


EMPTY_LISTING = _json("empty_listing", {"kind": "Listing", "data": {"after": None, "children": []}})
ODD_CHALLENGE = more_faults.answered("odd", {"error": 401}, 401, {"www-authenticate": 'Basic realm="proxy"'})
BARE_CHALLENGE = more_faults.answered("bare", {"error": 403}, 403, {"www-authenticate": "Negotiate"})
ODD_RESET = more_faults.answered(
    "odd_reset",
    {"kind": "Listing", "data": {"after": None, "children": []}},
    200,
    {"x-ratelimit-remaining": "0", "x-ratelimit-used": "many", "x-ratelimit-reset": "nan"},
)

KINDS: tuple[tuple[str, Fault, int, str, str, float], ...] = (
    ("401", faults.unauthorized(), 77, CREDENTIALS, "(401)", RENEWED),
    ("403", faults.forbidden(), 77, CREDENTIALS, "(403)", 2),
    ("429 ends soon", faults.rate_limited(faults.Reset.NEAR), 75, NEXT_RUN, "429", 2),
    ("429 ends in minutes", faults.rate_limited(faults.Reset.FAR), 75, NEXT_RUN, "429", 2),
    ("429 ended in the past", faults.rate_limited(faults.Reset.PAST), 75, NEXT_RUN, "429", 2),
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
    ("list as JSON", faults.json_list(), 76, PORTAL, "no listing", 2),
    ("empty body", faults.empty_body(), 76, PORTAL, "no listing", 2),
    ("data null", faults.null_data(), 76, PORTAL, "no listing", 2),
    ("errors only", faults.errors_only(), 76, PORTAL, "no listing", 2),
)

REDDIT_ROWS: tuple[Row, ...] = (
    *(row(name, at("listing", fault), code, says, told, most) for name, fault, code, says, told, most in KINDS),
    *(
        row(f"second page: {name}", second_page(fault), code, says, told, most)
        for name, fault, code, says, told, most in KINDS
    ),
    row("401 without a challenge", at("listing", faults.unauthorized_without_challenge()), 77, CREDENTIALS, "(401)", 4),
    row("401 with another challenge", at("listing", ODD_CHALLENGE), 77, CREDENTIALS, "(401)", 4),
    row("403 with a bare challenge", at("listing", BARE_CHALLENGE), 77, CREDENTIALS, "(403)"),
    row("an expired token is renewed", times(1, faults.unauthorized(), endpoint="listing"), 0, seconds=RENEWED),
    row("5xx burst", times(2, faults.server_error(502), endpoint="listing"), 0, seconds=SLOW),
    row("resets, then well", times(2, faults.connection_reset(), endpoint="listing"), 0, seconds=SLOW),
    row("truncated once, then well", times(1, faults.truncated_body(), endpoint="listing"), 0, seconds=SLOW),
    row("sign-in: 401", token(faults.unauthorized()), 77, CREDENTIALS, "sign-in"),
    row("sign-in: 403", token(faults.forbidden()), 77, CREDENTIALS, "sign-in"),
    row(
        "sign-in: invalid grant with 200", token(_json("grant", {"error": "invalid_grant"})), 77, CREDENTIALS, "sign-in"
    ),
    row("sign-in: 429", token(faults.rate_limited()), 75, NEXT_RUN, "429"),
    row("sign-in: 5xx burst", times(2, faults.server_error(502), endpoint="access_token"), 0, seconds=SLOW),
    row("sign-in: 503 for ever", token(faults.server_error()), 69, NEXT_RUN, "(503)", SLOW),
    row("sign-in: hang", token(faults.hang()), 69, "tries again", "no answer in time"),
    row("sign-in: 404", token(faults.not_found()), 76, PORTAL, "404"),
    row("sign-in: HTML with 200", token(faults.html_page()), 76, PORTAL, "sign-in"),
    row("sign-in: redirect to a login page", token(faults.redirect_to_login()), 76, PORTAL, "sign-in"),
    row("sign-in: list as JSON", token(faults.json_list()), 76, PORTAL, "sign-in"),
    row("sign-in: empty body", token(faults.empty_body()), 76, PORTAL, "sign-in"),
    row("sign-in: null", token(_json("null", None)), 76, PORTAL, "sign-in"),
    row("sign-in: no token in the answer", token(faults.errors_only()), 76, PORTAL, "sign-in"),
    row(
        "sign-in: a token that lasts a text",
        token(_json("text", {"access_token": "a", "expires_in": "1h", "scope": "*"})),
        76,
        PORTAL,
        "sign-in",
    ),
    row("private subreddit", closed(Closed.PRIVATE), 78, SUBREDDITS, "is private"),
    row("quarantined subreddit", closed(Closed.QUARANTINED), 78, SUBREDDITS, "is quarantined"),
    row("banned subreddit", closed(Closed.BANNED), 78, SUBREDDITS, "is banned"),
    row("missing subreddit", _missing, 78, SUBREDDITS, "does not exist"),
    row("404 without a reason", at("listing", faults.not_found()), 78, SUBREDDITS, "404"),
    row("400 with a JSON list", at("listing", _json("400", [{}], 400)), 76, PORTAL, "400"),
    row("400 with fields", at("listing", _json("400", {"fields": ["a", "b"], "reason": "x"}, 400)), 76, PORTAL, "400"),
    row("415 with HTML", at("listing", more_faults.answered("415", "no", 415)), 76, PORTAL, "415"),
    row("500 with a JSON list", at("listing", _json("500", ["sorry"], 500)), 69, NEXT_RUN, "(500)", SLOW),
    row("403 that repeats the credentials", token(more_faults.told_secret()), 77, CREDENTIALS, "sign-in"),
    row("redirect without a target", at("listing", more_faults.redirect("")), 76, PORTAL, "redirects"),
    row("gzip that is none", at("listing", more_faults.broken_gzip()), 76, "REDDIT_OAUTH_URL", "makes no sense"),
    row(
        "an endless body",
        patiently(at("listing", more_faults.endless_body())),
        76,
        "REDDIT_OAUTH_URL",
        "larger than",
        20,
    ),
    row("JSON without bottom", at("listing", more_faults.deep_json()), 76, PORTAL, "makes no sense"),
    row("a quota that resets at no time", times(1, ODD_RESET, endpoint="listing"), 75, NEXT_RUN, "no requests left"),
    row("listing names the same page for ever", _same_page, 3, "try again later", "same next page"),
    row("listing loses its place", second_page(EMPTY_LISTING), 3, NEXT_RUN, "lost its place"),
    row("look-up: 503", at("info", faults.server_error()), 3, NEXT_RUN, "(503)", SLOW, has_run_before=True),
    row("look-up: hang", at("info", faults.hang()), 3, "tries again", "no answer in time", has_run_before=True),
    row("look-up: HTML", at("info", faults.html_page()), 3, PORTAL, "no JSON", has_run_before=True),
)
