"""Named faults for both platforms, and `flaky`, which mixes them.

Each function returns a `Fault`; give it to `server.faults.add(fault, times=..., endpoint=...)`.
Where the platforms differ (bodies, rate-limit headers) the fault looks at the request. Bodies
follow recorded answers of the real services where such were found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from enum import Enum
from urllib.parse import urlsplit

from .http_base import LOGIN_PAGE, PORTAL_PATH
from .messages import Answer, Delivery, Fault, JsonObject, Request, json_answer
from .x_problems import (
    CLIENT_FORBIDDEN,
    CREDITS_DEPLETED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    USAGE_CAPPED,
    since_id_too_old_problem,
)

HTML = {"content-type": "text/html; charset=UTF-8"}
WINDOW_SECONDS = {"x": 900, "reddit": 600}
WINDOW_LIMIT = {"x": 450, "reddit": 1000}


class Reset(Enum):
    """When a 429 says the limit ends. The value is in seconds from now; None says nothing."""

    NEAR = 1
    FAR = 14 * 60
    PAST = -60  # a client's clock that runs ahead of the server's sees this
    MISSING = None


def unauthorized() -> Fault:
    """A 401: the token is wrong or was revoked."""
    challenge = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
    return _by_platform(
        "unauthorized",
        x=json_answer(UNAUTHORIZED, 401),
        reddit=json_answer({"message": "Unauthorized", "error": 401}, 401, challenge),
    )


def unauthorized_without_challenge() -> Fault:
    """A 401 without the www-authenticate header: prawcore 4.0.0 answers it with KeyError."""
    return _by_platform(
        "unauthorized_without_challenge",
        x=json_answer(UNAUTHORIZED, 401),
        reddit=json_answer({"message": "Unauthorized", "error": 401}, 401),
    )


def credits_depleted() -> Fault:
    """A 402: the account has no money left."""
    return _always("credits_depleted", json_answer(CREDITS_DEPLETED, 402))


def forbidden() -> Fault:
    """A 403: the app may not use this; asking again cannot help."""
    return _by_platform(
        "forbidden",
        x=json_answer(CLIENT_FORBIDDEN, 403),
        reddit=json_answer({"message": "Forbidden", "error": 403}, 403),
    )


def not_found() -> Fault:
    """A 404."""
    x_body = {"title": "Not Found", "detail": "Not Found", "type": "about:blank", "status": 404}
    reddit_body = {"message": "Not Found", "error": 404}
    return _by_platform("not_found", json_answer(x_body, 404), json_answer(reddit_body, 404))


def rate_limited(reset: Reset = Reset.NEAR) -> Fault:
    """A 429 whose headers place the end of the limit as *reset* says.

    After one of these prawcore sleeps inside its NEXT request: 14 minutes with Reset.FAR.
    """

    def answer(request: Request) -> Answer:
        headers = rate_limit_headers(request, remaining=0, reset_in_seconds=reset.value)
        if request.platform == "x":
            return json_answer(TOO_MANY_REQUESTS, 429, headers)
        if reset.value is not None:
            headers["retry-after"] = str(reset.value)
        return json_answer({"message": "Too Many Requests", "error": 429}, 429, headers)

    return Fault(f"rate_limited_{reset.name.lower()}", answer)


def usage_capped() -> Fault:
    """A 429 that no waiting helps: the month's posts are used up, the rate limit is not."""

    def answer(request: Request) -> Answer:
        headers = rate_limit_headers(request, remaining=420, reset_in_seconds=600)
        return json_answer(USAGE_CAPPED, 429, headers)

    return Fault("usage_capped", answer)


def server_error(status: int = 503) -> Fault:
    """A 500, 502, 503 or 504 with the HTML page of a front server."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return _always(f"server_error_{status}", Answer(status, page.encode(), HTML))


def hang() -> Fault:
    """The request is accepted and nothing is answered until the server stops."""
    return _always("hang", Answer(delivery=Delivery.NEVER))


def slow_body(seconds_per_drip: float = 0.05, drips: int = 100) -> Fault:
    """A body that keeps trickling, so that no time-out between two bytes ever ends it."""
    body = b'{"data":"' + b"." * max(drips - 11, 0) + b'"}'
    answer = Answer(
        body=body,
        headers={"content-type": "application/json"},
        delivery=Delivery.DRIPPED,
        drip_seconds=seconds_per_drip,
    )
    return _always("slow_body", answer)


def truncated_body() -> Fault:
    """Content-Length promises twice what is sent before the connection closes."""
    return Fault("truncated_body", lambda request: _truncated(_empty_result(request)))


def connection_reset() -> Fault:
    """A TCP reset in place of an answer."""
    return _always("connection_reset", Answer(delivery=Delivery.RESET))


def html_page() -> Fault:
    """A 200 with an HTML page: a captive portal that answers for everybody."""
    return _always("html_page", Answer(body=LOGIN_PAGE, headers=HTML))


def redirect_to_login() -> Fault:
    """A 302 to the login page of another host: the other kind of captive portal.

    The other host is "localhost" on this server's port, so following it stays on this machine.
    """

    def answer(request: Request) -> Answer:
        parts = urlsplit(request.server_url)
        target = f"{parts.scheme}://localhost:{parts.port}{PORTAL_PATH}"
        return Answer(302, b"", {**HTML, "location": target})

    return Fault("redirect_to_login", answer)


def broken_json() -> Fault:
    """A 200 whose JSON stops in the middle, though every promised byte arrives."""
    return _json_text("broken_json", b'{"data":[{"id":"1","text":"half a')


def json_list() -> Fault:
    """A 200 with a JSON list where an object is expected."""
    return _json_text("json_list", b'[{"id":"1","text":"unexpected"}]')


def empty_body() -> Fault:
    """A 200 with no body at all."""
    return _json_text("empty_body", b"")


def null_data() -> Fault:
    """A 200 whose `data` is null."""

    def answer(request: Request) -> Answer:
        return json_answer({**_empty_result(request), "data": None})

    return Fault("null_data", answer)


def errors_only() -> Fault:
    """A 200 that holds errors and nothing else."""
    x_error = {
        "title": "Not Found Error",
        "detail": "Could not find tweet with id: [1].",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
        "resource_type": "tweet",
        "value": "1",
    }
    reddit_body = {"json": {"errors": [["RATELIMIT", "try again later", "ratelimit"]]}}
    x_body = {"errors": [x_error]}
    return _by_platform("errors_only", json_answer(x_body), json_answer(reddit_body))


def since_id_too_old() -> Fault:
    """X's 400 for a since_id of more than seven days ago, with the request's own id."""

    def answer(request: Request) -> Answer:
        since_id = request.query.get("since_id", "1")
        return json_answer(since_id_too_old_problem(since_id, request.time), 400)

    return Fault("since_id_too_old", answer)


def rate_limit_headers(
    request: Request,
    *,
    remaining: int,
    reset_in_seconds: int | None,
) -> dict[str, str]:
    """Return the platform's rate-limit headers; without a reset time nothing says when."""
    limit = WINDOW_LIMIT.get(request.platform, 10_000)
    if request.platform == "x":
        headers = {"x-rate-limit-limit": str(limit), "x-rate-limit-remaining": str(remaining)}
        if reset_in_seconds is not None:
            headers["x-rate-limit-reset"] = str(int(request.time) + reset_in_seconds)
        return headers
    if reset_in_seconds is None:
        return {}  # prawcore needs all three or none
    return {
        "x-ratelimit-used": str(limit - remaining),
        "x-ratelimit-remaining": f"{remaining:.1f}",
        "x-ratelimit-reset": str(reset_in_seconds),
    }


def _always(name: str, answer: Answer) -> Fault:
    return Fault(name, lambda request: answer)


def _by_platform(name: str, x: Answer, reddit: Answer) -> Fault:
    return Fault(name, lambda request: x if request.platform == "x" else reddit)


def _json_text(name: str, body: bytes) -> Fault:
    return _always(name, Answer(body=body, headers={"content-type": "application/json"}))


def _empty_result(request: Request) -> JsonObject:
    if request.platform == "x":
        return {"meta": {"result_count": 0}}
    return {"kind": "Listing", "data": {"after": None, "before": None, "children": []}}


def _truncated(document: JsonObject) -> Answer:
    whole = json_answer(document)
    return Answer(whole.status, whole.body, whole.headers, Delivery.TRUNCATED)


QUICK_FAULTS: tuple[Fault, ...] = (
    unauthorized(),
    credits_depleted(),
    forbidden(),
    not_found(),
    *(rate_limited(reset) for reset in Reset),
    usage_capped(),
    *(server_error(status) for status in (500, 502, 503, 504)),
    truncated_body(),
    connection_reset(),
    html_page(),
    redirect_to_login(),
    broken_json(),
    json_list(),
    empty_body(),
    null_data(),
    errors_only(),
    since_id_too_old(),
)
ALL_FAULTS: tuple[Fault, ...] = (*QUICK_FAULTS, hang(), slow_body())  # two need a time-out
_UNLIKE_REDDIT = ("credits_depleted", "usage_capped", "since_id_too_old", "rate_limited_far")
# What Reddit itself can do, without the limits prawcore would sleep minutes for.
REDDIT_FAULTS: tuple[Fault, ...] = tuple(f for f in QUICK_FAULTS if f.name not in _UNLIKE_REDDIT)


def flaky(
    seed: int,
    rate: float,
    kinds: Sequence[Fault] = ALL_FAULTS,
) -> Callable[[Request], Fault | None]:
    """Return a decider for `server.faults.decide_with`: *rate* (0..1) of the requests fail.

    The n-th request of a server always meets the same fate for the same seed, whatever the
    threads do. Pass QUICK_FAULTS when the client has no time-out, REDDIT_FAULTS to praw.
    """

    def decide(request: Request) -> Fault | None:
        dice = random.Random(f"{seed}:{request.serial}")
        return dice.choice(kinds) if dice.random() < rate else None

    return decide
