"""Objects in an archive that are not what their names say: each is named and passed over, and the rest goes on."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.archive.keeping import Keeper, counts_of, fill
from trendspark_cli.archiving import parquet_files
from trendspark_cli.archiving.found_objects import Unreadable, unknown_manifests, unknown_tombstones
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.services.local_folder import LocalFolder
from trendspark_cli.store.rows.archives import Manifest

STRANGE = "11111111-1111-4111-8111-111111111111"
ALL_OF_IT = ("--since", "2026-01-01")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An installation that has archived its posts."""
    made = Keeper(tmp_path / "home")
    fill(made, old=60, new=100)
    counts_of(made.archive(tables=["posts"]))
    return made


TOLD: dict[str, Any] = {
    "kind": "trendspark archive manifest",
    "table": "posts",
    "schema": "v2",
    "id": STRANGE,
    "source": "x",
    "day": "2026-09-01",
    "format": "parquet",
    "key": f"posts/v2/source=x/dt=2026-09-01/part-{STRANGE}.parquet",
    "rows": 30,
    "bytes": 4578,
    "sha256": "ab" * 32,
    "min_time": "2026-09-01T00:00:01.000Z",
    "max_time": "2026-09-01T00:00:30.000Z",
    "created_at": "2026-11-01T12:00:00.000Z",
}


def changed(**values: Any) -> Callable[[dict[str, Any]], bytes]:
    """A manifest that says something else."""
    return lambda told: json.dumps({**told, **values}).encode()


def without(name: str) -> Callable[[dict[str, Any]], bytes]:
    """A manifest that does not say something."""
    return lambda told: json.dumps({key: value for key, value in told.items() if key != name}).encode()


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], bytes], str]] = {
    "empty": (lambda told: b"", "truncated"),
    "half-written": (lambda told: json.dumps(told).encode()[:150], "truncated"),
    "an object without keys": (lambda told: b"{}", "`kind`"),
    "a list": (lambda told: b"[1, 2]", "Expected `object`"),
    "no JSON": (lambda told: b"\x89PNG\r\n\x1a\n", "malformed"),
    "no UTF-8": (lambda told: json.dumps(told).encode().replace(b"parquet", b"par\xff\xfeet"), "no manifest"),
    "nested without end": (lambda told: b"[" * 60_000, "no manifest"),
    "too large": (lambda told: json.dumps({**told, "note": "x" * 70_000}).encode(), "expected at most 65536"),
    "of another kind": (changed(kind="backup"), "kind is 'backup'; expected 'trendspark archive manifest'"),
    "of a later version": (changed(schema="v9"), "schema is 'v9'; expected 'v1' or 'v2'"),
    "rows without bound": (changed(rows=10**30), "`$.rows`"),
    "rows as a float": (lambda told: json.dumps({**told, "rows": 1e30}).encode(), "Expected `int`"),
    "rows not a number": (lambda told: json.dumps({**told, "rows": float("nan")}).encode(), "malformed"),
    "rows below nothing": (changed(rows=-5), "`$.rows`"),
    "rows a truth": (changed(rows=True), "Expected `int`"),
    "bytes without bound": (changed(bytes=2**63), "`$.bytes`"),
    "no source": (changed(source=None), "source is None; expected one"),
    "a source that climbs": (changed(source="../x"), "`$.source`"),
    "a source that is a number": (changed(source=7), "Expected `str | null`"),
    "another table": (changed(table="sqlite_master"), "expected tables posts"),
    "a table without sources": (changed(table="job_runs"), "expected none"),
    "another format": (changed(format="pickle"), "in 'pickle'"),
    "a key that is absolute": (changed(key=f"/etc/{STRANGE}"), f"key is '/etc/{STRANGE}'; expected 'posts/v2/"),
    "a key that climbs": (changed(key=f"../../{STRANGE}.parquet"), "expected 'posts/v2/"),
    "a key of another scheme": (changed(key=f"s3://other/{STRANGE}.parquet"), "expected 'posts/v2/"),
    "a key elsewhere": (changed(key=f"posts/v2/part-{STRANGE}.parquet"), "expected 'posts/v2/"),
    "a key that ends early": (changed(key=f"posts/v2\0{STRANGE}"), "expected 'posts/v2/"),
    "the id of another one": (changed(id="22222222-2222-4222-8222-222222222222"), "belongs to _manifests/22222222"),
    "an id that is none": (changed(id=STRANGE + "\n"), "`$.id`"),
    "a checksum that is none": (changed(sha256="e3b0"), "`$.sha256`"),
    "no checksum": (without("sha256"), "`sha256`"),
    "no times": (changed(min_time=None, max_time=None), "Expected `str`"),
    "times in another form": (changed(min_time="2026-09-01 00:00:00"), "expected three like"),
    "times of another day": (changed(min_time="2019-01-01T00:00:00.000Z"), "expected the day"),
    "times in no order": (changed(max_time="0001-01-01T00:00:00.000Z"), "in order"),
    "a day that is none": (changed(day="2026-13-45"), "expected"),
    "characters that act on a terminal": (changed(key="\x1b[2J\u202e"), r"key is '\x1b[2J\u202e'"),
}


def strange_manifest(keeper: Keeper, content: bytes) -> Path:
    """Lay down a manifest that no database of ours wrote."""
    path = keeper.folder / "_manifests" / f"{STRANGE}.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "expected"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_junk_manifest_is_named_with_what_was_expected(
    tmp_path: Path, content: Callable[[dict[str, Any]], bytes], expected: str
) -> None:
    (tmp_path / "_manifests").mkdir()
    (tmp_path / "_manifests" / f"{STRANGE}.json").write_bytes(content(TOLD))

    [found] = unknown_manifests(LocalFolder(f"file://{tmp_path}", tmp_path), Spool(tmp_path / "spool"), set())

    assert isinstance(found, Unreadable)
    assert found.key == f"_manifests/{STRANGE}.json"
    assert f"_manifests/{STRANGE}.json" in found.problem
    assert expected in found.problem
    assert found.problem.isprintable()
    assert len(found.problem) < 700


def test_a_sound_manifest_of_another_database_is_read(tmp_path: Path) -> None:
    (tmp_path / "_manifests").mkdir()
    (tmp_path / "_manifests" / f"{STRANGE}.json").write_text(json.dumps(TOLD))

    [found] = unknown_manifests(LocalFolder(f"file://{tmp_path}", tmp_path), Spool(tmp_path / "spool"), set())

    assert isinstance(found, Manifest)
    assert (found.id, found.rows, found.key) == (STRANGE, 30, TOLD["key"])


def test_all_rows_but_those_of_a_junk_manifest_come_back(keeper: Keeper) -> None:
    strange_manifest(keeper, b'{"rows": 1e30')

    done = keeper.command_now("archives", "restore", *ALL_OF_IT)

    assert (done.exit_code, done.stderr) == (65, "")
    assert f"passed over: archive object _manifests/{STRANGE}.json is no manifest" in done.stdout
    assert keeper.rows("SELECT count(*) AS n FROM posts")[0]["n"] == 160


def test_a_known_file_comes_back_beside_a_junk_manifest_as_if_it_were_not_there(keeper: Keeper) -> None:
    strange_manifest(keeper, b"{}")

    done = keeper.command_now("archives", "restore", keeper.manifests()[0].id)

    assert done.exit_code == 0
    assert f"passed over: archive object _manifests/{STRANGE}.json is no manifest" in done.stdout


def test_what_cannot_be_read_is_shown_by_verify_and_health_until_it_is_gone(keeper: Keeper) -> None:
    path = strange_manifest(keeper, b"{}")
    tombstone = keeper.folder / "tombstones" / f"{STRANGE}.json"
    tombstone.parent.mkdir()
    tombstone.write_text('{"id": 7}')

    found = keeper.command_now("archives", "verify", "--json")
    health = keeper.command_now("health", "--json").json["services"]["archive"]
    path.unlink()
    tombstone.unlink()
    again = keeper.command_now("archives", "verify", "--json")
    healthy = keeper.command_now("health", "--json").json["services"]["archive"]

    assert (found.exit_code, found.json["problems"]) == (65, [])
    assert {one["key"] for one in found.json["unreadable"]} == {
        f"{d}/{STRANGE}.json" for d in ("_manifests", "tombstones")
    }
    assert (health["ok"], health["reason"].partition(";")[0]) == (False, "manifests or tombstones cannot be read: 2")
    assert (again.exit_code, again.json["unreadable"], healthy["ok"]) == (0, [], True)


def test_other_commands_go_on_beside_a_junk_manifest(keeper: Keeper) -> None:
    strange_manifest(keeper, b'{"rows": 1e30')

    listed = keeper.command_now("archives", "list", "--json")
    asked = keeper.command_now("archives", "query", "SELECT count(*) FROM posts", "--json")
    counts = counts_of(keeper.archive())

    assert {row["table_name"] for row in listed.json["archives"]} == {"posts"}
    assert asked.json["rows"] == [[60]]
    assert counts["archived"] > 0


TOMBSTONES = {
    "empty": b"",
    "a list": b"[]",
    "of nobody": json.dumps(
        {"id": STRANGE, "source": "x", "source_id": None, "author": None, "created_at": "?"}
    ).encode(),
    "of a number": json.dumps(
        {"id": STRANGE, "source": "x", "source_id": 5, "author": None, "created_at": "?"}
    ).encode(),
    "of no time": json.dumps(
        {"id": STRANGE, "source": "x", "source_id": "5", "author": None, "created_at": 0}
    ).encode(),
    "with more in it": json.dumps({"id": STRANGE, "source": "x", "is_pushed": False}).encode(),
    "too large": b" " * 100_000,
}


@pytest.mark.parametrize("content", TOMBSTONES.values(), ids=TOMBSTONES)
def test_a_junk_tombstone_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tombstones").mkdir()
    (tmp_path / "tombstones" / f"{STRANGE}.json").write_bytes(content)

    [found] = unknown_tombstones(LocalFolder(f"file://{tmp_path}", tmp_path), Spool(tmp_path / "spool"), set())

    assert isinstance(found, Unreadable)
    assert found.problem.startswith(f"archive object tombstones/{STRANGE}.json ")


def a_pipe(path: Path) -> None:
    """Something that never ends."""
    os.mkfifo(path)


def a_link_to_nowhere(path: Path) -> None:
    """Something that is not there."""
    path.symlink_to("/nowhere")


def a_link_to_itself(path: Path) -> None:
    """Something that leads to itself."""
    path.symlink_to(path)


@pytest.mark.parametrize("plant", [a_pipe, a_link_to_nowhere, a_link_to_itself, Path.mkdir])
def test_what_is_no_file_in_a_folder_of_archives_stops_nothing(keeper: Keeper, plant: Callable[[Path], None]) -> None:
    plant(keeper.folder / "_manifests" / f"{STRANGE}.json")
    plant(next(keeper.folder.glob("posts/v2/*/*")) / "part-x.parquet")

    done = keeper.command_now("archives", "restore", *ALL_OF_IT)

    assert done.exit_code == 0
    assert keeper.archive().exit_code == 0
    assert keeper.command_now("archives", "verify").exit_code == 0


TEXT, TIME = pa.string(), pa.timestamp("us", tz="UTC")


def agreeing(keeper: Keeper, path: Path, rows: int | None = None) -> None:
    """Make the manifest of an object agree with it: who may write there can do so."""
    manifest = keeper.folder / "_manifests" / f"{path.name.split('.')[0].removeprefix('part-')}.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    told |= {"rows": rows} if rows is not None else {}
    manifest.write_text(json.dumps(told), encoding="utf-8")


def replaced(name: str, kind: pa.DataType, value: object) -> Callable[[Path], None]:
    """Put another column in the place of one."""

    def change(path: Path) -> None:
        table = pq.read_table(path, partitioning=None)
        place = table.schema.get_field_index(name)
        pq.write_table(table.set_column(place, name, pa.array([value] * table.num_rows, kind)), path)

    return change


def without_column(path: Path) -> None:
    """A file of other columns."""
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["lang"]), path)


def with_column(path: Path) -> None:
    """A file that says itself what its folder says."""
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.append_column("source", pa.array(["reddit2"] * table.num_rows, TEXT)), path)


def cut(path: Path) -> None:
    """A file that ends early."""
    path.write_bytes(path.read_bytes()[:-40])


def nonsense(path: Path) -> None:
    """A file whose end says that it is Parquet."""
    path.write_bytes(b"PAR1" + b"\xff" * 300 + (250).to_bytes(4, "little") + b"PAR1")


def a_footer_of_gigabytes(path: Path) -> None:
    """A file whose end says that its description is larger than itself."""
    path.write_bytes(b"PAR1" + b"\0" * 100 + (2**31 - 1).to_bytes(4, "little") + b"PAR1")


FILES: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "nonsense": nonsense,
    "empty": lambda path: path.write_bytes(b""),
    "a picture": lambda path: path.write_bytes(b"\x89PNG" * 50),
    "a footer of gigabytes": a_footer_of_gigabytes,
    "a column less": without_column,
    "a text that is a number": replaced("text", pa.int64(), 7),
    "a text that is a list": replaced("text", pa.list_(TEXT), ["a"]),
    "a time that is a text": replaced("created_at", TEXT, "yesterday"),
    "a time of another era": replaced("collected_at", TIME, 2**62),
    "a time before all": replaced("created_at", TIME, -(2**62)),
    "a time of another day": replaced("created_at", TIME, 0),
    "no ids": replaced("id", pa.int64(), None),
    "no texts": replaced("text", TEXT, None),
    "a column more": with_column,
    "histories that are no JSON": replaced("metrics", TEXT, "{not json"),
    "histories of words": replaced("metrics", TEXT, '[{"observed_at": "x", "likes": "many"}]'),
    "histories without bound": replaced("metrics", TEXT, '[{"observed_at": "x", "likes": 1' + "0" * 40 + "}]"),
    "trends that are words": replaced("trend_ids", TEXT, '["a"]'),
}


@pytest.mark.only_sqlite  # its file is lost
@pytest.mark.parametrize("change", FILES.values(), ids=FILES)
def test_a_junk_file_is_named_and_all_other_rows_come_back(keeper: Keeper, change: Callable[[Path], None]) -> None:
    path = keeper.objects()[1]
    rows = next(m.rows for m in keeper.manifests() if m.key.endswith(path.name))
    change(path)
    agreeing(keeper, path)
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home)

    done = again.command_now("archives", "restore", *ALL_OF_IT)

    assert (done.exit_code, done.stderr) == (65, "")
    [told] = [line for line in done.stdout.splitlines() if line.startswith("passed over: ")]
    assert path.stem.removeprefix("part-") in told
    assert len(told) < 900
    assert again.rows("SELECT count(*) AS n FROM posts")[0]["n"] == 60 - rows


@pytest.mark.parametrize("change", [cut, without_column, replaced("metrics", TEXT, "[")])
def test_verify_and_query_name_a_junk_file_and_go_on(keeper: Keeper, change: Callable[[Path], None]) -> None:
    path = keeper.objects()[1]
    rows = next(m.rows for m in keeper.manifests() if m.key.endswith(path.name))
    change(path)

    found = keeper.command_now("archives", "verify", "--json")
    asked = keeper.command_now("archives", "query", "SELECT count(*) FROM posts", "--json")

    assert found.exit_code == asked.exit_code == 65
    assert [one["key"].rpartition("/")[2] for one in found.json["problems"]] == [path.name]
    assert asked.json["rows"] == [[60 - rows]]
    assert [one["key"].rpartition("/")[2] for one in asked.json["unreadable"]] == [path.name]
    assert f"left out: archive object {path.relative_to(keeper.folder)}" in asked.stderr


def test_a_key_that_leads_out_of_the_folder_is_refused_even_when_the_database_holds_it(keeper: Keeper) -> None:
    secret = keeper.home.parent / "secret"
    secret.write_text("root:x:0:0")
    with keeper.changes() as store:
        for number, key in enumerate((str(secret), "../secret", "/etc/passwd")):
            sql = "UPDATE archive_manifests SET key = ? WHERE id = ?"
            store.connection.execute(sql, (key, keeper.manifests()[number].id))

    done = keeper.command_now("archives", "restore", *ALL_OF_IT)

    assert done.exit_code == 65
    assert done.stdout.count("leads out of archive folder") == 3


@pytest.mark.only_sqlite  # its file is lost
@pytest.mark.parametrize(
    "lines",
    [
        "x" * 20_000_000,
        ",".join(["1" + "0" * 30] * 18),
        "\\N," * 17 + "\\N",
        "1,x",
        '"' + "a\n" * 100_000,
    ],
    ids=["a line without end", "numbers without bound", "nothing at all", "too few fields", "a quote without end"],
)
def test_a_junk_csv_file_is_named_and_all_other_rows_come_back(tmp_path: Path, lines: str) -> None:
    keeper = Keeper(tmp_path / "csv" / "home")
    fill(keeper, old=60, new=100)
    counts_of(keeper.archive(tables=["posts"], part_format="csv"))
    path = keeper.objects()[1]
    header = gzip.decompress(path.read_bytes()).split(b"\r\n")[0].decode()
    path.write_bytes(gzip.compress(f"{header}\r\n{lines}\r\n".encode()))
    agreeing(keeper, path, rows=1)
    lost = next(m.rows for m in keeper.manifests() if m.key.endswith(path.name))
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home)

    done = again.command_now("archives", "restore", *ALL_OF_IT)

    assert (done.exit_code, done.stderr) == (65, "")
    assert done.stdout.count("passed over: ") == 1
    assert again.rows("SELECT count(*) AS n FROM posts")[0]["n"] == 60 - lost


def test_a_text_that_a_dictionary_repeats_is_decoded_a_few_rows_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "repeats.parquet"
    table = pa.table({"text": pa.array(["x" * 8_000_000] * 500)})
    pq.write_table(table, path, dictionary_pagesize_limit=2**30)

    with pq.ParquetFile(path) as file:
        rows = parquet_files._rows_at_once(file.metadata, 1000, (), path.name)

    assert path.stat().st_size < 2_000_000
    assert rows * 8_000_000 <= parquet_files.MOST_BATCH_BYTES
