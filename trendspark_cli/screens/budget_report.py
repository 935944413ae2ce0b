"""What `budget` says: used, reserved and forecast against each ceiling, and our ledger against X's."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Ceiling, Profile
from trendspark_cli.base.profiles import shares_of
from trendspark_cli.store.protocol import Store

if TYPE_CHECKING:
    from trendspark_cli.services.x.usage import XUsage

COUNTS = "counts_recent"  # requests for counts cost like a read, but X's usage counts posts
PACE_DAYS = 7  # a week holds each weekday once


class BudgetRow(NamedTuple):
    """One ceiling of a service, in units or USD, and what was used of it."""

    service: str
    period: str
    used: int
    reserved: int
    limit: int | None
    forecast: int
    used_usd: float
    reserved_usd: float
    limit_usd: float | None
    forecast_usd: float


class ProfileSpend(NamedTuple):
    """What a profile used of X in a period, and its part of the ceiling."""

    service: str
    profile: str
    period: str
    used: int
    reserved: int
    used_usd: float
    share: float | None
    limit: int | None


class DayOfReads(NamedTuple):
    """Reads of a UTC day (YYYY-MM-DD), by our books and by those of X."""

    day: str
    ours: int
    x: int
    difference: int


class Reconciliation(NamedTuple):
    """Our reads since a day (YYYY-MM-DD) beside those X counted."""

    service: str
    since: str
    ours: int
    x: int
    difference: int
    days: tuple[DayOfReads, ...]
    x_cap: int | None
    x_used_of_cap: int | None
    x_cap_reset_day: int | None


def budget_rows(
    store: Store, ceilings: Mapping[str, Sequence[Ceiling]], prices: Mapping[str, float], now: datetime
) -> list[BudgetRow]:
    """Return a row for each ceiling. *prices*: USD of a unit by service, where all units cost the same."""
    return [
        _row(store, service, ceiling, prices.get(service), now) for service in ceilings for ceiling in ceilings[service]
    ]


def profile_rows(
    store: Store, profiles: Sequence[Profile], ceilings: Mapping[str, Sequence[Ceiling]], now: datetime
) -> list[ProfileSpend]:
    """Return what each profile used this day and month, and its share; also of one that is no more.

    *profiles* are those that are read, *ceilings* those that they share, by service.
    """
    return [row for service in ceilings for row in _rows_of_profiles(store, profiles, service, ceilings[service], now)]


def _rows_of_profiles(
    store: Store, profiles: Sequence[Profile], service: str, ceilings: Sequence[Ceiling], now: datetime
) -> list[ProfileSpend]:
    today = to_text(now)[:10]
    known = {profile.name: profile for profile in profiles}
    names = dict.fromkeys([*known, *store.spend.profiles_in(service, f"{today[:8]}01", today)])
    rows = []
    for name in names:
        profile = known.get(name, Profile(name, ()))
        shares: dict[str, int] = {share.period: int(share.limit) for share in shares_of(profile, ceilings)}
        for period, spent in store.spend.spent_now(service, today, name).items():
            rows.append(
                ProfileSpend(
                    service=service,
                    profile=name,
                    period=period,
                    used=spent.used,
                    reserved=spent.reserved,
                    used_usd=round(spent.used_usd, 4),
                    share=profile.share,
                    limit=shares.get(period),
                )
            )
    return rows


def forecast(used: int, pace_per_day: float, now: datetime, period: str) -> int:
    """Return the units a UTC day or month will have used at its end, at this pace."""
    day_left = 1 - (now.hour * 3600 + now.minute * 60 + now.second) / 86400
    days_left = day_left if period == "day" else monthrange(now.year, now.month)[1] - now.day + day_left
    return round(used + pace_per_day * days_left)


def pace_per_day(used_by_day: Mapping[str, int], now: datetime) -> float:
    """Return units a day since the first of these days.

    A first day counts whole, or what a first run read back would look like a habit.
    """
    if not used_by_day:
        return 0.0
    began = datetime.fromisoformat(min(used_by_day)).replace(tzinfo=now.tzinfo)
    return sum(used_by_day.values()) / max(1.0, (now - began) / timedelta(days=1))


def reconciliation(store: Store, usage: XUsage, now: datetime) -> Reconciliation:
    """Return our reads of this month beside those X counted, by day where X tells days.

    X counts every app of the project and bills a post once a day, so both may differ in good faith; more on X's side
    than on ours means that something else spends.
    """
    today = to_text(now)[:10]
    if usage.by_day is None:
        first = _period_start(now, usage.cap_reset_day or 1)
        days: tuple[DayOfReads, ...] = ()
        ours = sum(store.spend.used_by_day(usage.service, first, today, without=COUNTS).values())
        theirs = usage.this_period or 0
    else:
        first = f"{today[:8]}01"
        our_days = store.spend.used_by_day(usage.service, first, today, without=COUNTS)
        their_days = {day: count for day, count in usage.by_day.items() if first <= day <= today}
        both = ((day, our_days.get(day, 0), their_days.get(day, 0)) for day in sorted(our_days | their_days))
        days = tuple(DayOfReads(day, ours, theirs, theirs - ours) for day, ours, theirs in both if ours or theirs)
        ours, theirs = sum(our_days.values()), sum(their_days.values())
    return Reconciliation(
        service=usage.service,
        since=first,
        ours=ours,
        x=theirs,
        difference=theirs - ours,
        days=days,
        x_cap=usage.cap,
        x_used_of_cap=usage.this_period,
        x_cap_reset_day=usage.cap_reset_day,
    )


def _row(store: Store, service: str, ceiling: Ceiling, price: float | None, now: datetime) -> BudgetRow:
    text = to_text(now)
    spent = store.spend.spent_now(service, text[:10])[ceiling.period]
    week = store.spend.used_by_day(service, to_text(now - timedelta(days=PACE_DAYS - 1))[:10], text[:10])
    units = forecast(spent.used + spent.reserved, pace_per_day(week, now), now, ceiling.period)
    mean_price = spent.used_usd / spent.used if spent.used else price or 0.0
    in_usd = ceiling.is_in_usd
    limit_usd = ceiling.limit if in_usd else ceiling.limit * price if price is not None else None
    return BudgetRow(
        service=service,
        period=ceiling.period,
        used=spent.used,
        reserved=spent.reserved,
        limit=None if in_usd else int(ceiling.limit),
        forecast=units,
        used_usd=round(spent.used_usd, 4),
        reserved_usd=round(spent.reserved_usd, 4),
        limit_usd=None if limit_usd is None else round(limit_usd, 2),
        forecast_usd=round(units * mean_price, 2),
    )


def _period_start(now: datetime, reset_day: int) -> str:
    """Return the last day (YYYY-MM-DD) at which the account's own month began."""
    this_month = now.replace(day=min(reset_day, monthrange(now.year, now.month)[1]))
    if this_month.day <= now.day:
        return to_text(this_month)[:10]
    before = now.replace(day=1) - timedelta(days=1)
    return to_text(before.replace(day=min(reset_day, before.day)))[:10]
