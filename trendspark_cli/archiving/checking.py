"""Whether what is in the archive is what was put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from trendspark_cli.archiving.destination import Destination, StoredObject
from trendspark_cli.archiving.found_objects import Unreadable, unknown_manifests, unknown_tombstones
from trendspark_cli.archiving.manifests import (
    DATA,
    MANIFESTS,
    MANIFESTS_OF_0_1,
    form_of,
    manifest_key,
    old_manifest_key,
)
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.archiving.trial_reading import try_reading
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import IntegrityError, OutputError
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Manifest


def content_problem(
    destination: Destination, manifest: Manifest, spool: Spool, *, checks_rows: bool = False
) -> str | None:
    """Read a manifest's object whole and return how it differs from what was exported; None when it does not.

    Each row is compared with the manifest too when asked.
    """
    with spool.scratch(f"{manifest.id}.verify") as path:
        return fetched_problem(destination, manifest, path, checks_rows=checks_rows)


def fetched_problem(destination: Destination, manifest: Manifest, path: Path, *, checks_rows: bool) -> str | None:
    """Bring a manifest's object to *path*, and say of it what `content_problem` says.

    Rows are compared by a process of its own: of files that others may have written.
    """
    found = destination.fetch(manifest.key, path, manifest.bytes)
    if found is None:
        return _of(manifest, "is gone")
    if found != manifest.sha256:
        return _of(manifest, f"has SHA-256 {found}; expected {manifest.sha256}")
    try:
        if checks_rows:
            rows = try_reading(path, manifest, checks_rows=True)
        else:
            rows = FORMATS[manifest.format].count(path, form_of(manifest))
    except IntegrityError as error:
        return _of(manifest, f"cannot be parsed: {error}")
    return None if rows == manifest.rows else _of(manifest, f"holds {rows} rows; expected {manifest.rows}")


def outside_problem(manifest: Manifest, found: StoredObject | None) -> str | None:
    """Return how an object's size or stored checksum differs from what was exported; None when they do not."""
    if found is None:
        return _of(manifest, "is gone")
    if found.bytes != manifest.bytes:
        return _of(manifest, f"has {found.bytes} bytes; expected {manifest.bytes}")
    if found.sha256 is not None and found.sha256 != manifest.sha256:
        return _of(manifest, f"has SHA-256 {found.sha256}; expected {manifest.sha256}")
    return None


def verify(
    store: Store,
    manifests: Sequence[Manifest],
    destination: Callable[[str], Destination],
    spool: Spool,
    now: datetime,
    *,
    reads_data: bool,
) -> Iterator[tuple[Manifest, str | None]]:
    """Check objects one by one and yield each with its problem or None; what is found is remembered.

    An object that was found wrong before is read whole in any case: a size that fits proves nothing.
    """
    for manifest in manifests:
        place = destination(manifest.url)
        try:
            problem = outside_problem(manifest, place.head(manifest.key))
            if problem is None and (reads_data or manifest.missing_since is not None):
                problem = content_problem(place, manifest, spool, checks_rows=True)
            if problem is None and not has_manifest(place, manifest):
                problem = _of(manifest, f"has lost its manifest {manifest_key(manifest.id)}")
        except (IntegrityError, OutputError) as error:  # of this object; the others are looked at as well
            problem = _of(manifest, f"cannot be read: {error}")
        yield note_finding(store, manifest, problem, now), problem


def has_manifest(place: Destination, manifest: Manifest) -> bool:
    """Tell whether a part's manifest lies in its archive, or where release 0.1 put it."""
    return any(place.head(key) is not None for key in (manifest_key(manifest.id), old_manifest_key(manifest.id)))


def find_missing(store: Store, place: Destination, now: datetime) -> list[str]:
    """Compare a listing of the whole archive with the manifests; return what is missing or of another size.

    What was found wrong before counts until `archives verify` has read it.
    """
    listed = {found.key: found for prefix in DATA for found in place.list(prefix)}
    problems = []
    for manifest in store.archives.stored():
        if manifest.url != place.url:
            continue
        problem = outside_problem(manifest, listed.get(manifest.key))
        if problem is not None:
            note_finding(store, manifest, problem, now)
        elif manifest.missing_since is not None:
            problem = _of(manifest, f"was missing or changed on {manifest.missing_since[:10]}")
        problems += [problem] if problem is not None else []
    return problems


def unknown_objects(store: Store, place: Destination) -> list[str]:
    """Return the keys of objects in an archive that no manifest of ours is about: of other databases, or given up."""
    known: set[str] = set()
    for manifest in store.archives.listing(2**62):
        known |= {manifest.key, f"{manifest.key}.sha256", manifest_key(manifest.id)}
        known.add(old_manifest_key(manifest.id))
    prefixes = (*DATA, MANIFESTS, MANIFESTS_OF_0_1)
    return [found.key for prefix in prefixes for found in place.list(prefix) if found.key not in known]


def find_unreadable(store: Store, place: Destination, spool: Spool, now: datetime) -> list[Unreadable]:
    """Read the manifests and tombstones of other databases; return and remember those that are none."""
    manifests = {manifest.id for manifest in store.archives.listing(2**62)}
    tombstones = unknown_tombstones(place, spool, store.tombstones.known_objects())
    found = (*unknown_manifests(place, spool, manifests), *tombstones)
    unreadable = [one for one in found if isinstance(one, Unreadable)]
    note_unreadable(store, place, unreadable, now)
    return unreadable


def note_unreadable(store: Store, place: Destination, unreadable: Sequence[Unreadable], now: datetime) -> None:
    """Remember which objects of an archive cannot be read, for `health`; those that can be by now are forgotten."""
    store.write(lambda: store.archive_faults.note_unreadable(place.url, [one.key for one in unreadable], now))


def note_finding(store: Store, manifest: Manifest, problem: str | None, now: datetime) -> Manifest:
    """Remember since when an object is wrong, or that it is right again."""
    since = None if problem is None else manifest.missing_since or to_text(now)
    if since != manifest.missing_since:
        store.write(lambda: store.archive_faults.note_missing(manifest.id, since))
    return manifest._replace(missing_since=since)


def _of(manifest: Manifest, problem: str) -> str:
    return f"archive object {manifest.key} at {manifest.url} {problem}"
