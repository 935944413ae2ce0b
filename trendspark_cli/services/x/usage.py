"""What X itself counted: posts billed by day, and the cap of the account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
import tweepy

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import BadAnswerError
from trendspark_cli.services.http import BoundedAdapter, session
from trendspark_cli.services.transport_errors import no_answer
from trendspark_cli.services.x.search import LIBRARY_HOST, endpoint_name, refusal

FIELDS = "cap_reset_day,project_cap,project_usage,daily_project_usage"
MOST_DAYS = 90  # X tells no more


@dataclass(frozen=True)
class XUsage:
    """Posts by UTC day (YYYY-MM-DD), and those of the account's own month. None is what X did not tell."""

    by_day: dict[str, int] | None
    this_period: int | None
    cap: int | None
    cap_reset_day: int | None
    service: str = "x"


def read_usage(
    days: int, *, bearer_token: str, base_url: str, record: Callable[[ApiCall], None], answer_seconds: float
) -> XUsage:
    """Return what X counted in the last *days*; the call is free.

    Raises UpstreamError as sources.protocol.Source does.
    """
    client = tweepy.Client(bearer_token, return_type=requests.Response)
    adapter = BoundedAdapter(
        "x",
        record,
        rewrites={LIBRARY_HOST: base_url},
        endpoint_of=endpoint_name,
        remaining_header="x-rate-limit-remaining",
        answer_seconds=answer_seconds,
    )
    session(adapter, client.session).hooks["response"].append(_judge)
    parameters = {"days": str(max(1, min(days, MOST_DAYS))), "usage.fields": FIELDS}
    try:
        # tweepy has no method for this path, but sends any.
        response = client.request("GET", "/2/usage/tweets", params=parameters)
    except requests.exceptions.RequestException as error:
        raise no_answer("x", error, "X_API_BASE_URL") from error
    return read_answer(response.content)


def read_answer(content: bytes) -> XUsage:
    """Return what an answer says; raise BadAnswerError when it says nothing of usage."""
    try:
        data = json.loads(content)["data"]
        known = {name: _count(data.get(name)) for name in ("project_usage", "project_cap", "cap_reset_day")}
        by_day: dict[str, int] | None = None
        if data.get("daily_project_usage"):
            by_day = {}
            for day, count in _days(data["daily_project_usage"]):
                by_day[day] = by_day.get(day, 0) + count
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadAnswerError("x", "the answer tells no usage", hint="check X_API_BASE_URL") from error
    return XUsage(by_day, known["project_usage"], known["project_cap"], known["cap_reset_day"])


def _days(usage: Any) -> Iterator[tuple[str, int]]:
    """Yield (day, posts) of both forms X's documents show: days with a number, and days with a list by app."""
    for item in usage["usage"] if isinstance(usage, dict) else usage:
        told = item["usage"]
        apps = told if isinstance(told, list) else [{"tweets_consumed": told}]
        yield str(item["date"])[:10], sum(int(app["tweets_consumed"]) for app in apps)


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _judge(response: requests.Response, **options: Any) -> None:
    if response.status_code >= 300:
        raise refusal(response, None, "the usage endpoint")
