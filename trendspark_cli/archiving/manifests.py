"""The names of archive objects, and manifests as objects: an archive can be read without the database it came from."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import SCHEMA_VERSION, TABLES
from trendspark_cli.store.rows.archives import Manifest, Tombstone

MANIFESTS, TOMBSTONES = "manifests/", "tombstones/"
KIND = "trendspark archive manifest"
_STORED = ("id", "source", "day", "format", "key", "rows", "bytes", "sha256", "min_time", "max_time", "created_at")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_manifest(
    table: str, source: str | None, day: str, part_format: str, url: str, now: datetime, run_id: int | None
) -> Manifest:
    """Return the manifest of a part that is to be made; its id is in the name of its object."""
    part_id = str(uuid.uuid4())
    key = f"{folder_key(table, source, day)}part-{part_id}.{FORMATS[part_format].suffix}"
    return Manifest(part_id, table, source, day, part_format, url, key, "planned", to_text(now), run_id=run_id)


def folder_key(table: str, source: str | None, day: str) -> str:
    """Return where the parts of a day lie, in the layout of Hive: `table=posts/schema=v1/source=x/dt=2026-11-01/`."""
    own_folder = f"source={source}/" if source is not None else ""
    return f"table={table}/schema={SCHEMA_VERSION}/{own_folder}dt={day}/"


def manifest_key(manifest_id: str) -> str:
    """Return the key of a manifest's object."""
    return f"{MANIFESTS}{manifest_id}.json"


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write what never changes of a manifest; the same bytes each time."""
    values = {name: getattr(manifest, name) for name in _STORED}
    facts = {"kind": KIND, "table": manifest.table_name, "schema": SCHEMA_VERSION, **values}
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_manifest(path: Path, key: str, url: str) -> Manifest:
    """Return the manifest of an object that was fetched; all of its rows are out of the database.

    Raises IntegrityError when it is none, or of a version this one does not know.
    """
    values = _json_object(path, key)
    try:
        if values["kind"] != KIND or values["schema"] != SCHEMA_VERSION or values["format"] not in FORMATS:
            raise ValueError("of another version")
        own = {name: values[name] for name in _STORED}
        manifest = Manifest(**own, table_name=TABLES[values["table"]].name, url=url, state="done")
        if not _ID.fullmatch(manifest.id) or manifest.id not in manifest.key or ".." in manifest.key:
            raise ValueError("whose name does not fit")
        return replace(manifest, deleted_rows=manifest.rows, done_at=manifest.created_at)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{key} is no manifest this version can read: {error}") from error


def tombstone_key(tombstone_id: str) -> str:
    """Return the key of a tombstone's object."""
    return f"{TOMBSTONES}{tombstone_id}.json"


def write_tombstone(tombstone: Tombstone, path: Path) -> None:
    """Write a tombstone, the same bytes each time."""
    names = ("id", "source", "source_id", "author", "created_at")
    facts = {name: getattr(tombstone, name) for name in names}
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_tombstone(path: Path, key: str) -> Tombstone:
    """Return the tombstone of an object that was fetched; raise IntegrityError when it is none."""
    values = _json_object(path, key)
    try:
        return Tombstone(**values, is_pushed=True)
    except TypeError as error:
        raise IntegrityError(f"{key} is no tombstone this version can read: {error}") from error


def _json_object(path: Path, key: str) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise IntegrityError(f"{key} is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise IntegrityError(f"{key} is no JSON object")
    return values
