"""What entries of several tables share: questions to the settings, and what a service may cost.

Settings come as an object that has each under its name in lower case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

Settings = object  # those of `base.settings`, which lies above this room


def are_set(settings: Settings, names: Sequence[str]) -> bool:
    """Tell whether each of these settings has a value other than nothing, false or zero."""
    return all(getattr(settings, name) for name in names)


def in_words(names: Sequence[str]) -> str:
    """Return settings as an operator writes them: `TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID`."""
    *others, last = (name.upper() for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def always(settings: Settings) -> bool:
    """Say yes whatever the settings are."""
    return True


def never(settings: Settings) -> bool:
    """Say no whatever the settings are."""
    return False


class CeilingKind(NamedTuple):
    """The most that may be used in a UTC day or month: `setting` says how many units, or how many USD."""

    period: Literal["day", "month"]
    setting: str
    is_in_usd: bool = False


class Costs(NamedTuple):
    """What is counted, and what it costs. `prices` are settings: USD for `units_of_price` units, the dearest counts."""

    unit: str  # its plural, for people
    ceilings: tuple[CeilingKind, ...] = ()
    prices: tuple[str, ...] = ()
    units_of_price: int = 1
    when_reached: str = ""  # what becomes of the work, for the operator
