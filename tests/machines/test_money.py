"""The machine of money, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.machine import examine, play, with_defect
from tests.machines.money import DEFECTS, STORIES, MoneyMachine

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_x_bills_no_more_than_our_books_hold_and_the_ceilings_allow() -> None:
    examine(MoneyMachine, examples=3, steps=20)


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - STORIES.keys()))
def test_the_machine_of_money_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(MoneyMachine, DEFECTS[defect]), examples=40, steps=30)


@pytest.mark.parametrize("defect", STORIES)
def test_a_story_of_money_ends_well_but_where(defect: str) -> None:
    play(MoneyMachine, STORIES[defect])

    with pytest.raises(AssertionError):
        play(with_defect(MoneyMachine, DEFECTS[defect]), STORIES[defect])
