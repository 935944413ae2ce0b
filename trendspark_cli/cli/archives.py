"""`trendspark archives list|verify|restore|query|ddl|write-off`."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from trendspark_cli.app.adapters.archives import archive_url
from trendspark_cli.app.with_store import OpenArchive, change, read_only, with_archive
from trendspark_cli.base.clock import duration_text, parse_duration, to_text
from trendspark_cli.base.console import Output, printable, row_progress
from trendspark_cli.base.errors import ExitCode, UsageError
from trendspark_cli.base.given_times import day_or_time
from trendspark_cli.cli.options import JsonFlag, LimitOption, require_one_of, sub_app, this_installation
from trendspark_cli.store.engines.ddl import DIALECTS
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.archiving.found_objects import Unreadable

app = sub_app("Files of rows that left the database.")
TablesOption = Annotated[
    list[str] | None, typer.Option("--table", help=f"Only this table: {', '.join(TABLES)}; may be repeated.")
]
SinceOption = Annotated[str, typer.Option(help="From this day or time (UTC) on, such as 2026-11-01.")]
UntilOption = Annotated[str, typer.Option(help="Before this day or time (UTC).")]
TREND_TABLES = "trends and trend_counts"
MOST_NAMED = 20  # objects that are nobody's


@app.command("list")
def list_(limit: LimitOption = 20, table: TablesOption = None, as_json: JsonFlag = False) -> None:
    """List archive files, newest first."""
    installed = this_installation("archives", is_json=as_json)

    def action(store: Store) -> None:
        wanted = _tables(table)
        found = [m for m in store.archives.listing(2**62) if m.table_name in wanted][:limit]
        if as_json:
            installed.output.data({"archives": [manifest._asdict() for manifest in found]})
            return
        installed.output.table(
            ("id", "table", "source", "day", "state", "rows", "bytes", "kept", "note"),
            [(m.id, m.table_name, m.source, m.day, m.state, m.rows, m.bytes, m.kept_rows, _note(m)) for m in found],
            less_needed=("kept", "bytes", "source", "note", "day"),
            nothing="nothing was archived yet",
        )

    raise typer.Exit(read_only(installed, "archives list", action))


@app.command()
def verify(
    read_data: Annotated[bool, typer.Option("--read-data", help="Read every object whole and parse it.")] = False,
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many objects, chosen by chance.")] = None,
    table: TablesOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Check that each object is there and is what was stored; end with 65 when one is not."""
    from trendspark_cli.archiving.checking import find_unreadable, unknown_objects
    from trendspark_cli.archiving.checking import verify as verify_objects

    installed = this_installation("archives", is_json=as_json)

    def action(archive: OpenArchive) -> int:
        wanted = _tables(table)
        found = [manifest for manifest in archive.store.archives.stored() if manifest.table_name in wanted]
        places = sorted({manifest.url for manifest in found} | {archive_url(installed.settings)})
        if sample is not None:
            found = random.SystemRandom().sample(found, min(sample, len(found)))
        problems = []
        with row_progress(installed.output) as progress:
            progress.begin("objects", len(found))
            for manifest, problem in verify_objects(
                archive.store, found, archive.destination, archive.spool, archive.now, reads_data=read_data
            ):
                progress.advance("objects", 1)
                if problem is not None:
                    problems.append({"id": manifest.id, "key": manifest.key, "problem": problem})
        unknown = [key for place in places for key in unknown_objects(archive.store, archive.destination(place))]
        unreadable = [
            one
            for place in places
            for one in find_unreadable(archive.store, archive.destination(place), archive.spool, archive.now)
        ]
        if as_json:
            installed.output.data(
                {"checked": len(found), "problems": problems, "unknown": unknown, "unreadable": _told(unreadable)}
            )
        else:
            for item in problems:
                installed.output.line(str(item["problem"]))
            _name(installed.output, unreadable)
            for key in unknown[:MOST_NAMED]:
                installed.output.line(printable(f"no manifest here is about {key}"))
            installed.output.line(
                f"{len(found)} objects checked{' by content' if read_data else ''}, {len(problems)} wrong, "
                f"{len(unknown)} of no manifest here, {len(unreadable)} unreadable"
            )
        return ExitCode.INTEGRITY if problems or unreadable else ExitCode.DONE

    raise typer.Exit(with_archive(installed, "archives verify", action))


@app.command()
def restore(
    archive_id: Annotated[
        str,
        typer.Argument(help="One file: its id, or the beginning of it."),
    ] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    table: TablesOption = None,
    hold: Annotated[
        str, typer.Option(help="How long the rows stay before `archive` takes them again, at most 366d.")
    ] = "14d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come back; change nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring archived rows back, checked; what is live stays as it is, so restoring twice changes nothing."""
    from trendspark_cli.archiving.found_objects import Unreadable
    from trendspark_cli.archiving.restoring import Restore, Restored, learn_from_archive, of_time, one_of
    from trendspark_cli.store.rows.stored_times import LONGEST_HOLD

    installed = this_installation("archives", is_json=as_json)

    def action(archive: OpenArchive) -> int:
        if bool(archive_id) == bool(since or until):
            raise UsageError("say what to restore: an ID, or --since and --until")
        try:
            stays = parse_duration(hold)
        except ValueError as error:
            raise UsageError(f"--hold: {error}") from error
        if stays > LONGEST_HOLD:
            raise UsageError(f"--hold: {hold} is too long; expected at most {duration_text(LONGEST_HOLD)}")
        tables, first, end = _tables(table), _moment("--since", since), _moment("--until", until)
        place = archive.destination(archive_url(installed.settings))
        unreadable, buried = learn_from_archive(archive.store, place, archive.spool, archive.now, is_dry=dry_run)
        if archive_id:
            found = [one_of(archive.store, archive_id)]
        else:
            found = of_time([m for m in archive.store.archives.stored() if m.table_name in tables], first, end)
        if not found and not unreadable:
            raise UsageError("nothing was archived of that time", hint="see `trendspark archives list`")
        work = Restore(
            archive.store, archive.destination, archive.spool, archive.now, first, end, stays, dry_run, buried
        )
        done: list[Restored] = []
        with row_progress(installed.output) as progress:
            progress.begin("rows", sum(manifest.rows for manifest in found))
            for part in [work.restore(found[0])] if archive_id else work.restore_each(found):
                if isinstance(part, Unreadable):
                    unreadable.append(part)
                    continue
                done.append(part)
                progress.advance("rows", part.manifest.rows)
        names = ("rows", "restored", "live", "forgotten", "foreign")
        total = {name: sum(getattr(part, name) for part in done) for name in names}
        if as_json:
            parts = [{"id": part.manifest.id, **{name: getattr(part, name) for name in names}} for part in done]
            installed.output.data({"dry_run": dry_run, **total, "archives": parts, "unreadable": _told(unreadable)})
        else:
            _name(installed.output, unreadable)
            verb = "would come back" if dry_run else "came back"
            installed.output.line(
                f"{total['restored']} of {total['rows']} rows {verb}, files read: {len(done)}; "
                f"{total['live']} are live, {total['forgotten']} were to be forgotten"
            )
            if total["foreign"]:
                installed.output.line(
                    f"{total['foreign']} rows were left out: other rows have their ids here; "
                    "restore into a new database (`trendspark db init` with another DATABASE_URL) to have them"
                )
        is_incomplete = unreadable and not archive_id  # it may hold rows of the time asked for
        return ExitCode.INTEGRITY if total["foreign"] or is_incomplete else ExitCode.DONE

    raise typer.Exit(with_archive(installed, "archives restore", action, locks=("archive",)))


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL", help=f"A SELECT over {', '.join(TABLES)}, and this database's {TREND_TABLES}; times are UTC."
        ),
    ],
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = 1000,
    as_json: JsonFlag = False,
) -> None:
    """Answer SQL (DuckDB) over the archive, without restoring it; --since and --until choose the files to read."""
    from trendspark_cli.archiving.querying import files_of_tables, files_of_trends
    from trendspark_cli.archiving.restoring import of_time
    from trendspark_cli.store.duckdb.archive_query import query_files, require_duckdb

    installed = this_installation("archives", is_json=as_json)

    def action(archive: OpenArchive) -> int:
        require_duckdb()
        found = of_time(archive.store.archives.stored(), _moment("--since", since), _moment("--until", until))
        kept_here = files_of_trends(archive.store, sql, archive.spool)
        files, unreadable = files_of_tables(
            found, sql, archive.destination, archive.spool, names_others=bool(kept_here)
        )
        buried = archive.store.tombstones.all()
        known = archive.store.tombstones.known_trends() if buried else ()
        names, rows = query_files(sql, files, buried, known, archive.spool.folder, limit + 1, kept_here)
        has_more, rows = len(rows) > limit, rows[:limit]
        values = [[_shown(value) for value in row] for row in rows]
        if as_json:
            told = {"unreadable": _told(unreadable)} if unreadable else {}
            installed.output.data({"columns": names, "rows": values, "has_more": has_more, **told})
        else:
            installed.output.table(names, values)
            if has_more:
                installed.output.line(f"there are more than {limit} rows; see --limit")
        for one in unreadable[:MOST_NAMED]:
            print(printable(f"left out: {one.problem}"), file=sys.stderr)
        return ExitCode.INTEGRITY if unreadable else ExitCode.DONE

    raise typer.Exit(with_archive(installed, "archives query", action))


@app.command()
def ddl(
    dialect: Annotated[str, typer.Option(help=f"Whose statements: {', '.join(DIALECTS)}.")] = "duckdb",
    table: TablesOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Print the statements that make the archive known to an engine of your own, pruned by day."""
    from trendspark_cli.archiving.querying import kept_by_table
    from trendspark_cli.store.engines.ddl import ddl as statements_for

    installed = this_installation("archives", is_json=as_json)

    def action(store: Store) -> None:
        require_one_of("--dialect", dialect, DIALECTS)
        url = archive_url(installed.settings)
        tables = kept_by_table(store.archives.stored(), url, _tables(table))
        if not tables:
            raise UsageError(f"nothing lies in Parquet at {url} yet", hint="see `trendspark archives list`")
        text = statements_for(dialect, url, tables, store.tombstones.all())
        if as_json:
            installed.output.data({"dialect": dialect, "url": url, "tables": list(tables), "sql": text})
        else:
            print(text, end="")

    raise typer.Exit(read_only(installed, "archives ddl", action))


@app.command("write-off")
def write_off(
    archive_id: Annotated[str, typer.Argument(help="The file's id, or the beginning of it.")],
    reason: Annotated[str, typer.Option(help="Why nobody expects it any more; kept with its manifest.")],
    as_json: JsonFlag = False,
) -> None:
    """Give up an object that was found missing or changed, so that `archive` goes on; its rows are lost."""
    from trendspark_cli.archiving.restoring import one_of

    installed = this_installation("archives", is_json=as_json)

    def action(store: Store) -> None:
        manifest = one_of(store, archive_id)
        if manifest.missing_since is None:
            raise UsageError(
                f"archive {manifest.id} was not found missing or changed", hint="see `trendspark archives verify`"
            )
        if not reason.strip():
            raise UsageError("--reason is empty: say why the object is given up")
        store.archives.write_off(manifest.id, to_text(installed.clock()), reason)
        if as_json:
            installed.output.data({"id": manifest.id, "rows": manifest.rows, "reason": reason})
        else:
            installed.output.line(f"written off: {manifest.key}, {manifest.rows} rows")

    code = change(installed, "archives write-off", action)
    if code == ExitCode.DONE:
        code = read_only(installed, "archives write-off", lambda store: _write_metrics(installed, store))
    raise typer.Exit(code)


def _told(unreadable: Sequence[Unreadable]) -> list[dict[str, str]]:
    return [asdict(one) for one in unreadable]


def _name(output: Output, unreadable: Sequence[Unreadable]) -> None:
    """Name what was passed over, one line each."""
    for one in unreadable[:MOST_NAMED]:
        output.line(printable(f"passed over: {one.problem}"))
    if len(unreadable) > MOST_NAMED:
        output.line(f"passed over: {len(unreadable) - MOST_NAMED} more")


def _write_metrics(installed: Any, store: Store) -> None:
    installed.metric_files().write(store, (), installed.clock())


def _tables(names: Sequence[str] | None) -> Sequence[str]:
    for name in names or ():
        require_one_of("--table", name, TABLES)
    return names or list(TABLES)


def _moment(option: str, text: str) -> str:
    """Return a day or time in the stored form; empty stays empty."""
    moment = day_or_time(option, text)
    return to_text(moment) if moment is not None else ""


def _note(manifest: Manifest) -> str:
    if manifest.written_off_at is not None:
        return f"written off: {manifest.written_off_why}"
    if manifest.missing_since is not None:
        return f"missing or changed since {manifest.missing_since[:10]}"
    return f"rows are back until {manifest.restored_until[:10]}" if manifest.restored_until is not None else ""


def _shown(value: object) -> object:
    """Return a value of DuckDB as JSON and people read it."""
    if isinstance(value, datetime):
        return to_text(value) if value.tzinfo is not None else value.isoformat()
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value if value is None or isinstance(value, (int, float, str)) else str(value)
