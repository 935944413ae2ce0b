"""The problem documents X answers with, worded as seen in the wild.

Texts marked "our wording" were not found in any recorded answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from .messages import JsonObject
from .x_posts import x_id

PROBLEMS = "https://api.twitter.com/2/problems"
SEARCH_WINDOW_SECONDS = 7 * 24 * 3600  # recent search looks back seven days

UNAUTHORIZED: JsonObject = {
    "title": "Unauthorized",
    "type": "about:blank",
    "status": 401,
    "detail": "Unauthorized",
}
CREDITS_DEPLETED: JsonObject = {
    "title": "CreditsDepleted",
    "detail": "Your enrolled account [10001] does not have any credits to fulfill this request.",
    "type": f"{PROBLEMS}/credits",
}
CLIENT_FORBIDDEN: JsonObject = {
    "client_id": "10000001",
    "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys"
    " and tokens from a Twitter developer App that is attached to a Project. You can create a"
    " project via the developer portal.",
    "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
    "title": "Client Forbidden",
    "required_enrollment": "Appropriate Level of API Access",
    "reason": "client-not-enrolled",
    "type": f"{PROBLEMS}/client-forbidden",
}
TOO_MANY_REQUESTS: JsonObject = {
    "title": "Too Many Requests",
    "detail": "Too Many Requests",
    "type": "about:blank",
    "status": 429,
}
USAGE_CAPPED: JsonObject = {
    "account_id": 1000000001,
    "product_name": "pay-per-use",
    "title": "UsageCapExceeded",
    "period": "Monthly",
    "scope": "Product",
    "detail": "Usage cap exceeded: Monthly product cap",
    "type": f"{PROBLEMS}/usage-capped",
}


def invalid_request(parameters: dict[str, str], message: str) -> JsonObject:
    """Return the body of a 400 that blames *parameters*."""
    return {
        "errors": [
            {
                "parameters": {name: [value] for name, value in parameters.items()},
                "message": message,
            }
        ],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }


def oldest_searchable_id(now: float) -> int:
    """Return the id a since_id must exceed at *now* (Unix seconds)."""
    return x_id(datetime.fromtimestamp(now - SEARCH_WINDOW_SECONDS, UTC), sequence=0)


def since_id_too_old_problem(since_id: str, now: float) -> JsonObject:
    """Return X's refusal of a since_id from before the window."""
    oldest = datetime.fromtimestamp(now - SEARCH_WINDOW_SECONDS, UTC)
    message = (
        f"'since_id' must be a tweet id created after {minute(oldest)}."
        f" Please use a 'since_id' that is larger than {oldest_searchable_id(now)}"
    )
    return invalid_request({"since_id": since_id}, message)


def not_found_error(parameter: str, ids: Sequence[str]) -> list[JsonObject]:
    """Return one partial error per id, as answered beside `data`."""
    return [
        {
            "value": one,
            "detail": f"Could not find tweet with {parameter}: [{one}].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": parameter,
            "resource_id": one,
            "type": f"{PROBLEMS}/resource-not-found",
        }
        for one in ids
    ]


def missing_author_error(author_id: str) -> JsonObject:
    """Return the partial error for the author who is suspended or gone."""
    return {
        "value": author_id,
        "detail": f"User has been suspended: [{author_id}].",
        "title": "Forbidden",
        "resource_type": "user",
        "parameter": "author_id",
        "resource_id": author_id,
        "type": f"{PROBLEMS}/resource-not-found",
    }


def minute(moment: datetime) -> str:
    """Return *moment* as X writes it in messages, such as 2026-11-01T12:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
