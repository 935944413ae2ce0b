"""The rooms of the package, their floors, and which way imports run: read from the source, nothing is imported.

Floors are read from the top: a module may import what lies in its own room or on a lower floor. Imports inside
functions and those for type checkers count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.tools.processes import PROJECT

OURS = "trendspark_cli"
PACKAGE = PROJECT / OURS
FLOORS: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("demo", "setup"),
    ("screens",),
    ("app",),
    ("jobs", "services"),
    ("collecting", "briefs", "backtests"),
    ("trends", "spending"),
    ("alerts", "archiving"),
    ("running", "reports"),
    ("store", "crontabs"),
    ("ranking", "base"),
    ("kinds",),
)
FLOOR_OF: Mapping[str, int] = {room: len(FLOORS) - index for index, rooms in enumerate(FLOORS) for room in rooms}
SHELVES = (
    "text",
    "baseline",
    "bursts",
    "interest",
    "lifecycle",
    "posts",
    "past",
)  # of ranking, each on those before it


@dataclass(frozen=True, order=True)
class Import:
    """One module naming another, both without the package's name: `jobs.rank` -> `ranking.bursts.topics`."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


def modules() -> dict[str, Path]:
    """Return every module of the package by its name without the package's; the package itself is ``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix("__init__").removesuffix(".")] = path
    return found


def imports() -> list[Import]:
    """Return each import between two modules of the package, once."""
    known = modules()
    found = {
        Import(name, imported)
        for name, path in known.items()
        for imported in _imported(ast.parse(path.read_text(encoding="utf-8")), known)
        if imported != name
    }
    return sorted(found)


def room_of(module: str) -> str:
    """Return the room a module lies in; loose modules are a room each."""
    return module.partition(".")[0]


def rooms() -> list[str]:
    """Return the folders of the package."""
    return sorted({room_of(module) for module in modules() if "." in module})


def upward(edges: Iterable[Import]) -> list[Import]:
    """Return the imports that do not point to the own room or down."""
    return [edge for edge in edges if not _points_down(edge)]


def circle(edges: Iterable[Import]) -> list[str]:
    """Return modules that import each other in a circle, whatever their rooms; none when there is no circle."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.importer, set()).add(edge.imported)
    try:
        TopologicalSorter(after).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def _points_down(edge: Import) -> bool:
    above, below = room_of(edge.importer), room_of(edge.imported)
    if above in ("", "__main__"):  # the way in
        return True
    if above == below:
        return above != "ranking" or _shelf(edge.imported) <= _shelf(edge.importer)
    return above in FLOOR_OF and below in FLOOR_OF and FLOOR_OF[above] > FLOOR_OF[below]


def _shelf(module: str) -> int:
    parts = module.split(".")
    return SHELVES.index(parts[1]) if len(parts) > 1 else -1


def _imported(tree: ast.AST, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix(f"{OURS}.") in known else node.module for name in whole]
        else:
            continue
        for name in names:
            if name.startswith(f"{OURS}."):
                yield name.removeprefix(f"{OURS}.")
