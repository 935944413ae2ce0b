"""`scripts/eval --protocol` chooses on one split by one figure, and reports what that is worth on the other."""

from __future__ import annotations

from typing import Any

import ablation
import protocol

NOTHING, PART, OTHER = ablation.WHOLE, "hour of day", "unevenness"


def result(**recalls: float) -> dict[str, Any]:
    """What compare_topics.py says of methods that find as much in every hour and at every rate."""

    def rates(recall: float) -> dict[str, Any]:
        cell = {"exact": recall, "exact_ci90": [recall - 0.1, recall + 0.1]}
        return {rate: dict.fromkeys(protocol.HOURS, cell) for rate in protocol.RATES}

    methods = {name.replace("_", " "): rates(recall) for name, recall in recalls.items()}
    return {"methods": methods, "paired": methods}


def test_the_variant_that_finds_most_is_chosen() -> None:
    assert protocol.choose(result(nothing=0.5, hour_of_day=0.6, unevenness=0.55), [NOTHING, PART, OTHER]) == PART


def test_what_only_equals_the_method_is_not_chosen() -> None:
    assert protocol.choose(result(nothing=0.5, hour_of_day=0.5), [NOTHING, PART]) == NOTHING


def test_other_methods_are_never_chosen() -> None:
    assert protocol.choose(result(nothing=0.5, ratio=0.9), [NOTHING]) == NOTHING


def test_what_was_chosen_is_told_by_the_split_it_was_not_chosen_on() -> None:
    found = {"ratio": result(nothing=0.5, hour_of_day=0.4)}

    head, _, recall, *paired = protocol.checked_table("dev", "dev2", PART, 7, found)

    assert "of 7 variants, chosen on dev: hour of day left out; on dev2" in head
    assert recall.startswith("| recall | 0.40/0.40/0.40 |")
    assert paired[0] == "| 1h, less ratio | " + " | ".join(["+0.40 [+0.30, +0.50]"] * 4) + " |"


def test_each_variant_is_told_of_each_split_less_the_method_as_it_is() -> None:
    found = {"dev": result(nothing=0.5, hour_of_day=0.4), "dev2": result(nothing=0.3, hour_of_day=0.4)}

    *_, part = protocol.parts_table(found, [NOTHING, PART])

    assert part == "| hour of day | 0.400 (-0.100) | 0.400 (+0.100) |"
