"""The names of archive objects, and manifests as objects: an archive can be read without the database it came from."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archive_versions import V1
from trendspark_cli.store.rows.archived import TABLES, ArchivedRow, FileForm
from trendspark_cli.store.rows.archives import Manifest, Tombstone

MANIFESTS, TOMBSTONES = "_manifests/", "tombstones/"  # what begins with `_` is no data to those who read tables
MANIFESTS_OF_0_1 = "manifests/"  # read for ever, never written
KNOWN_VERSIONS = sorted({version.name for table in TABLES.values() for version in table.versions})
DATA = sorted({v.layout.listed.format(table=table.name) for table in TABLES.values() for v in table.versions})
KIND = "trendspark archive manifest"
_STORED = ("id", "source", "day", "format", "key", "rows", "bytes", "sha256", "min_time", "max_time", "created_at")
_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_Source = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z")]
MOST_FACT_BYTES = 2**16  # of a manifest or tombstone; ours have less than 1 KiB
MOST_STONES = 50_000  # of one object, some 250 bytes each
MOST_STONE_BYTES = 2**25  # of an object with tombstones
MOST_ROWS_TOLD, MOST_BYTES_TOLD = 10**9, 2**32  # of one part; ours have 50,000 rows at most
LONGEST_SHOWN = 120  # characters of a value in a message
T = TypeVar("T")


def new_manifest(
    table: str, source: str | None, day: str, part_format: str, url: str, now: datetime, run_id: int | None
) -> Manifest:
    """Return the manifest of a part that is to be made; its id is in the name of its object."""
    part_id = str(uuid.uuid4())
    key = part_key(TABLES[table].form(source), day, part_id, part_format)
    return Manifest(part_id, table, source, day, part_format, url, key, "planned", to_text(now), run_id=run_id)


def in_present_form(manifest: Manifest) -> Manifest:
    """Return a part that is not exported yet as one that is planned now: under the key of the last version."""
    form = TABLES[manifest.table_name].form(manifest.source)
    key = part_key(form, manifest.day, manifest.id, manifest.format)
    return manifest if manifest.key == key else manifest._replace(state="planned", key=key)


def form_of(manifest: Manifest) -> FileForm[ArchivedRow]:
    """Return the form of a part's file; raise IntegrityError when this version knows none at its key."""
    return TABLES[manifest.table_name].form_of(manifest.key, manifest.source)


def part_key(form: FileForm[ArchivedRow], day: str, part_id: str, part_format: str) -> str:
    """Return the key of a part's object."""
    return f"{form.folder(day, part_format)}part-{part_id}.{FORMATS[part_format].suffix}"


def manifest_key(manifest_id: str) -> str:
    """Return the key of a manifest's object."""
    return f"{MANIFESTS}{manifest_id}.json"


def old_manifest_key(manifest_id: str) -> str:
    """Return the key that release 0.1 gave a manifest's object."""
    return f"{MANIFESTS_OF_0_1}{manifest_id}.json"


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write what never changes of a manifest; the same bytes each time."""
    values = {name: getattr(manifest, name) for name in _STORED}
    facts = {"kind": KIND, "table": manifest.table_name, "schema": form_of(manifest).version.name, **values}
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path, key: str, url: str) -> Manifest:
    """Return the manifest of an object that was fetched; all of its rows are out of the database.

    Raises IntegrityError when it is none, or of a version this one does not know: whoever may write there may have.
    """
    content = _content(path, key)
    head = _decoded(content, _Head, key)
    if head.kind != KIND:
        raise _unfit(key, f"kind is {_shown(head.kind)}; expected {KIND!r}")
    if head.schema not in KNOWN_VERSIONS:
        raise _unfit(key, f"schema is {_shown(head.schema)}; expected {' or '.join(map(repr, KNOWN_VERSIONS))}")
    told = _decoded(content, _ToldManifest, key)
    is_old = key.startswith(MANIFESTS_OF_0_1) and head.schema == V1.name
    expected_key = old_manifest_key(told.id) if is_old else manifest_key(told.id)
    if key != expected_key:
        raise _unfit(key, f"id is {told.id!r} and schema {head.schema!r}, which belongs to {expected_key}")
    if told.table not in TABLES or told.format not in FORMATS:
        known = f"tables {', '.join(TABLES)} and formats {', '.join(FORMATS)}"
        raise _unfit(key, f"it is of {_shown(told.table)} in {_shown(told.format)}; expected {known}")
    if (told.source is None) == (TABLES[told.table].sources != (None,)):
        expected = "none" if told.source is not None else "one, since it is of posts"
        raise _unfit(key, f"source is {_shown(told.source)}; expected {expected}")
    version = next((version for version in TABLES[told.table].versions if version.name == head.schema), None)
    if version is None:
        raise _unfit(key, f"there is no {head.schema} of {told.table}")
    place = part_key(FileForm(TABLES[told.table], version, told.source), told.day, told.id, told.format)
    if told.key != place:
        raise _unfit(key, f"key is {_shown(told.key)}; expected {place!r}")
    times = (told.min_time, told.max_time, told.created_at)
    if not all(_is_stored_form(time) for time in times) or told.min_time > told.max_time:
        raise _unfit(key, f"times are {_shown(list(times))}; expected three like 2026-11-01T12:00:00.000Z, in order")
    if {told.min_time[:10], told.max_time[:10]} != {told.day}:
        raise _unfit(key, f"its rows are of {told.min_time} to {told.max_time}; expected the day {told.day}")
    own = {name: getattr(told, name) for name in _STORED}
    manifest = Manifest(**own, table_name=TABLES[told.table].name, url=url, state="done")
    return manifest._replace(deleted_rows=manifest.rows, done_at=manifest.created_at)


def tombstone_key(name: str) -> str:
    """Return the key of an object with tombstones, by the id of the one in it or the SHA-256 of many."""
    return f"{TOMBSTONES}{name}.json"


def write_tombstones(tombstones: Sequence[Tombstone], path: Path) -> None:
    """Write tombstones, one a line; the same bytes each time. Their object is called by their SHA-256."""
    with path.open("w", encoding="utf-8") as file:
        for stone in tombstones:
            facts = {name: getattr(stone, name) for name in _ToldTombstone.__struct_fields__}
            file.write(json.dumps(facts, separators=(",", ":")) + "\n")


def read_tombstones(path: Path, key: str) -> list[Tombstone]:
    """Return the tombstones of an object that was fetched: one as earlier versions wrote it, or one on each line.

    Raises IntegrityError when it is neither, or not what its name says.
    """
    content = _content(path, key, MOST_STONE_BYTES)
    batch = hashlib.sha256(content).hexdigest()
    if key == tombstone_key(batch):
        return [_told_stone(_decoded(line, _ToldTombstone, key), key, batch) for line in content.splitlines()]
    told = _decoded(content, _ToldTombstone, key)
    if key != tombstone_key(told.id):
        raise _unfit(key, f"id is {_shown(told.id)}, which belongs to {tombstone_key(told.id)[:80]}")
    return [_told_stone(told, key, None)]


def _told_stone(told: _ToldTombstone, key: str, batch: str | None) -> Tombstone:
    if (told.source_id is None) == (told.author is None):
        raise _unfit(key, "it names a post and an author, or neither; expected one of them")
    if not _is_stored_form(told.created_at):
        raise _unfit(key, f"created_at is {_shown(told.created_at)}; expected a time like 2026-11-01T12:00:00.000Z")
    days = (told.first_day, told.last_day)
    if days != (None, None) and not all(_DAY.match(day or "") for day in days):
        raise _unfit(key, f"its days are {_shown(list(days))}; expected two like 2026-11-01, or none")
    return Tombstone(**msgspec.structs.asdict(told), is_pushed=True, batch=batch)


class _Head(msgspec.Struct):
    """What tells whether the rest can be read at all."""

    kind: str
    schema: str


class _ToldManifest(msgspec.Struct):
    """A manifest as it is written; what can be said of a value alone is said here."""

    id: Annotated[str, msgspec.Meta(pattern=_ID)]
    table: str
    source: _Source | None
    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    format: str
    key: str
    rows: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS_TOLD)]
    bytes: Annotated[int, msgspec.Meta(ge=1, le=MOST_BYTES_TOLD)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    min_time: str
    max_time: str
    created_at: str


class _ToldTombstone(msgspec.Struct, forbid_unknown_fields=True):
    """A tombstone as it is written; those without days are for ever."""

    id: Annotated[str, msgspec.Meta(pattern=_ID)]
    source: _Source
    source_id: Annotated[str, msgspec.Meta(min_length=1)] | None
    author: Annotated[str, msgspec.Meta(min_length=1)] | None
    created_at: str
    first_day: str | None = None
    last_day: str | None = None


def _content(path: Path, key: str, most: int = MOST_FACT_BYTES) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _unfit(key, f"it has more than {most} bytes")
    return content


def _decoded(content: bytes, kind: type[T], key: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _unfit(key, str(error)) from error


def _is_stored_form(text: str) -> bool:
    try:
        return to_text(from_text(text)) == text
    except (ValueError, OverflowError):
        return False


def _shown(value: object) -> str:
    """Return a value that somebody else may have chosen, short and without characters that act on a terminal."""
    text = ascii(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _unfit(key: str, problem: str) -> IntegrityError:
    what = "tombstone" if key.startswith(TOMBSTONES) else "manifest"
    return IntegrityError(f"{key} is no {what} this version can read: {problem}")
