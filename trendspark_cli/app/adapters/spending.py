"""What services may cost under these settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trendspark_cli.base.models import Ceiling
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.services import COSTS
from trendspark_cli.kinds.sources import SOURCES

if TYPE_CHECKING:
    from trendspark_cli.spending.budget import Budget


def spending_ceilings(settings: Settings) -> dict[str, tuple[Ceiling, ...]]:
    """Return the ceilings of each service that costs money."""
    return {service: _ceilings(settings, service) for service, costs in COSTS.items() if costs.ceilings}


def shared_ceilings(settings: Settings) -> dict[str, tuple[Ceiling, ...]]:
    """Return those of the services that profiles have shares of: the ones that are asked for their topics."""
    return {
        service: ceilings
        for service, ceilings in spending_ceilings(settings).items()
        if service in SOURCES and SOURCES[service].searches_profiles
    }


def unit_prices(settings: Settings) -> dict[str, float]:
    """Return what a unit costs in USD at each service whose units all cost the same."""
    return {service: _price(settings, service) for service, costs in COSTS.items() if len(costs.prices) == 1}


def budgets_of(settings: Settings) -> dict[str, Budget]:
    """Return what each service may cost; one that costs nothing is counted all the same."""
    from trendspark_cli.spending.budget import Budget

    return {
        service: Budget(
            service,
            _ceilings(settings, service),
            _price(settings, service),
            unit=costs.unit,
            when_reached=costs.when_reached,
            alerts_are_muted=settings.alerts_are_muted,
        )
        for service, costs in COSTS.items()
    }


def _ceilings(settings: Settings, service: str) -> tuple[Ceiling, ...]:
    return tuple(
        Ceiling(kind.period, getattr(settings, kind.setting), kind.setting.upper(), is_in_usd=kind.is_in_usd)
        for kind in COSTS[service].ceilings
    )


def _price(settings: Settings, service: str) -> float:
    """Return the highest price of a unit in USD."""
    costs = COSTS[service]
    return max((float(getattr(settings, name)) for name in costs.prices), default=0.0) / costs.units_of_price
