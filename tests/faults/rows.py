"""The shape of one row of the fault matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.scene import Platform, Scene
from tests.servers import Fault

Plan = Callable[[Scene], object]


@dataclass(frozen=True)
class Row:
    """A fault, and what an operator is promised when it happens."""

    name: str
    platform: Platform
    plan: Plan  # makes the scene ill
    code: int
    says: str = ""  # a piece of the one line on stderr: what to do, or whose fault it is
    audited: str = ""  # a piece of the audit row's error; empty: the fault leaves no error there
    seconds: float = 2.0  # the run may not take longer
    has_run_before: bool = False  # half an hour earlier, in good health
    runs_to_heal: int = 1  # runs after the fault is over until everything is there

    def __str__(self) -> str:
        return f"{self.platform}: {self.name}"


def always(fault: Fault) -> Plan:
    """Every request meets the fault."""
    return lambda scene: scene.server.faults.add(fault, times=None)


def patiently(plan: Plan) -> Plan:
    """The operator waits longer for an answer: for faults of size, which a busy machine is slow to serve."""

    def plan_and_wait(scene: Scene) -> None:
        scene.operator.environment["HTTP_TIMEOUT"] = "10s"
        plan(scene)

    return plan_and_wait


def times(count: int, fault: Fault, *, endpoint: str | None = None) -> Plan:
    """The first requests meet the fault, then all is well."""
    return lambda scene: scene.server.faults.add(fault, times=count, endpoint=endpoint)


def at(endpoint: str, fault: Fault) -> Plan:
    """Every request of one endpoint meets the fault."""
    return lambda scene: scene.server.faults.add(fault, times=None, endpoint=endpoint)


def second_page(fault: Fault) -> Plan:
    """The first page comes, and then the fault stays."""

    def plan(scene: Scene) -> None:
        scene.server.faults.add(None, endpoint=scene.endpoint).add(fault, times=None, endpoint=scene.endpoint)

    return plan
