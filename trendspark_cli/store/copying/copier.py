"""Copy table by table, parents first; go on where a copy was cut short; compare both ends at last."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from trendspark_cli.base.console import RowProgress
from trendspark_cli.base.errors import ConfigError, IntegrityError, UnfinishedCopyError, UsageError
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.store.copying.ends import ROWS_OF_A_BATCH, SEEDS, CopyEnd, Row, Shape, batches, in_order, last_key
from trendspark_cli.store.database import Database


class Digest(NamedTuple):
    """How many rows a table has, and the SHA-256 of all of them in the order of their keys."""

    rows: int
    sha256: str


class Copied(NamedTuple):
    """What a copy brought: tables by name, both ends the same."""

    source: str
    target: str
    rows: int
    tables: Mapping[str, Digest]


def copy_database(
    source: Database, target: Database, now: datetime, progress: RowProgress, batch: int = ROWS_OF_A_BATCH
) -> Copied:
    """Copy all rows into an empty database, made when it is missing, while no job of either end can run.

    A copy that was cut short goes on; one whose source has changed meanwhile begins anew. Each *batch* of rows is a
    transaction.

    Raises ConfigError for a target with rows of its own, LockHeldError while a job is at work, IntegrityError when the
    two ends differ at last.
    """
    if source.name == target.name:
        raise UsageError(f"--to {target.name} is the database itself")
    shares_locks = bool(source.files and target.files) and source.folder == target.folder
    with source.locked(tuple(JOBS), now, read_only=True):
        with suppress(UnfinishedCopyError):  # which goes on
            target.create()
        jobs = () if shares_locks else tuple(JOBS)
        with source.held((), now) as origin, target.held(jobs, now) as goal, origin.connection.reading():
            tables = _copy(origin, goal, source.name, target.name, progress, batch)
    return Copied(source.name, target.name, sum(one.rows for one in tables.values()), tables)


def _copy(
    origin: CopyEnd, goal: CopyEnd, source: str, target: str, progress: RowProgress, batch: int
) -> dict[str, Digest]:
    shapes, own = origin.shapes(), goal.shapes()
    if shapes.keys() != own.keys() or any(own[name].columns != shapes[name].columns for name in shapes):
        raise IntegrityError("the two databases have different tables", hint="upgrade both: `trendspark db upgrade`")
    order = in_order(shapes)
    begun_by = goal.source()
    if begun_by is None:
        _require_empty(goal, shapes, target)
        goal.empty(SEEDS)
        goal.begin(source)
    elif begun_by != source:
        raise ConfigError(f"{target} holds a part of {begun_by}", hint="go on from there, or name an empty database")
    wanted = {name: _digest(origin, name, shapes[name]) for name in order}
    for is_last in (False, True):
        for name in order:
            progress.begin(name, wanted[name].rows)
            _copy_table(origin, goal, name, shapes[name], progress, batch)
        found = {name: _digest(goal, name, shapes[name]) for name in order}
        if found == wanted:
            break
        if is_last or begun_by is None:
            wrong = ", ".join(name for name in order if found[name] != wanted[name])
            raise IntegrityError(
                f"{target} is not what {source} is: {wrong} differ",
                hint="nothing was changed in the source; keep using it, and tell the authors",
            )
        goal.empty(order)  # the source has changed since the copy was cut short
    goal.finish(origin.last_ids())
    return found


def _copy_table(origin: CopyEnd, goal: CopyEnd, name: str, shape: Shape, progress: RowProgress, batch: int) -> None:
    for rows in batches(origin, name, shape, last_key(goal, name, shape), batch):
        stored = [_storable(row) for row in rows]
        goal.connection.write(partial(goal.put, name, shape.columns, stored), is_one_of_many=True)
        progress.advance(name, len(rows))


def _digest(end: CopyEnd, name: str, shape: Shape) -> Digest:
    count, digest = 0, hashlib.sha256()
    for rows in batches(end, name, shape):
        count += len(rows)
        for row in rows:
            digest.update(repr(_storable(row)).encode("utf-8", "surrogatepass") + b"\n")
    return Digest(count, digest.hexdigest())


def _storable(row: Row) -> Row:
    """Return a row as every database stores it: no NUL in texts, which PostgreSQL has no form for."""
    return tuple(value.replace("\x00", "\ufffd") if isinstance(value, str) else value for value in row)


def _require_empty(goal: CopyEnd, shapes: Mapping[str, Shape], target: str) -> None:
    for name, shape in shapes.items():
        if name not in SEEDS and last_key(goal, name, shape) is not None:
            raise ConfigError(
                f"{target} is not empty: {name} has rows", hint="name a new database: a copy adds to nobody's rows"
            )
