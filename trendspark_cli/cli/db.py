"""`trendspark db init|upgrade|backup|stats`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol, TypeVar

import typer

from trendspark_cli.app.installation import Installation
from trendspark_cli.base.console import size_text
from trendspark_cli.base.database_urls import UnfitValueError
from trendspark_cli.base.durable_files import make_folder
from trendspark_cli.base.errors import OutputError, TrendSparkError, UsageError
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.store.rows.upkeep import DatabaseStats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.copying.copier import Copied

app = sub_app("The database.")


class Created(NamedTuple):
    """What `db init` did."""

    database: str
    created: bool


class Upgraded(NamedTuple):
    """What `db upgrade` did."""

    database: str
    steps: list[str]


class BackedUp(NamedTuple):
    """What `db backup` wrote."""

    backup: str
    bytes: int


class _Shown(Protocol):
    def _asdict(self) -> dict[str, object]: ...


Found = TypeVar("Found", bound=_Shown)


@app.command()
def init(as_json: JsonFlag = False) -> None:
    """Create the database and the folders it needs; an existing good one is left as it is."""

    def action(installed: Installation) -> Created:
        installed.settings.require()
        try:
            created = installed.database.create()
            make_folder(installed.settings.textfile_dir, 0o755)
        except OSError as error:
            raise OutputError(f"cannot create {error.filename!r}: {error.strerror}") from error
        return Created(installed.database.name, created)

    then = "next: put settings into an env file (docs/settings.md), then run `trendspark config check`"
    _do("db init", as_json, action, lambda r: f"{'created' if r.created else 'already there:'} {r.database}", then)


@app.command()
def upgrade(as_json: JsonFlag = False) -> None:
    """Bring the schema up to this version; no job may run meanwhile."""

    def action(installed: Installation) -> Upgraded:
        from trendspark_cli.kinds.jobs import JOBS

        return Upgraded(installed.database.name, installed.database.upgrade(tuple(JOBS), installed.clock()))

    _do("db upgrade", as_json, action, lambda r: f"upgraded: {', '.join(r.steps)}" if r.steps else "up to date")


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; must not exist yet.")], as_json: JsonFlag = False
) -> None:
    """Copy the database to a file while jobs go on."""

    def action(installed: Installation) -> BackedUp:
        return BackedUp(str(target), installed.database.backup(target))

    _do("db backup", as_json, action, lambda r: f"{r.backup}: {size_text(r.bytes)}")


@app.command()
def stats(as_json: JsonFlag = False) -> None:
    """Show rows per table, the size of the file, how fast it grows, and when the disk is full if nothing leaves."""

    def action(installed: Installation) -> DatabaseStats:
        return installed.database.stats(installed.clock())

    def text(found: DatabaseStats) -> str:
        from trendspark_cli.reports.trend_words import counted

        growth, days = found.growth_bytes_per_day, found.days_until_disk_full
        empty = sum(1 for count in found.rows.values() if not count)
        return "\n".join(
            [
                f"database: {found.path}",
                f"size: {size_text(found.bytes)}, {size_text(found.free_bytes)} of it free"
                + ("" if found.wal_bytes is None else f"; WAL: {size_text(found.wal_bytes)}"),
                f"index of `posts search`: {size_text(found.search_index_bytes)}",
                f"growth: {'not known yet' if growth is None else f'{size_text(growth)} a day'}",
                "disk: the server's own"
                if found.disk_free_bytes is None
                else f"disk: {size_text(found.disk_free_bytes)} free"
                + ("" if days is None else f", full in {counted(days, 'day')} at this growth"),
                f"schema: {found.schema}; {found.engine}",
                *(
                    f"rows in {table}: {'about ' if table in found.rows_about else ''}{count}"
                    for table, count in found.rows.items()
                    if count
                ),
                f"empty tables: {empty}",
            ]
        )

    _do("db stats", as_json, action, text)


@app.command()
def copy(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="An empty database, as DATABASE_URL is written, without its password: that comes from ~/.pgpass or "
            "PGPASSWORD, since everybody on this machine can read command lines.",
        ),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Copy all rows to another database and compare both; no job may run meanwhile. Cut short, it goes on."""

    def action(installed: Installation) -> Copied:
        from trendspark_cli.base.console import row_progress
        from trendspark_cli.base.database_urls import has_password, without_secrets
        from trendspark_cli.base.setting_values import DATABASE_URL
        from trendspark_cli.store.copying.copier import copy_database
        from trendspark_cli.store.open_store import database_at

        installed.settings.require()
        try:
            url = DATABASE_URL.read(to)
        except ValueError as error:
            expected = error if isinstance(error, UnfitValueError) else DATABASE_URL.expected
            raise UsageError(f"--to {without_secrets(to)!r}: expected {expected}") from None
        if has_password(url):
            raise UsageError(
                "--to has a password, which everybody on this machine can read now",
                hint="change it, and give the address without it: the password comes from ~/.pgpass or PGPASSWORD",
            )
        target = database_at(url, installed.settings.trendspark_home)
        with row_progress(installed.output) as progress:
            return copy_database(installed.database, target, installed.clock(), progress)

    def text(found: Copied) -> str:
        filled = sum(1 for digest in found.tables.values() if digest.rows)
        return f"{found.rows} rows of {filled} tables are in {found.target}, the same by SHA-256"

    _do("db copy", as_json, action, text, "next: set DATABASE_URL to it; what was copied stays where it is")


def _do(
    where: str,
    as_json: bool,
    action: Callable[[Installation], Found],
    text: Callable[[Found], str],
    then: str = "",
) -> None:
    """Do something with the database and tell of it; *then* is what a person goes on with."""
    installed = this_installation("db", is_json=as_json)
    try:
        found = action(installed)
    except TrendSparkError as error:
        installed.output.failure(error, where=where, exit_code=error.exit_code)
        raise typer.Exit(error.exit_code) from error
    if as_json:
        installed.output.data(found._asdict())
    else:
        installed.output.line(text(found))
        if then and installed.output.is_terminal and not installed.output.is_quiet:
            installed.output.prose(then)
