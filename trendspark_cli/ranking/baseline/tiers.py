"""Which sorted runs become one: seldom, and so that each term is written again only a few times in its life."""

from collections.abc import Sequence

RUNS_OF_A_TIER = 8  # then they are one of the next: a term is written once more for each eightfold of the history
SMALLEST_TIER = 4_096  # terms: to merge runs below that costs nothing


def merged_from(sizes: Sequence[int]) -> int | None:
    """Return from which run on, given the terms of each from the oldest on, all should become one; None for none.

    Only the newest runs are merged, so that what comes of them is the newest again.
    """
    tiers = [_tier(size) for size in sizes]
    for tier in sorted(set(tiers)):
        start = len(tiers)
        while start and tiers[start - 1] <= tier:
            start -= 1
        if tiers[start:].count(tier) >= RUNS_OF_A_TIER:
            return start
    return None


def _tier(size: int) -> int:
    tier = 0
    while size > SMALLEST_TIER:
        size //= RUNS_OF_A_TIER
        tier += 1
    return tier
