"""Files of every version are read for ever, and a column more in an archived table is one entry."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.duckdb.archive_query import query_files
from trendspark_cli.store.rows.archive_versions import VERSIONS, Version
from trendspark_cli.store.rows.archived import TABLES, ArchivedRow, ArchiveFile, ArchiveTable, FileForm
from trendspark_cli.store.rows.column_kinds import Gathered, Time, Word

TIME = "2026-11-01T12:00:00.000Z"
RUN = "id job_id status started_at heartbeat_at finished_at duration_seconds scheduled_for lateness_seconds pid host "
RUN += "exit_code error counts version"
AUDIT = "id run_id cycle_id profile source query fetched new updated rejected reasons oldest newest usd reads "
AUDIT += "request_id status_code more error created_at"
POST = "source_id author community text url lang created_at likes replies reposts quotes views edits observed_at "
POST += "collected_at metrics trend_ids"
WRITTEN = {  # what releases wrote: never changed, only added to
    ("posts", "v1"): f"id source {POST}",
    ("posts", "v2"): f"id {POST} links",
}


class LaterPost(NamedTuple):
    """A row of posts after two columns were added, one after the other."""

    id: int
    source: Word
    source_id: str
    text: str
    observed_at: Time
    created_at: Time
    author: Word | None
    edits: int
    mood: Word = "calm"
    warmth: float | None = None
    metrics: Gathered | None = None


LATER: ArchiveTable[ArchivedRow] = ArchiveTable(
    "posts",
    LaterPost,  # type: ignore[arg-type]
    "created_at",
    (*VERSIONS["posts"], Version("v8", ("mood",)), Version("v9", ("warmth",))),
    ("x",),
)
FORMS = [FileForm(LATER, version, "x") for version in LATER.versions]


def later_post(number: int) -> LaterPost:
    """A row with a value in every column."""
    return LaterPost(number, "x", f"s{number}", "a text", TIME, TIME, "a", 0, "wild", 0.5)


def file_with(path: Path, form: FileForm[ArchivedRow], row: LaterPost, part_format: str = "parquet") -> Path:
    """A file of that form."""
    writer = FORMATS[part_format].create(path, form)
    writer.write([row])  # type: ignore[list-item]
    writer.close()
    return path


@pytest.mark.parametrize(("table", "version"), WRITTEN)
def test_files_of_a_released_version_keep_their_columns(table: str, version: str) -> None:
    forms = {one.name: FileForm(TABLES[table], one, "x") for one in TABLES[table].versions}

    assert forms[version].names == tuple(WRITTEN[table, version].split())


@pytest.mark.parametrize("table", [name for name in TABLES if name != "posts"])
def test_tables_without_sources_have_the_same_columns_in_both_layouts(table: str) -> None:
    first, second = (FileForm(TABLES[table], version, None).names for version in TABLES[table].versions[:2])

    assert first == second


def test_versions_follow_each_other_and_each_column_comes_once() -> None:
    for table in TABLES.values():
        added = [name for version in table.versions for name in version.adds]

        assert [version.name for version in table.versions] == [f"v{n + 1}" for n in range(len(table.versions))]
        assert set(added) <= set(table.names)
        assert len(added) == len(set(added))


@pytest.mark.parametrize("part_format", FORMATS)
@pytest.mark.parametrize(
    ("form", "mood", "warmth"),
    [(FORMS[0], "calm", None), (FORMS[1], "calm", None), (FORMS[2], "wild", None), (FORMS[3], "wild", 0.5)],
)
def test_columns_that_came_after_a_file_have_their_default(
    tmp_path: Path, part_format: str, form: FileForm[ArchivedRow], mood: str, warmth: float | None
) -> None:
    path = file_with(tmp_path / "part", form, later_post(1), part_format)

    [rows] = FORMATS[part_format].read(path, form)

    assert list[object](rows) == [later_post(1)._replace(mood=mood, warmth=warmth)]
    assert FORMATS[part_format].count(path, form) == 1


def test_sql_over_files_of_all_versions_sees_one_table(tmp_path: Path) -> None:
    files = [ArchiveFile(file_with(tmp_path / f"{n}", form, later_post(n)), form) for n, form in enumerate(FORMS)]
    sql = "SELECT id, source, mood, warmth, strftime(created_at, '%Y-%m-%d') FROM posts ORDER BY id"

    _, rows = query_files(sql, {"posts": files}, [], [], tmp_path, 10)

    assert rows == [
        (0, "x", "calm", None, TIME[:10]),
        (1, "x", "calm", None, TIME[:10]),
        (2, "x", "wild", None, TIME[:10]),
        (3, "x", "wild", 0.5, TIME[:10]),
    ]


def test_a_file_of_another_version_than_its_place_says_is_refused(tmp_path: Path) -> None:
    path = file_with(tmp_path / "part", FORMS[2], later_post(1))

    with pytest.raises(IntegrityError, match="holds other columns than posts"):
        FORMATS["parquet"].check(path, FORMS[3])


@pytest.mark.parametrize(
    "key", ["posts/v99/source=x/dt=2026-11-01/part-1.parquet", "posts/v1/part", "job_runs/v2/part"]
)
def test_a_key_of_no_version_is_refused(key: str) -> None:
    with pytest.raises(IntegrityError, match="where no file of posts does; expected 'table=posts/schema=v1/'"):
        TABLES["posts"].form_of(key, "x")
