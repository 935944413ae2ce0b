"""The machine of the outbox, with few examples; `scripts/prove machines` tries many."""

from __future__ import annotations

import pytest

from tests.machines.machine import examine, with_defect
from tests.machines.outbox import DEFECTS, OutboxMachine

pytestmark = pytest.mark.timeout(600)  # processes wait for each other on a machine that others use


def test_alerts_arrive_once_whatever_is_killed_odd_or_wrong() -> None:
    examine(OutboxMachine, examples=3, steps=25)


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_machine_of_the_outbox_sees_that(defect: str) -> None:
    with pytest.raises(AssertionError):
        examine(with_defect(OutboxMachine, DEFECTS[defect]), examples=40, steps=30)
