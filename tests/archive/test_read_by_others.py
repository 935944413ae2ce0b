"""The folder of one table is read as it is by pandas, pyarrow, polars and DuckDB, and so is one file."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.dataset
import pyarrow.parquet
import pytest

from tests.archive.keeping import LINKS, Keeper, counts_of, fill
from trendspark_cli.services.local_folder import LocalFolder

Rows = set[tuple[int, str, str]]  # id, source, day
Links = dict[int, tuple[str, ...]]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An installation whose posts the command `archive` took."""
    made = Keeper(tmp_path_factory.mktemp("others") / "home")
    fill(made, old=60, new=100)
    done = made.command_now("archive")
    assert done.exit_code == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An installation that wrote CSV first and Parquet later."""
    made = Keeper(tmp_path_factory.mktemp("mixed") / "home")
    fill(made, old=60, new=100)
    for part_format, days in (("csv", 60), ("parquet", 45)):
        counts_of(made.archive(tables=["posts"], part_format=part_format, older_than=timedelta(days=days)))
    return made


@pytest.fixture
def posts(keeper: Keeper) -> Path:
    """The folder of posts."""
    return keeper.folder / "posts" / "v2"


def archived(keeper: Keeper) -> Rows:
    """What the archive itself says it has."""
    sql = "SELECT id, source, strftime(created_at, '%Y-%m-%d') FROM posts"
    found = keeper.command_now("archives", "query", sql, "--json", "--limit", "1000").json["rows"]
    return {(post_id, source, day) for post_id, source, day in found}


def by_pandas(folder: Path) -> Rows:
    """As pandas reads it."""
    frame = pandas.read_parquet(folder)
    return set(zip(frame["id"], frame["source"], frame["dt"].astype(str), strict=True))


def by_pyarrow(folder: Path) -> Rows:
    """As pyarrow reads a file or folder."""
    rows = pyarrow.parquet.read_table(folder).to_pylist()
    return {(row["id"], row["source"], str(row["dt"])) for row in rows}


def by_a_dataset(folder: Path) -> Rows:
    """As a dataset of pyarrow."""
    rows = pyarrow.dataset.dataset(folder, partitioning="hive").to_table(columns=["id", "source", "dt"]).to_pylist()
    return {(row["id"], row["source"], str(row["dt"])) for row in rows}


def by_polars(folder: Path) -> Rows:
    """As polars reads a folder."""
    frame = polars.read_parquet(folder / "**/*.parquet", hive_partitioning=True)
    return {(post_id, source, str(day)) for post_id, source, day in frame.select("id", "source", "dt").iter_rows()}


def by_polars_lazily(folder: Path) -> Rows:
    """As polars scans a folder by its name."""
    frame = polars.scan_parquet(folder, hive_partitioning=True).select("id", "source", "dt").collect()
    return {(post_id, source, str(day)) for post_id, source, day in frame.iter_rows()}


def by_duckdb(folder: Path) -> Rows:
    """As DuckDB reads a folder."""
    sql = "SELECT id, source, dt FROM read_parquet($1, hive_partitioning = true)"
    found = duckdb.execute(sql, [f"{folder}/**/*.parquet"]).fetchall()
    return {(post_id, source, str(day)) for post_id, source, day in found}


def links_by_pandas(folder: Path) -> Links:
    """As pandas reads them."""
    frame = pandas.read_parquet(folder, columns=["id", "links"])
    return {post_id: tuple(links) for post_id, links in zip(frame["id"], frame["links"], strict=True)}


def links_by_pyarrow(folder: Path) -> Links:
    """As pyarrow reads them."""
    rows = pyarrow.parquet.read_table(folder, columns=["id", "links"]).to_pylist()
    return {row["id"]: tuple(row["links"]) for row in rows}


def links_by_polars(folder: Path) -> Links:
    """As polars reads them."""
    frame = polars.read_parquet(folder / "**/*.parquet").select("id", "links")
    return {post_id: tuple(links) for post_id, links in frame.iter_rows()}


def links_by_duckdb(folder: Path) -> Links:
    """As DuckDB reads them."""
    found = duckdb.execute("SELECT id, links FROM read_parquet($1)", [f"{folder}/**/*.parquet"]).fetchall()
    return {post_id: tuple(links) for post_id, links in found}


READERS = [by_pandas, by_pyarrow, by_a_dataset, by_polars, by_polars_lazily, by_duckdb]


@pytest.mark.parametrize("read", READERS)
def test_the_folder_of_posts_is_read_with_source_and_day(
    keeper: Keeper, posts: Path, read: Callable[[Path], Rows]
) -> None:
    found = read(posts)

    assert found == archived(keeper)
    assert {source for _, source, _ in found} == {"x", "reddit"}


@pytest.mark.parametrize("read", READERS)
def test_the_folder_is_read_as_it_is_when_csv_was_written_too(mixed: Keeper, read: Callable[[Path], Rows]) -> None:
    found = read(mixed.folder / "posts" / "v2")

    assert found | in_csv(mixed) == archived(mixed)
    assert found & in_csv(mixed) == set()


def in_csv(keeper: Keeper) -> Rows:
    """What is in the files in CSV, by DuckDB."""
    sql = "SELECT id, source, dt FROM read_csv($1, hive_partitioning = true, all_varchar = true, nullstr = '\\N')"
    rows = duckdb.execute(sql, [f"{keeper.folder}/posts/v2-csv/**/*.csv.gz"]).fetchall()
    assert rows != []
    return {(int(post_id), source, str(day)) for post_id, source, day in rows}


@pytest.mark.parametrize("read", [links_by_pandas, links_by_pyarrow, links_by_polars, links_by_duckdb])
def test_the_pages_that_posts_lead_to_are_a_list(keeper: Keeper, posts: Path, read: Callable[[Path], Links]) -> None:
    found = read(posts)

    told = keeper.command_now("archives", "query", "SELECT id, links FROM posts", "--json", "--limit", "1000").json
    assert found == {post_id: tuple(links) for post_id, links in told["rows"]}
    assert set(found.values()) == {LINKS[:count] for count in range(4)}


@pytest.mark.parametrize("table", ["ingest_audit", "notifications", "job_runs"])
def test_the_folder_of_every_other_table_is_read_with_its_day(keeper: Keeper, table: str) -> None:
    frame = pandas.read_parquet(keeper.folder / table / "v2")

    told = keeper.command_now("archives", "query", f"SELECT count(*) FROM {table}", "--json").json["rows"]
    assert [[len(frame)]] == told
    assert frame["dt"].astype(str).str.fullmatch(r"2026-\d\d-\d\d").all()


@pytest.mark.parametrize("read", [by_pandas, by_pyarrow, by_a_dataset])
def test_one_file_is_read_by_its_path(keeper: Keeper, read: Callable[[Path], object]) -> None:
    path = keeper.objects()[-1]
    table = pyarrow.parquet.ParquetFile(path).read()
    frame = pandas.read_parquet(path)

    assert len(frame) == table.num_rows
    assert str(frame.dtypes["started_at" if "job_runs" in str(path) else "created_at"]) == "datetime64[us, UTC]"


def test_a_filter_on_source_and_day_reads_only_their_files(posts: Path) -> None:
    day = sorted(posts.glob("source=reddit/dt=*"))[0].name.removeprefix("dt=")
    chosen = pyarrow.dataset.dataset(posts, partitioning="hive")
    wanted = (pyarrow.dataset.field("source") == "reddit") & (pyarrow.dataset.field("dt") == day)

    files = [fragment.path for fragment in chosen.get_fragments(wanted)]

    assert files == [str(path) for path in posts.glob(f"source=reddit/dt={day}/*.parquet")]


def test_nothing_but_whole_files_ever_lies_in_a_table(tmp_path: Path) -> None:
    source, place = tmp_path / "source", tmp_path / "archive"
    place.mkdir()
    os.mkfifo(source)
    folder = LocalFolder(f"file://{place}", place)
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(folder.put, "posts/v2/part-1.parquet", source, "")
        with source.open("wb") as stream:
            stream.write(bytes(4 << 20))  # more than a pipe holds, so some of it was read
            half_done = {path.name for path in place.rglob("posts/**/*") if path.is_file()}
        putting.result(60)

    assert half_done == set()
    assert (place / "posts/v2/part-1.parquet").stat().st_size == 4 << 20
    assert list((place / "_unfinished").iterdir()) == []


def test_no_file_holds_what_its_folder_says(posts: Path) -> None:
    for path in posts.rglob("part-*.parquet"):
        names = pyarrow.parquet.ParquetFile(path).schema_arrow.names

        assert not {"source", "dt"} & set(names)
