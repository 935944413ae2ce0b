"""The archive in a bucket of a real S3-compatible server that checks signatures and SHA-256."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.archive.keeping import Keeper, counts_of, fill
from tests.tools.object_store import BUCKET, SECRET, Disturbance, ObjectStore, disturbed
from trendspark_cli.store.rows.archived import TABLES

READ_CSV = "SELECT id, text, likes FROM read_csv($1, header=true, nullstr='\\N', strict_mode=true, all_varchar=true)"
prefixes = iter(f"run-{number}" for number in range(1000))


def bucket_keeper(folder: Path, s3: ObjectStore, **settings: str) -> Keeper:
    """An installation with rows to keep, and a bucket to keep them in."""
    prefix = f"{folder.name}-{next(prefixes)}"
    keeper = Keeper(folder / "home", {**s3.settings, "ARCHIVE_URL": f"s3://{BUCKET}/{prefix}", **settings})
    keeper.environment["ARCHIVE_URL"] = f"s3://{BUCKET}/{prefix}"
    fill(keeper)
    return keeper


def prefix_of(keeper: Keeper) -> str:
    """Where in the bucket its archive is."""
    return keeper.environment["ARCHIVE_URL"].rpartition("/")[2]


@pytest.fixture
def keeper(tmp_path: Path, s3: ObjectStore) -> Keeper:
    """An installation that archives into a bucket."""
    return bucket_keeper(tmp_path, s3)


@pytest.fixture
def disturbance(keeper: Keeper, s3: ObjectStore) -> Iterator[Disturbance]:
    """Somebody between it and its bucket."""
    with disturbed(s3) as (between, found):
        keeper.environment |= {**between.settings, "HTTP_TIMEOUT": "1s"}
        yield found


def all_posts(keeper: Keeper) -> list[Any]:
    """Every live post."""
    return keeper.everything()["posts"]


@pytest.mark.parametrize("part_format", ["parquet", "csv"])
def test_rows_go_to_a_bucket_are_verified_and_come_back(keeper: Keeper, s3: ObjectStore, part_format: str) -> None:
    before = keeper.everything()
    count = counts_of(keeper.archive(part_format=part_format))["archived"]
    objects = s3.objects(prefix_of(keeper))
    verified = keeper.command_now("archives", "verify", "--read-data", "--json").json
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home, keeper.environment)

    done = again.command_now("archives", "restore", "--since", "2026-01-01", "--json").json

    assert (verified["problems"], verified["unknown"]) == ([], [])
    assert len([key for key in objects if key.startswith("_manifests/")]) == verified["checked"]
    assert (done["restored"], done["foreign"]) == (count, 0)
    for name, rows in again.everything().items():
        assert rows, name
        assert not set(rows) - set(before[name]), name


def test_each_object_carries_the_sha256_that_s3_checked(keeper: Keeper, s3: ObjectStore) -> None:
    counts_of(keeper.archive(tables=["posts"]))

    for manifest in keeper.manifests():
        head = s3.admin().head_object(Bucket=BUCKET, Key=f"{prefix_of(keeper)}/{manifest.key}", ChecksumMode="ENABLED")
        assert head["Metadata"]["sha256"] == manifest.sha256


def test_parquet_is_read_by_pyarrow_and_duckdb(keeper: Keeper, s3: ObjectStore, tmp_path: Path) -> None:
    before = all_posts(keeper)
    counts_of(keeper.archive(tables=["posts"]))
    gone = [row for row in before if row not in all_posts(keeper)]
    files = []
    for number, (key, content) in enumerate(s3.objects(prefix_of(keeper)).items()):
        if key.endswith(".parquet"):
            files.append(tmp_path / f"{number}.parquet")
            files[-1].write_bytes(content)

    by_arrow = [tuple(row.values()) for file in files for row in pq.read_table(file).to_pylist()]
    by_duckdb = duckdb.execute(
        "SELECT id, text, likes, views FROM read_parquet($1)", [[str(f) for f in files]]
    ).fetchall()

    assert sorted(row[:7] for row in by_arrow) == sorted((row[0], *row[2:8]) for row in gone)
    assert sorted(by_duckdb) == sorted((row[0], row[5], row[9], row[13]) for row in gone)


def test_csv_is_read_by_the_csv_module_and_duckdb(keeper: Keeper, s3: ObjectStore, tmp_path: Path) -> None:
    before = all_posts(keeper)
    counts_of(keeper.archive(tables=["posts"], part_format="csv"))
    gone = {str(row[0]): row for row in before if row not in all_posts(keeper)}
    by_csv: dict[str, dict[str, str]] = {}
    by_duckdb: list[Any] = []
    for number, (key, content) in enumerate(s3.objects(prefix_of(keeper)).items()):
        if key.endswith(".csv.gz"):
            text = gzip.decompress(content).decode()
            by_csv |= {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
            file = tmp_path / f"{number}.csv.gz"
            file.write_bytes(content)
            by_duckdb += duckdb.execute(READ_CSV, [str(file)]).fetchall()

    def plain(text: str) -> str | None:
        return None if text == "\\N" else text.removeprefix("\\")

    assert {key: plain(row["text"]) for key, row in by_csv.items()} == {key: row[5] for key, row in gone.items()}
    assert {key: row["likes"] for key, row in by_csv.items()} == {
        key: "\\N" if row[9] is None else str(row[9]) for key, row in gone.items()
    }
    assert len(by_duckdb) == len(gone)
    assert {key: likes for key, _, likes in by_duckdb} == {
        key: None if row[9] is None else str(row[9]) for key, row in gone.items()
    }
    assert not [row["text"] for row in by_csv.values() if row["text"].startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_sum_lies_beside_each_csv_file(keeper: Keeper, s3: ObjectStore) -> None:
    counts_of(keeper.archive(tables=["posts"], part_format="csv"))

    objects = s3.objects(prefix_of(keeper))
    for manifest in keeper.manifests():
        name = manifest.key.rpartition("/")[2]
        assert objects[f"{manifest.key}.sha256"].decode() == f"{manifest.sha256}  {name}\n"


def test_the_identity_of_the_archive_cannot_delete(keeper: Keeper, s3: ObjectStore) -> None:
    """What the server would refuse is never asked for."""
    with disturbed(s3) as (between, found):
        keeper.environment |= between.settings
        counts_of(keeper.archive())
        assert keeper.command_now("archives", "verify", "--read-data").exit_code == 0
        assert keeper.command_now("archives", "restore", "--since", "2026-01-01").exit_code == 0

    assert {method for method, _, _ in found.seen} == {"PUT", "GET", "HEAD"}


def test_a_wrong_key_is_77_and_deletes_nothing(keeper: Keeper) -> None:
    keeper.environment["AWS_SECRET_ACCESS_KEY"] = "another-secret-than-the-real-one"
    before = keeper.everything()

    result = keeper.archive()

    assert result.exit_code == 77
    assert "check the AWS_* settings" in getattr(result.cause, "hint", "")
    assert keeper.everything() == before


def test_a_missing_bucket_is_78_and_named(keeper: Keeper, s3: ObjectStore) -> None:
    keeper.environment |= {"ARCHIVE_URL": "s3://no-such-bucket", "AWS_ACCESS_KEY_ID": "AKADMIN"}
    keeper.environment["AWS_SECRET_ACCESS_KEY"] = "secret-of-the-admin-identity"

    result = keeper.archive()

    assert (result.exit_code, str(result.cause)) == (78, "s3: bucket 'no-such-bucket' does not exist")


def test_no_server_is_69(keeper: Keeper) -> None:
    keeper.environment |= {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "HTTP_TIMEOUT": "1s"}

    assert keeper.archive().exit_code == 69


def test_keys_are_in_no_output_file_or_database(keeper: Keeper) -> None:
    keeper.environment["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:9/{SECRET}"
    done = keeper.command_now("archive", "-v")

    assert done.exit_code == 69
    assert SECRET not in done.stdout + done.stderr
    for path in keeper.home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


Rule = Callable[[str, str], str | None]


def is_part(path: str) -> bool:
    """Whether a request is about an object with rows."""
    return "/part-" in path.partition("?")[0]


def once(what: str, method: str, about: Callable[[str], bool]) -> Rule:
    """The first such request goes wrong."""
    left = [1]

    def rule(asked: str, path: str) -> str | None:
        if asked == method and about(path) and left:
            left.pop()
            return what
        return None

    return rule


def always(what: str, method: str, about: Callable[[str], bool]) -> Rule:
    """Each such request goes wrong."""
    return lambda asked, path: what if asked == method and about(path) else None


def assert_next_run_completes(keeper: Keeper, disturbance: Disturbance, before: dict[str, Any]) -> None:
    """Once nobody disturbs, the next run ends where an undisturbed one would have."""
    disturbance.rule = lambda method, path: None
    counts_of(keeper.archive())
    assert not [row for row in all_posts(keeper) if row[8] < "2026-09-17"]
    keeper.command_now("archives", "restore", "--since", "2026-01-01")
    assert keeper.everything() == before


@pytest.mark.parametrize(
    ("rule", "exit_code"),
    [
        (always("hang", "PUT", is_part), 69),
        (always("hang", "GET", is_part), 69),
        (always("refuse", "PUT", is_part), 75),
        (always("lose", "GET", is_part), 69),
        (always("flip", "GET", is_part), 65),
        (always("html", "GET", lambda path: "list-type" in path), 76),
        (always("lose", "PUT", lambda path: "/_manifests/" in path), 69),
    ],
    ids=["hang-put", "hang-get", "busy", "lost-download", "corrupted", "no-s3", "lost-manifest"],
)
def test_what_goes_wrong_on_the_way_deletes_nothing_and_the_next_run_goes_on(
    keeper: Keeper, disturbance: Disturbance, rule: Rule, exit_code: int
) -> None:
    before = keeper.everything()
    disturbance.rule = rule

    result = keeper.archive()

    assert (result.exit_code, result.counts.get("archived", 0)) == (exit_code, 0), result.cause
    assert keeper.everything() == before
    assert_next_run_completes(keeper, disturbance, before)


def test_an_answer_that_was_lost_after_the_object_was_stored_does_no_harm(
    keeper: Keeper, disturbance: Disturbance
) -> None:
    before = keeper.everything()
    disturbance.rule = once("lose", "PUT", is_part)

    counts_of(keeper.archive())

    puts = [path for method, path, _ in disturbance.seen if method == "PUT" and is_part(path)]
    assert len(puts) == len(set(puts)) + 1  # tried again, and told that it is there
    assert_next_run_completes(keeper, disturbance, before)


def test_an_object_that_was_corrupted_is_given_up_for_another_name(keeper: Keeper, disturbance: Disturbance) -> None:
    disturbance.rule = once("flip", "GET", is_part)
    first = keeper.archive(tables=["posts"])
    corrupted = next(path for method, path, what in disturbance.seen if what == "flip")

    counts_of(keeper.archive(tables=["posts"]))

    assert first.exit_code == 65
    assert "nothing was deleted; the next run writes these rows anew, under another name" in getattr(
        first.cause, "hint", ""
    )
    assert corrupted.rpartition("/")[2] not in {m.key.rpartition("/")[2] for m in keeper.manifests()}
    told = keeper.command_now("archives", "verify", "--json").json
    assert [key.rpartition("/")[2] for key in told["unknown"]] == [corrupted.rpartition("/")[2]]


def test_an_object_that_is_lost_later_stops_the_next_run(keeper: Keeper, s3: ObjectStore) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    s3.remove(prefix_of(keeper), keeper.manifests()[0].key)
    rows = keeper.everything()

    result = keeper.archive()

    assert (result.exit_code, "is gone" in str(result.cause)) == (65, True)
    assert keeper.everything() == rows
    assert keeper.metric("trendspark_archive_objects_missing") == 1


def test_an_object_with_our_name_and_other_content_is_never_overwritten(keeper: Keeper, s3: ObjectStore) -> None:
    with disturbed(s3) as (between, found):
        keeper.environment |= {**between.settings, "HTTP_TIMEOUT": "1s"}
        found.rule = always("refuse", "PUT", is_part)
        keeper.archive(tables=["posts"])
        found.rule = lambda method, path: None
        key = keeper.manifests()[0].key
        s3.replace(prefix_of(keeper), key, b"somebody else's")

        result = keeper.archive(tables=["posts"])

    assert (result.exit_code, "exists with other content" in str(result.cause)) == (65, True)
    assert s3.objects(prefix_of(keeper))[key] == b"somebody else's"


def test_sql_over_a_bucket_reads_checked_copies(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))

    done = keeper.command_now("archives", "query", "SELECT count(*) FROM posts", "--json")

    assert done.exit_code == 0, done.stderr
    assert done.json["rows"] == [[120]]


def test_requests_to_the_bucket_are_counted_as_those_of_other_services(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))

    counted = keeper.metric('trendspark_api_requests_total{code_class="2xx",service="s3"}')
    assert counted == 5 + 3 * len(keeper.manifests())  # listings; each object put and read, and its manifest put


def test_every_column_of_every_table_is_in_its_objects(keeper: Keeper, s3: ObjectStore) -> None:
    counts_of(keeper.archive())

    for key, content in s3.objects(prefix_of(keeper)).items():
        if key.endswith(".parquet"):
            table = TABLES[key.partition("/")[0]]
            assert pq.read_schema(io.BytesIO(content)).names == list(table.form(table.sources[0]).names)
