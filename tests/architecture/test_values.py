"""Values travel with a type: what has none stays at the border where it comes in or goes out."""

from __future__ import annotations

import ast
import re

from tests.tools.house import modules, room_of

UNTYPED = re.compile(r"\b(?:dict\[str, Any\]|Mapping\[str, Any\]|tuple\[Any, \.\.\.\])")
PLACE, ROW = re.compile(r"-?\d+"), re.compile(r"\brow$|\brows\[.*\]$")
MOST_UNTYPED = 72
BORDERS = {
    "services.discord": "JSON of Discord, in and out",
    "services.openai.answers": "JSON answers of language models",
    "services.openai.bounds": "connections of the library that asks language models",
    "services.openai.forms": "JSON schemas, and what a model fills in",
    "services.openai.refusals": "JSON in which a model refuses",
    "services.openai.requests": "JSON bodies for language models",
    "services.openai.writing": "options of the library that asks language models",
    "services.s3_errors": "answers of the AWS SDK",
    "store.tables.posts": "posts on their way into SQL",
    "store.postgres.address": "options of psycopg",
    "store.tables.connection": "rows of SQL by column name, before they are records",
    "store.tables.collecting": "counts of an audit row on their way to JSON",
    "store.duckdb.archive_query": "answers to SQL that people write",
    "base.console": "JSON that is printed",
    "base.log_reading": "JSON lines of the log",
    "base.settings": "settings before they have their type",
    "briefs.writer": "JSON of a model's answer",
    "store.rows.trend_columns": "columns of trends, by name",
    "store.rows.trends": "JSON of a model's answer, as it is kept",
    "services.field_values": "JSON of Reddit, and of people's files",
    "services.s3": "what the AWS SDK hands to its listeners",
    "services.telegram": "JSON of Telegram",
    "services.x.search": "parameters of X's library",
    "cli.config": "JSON that is printed",
    "cli.profiles": "JSON that is printed, and flags that were given",
    "screens.assistant_tools": "JSON that assistants read",
    "screens.calibrations": "JSON that is printed",
    "screens.channel_health": "JSON that is kept between checks",
    "screens.config_report": "JSON that is printed",
    "screens.doctor.examining": "JSON that `health` prints",
}
SQL_ROOMS = ("store.sqlite", "store.postgres", "store.tables")  # where rows become records
SHOWING = ("cli", "screens", "demo")  # rooms in which a row is one of a table that people see


def untyped() -> dict[str, int]:
    """How often each module speaks of values without a type."""
    found = {name: len(UNTYPED.findall(path.read_text(encoding="utf-8"))) for name, path in modules().items()}
    return {name: count for name, count in found.items() if count}


def by_place(name: str, tree: ast.AST) -> list[str]:
    """Where a module takes a value out of a row by its place."""
    return [
        f"{name} line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and PLACE.fullmatch(ast.unparse(node.slice))
        and ROW.search(ast.unparse(node.value))
    ]


def test_values_without_a_type_stay_at_the_borders() -> None:
    assert sorted(untyped().keys() - BORDERS.keys()) == []


def test_each_border_is_one() -> None:
    assert sorted(BORDERS.keys() - untyped().keys()) == []


def test_values_without_a_type_do_not_grow_in_number() -> None:
    assert sum(untyped().values()) <= MOST_UNTYPED


def test_rows_are_read_by_name_outside_of_the_rooms_of_sql() -> None:
    found = [
        line
        for name, path in modules().items()
        if room_of(name) not in SHOWING and not name.startswith(SQL_ROOMS)
        for line in by_place(name, ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []
