"""The machine of the outbox, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.machine import examine, play, with_defect
from tests.machines.outbox import DEFECTS, STORIES, OutboxMachine

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_alerts_arrive_once_whatever_is_killed_odd_or_wrong() -> None:
    examine(OutboxMachine, examples=3, steps=25)


@pytest.mark.parametrize("defect", STORIES)
def test_a_story_of_the_outbox_ends_well_but_where(defect: str) -> None:
    play(OutboxMachine, STORIES[defect])

    with pytest.raises(AssertionError):
        play(with_defect(OutboxMachine, DEFECTS[defect]), STORIES[defect])


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - STORIES.keys()))
def test_the_machine_of_the_outbox_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(OutboxMachine, DEFECTS[defect]), examples=40, steps=30)
