"""The machine of job runs, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.machine import examine, play, with_defect
from tests.machines.runs import DEFECTS, STORIES, RunsMachine

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_a_job_has_one_living_run_and_each_run_comes_to_an_end() -> None:
    examine(RunsMachine, examples=4, steps=25)


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - STORIES.keys()))
def test_the_machine_of_runs_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(RunsMachine, DEFECTS[defect]), examples=40, steps=30)


@pytest.mark.parametrize("defect", STORIES)
def test_a_story_of_runs_ends_well_but_where(defect: str) -> None:
    play(RunsMachine, STORIES[defect])

    with pytest.raises(AssertionError):
        play(with_defect(RunsMachine, DEFECTS[defect]), STORIES[defect])
