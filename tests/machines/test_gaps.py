"""The machine of cursors and gaps, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.gaps import DEFECTS, STORIES, GapsMachine
from tests.machines.machine import examine, play, with_defect

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_what_x_had_is_stored_or_in_a_gap_and_in_the_end_all_of_it_is_stored() -> None:
    examine(GapsMachine, examples=3, steps=20)


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - STORIES.keys()))
def test_the_machine_of_gaps_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(GapsMachine, DEFECTS[defect]), examples=40, steps=30)


@pytest.mark.parametrize("defect", STORIES)
def test_a_story_of_gaps_ends_well_but_where(defect: str) -> None:
    play(GapsMachine, STORIES[defect])

    with pytest.raises(AssertionError):
        play(with_defect(GapsMachine, DEFECTS[defect]), STORIES[defect])
