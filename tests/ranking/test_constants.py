"""docs/ranking.md lists every constant of the topics: it is there, has this value, and none is left out."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| `([\w/]+)\.py` \| ([^|]+) \|$", re.MULTILINE)
# Codes, sizes of buffers and of what is shown, units, and numbers made of others: they move no score.
NO_CHOICE = {
    "TICKS_PER_HOUR", "TICKS_PER_DAY", "LONGEST_WINDOW_SECONDS", "HISTORY_VERSION", "NO_HOURS", "MANY_WINDOWS",
    "_LOG_10", "DEFAULT_THRESHOLD", "MOST_ALARMS", "ALIKE", "MOST_KEPT", "LONGEST_OTHER_CHUNK", "_STEP",
    "_NORMAL_90", "MOST_NAMING", "MOST_EXAMPLES", "MOST_POST_IDS", "MOST_TOPICS", "END_CODE", "GAP_CODE",
    "UNKNOWN", "MOST_CHUNKS_KEPT",
}  # fmt: skip


def is_number(value: Any) -> bool:
    """Numbers, and rows of them."""
    return all(map(is_number, value)) if isinstance(value, tuple) else type(value) in (int, float)


def module_of(name: str) -> Any:
    return importlib.import_module(f"trendspark_cli.ranking.{name.replace('/', '.')}")


def constants_of(name: str) -> set[str]:
    """The numbers a module gives a name to."""
    tree = ast.parse((ROOT / "trendspark_cli" / "ranking" / f"{name}.py").read_text(encoding="utf-8"))
    named = {
        one.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        for one in ast.walk(target)
        if isinstance(one, ast.Name) and one.id.isupper()
    }
    return {one for one in named if is_number(getattr(module_of(name), one))}


def test_the_table_of_constants_is_that_of_the_code() -> None:
    rows = ROW.findall((ROOT / "docs" / "ranking.md").read_text(encoding="utf-8"))
    wrong = [
        (name, told)
        for name, told, module, _ in rows
        if getattr(module_of(module), name, None) != ast.literal_eval(told)
    ]
    listed = {(module, name) for name, _, module, _ in rows}
    missing = {
        (module, name)
        for module in {module for module, _ in listed}
        for name in constants_of(module) - NO_CHOICE
        if (module, name) not in listed
    }

    assert len(rows) > 50
    assert wrong == []
    assert missing == set()
