"""The rules of recent search: which parameters are allowed, and which window they ask for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from .messages import JsonObject, Request
from .x_names import EXPANSIONS, TWEET_FIELDS
from .x_posts import x_id
from .x_problems import (
    SEARCH_WINDOW_SECONDS,
    invalid_request,
    minute,
    oldest_searchable_id,
    since_id_too_old_problem,
)
from .x_query import QueryError, parse_query

Matcher = Callable[[JsonObject], bool]

QUERY_LIMIT = 512  # characters, for self-serve apps
DEFAULT_END_SECONDS = 30  # without end_time, search ends this long ago
NEWEST_END_SECONDS = 10  # an end_time may not be younger than this
DEFAULT_FIELDS = ("id", "text", "edit_history_tweet_ids")
WINDOW_PARAMETERS = ("query", "since_id", "until_id", "start_time", "end_time")
PAGE_PARAMETERS = ("max_results", "next_token", "pagination_token", "sort_order")


class RefusedRequestError(Exception):
    """X answers this request with a 400; `problem` is the body."""

    def __init__(self, problem: JsonObject) -> None:
        super().__init__(problem["errors"][0]["message"])
        self.problem = problem


@dataclass(frozen=True)
class Window:
    """Which ids a search looks at: above `after_id` (exclusive) and below `before_id`."""

    after_id: int
    before_id: int
    matches: Matcher

    def holds(self, post: JsonObject) -> bool:
        """Whether *post* belongs to the result."""
        return self.after_id < int(post["id"]) < self.before_id and self.matches(post)


def read_window(request: Request, *, match_everything: bool) -> Window:
    """Return what the request asks for. Raises RefusedRequestError."""
    query = request.query
    matches = _read_query(query, match_everything)
    ids = {name: query[name] for name in ("since_id", "until_id") if name in query}
    times = {name: query[name] for name in ("start_time", "end_time") if name in query}
    if ids and times:
        wrong = "Invalid use of 'since_id' or 'until_id'"
        message = f"{wrong} in conjunction with 'start_time' or 'end_time'."
        raise RefusedRequestError(invalid_request({**ids, **times}, message))
    after_id = oldest_searchable_id(request.time) - 1
    before_id = _first_id_at(request.time - DEFAULT_END_SECONDS)
    if "since_id" in ids:
        after_id = _read_since_id(ids["since_id"], request.time)
    if "until_id" in ids:
        before_id = min(_number("until_id", ids["until_id"]), _first_id_at(request.time))
    if "start_time" in times:
        after_id = _read_start(times["start_time"], request.time) - 1
    if "end_time" in times:
        before_id = _read_end(times["end_time"], request.time)
    return Window(after_id, before_id, matches)


def read_max_results(query: Mapping[str, str]) -> int:
    """Return how many posts a page may hold. Raises RefusedRequestError outside 10..100."""
    text = query.get("max_results", "10")
    if not text.isdigit() or not 10 <= int(text) <= 100:
        message = f"The `max_results` query parameter value [{text}] is not between 10 and 100"
        raise RefusedRequestError(invalid_request({"max_results": text}, message))
    return int(text)


def read_fields(query: Mapping[str, str]) -> frozenset[str]:
    """Return the post fields to answer, the default ones included. Raises RefusedRequestError."""
    named = _read_list(query, "tweet.fields", TWEET_FIELDS)
    named |= _read_list(query, "post.fields", TWEET_FIELDS)
    return frozenset(DEFAULT_FIELDS) | named


def read_expansions(query: Mapping[str, str]) -> frozenset[str]:
    """Return the expansions asked for. Raises RefusedRequestError."""
    return _read_list(query, "expansions", EXPANSIONS)


def refuse_unknown_parameters(query: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Raise RefusedRequestError when the request has a parameter X does not know."""
    for name, value in query.items():
        if name not in known:
            listing = ",".join(known)
            message = f"The query parameter [{name}] is not one of [{listing}]"
            raise RefusedRequestError(invalid_request({name: value}, message))


def page_token(query: Mapping[str, str], last_id: str) -> str:
    """Return the opaque token that continues below *last_id* of the same search."""
    plain = f"{last_id}:{_digest(query)}".encode()
    return base64.b32encode(plain).decode().rstrip("=").lower()


def read_page_token(query: Mapping[str, str]) -> int | None:
    """Return the id to continue below; None for a first page. Raises RefusedRequestError."""
    name = "next_token" if "next_token" in query else "pagination_token"
    token = query.get(name)
    if token is None:
        return None
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        last_id, digest = base64.b32decode(padded).decode().split(":")
        if digest == _digest(query):
            return int(last_id)
    except ValueError:
        pass
    message = f"The `{name}` query parameter value [{token}] is not valid"
    raise RefusedRequestError(invalid_request({name: token}, message))


def _digest(query: Mapping[str, str]) -> str:
    asked = "\n".join(f"{name}={query.get(name, '')}" for name in WINDOW_PARAMETERS)
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def _read_query(query: Mapping[str, str], match_everything: bool) -> Matcher:
    text = query.get("query", "")
    if not text:
        message = "The `query` query parameter can not be empty"
        raise RefusedRequestError(invalid_request({"query": text}, message))
    if len(text) > QUERY_LIMIT:
        message = (
            "There were errors processing your request:"
            f" Rule length exceeds the limit of {QUERY_LIMIT} characters"  # our wording
        )
        raise RefusedRequestError(invalid_request({"query": text}, message))
    if match_everything:
        return lambda post: True
    try:
        return parse_query(text)
    except QueryError as error:
        raise RefusedRequestError(invalid_request({"query": text}, str(error))) from error


def _read_since_id(text: str, now: float) -> int:
    since_id = _number("since_id", text)
    if since_id <= oldest_searchable_id(now):
        raise RefusedRequestError(since_id_too_old_problem(text, now))
    if since_id > _first_id_at(now):
        message = f"'since_id' must be a tweet id created before {minute(datetime.fromtimestamp(now, UTC))}."
        raise RefusedRequestError(invalid_request({"since_id": text}, message))
    return since_id


def _read_start(text: str, now: float) -> int:
    start = _moment("start_time", text)
    if start < now - SEARCH_WINDOW_SECONDS:
        oldest = datetime.fromtimestamp(now - SEARCH_WINDOW_SECONDS, UTC)
        message = (
            f"Invalid 'start_time':'{minute(datetime.fromtimestamp(start, UTC))}'."
            f" 'start_time' must be on or after {minute(oldest)}"
        )
        raise RefusedRequestError(invalid_request({"start_time": text}, message))
    if start > now - NEWEST_END_SECONDS:
        message = "'start_time' must be a minimum of 10 seconds prior to the request time."
        raise RefusedRequestError(invalid_request({"start_time": text}, message))
    return _first_id_at(start)


def _read_end(text: str, now: float) -> int:
    end = _moment("end_time", text)
    if end > now - NEWEST_END_SECONDS:
        message = (
            f"Invalid 'end_time':'{minute(datetime.fromtimestamp(end, UTC))}'. 'end_time' must be"
            f" a minimum of {NEWEST_END_SECONDS} seconds prior to the request time."
        )
        raise RefusedRequestError(invalid_request({"end_time": text}, message))
    return _first_id_at(end)


def _read_list(query: Mapping[str, str], name: str, known: tuple[str, ...]) -> frozenset[str]:
    values = frozenset(query[name].split(",")) if query.get(name) else frozenset[str]()
    for value in values:
        if value not in known:
            listing = ",".join(known)
            message = f"The `{name}` query parameter value [{value}] is not one of [{listing}]"
            raise RefusedRequestError(invalid_request({name: query[name]}, message))
    return values


def _number(name: str, text: str) -> int:
    if not text.isdigit() or len(text) > 19:
        message = f"The `{name}` query parameter value [{text}] is not valid"
        raise RefusedRequestError(invalid_request({name: text}, message))
    return int(text)


def _moment(name: str, text: str) -> float:
    moment: datetime | None = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is None or moment.tzinfo is None:
        message = f"The `{name}` query parameter value [{text}] is not a valid RFC3339 time"
        raise RefusedRequestError(invalid_request({name: text}, message))
    return moment.timestamp()


def _first_id_at(seconds: float) -> int:
    return x_id(datetime.fromtimestamp(seconds, UTC))
