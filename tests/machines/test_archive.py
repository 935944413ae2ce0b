"""The machine of the archive, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.archive import DEFECTS, ArchiveMachine
from tests.machines.machine import examine, with_defect

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_each_post_is_live_or_in_a_proven_file_and_comes_back_as_it_was() -> None:
    examine(ArchiveMachine, examples=2, steps=20)


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_machine_of_the_archive_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(ArchiveMachine, DEFECTS[defect]), examples=40, steps=30)
