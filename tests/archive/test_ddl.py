"""`archives ddl`: an engine that runs its statements sees what `archives query` sees, and reads the days asked for."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.archive.keeping import Keeper, counts_of, fill
from trendspark_cli.archiving.querying import kept_by_table
from trendspark_cli.store.engines.ddl import DIALECTS, Kept, ddl
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Tombstone

URL = "s3://bucket/some place/it's"
STONES = [Tombstone("1", "x", "n5'; DROP TABLE posts; --\\", None, ""), Tombstone("2", "x", None, "author4", "")]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An installation whose old rows are in the archive, one author forgotten."""
    made = Keeper(tmp_path_factory.mktemp("ddl") / "home")
    fill(made, old=60, new=100)
    counts_of(made.archive())
    done = made.command_now("posts", "forget", "--source", "x", "--author", "author4", "--json")
    assert done.exit_code == 0
    return made


@pytest.fixture(scope="module")
def statements(keeper: Keeper) -> str:
    """What is printed for DuckDB."""
    return keeper.command_now("archives", "ddl", "--dialect", "duckdb").stdout


def test_duckdb_sees_with_these_statements_what_a_query_sees(keeper: Keeper, statements: str) -> None:
    sql = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)
    with duckdb.connect() as here:
        here.execute(statements)

        found = here.execute(f"{sql} ORDER BY 1").fetchall()

    asked = keeper.command_now("archives", "query", f"{sql} ORDER BY 1", "--json").json["rows"]
    assert [list(row) for row in found] == asked


def test_duckdb_opens_only_the_files_of_the_days_that_are_asked_for(keeper: Keeper, statements: str) -> None:
    days = sorted(folder.name for folder in (keeper.folder / "posts/v2/source=x").iterdir())
    damaged = next((keeper.folder / "posts/v2/source=x" / days[1]).iterdir())
    whole = damaged.read_bytes()
    damaged.write_bytes(b"no Parquet at all")
    try:
        with duckdb.connect() as here:
            here.execute(statements)
            [[count]] = here.execute(f"SELECT count(*) FROM posts WHERE dt = '{days[0][3:]}'").fetchall()
    finally:
        damaged.write_bytes(whole)

    assert count > 0


def test_a_query_asks_the_files_themselves_for_its_time_and_holds_no_rows_to_compare(keeper: Keeper) -> None:
    sql = "EXPLAIN SELECT count(*) FROM posts WHERE created_at >= '2026-09-05'"

    plan = str(keeper.command_now("archives", "query", sql, "--json").json["rows"]).lower()

    assert "filters" in plan
    assert [word for word in ("window", "cte") if word in plan] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_forgotten_id_is_a_value_and_never_a_statement(dialect: str) -> None:
    text = ddl(dialect, URL, {"posts": Kept("2026-09-01", ("reddit", "x"))}, STONES)

    quoted = r"'n5\'; DROP TABLE posts; --\\'" if dialect == "spark" else r"'n5''; DROP TABLE posts; --\'"
    assert f"('x', {quoted}, NULL, '9999-12-31')" in text


def test_athena_and_trino_project_days_and_sources() -> None:
    kept = {"posts": Kept("2026-09-01", ("reddit", "x")), "job_runs": Kept("2026-08-01")}

    athena, trino = (ddl(dialect, "s3://bucket/a", kept, []) for dialect in ("athena", "trino"))

    assert "'projection.dt.range' = '2026-09-01,NOW'" in athena
    assert "'storage.location.template' = 's3://bucket/a/posts/v2/source=${source}/dt=${dt}/'" in athena
    assert "'storage.location.template' = 's3://bucket/a/job_runs/v2/dt=${dt}/'" in athena
    assert "partition_projection_values = ARRAY['reddit', 'x']" in trino
    assert "partition_projection_range = ARRAY['2026-08-01', 'NOW']" in trino


def test_no_text_of_an_alert_is_shown_since_it_may_quote_a_forgotten_post(statements: str) -> None:
    with duckdb.connect() as here:
        here.execute(statements)

        columns = [row[0] for row in here.execute("DESCRIBE notifications").fetchall()]

    assert {"id", "created_at", "category"} <= set(columns)
    assert not {"title", "body"} & set(columns)


@pytest.mark.parametrize("dialect", ["athena", "spark", "trino"])
def test_statements_that_are_run_again_make_tables_anew(dialect: str) -> None:
    text = ddl(dialect, URL, {"posts": Kept("2026-09-01", ("x",))}, [])

    assert re.search(r"DROP TABLE IF EXISTS posts_files;\nCREATE (EXTERNAL )?TABLE posts_files", text)


def test_all_sources_of_the_archive_are_named_whatever_the_form_of_their_files(keeper: Keeper) -> None:
    with closing(keeper.store()) as store:
        manifests = store.archives.stored()
    first = next(one for one in manifests if one.table_name == "posts")

    kept = kept_by_table([*manifests, first._replace(source="lemmy", format="csv")], first.url, ["posts"])

    assert kept["posts"].sources == ("lemmy", "reddit", "x")


def test_an_archive_in_a_folder_of_any_name_is_read_by_queries_and_by_statements(tmp_path: Path) -> None:
    folder = tmp_path / "a[1] b*c?%20é"
    folder.mkdir()
    here = Keeper(tmp_path / "home", {"ARCHIVE_URL": folder.as_uri()})
    fill(here, old=5, new=5)
    counts_of(here.archive())
    sql = "SELECT count(*) FROM posts"

    asked = here.command_now("archives", "query", sql, "--json")
    with duckdb.connect() as engine:
        engine.execute(here.command_now("archives", "ddl").stdout)
        found = engine.execute(sql).fetchall()

    assert asked.stderr == ""
    assert (asked.exit_code, asked.json["rows"], found) == (0, [[5]], [(5,)])


def test_an_archive_without_such_files_says_so(tmp_path: Path) -> None:
    here = Keeper(tmp_path / "home")
    here.store().close()

    done = here.command_now("archives", "ddl")

    assert (done.exit_code, done.stdout, "nothing lies in Parquet" in done.stderr) == (2, "", True)
