"""The machine of a model's money, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.briefs import DEFECTS, STORIES, BriefMachine
from tests.machines.machine import examine, play, with_defect

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_a_model_bills_no_more_than_our_books_hold_and_the_ceilings_allow() -> None:
    examine(BriefMachine, examples=3, steps=20)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_story_of_briefs_ends_well_but_where(defect: str) -> None:
    play(BriefMachine, STORIES[defect])

    with pytest.raises(AssertionError):
        play(with_defect(BriefMachine, DEFECTS[defect]), STORIES[defect])
