"""State machines tried at length: batches of random examples, each with a seed of its own, until there were enough."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hypothesis.stateful import INVARIANT_MARKER

from tests.machines.archive import ArchiveMachine
from tests.machines.briefs import BriefMachine
from tests.machines.gaps import GapsMachine
from tests.machines.machine import Machine, examine
from tests.machines.money import MoneyMachine
from tests.machines.outbox import OutboxMachine
from tests.machines.runs import RunsMachine

MACHINES: dict[str, type[Machine]] = {
    "outbox": OutboxMachine,
    "money": MoneyMachine,
    "briefs": BriefMachine,
    "archive": ArchiveMachine,
    "cursors and gaps": GapsMachine,
    "job runs": RunsMachine,
}
A_BATCH = 25  # examples


@dataclass(frozen=True)
class Tried:
    """What came of a machine. `broken` says which promise was, and after what."""

    examples: int
    steps: int
    seconds: float
    broken: str


def try_machine(machine: type[Machine], *, examples: int, minutes: float, rules: int, seed: int) -> Tried:
    """Try so many examples of so many rules, or as many as begin in that time; the first broken promise ends it."""
    Machine.examples = Machine.steps_taken = 0
    started, broken = time.monotonic(), ""
    while not broken and Machine.examples < examples and time.monotonic() - started < 60 * minutes:
        try:
            examine(machine, examples=min(A_BATCH, examples - Machine.examples), steps=rules, seed=seed)
        except Exception as error:  # noqa: BLE001 - whatever it was, its story is printed
            story = "\n".join(getattr(error, "__notes__", ()))
            broken = f"seed {seed}: {type(error).__name__}: {error}\n{without_checks(machine, story)}"
        seed += 1
    return Tried(Machine.examples, Machine.steps_taken, time.monotonic() - started, broken)


def without_checks(machine: type[Machine], story: str) -> str:
    """Return what happened, without the checks after each step."""
    checks = {f"state.{name}()" for name in dir(machine) if hasattr(getattr(machine, name), INVARIANT_MARKER)}
    return "\n".join(line for line in story.splitlines() if line not in checks)
