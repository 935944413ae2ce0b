"""The answer of /2/usage/tweets: how many posts were billed, in all and by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .messages import JsonObject, Request
from .x_billing import BillingLedger

MOST_USAGE_DAYS = 90
DEFAULT_FIELDS = "cap_reset_day,project_cap,project_id,project_usage"
PROJECT_ID = "1000000001"


def usage_document(billing: BillingLedger, days: int, request: Request, cap: int) -> JsonObject:
    """Return the fields that were asked for; days come oldest first, those without usage too."""
    today = datetime.fromtimestamp(request.time, UTC).date()
    usage = [
        {"date": f"{day}T00:00:00.000Z", "usage": str(len(billing.posts_by_day.get(day, ())))}
        for day in (today - timedelta(days=back) for back in reversed(range(days)))
    ]
    known: JsonObject = {
        "cap_reset_day": 1,
        "project_cap": str(cap),
        "project_id": PROJECT_ID,
        "project_usage": str(billing.billed_posts),
        "daily_project_usage": {"project_id": PROJECT_ID, "usage": usage},
    }
    wanted = request.query.get("usage.fields", DEFAULT_FIELDS).split(",")
    return {"data": {name: value for name, value in known.items() if name in wanted}}
