"""Trends and their curves as files for a spreadsheet or a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from trendspark_cli.base.durable_files import make_folder, writing_by_name
from trendspark_cli.base.errors import OutputError, StoreError, os_words
from trendspark_cli.base.full_disks import no_room
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.column_kinds import kinds_of
from trendspark_cli.store.rows.trend_history import TrendCount, TrendSummary

Format = Literal["csv", "parquet"]
FILE_MODE = 0o600  # texts of others are in it


class Exported(NamedTuple):
    """A file that was written, and how many rows are in it."""

    path: str
    rows: int


def export_trends(
    store: Store, folder: Path, form: Format, since: datetime | None, until: datetime | None
) -> list[Exported]:
    """Write `trends` and `trend_counts` of the trends that lived in a span into a folder, made when it is missing.

    Each file appears whole or not at all, in place of an earlier one. Raises OutputError when it cannot.
    """
    open_folder(folder)
    return [
        write_table(folder / f"trends.{form}", TrendSummary, store.trend_history.summaries(since, until), form),
        write_table(
            folder / f"trend_counts.{form}", TrendCount, store.trend_history.counts_of_span(since, until), form
        ),
    ]


def open_folder(folder: Path) -> None:
    """Make a folder when it is missing."""
    try:
        make_folder(folder, 0o700)
    except OSError as error:
        if told := no_room(error):
            raise StoreError(
                f"folder {str(folder)!r}: {told}", hint="free space there, or name another disk"
            ) from error
        raise OutputError(f"folder {str(folder)!r} cannot be made: {os_words(error)}") from error


def write_table(
    path: Path, row: type[TrendSummary | TrendCount], rows: Sequence[tuple[str | float | None, ...]], form: Format
) -> Exported:
    """Write rows as one file, whole or not at all."""
    kinds = {name: kind for name, (kind, _) in kinds_of(row).items()}
    with _writing(path) as partial:
        if form == "csv":
            from trendspark_cli.archiving.csv_files import write_table as write_csv

            write_csv(partial, list(kinds), rows)
        else:
            from trendspark_cli.archiving.parquet_files import write_table as write_parquet

            write_parquet(partial, kinds, rows)
    return Exported(str(path), len(rows))


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with _writing(path) as partial:
        partial.write_bytes(content)


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    try:
        with writing_by_name(path, FILE_MODE) as partial:
            yield partial
    except OSError as error:
        if told := no_room(error):
            raise StoreError(f"{str(path)!r}: {told}", hint="free space there, or name another disk") from error
        raise OutputError(f"{str(path)!r} cannot be written: {os_words(error)}") from error
