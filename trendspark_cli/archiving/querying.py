"""SQL over archive files, from wherever they are: fetched and checked first when they are not on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.found_objects import Unreadable
from trendspark_cli.archiving.manifests import form_of
from trendspark_cli.archiving.parquet_files import write_table
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.archiving.trial_reading import try_reading
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import IntegrityError, OutputError, UsageError
from trendspark_cli.store.engines.ddl import Kept
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archived import TABLES, ArchiveFile
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.column_kinds import kinds_of
from trendspark_cli.store.rows.trend_history import TrendCount, TrendSummary

KEPT_HERE: Mapping[str, type[TrendSummary | TrendCount]] = {"trends": TrendSummary, "trend_counts": TrendCount}


def files_of_trends(store: Store, sql: str, spool: Spool) -> dict[str, Path]:
    """Return Parquet files of this database's trends and curves, which are never archived, if the SQL names them."""
    found: dict[str, Path] = {}
    for name, row in KEPT_HERE.items():
        if _is_named(name, sql):
            history = store.trend_history
            rows: Sequence[tuple[str | float | None, ...]] = (
                history.summaries(None, None) if row is TrendSummary else history.counts_of_span(None, None)
            )
            with spool.writing(f"query-{name}.parquet") as path:
                write_table(path, {column: kind for column, (kind, _) in kinds_of(row).items()}, rows)
            found[name] = spool.folder / f"query-{name}.parquet"
    return found


def files_of_tables(
    manifests: Sequence[Manifest],
    sql: str,
    destination: Callable[[str], Destination],
    spool: Spool,
    *,
    names_others: bool = False,
) -> tuple[dict[str, list[ArchiveFile]], list[Unreadable]]:
    """Return local Parquet files by table, for those tables the SQL names, and the objects that are not what they were.

    Files of other forms, or of other places, are brought into the spool; the caller removes them.
    Raises UsageError when the SQL names no table that has files, unless it *names_others*,
    IntegrityError when none of a table's can be read.
    """
    named = [table for table in TABLES if _is_named(table, sql)]
    files: dict[str, list[ArchiveFile]] = {}
    unreadable: list[Unreadable] = []
    for manifest in manifests:
        if manifest.table_name in named and manifest.state in ("verified", "deleting", "done"):
            try:
                path = _as_parquet(manifest, destination(manifest.url), spool)
                file = ArchiveFile(path, form_of(manifest), str(manifest.min_time), str(manifest.max_time))
                FORMATS["parquet"].check(file.path, file.form)
                try_reading(file.path, manifest._replace(format="parquet"))
            except (IntegrityError, OutputError) as error:
                unreadable.append(Unreadable(manifest.key, str(error)))
            else:
                files.setdefault(manifest.table_name, []).append(file)
    missing = [table for table in named if table not in files]
    if missing and unreadable:
        more = f"; and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        raise IntegrityError(f"{unreadable[0].problem}{more}", hint="see `trendspark archives verify`")
    if missing or not (named or names_others):
        known = ", ".join((*TABLES, *KEPT_HERE))
        told = f"no files of {', '.join(missing)}" if missing else f"the query names none of {known}"
        raise UsageError(f"{told} are in the archive" if missing else told, hint="see `trendspark archives list`")
    return files, unreadable


def kept_by_table(manifests: Sequence[Manifest], url: str, tables: Sequence[str]) -> dict[str, Kept]:
    """Return what an archive has of each of these tables in Parquet files of the present form, and from which day on.

    Sources are all that it has files of: those of other forms may get such a file any day.
    """
    found: dict[str, Kept] = {}
    for name in tables:
        some = [
            part
            for part in manifests
            if (part.table_name, part.url, part.format) == (name, url, "parquet")
            and part.key.startswith(TABLES[name].form(part.source).root)
        ]
        if some:
            alike = (part for part in manifests if (part.table_name, part.url) == (name, url))
            sources = sorted({part.source for part in alike if part.source is not None})
            found[name] = Kept(min(part.day for part in some), tuple(sources))
    return found


def _is_named(table: str, sql: str) -> bool:
    return re.search(rf"\b{table}\b", sql, re.IGNORECASE) is not None


def _as_parquet(manifest: Manifest, place: Destination, spool: Spool) -> Path:
    """Return a Parquet file with the rows of a manifest."""
    local = place.local_path(manifest.key)
    if local is not None and manifest.format == "parquet":
        try:
            _require(manifest, sha256_of(local))
        except FileNotFoundError:
            _require(manifest, None)
        except OSError as error:
            raise OutputError(f"archive object {manifest.key} at {manifest.url} cannot be read: {error}") from error
        return local
    with spool.writing(f"query-{manifest.id}.parquet") as path:
        if manifest.format == "parquet":
            _require(manifest, place.fetch(manifest.key, path, manifest.bytes))
        else:
            with spool.scratch(f"query-{manifest.id}") as fetched:
                _require(manifest, place.fetch(manifest.key, fetched, manifest.bytes))
                try_reading(fetched, manifest)
                _convert(manifest, fetched, path)
    return spool.folder / f"query-{manifest.id}.parquet"


def _require(manifest: Manifest, sha256: str | None) -> None:
    if sha256 != manifest.sha256:
        raise IntegrityError(
            f"archive object {manifest.key} at {manifest.url} is {'gone' if sha256 is None else 'not what was stored'}",
            hint="see `trendspark archives verify`",
        )


def _convert(manifest: Manifest, source: Path, target: Path) -> None:
    form = form_of(manifest)
    writer = FORMATS["parquet"].create(target, form)
    for rows in FORMATS[manifest.format].read(source, form):
        writer.write(rows)
    writer.close()
