"""Imports point one way, and what is allowed in one place only is nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import trendspark_cli
from trendspark_cli.archiving.tables import TABLES
from trendspark_cli.store.sqlite.migrations import migration
from trendspark_cli.store.sqlite.schema import KNOWN_MIGRATIONS

PACKAGE = Path(trendspark_cli.__file__).parent
OURS = "trendspark_cli"
MODULES = {
    ".".join((OURS, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TABLE_NAMES = (*TABLES, "api_calls", "notices", "gaps", "trends", "model_answers", "billed_posts")
SQL_WORDS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "PRAGMA ", "BEGIN ")


def imports(name: str) -> set[str]:
    """Return every module *name* imports, at its top, in functions and for type checkers."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name} imports relatively"
            found |= {f"{node.module}.{a.name}" for a in node.names if f"{node.module}.{a.name}" in MODULES}
            found.add(node.module)
    return found


def in_room(room: str) -> list[str]:
    """Return the modules of a folder, or the one module of that name."""
    start = f"{OURS}.{room}"
    return [name for name in MODULES if name == start or name.startswith(start + ".")]


def offenders(names: Iterator[str] | list[str], *forbidden: str) -> list[str]:
    """Return `importer -> imported` for each import of a forbidden module or of what lies in it."""
    return [
        f"{name} -> {imported}"
        for name in names
        for imported in sorted(imports(name))
        if any(imported == room or imported.startswith(room + ".") for room in forbidden)
    ]


def ours(*rooms: str) -> list[str]:
    """Return full names of rooms of the package."""
    return [f"{OURS}.{room}" for room in rooms]


def test_only_the_sqlite_store_imports_a_sqlite_library() -> None:
    elsewhere = [name for name in MODULES if not name.startswith(f"{OURS}.store.sqlite")]

    assert offenders(elsewhere, "sqlite3", "sqlite_utils") == []


def test_jobs_know_no_database_no_service_and_no_notifier() -> None:
    forbidden = ours("store.sqlite", "store.open_store", "sources.wired", "sources.x_search", "cli")

    assert offenders(in_room("jobs"), *forbidden, "sqlite3", "tweepy", "praw", "boto3", "requests") == []


def test_archiving_knows_neither_a_database_nor_a_place_for_archives() -> None:
    forbidden = ours("store.sqlite", "store.duckdb", "store.open_store", "destinations.s3", "destinations.local_folder")

    assert offenders(in_room("archiving"), *forbidden, *ours("jobs", "cli", "wiring", "settings"), "boto3") == []


def test_only_the_bucket_imports_the_aws_sdk_and_only_its_file_the_parquet_library() -> None:
    elsewhere = [name for name in MODULES if name != f"{OURS}.destinations.s3"]
    no_parquet = [name for name in MODULES if name != f"{OURS}.archiving.parquet_files"]

    assert offenders(elsewhere, "boto3", "botocore") == []
    assert offenders(no_parquet, "pyarrow") == []


def test_the_runner_knows_no_particular_job() -> None:
    rooms = [*in_room("job_runner"), *in_room("running")]

    assert offenders(rooms, *ours("jobs", "sources", "ranking", "cli", "wiring", "settings")) == []


def test_nothing_but_the_command_line_imports_the_command_line() -> None:
    elsewhere = [name for name in MODULES if not name.startswith(f"{OURS}.cli") and name != f"{OURS}.__main__"]

    assert offenders(elsewhere, *ours("cli")) == []


def test_only_commands_and_the_demo_import_the_wiring() -> None:
    allowed = (*in_room("cli"), *in_room("demo"), *ours("jobs.command_bodies", "jobs.command_feeds"))
    elsewhere = [name for name in MODULES if name not in allowed]

    assert offenders(elsewhere, *ours("wiring")) == []


@pytest.mark.parametrize("room", ["models", "errors", "clock"])
def test_the_foundation_imports_nothing_of_ours(room: str) -> None:
    found = offenders(in_room(room), OURS)

    assert found == []


def test_ranking_imports_nothing_of_ours_but_itself() -> None:
    found = [line for line in offenders(in_room("ranking"), OURS) if f"-> {OURS}.ranking" not in line]

    assert found == []


def test_ranking_does_no_input_or_output() -> None:
    forbidden = ("os", "pathlib", "logging", "time", "requests", "sqlite3", "socket")

    assert offenders(in_room("ranking"), *forbidden) == []


def test_sources_know_neither_tables_nor_settings() -> None:
    rooms = [name for name in in_room("sources") if name != f"{OURS}.sources.wired"]

    assert offenders(rooms, *ours("store", "settings", "wiring", "jobs", "cli")) == []


def test_the_store_knows_no_source_and_no_job() -> None:
    assert offenders(in_room("store"), *ours("sources", "jobs", "cli", "wiring", "job_runner")) == []


def test_only_the_job_runner_catches_every_exception() -> None:
    catching = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }

    assert catching == {f"{OURS}.job_runner"}


def test_only_code_that_cleans_up_and_raises_again_catches_base_exceptions() -> None:
    swallowing = [
        f"{name} line {node.lineno}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id == "BaseException"
        and not isinstance(node.body[-1], ast.Raise)
    ]

    assert swallowing == []


def test_no_sql_is_put_together_from_values() -> None:
    built = [
        f"{name} line {node.lineno}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr) and _starts_like_sql(node.values)
    ]

    assert built == []


def test_there_is_no_sql_outside_the_store() -> None:
    found = [
        f"{name} line {node.lineno}"
        for name, path in MODULES.items()
        if not name.startswith(f"{OURS}.store")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(SQL_WORDS)
    ]

    assert found == []


def test_only_the_settings_and_the_command_line_read_the_environment() -> None:
    readers = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }

    assert readers <= {f"{OURS}.settings", f"{OURS}.cli.options", f"{OURS}.cli.demo"}


def test_only_the_clock_reads_the_time_of_day() -> None:
    readers = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and (node.attr in ("utcnow", "today") or ast.unparse(node) in ("datetime.now", "time.time"))
    }

    assert readers == {f"{OURS}.clock"}


def test_the_cheap_list_of_migrations_is_the_real_one() -> None:
    registered = [step.name for step in migration._migrations]

    assert list(KNOWN_MIGRATIONS) == registered


def test_every_migration_says_why_it_exists() -> None:
    silent = [step.name for step in migration._migrations if not step.fn.__doc__]

    assert silent == []


def test_every_named_query_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "store").rglob("*.py"))
    families = re.findall(r'\[f"(\w+)_\{', code)  # one statement for each of several tables, chosen by its name
    unused = [
        f"{path.name}: {name}"
        for path in sorted((PACKAGE / "store").rglob("*.sql"))
        for name in re.findall(r"^-- name: (\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        if f'"{name}"' not in code
        and not (name.removeprefix(f"{name.partition('_')[0]}_") in TABLE_NAMES and name.partition("_")[0] in families)
        and not ("duckdb" in str(path) and name in TABLES)
    ]

    assert unused == []


def _starts_like_sql(values: list[ast.expr]) -> bool:
    first = values[0] if values else None
    return isinstance(first, ast.Constant) and str(first.value).lstrip().startswith(SQL_WORDS)
