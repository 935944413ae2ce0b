"""Sources and channels that other installed packages bring: found by their entry points when a whole table is read.

Only the files that name entry points are looked at, a millisecond for a hundred packages; `importlib.metadata` alone
takes forty. A package that cannot be used is named and passed over.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

NAME = r"[a-z][a-z0-9_-]{0,31}"
SETTINGS = "PLUGIN_"  # what the settings of other packages begin with
_LARGEST = 100_000  # bytes of a file that names entry points
_LINE = r"\s*([^\s=\[#;]+)\s*=\s*([\w.]+):([\w.]+)\s*"  # compiled when there is one to read

K = TypeVar("K")


class EntryPoint(NamedTuple):
    """What a package says it brings: `module:value` under a name. `package` is where it was found."""

    name: str
    module: str
    value: str
    package: str


class Trouble(NamedTuple):
    """A package that was passed over, and why."""

    package: str
    told: str


class Table(Mapping[str, K]):
    """Entries by name: our own, and those of installed packages, which are looked for when they are asked for."""

    def __init__(self, group: str, own: Sequence[K], kind: type[K]) -> None:
        self.own: Mapping[str, K] = {entry.name: entry for entry in own}  # type: ignore[attr-defined]
        self._group = group
        self._kind = kind
        self._found: dict[str, K] | None = None
        self._troubles: list[Trouble] = []

    def __getitem__(self, name: str) -> K:
        return self.own[name] if name in self.own else self.installed[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self.installed

    def __len__(self) -> int:
        return len(self.own) + len(self.installed)

    @property
    def installed(self) -> Mapping[str, K]:
        """Return the entries of other packages."""
        if self._found is None:
            self._found = {}
            for point in entry_points(self._group):
                self._take(point, self._found)
        return self._found

    @property
    def troubles(self) -> Sequence[Trouble]:
        """Return what was passed over."""
        return self._troubles if self.installed is not None else ()

    def _take(self, point: EntryPoint, found: dict[str, K]) -> None:
        place = f"{self._group} {point.name} = {point.module}:{point.value}"
        if not re.fullmatch(NAME, point.name):
            self._pass_over(point, f"{place}: expected a name of small letters and digits")
        elif point.name in self.own or point.name in found:
            self._pass_over(point, f"{place}: the name is taken")
        else:
            try:
                entry: Any = importlib.import_module(point.module)
                for part in point.value.split("."):
                    entry = getattr(entry, part)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the code of others may raise anything
                self._pass_over(point, f"{place}: {type(error).__name__}: {error}"[:300])
                return
            if isinstance(entry, self._kind) and getattr(entry, "name", None) == point.name:
                found[point.name] = entry
            else:
                self._pass_over(point, f"{place}: expected a {self._kind.__name__} of the name {point.name!r}")

    def _pass_over(self, point: EntryPoint, told: str) -> None:
        self._troubles.append(Trouble(point.package, told))


@cache
def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """Return what installed packages bring to a group, each package once."""
    found = []
    seen: set[str] = set()
    for package, text in _files():
        if package not in seen and f"[{group}]" in text:
            seen.add(package)
            section = text.partition(f"[{group}]")[2].partition("\n[")[0]
            found += [
                EntryPoint(line[1], line[2], line[3], package)
                for text_line in section.splitlines()
                if (line := re.fullmatch(_LINE, text_line)) is not None
            ]
    return tuple(found)


@cache
def _files() -> tuple[tuple[str, str], ...]:
    """Return the names of packages that bring something to us, and what they say of it."""
    found = []
    for folder in dict.fromkeys(sys.path):
        try:
            with os.scandir(folder or ".") as entries:
                paths = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue
        for path in sorted(paths):
            try:
                with open(f"{path}/entry_points.txt", encoding="utf-8", errors="replace") as stream:
                    text = stream.read(_LARGEST)
            except OSError:
                continue
            if "[trendspark." in text:
                found.append((Path(path).name.rpartition(".")[0], text))
    return tuple(found)
