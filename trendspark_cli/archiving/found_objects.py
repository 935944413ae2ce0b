"""Manifests and tombstones that lie in an archive and this database does not know: read, or named and passed over."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from trendspark_cli.archiving.destination import Destination, StoredObject
from trendspark_cli.archiving.manifests import (
    MANIFESTS,
    MANIFESTS_OF_0_1,
    MOST_FACT_BYTES,
    MOST_STONE_BYTES,
    TOMBSTONES,
    read_manifest,
    read_tombstones,
)
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.errors import IntegrityError, OutputError
from trendspark_cli.store.rows.archives import Manifest, Tombstone

SUFFIX = ".json"
T = TypeVar("T")


@dataclass(frozen=True)
class Unreadable:
    """An object that is not what its name says; `problem` names it and what was expected."""

    key: str
    problem: str


def unknown_manifests(place: Destination, spool: Spool, known: Container[str]) -> Iterator[Manifest | Unreadable]:
    """Yield each manifest of an archive whose id is not *known*."""
    seen = set[str]()
    for prefix in (MANIFESTS, MANIFESTS_OF_0_1):
        read = partial(read_manifest, url=place.url)
        for found in _found(place, spool, prefix, known, read, MOST_FACT_BYTES):
            if isinstance(found, Unreadable) or found.id not in seen:
                yield found
            if isinstance(found, Manifest):
                seen.add(found.id)


def unknown_tombstones(place: Destination, spool: Spool, known: Container[str]) -> Iterator[Tombstone | Unreadable]:
    """Yield each tombstone of an archive that is in an object whose name is not *known*."""
    for found in _found(place, spool, TOMBSTONES, known, read_tombstones, MOST_STONE_BYTES):
        yield from [found] if isinstance(found, Unreadable) else found


def _found(
    place: Destination,
    spool: Spool,
    prefix: str,
    known: Container[str],
    read: Callable[[Path, str], T],
    most_bytes: int,
) -> Iterator[T | Unreadable]:
    for found in place.list(prefix):
        if found.key.endswith(SUFFIX) and found.key.removeprefix(prefix).removesuffix(SUFFIX) not in known:
            one = _one(place, spool, found, read, most_bytes)
            if one is not None:
                yield one


def _one(
    place: Destination, spool: Spool, found: StoredObject, read: Callable[[Path, str], T], most_bytes: int
) -> T | Unreadable | None:
    """Return what an object says; None when it has gone meanwhile."""
    if found.bytes > most_bytes:
        told = f"archive object {found.key} has {found.bytes} bytes; expected at most {most_bytes}"
        return Unreadable(found.key, told)
    with spool.scratch("found.json") as path:
        try:
            if place.fetch(found.key, path) is None:
                return None
            return read(path, found.key)
        except (IntegrityError, OutputError) as error:
            return Unreadable(found.key, f"archive object {error}")
