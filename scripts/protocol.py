"""Choosing without being fooled: a variant is chosen on one split of the data and judged on the other.

The figure it is chosen by is fixed beforehand: the mean recall of the dated events over 1, 3 and 24 hours and over 1,
2, 4 and 8 alerts a day. A variant has to beat the method as it is; where it does not, nothing is chosen.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import ablation

RATES = ("1", "2", "4", "8")
HOURS = ("1h", "3h", "24h")
SEEDS = [4, 5, 6]  # nothing was chosen on the planted streams of these


def mean_recall(result: Mapping[str, Any], method: str) -> float:
    """Return the figure that a variant is chosen by."""
    rates = result["methods"][method]
    return statistics.mean(rates[rate][hours]["exact"] for rate in RATES for hours in HOURS)


def choose(result: Mapping[str, Any], variants: Sequence[str]) -> str:
    """Return the best variant of a split; of equal ones the first, which is the method as it is."""
    return max(variants, key=lambda variant: mean_recall(result, variant))


def parts_table(found: Mapping[str, Mapping[str, Any]], variants: Sequence[str]) -> list[str]:
    """Return the figure of each variant on each split, less that of the method as it is; and of the other methods."""
    lines = [f"| left out, mean recall | {' | '.join(found)} |", "| --- |" + " --- |" * len(found)]
    others = [name for name in next(iter(found.values()))["methods"] if name not in variants]
    for name in [*variants, *others]:
        cells = []
        for result in found.values():
            figure, whole = mean_recall(result, name), mean_recall(result, ablation.WHOLE)
            cells.append(f"{figure:.3f}" if name == ablation.WHOLE else f"{figure:.3f} ({figure - whole:+.3f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def checked_table(
    chosen_on: str, checked_on: str, chosen: str, tried: int, against: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return what was chosen on a split as it does on the other: recall, and paired differences with 90 % intervals."""
    head = f"of {tried} variants, chosen on {chosen_on}: {chosen} left out; on {checked_on}, within 1 h / 3 h / 24 h"
    lines = [f"| {head} | {' | '.join(f'{rate} a day' for rate in RATES)} |", "| --- |" + " --- |" * len(RATES)]
    rates = next(iter(against.values()))["methods"][chosen]
    lines.append(f"| recall | {' | '.join(_recall(rates[rate]) for rate in RATES)} |")
    for base, result in against.items():
        if base == chosen:
            continue
        for hours in HOURS:
            paired = [result["paired"][chosen][rate][hours] for rate in RATES]
            cells = [
                f"{one['exact']:+.2f} [{one['exact_ci90'][0]:+.2f}, {one['exact_ci90'][1]:+.2f}]" for one in paired
            ]
            lines.append(f"| {hours}, less {base} | {' | '.join(cells)} |")
    return lines


def _recall(hours: Mapping[str, Any]) -> str:
    return "/".join(f"{hours[one]['exact']:.2f}" for one in HOURS)
