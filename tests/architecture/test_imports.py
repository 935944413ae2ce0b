"""Imports point one way, and what is allowed in one place only is nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import trendspark_cli
from tests.tools.house import FLOOR_OF, circle, rooms, upward
from tests.tools.house import imports as imports_between
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.sqlite.later_migrations import migration
from trendspark_cli.store.sqlite.schema import KNOWN_MIGRATIONS

PACKAGE = Path(trendspark_cli.__file__).parent
OURS = "trendspark_cli"
MODULES = {
    ".".join((OURS, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TABLE_NAMES = (*TABLES, "api_calls", "notices", "gaps", "trends", "model_answers", "billed_posts")
LONGEST_FILE, LONGEST_TABLE, MOST_TABLES = 400, 650, 4  # lines; tables: settings, metrics, migrations and the like
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


def test_every_import_points_down_the_floors() -> None:
    assert [str(edge) for edge in upward(imports_between())] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(imports_between()) == []


def test_every_folder_is_a_room_on_a_floor_and_says_its_purpose() -> None:
    silent = [
        room for room in rooms() if not ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))
    ]

    assert (set(rooms()) - set(FLOOR_OF), silent) == (set(), [])


def test_a_folder_holds_what_its_room_is_for() -> None:
    loose = sorted(name for name in MODULES if name.count(".") == 1 and MODULES[name].name != "__init__.py")
    jobs = sorted(path.stem for path in (PACKAGE / "jobs").glob("*.py") if path.stem != "__init__")

    assert loose == [f"{OURS}.__main__"]
    assert {name.replace("_", "-") for name in jobs} == {job.id for job in JOBS.values() if not job.steps}


def test_files_are_small_but_for_the_few_tables() -> None:
    long = {
        name: count
        for name, path in MODULES.items()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert len(long) <= MOST_TABLES
    assert max(long.values(), default=0) <= LONGEST_TABLE


def test_jobs_know_neither_a_database_nor_settings_nor_a_service_library() -> None:
    forbidden = ours("store.sqlite", "store.open_store", "base.settings")

    assert offenders(in_room("jobs"), *forbidden, "sqlite3", "tweepy", "praw", "boto3", "requests") == []


def test_archiving_knows_neither_a_database_nor_settings() -> None:
    forbidden = ours("store.sqlite", "store.duckdb", "store.open_store", "base.settings")

    assert offenders(in_room("archiving"), *forbidden, "boto3") == []


def test_only_the_bucket_imports_the_aws_sdk_and_only_its_file_the_parquet_library() -> None:
    elsewhere = [name for name in MODULES if name not in (f"{OURS}.services.s3", f"{OURS}.services.s3_errors")]
    no_parquet = [name for name in MODULES if name != f"{OURS}.archiving.parquet_files"]

    assert offenders(elsewhere, "boto3", "botocore") == []
    assert offenders(no_parquet, "pyarrow") == []


def test_the_runner_knows_no_particular_job() -> None:
    rooms = [*in_room("app.job_runner"), *in_room("running")]

    assert offenders(rooms, *ours("jobs", "ranking", "base.settings")) == []


def test_ranking_imports_nothing_of_ours_but_itself() -> None:
    found = [line for line in offenders(in_room("ranking"), OURS) if f"-> {OURS}.ranking" not in line]

    assert found == []


def test_ranking_does_no_input_or_output() -> None:
    forbidden = ("os", "pathlib", "logging", "time", "requests", "sqlite3", "socket")

    assert offenders(in_room("ranking"), *forbidden) == []


def test_services_know_neither_tables_nor_settings_nor_runs() -> None:
    assert offenders(in_room("services"), *ours("store", "running", "base.settings")) == []


def test_base_imports_nothing_of_ours_but_itself_and_the_tables_of_kinds() -> None:
    found = offenders(in_room("base"), OURS)

    assert [line for line in found if f"-> {OURS}.base" not in line and f"-> {OURS}.kinds" not in line] == []


def test_the_tables_of_kinds_import_nothing_of_ours_but_each_other() -> None:
    found = offenders(in_room("kinds"), OURS)

    assert [line for line in found if f"-> {OURS}.kinds" not in line] == []


def test_nothing_is_checked_by_an_assert_which_optimised_python_leaves_out() -> None:
    found = [
        f"{name} line {node.lineno}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]

    assert found == []


def test_only_the_job_runner_and_the_guard_around_one_item_catch_every_exception() -> None:
    catching = [
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or re.search(r"\bException\b", ast.unparse(node.type)))
    ]

    guards = [f"{OURS}.alerts.delivery", f"{OURS}.kinds.installed", f"{OURS}.app.adapters.guarded"]  # of code of others
    assert set(catching) == {f"{OURS}.app.job_runner", *guards}
    assert [catching.count(guard) for guard in guards] == [1, 1, 1]


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

    # Proxies and certificates are the libraries' own variables; what is wrong with them is explained in one place.
    ours = {f"{OURS}.base.settings", f"{OURS}.cli.options", f"{OURS}.cli.demo", f"{OURS}.cli.init"}
    # pg_dump is told where the database is by its environment, since everybody can read its command line.
    assert readers <= {*ours, f"{OURS}.services.networks", f"{OURS}.store.postgres.backup"}


def test_only_the_clock_reads_the_time_of_day() -> None:
    readers = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and (node.attr in ("utcnow", "today") or ast.unparse(node) in ("datetime.now", "time.time"))
    }

    assert readers == {f"{OURS}.base.clock"}


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
