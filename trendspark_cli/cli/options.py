"""Flags that many commands share."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from trendspark_cli.app.installation import Installation, open_installation
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import TrendSparkError, UsageError
from trendspark_cli.kinds.engines import ENGINES


@dataclass
class GlobalOptions:
    """What stands before the command's name."""

    env_file: Path | None = None
    is_quiet: bool = False
    is_verbose: bool = False


GLOBALS = GlobalOptions()

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
VerboseFlag = Annotated[bool, typer.Option("--verbose", "-v", help="Print the log, with tracebacks.")]
LARGEST_ID = 2**63 - 1  # what the database can hold
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=LARGEST_ID, help="Rows to show.")]

SlicesOption = Annotated[
    str, typer.Option("--slices", help="Cut into slices so long, such as 60d, each with the 14 days before as history.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=1024, help="Slices ranked at a time; by default one for each core."),
]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help=f"Who ranks slices: {', '.join(ENGINES)}; by default processes here.")
]
SchedulerOption = Annotated[
    str, typer.Option("--scheduler", help="Where the scheduler of Dask is, such as tcp://HOST:8786.")
]
MasterOption = Annotated[str, typer.Option("--master", help="Where the master of Spark is, such as spark://HOST:7077.")]


def require_one_of(option: str, value: str | None, known: Collection[str]) -> None:
    """Raise UsageError when an option was given and is none of what is known."""
    if value is not None and value not in known:
        raise UsageError(f"{option} {value!r}: expected one of {', '.join(known)}")


def person() -> str:
    """Return who is at the keyboard, for what is kept of their doing."""
    import pwd

    named = os.environ.get("SUDO_USER") or os.environ.get("LOGNAME") or os.environ.get("USER")
    try:
        return named or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def sub_app(help: str = "") -> typer.Typer:
    """Return an app for one command, or for one noun when it has *help*; its help pages are plain text."""
    from trendspark_cli.cli.lazy_group import PlainGroup

    return typer.Typer(
        cls=PlainGroup,
        add_completion=False,
        no_args_is_help=bool(help),
        help=help or None,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def refuse(installed: Installation, where: str, error: TrendSparkError) -> NoReturn:
    """End the process because of its arguments, before anything was begun."""
    installed.output.failure(error, where=where, exit_code=error.exit_code)
    raise typer.Exit(error.exit_code) from error


def require_profiles(installed: Installation, names: Collection[str] | None) -> None:
    """Raise UsageError for a profile that does not exist; a database that cannot be read is for the run to tell."""
    from trendspark_cli.app.with_store import try_read
    from trendspark_cli.base.profiles import read_profiles

    stored = try_read(installed, lambda store: store.profiles.all()) if names else None
    if stored is None:
        return
    known = {profile.name for profile in (*stored, *read_profiles(installed.settings, stored))}
    for name in names or ():
        if name not in known:
            raise UsageError(f"profile {name!r} does not exist", hint="see `trendspark profiles list`")


def this_installation(job: str, *, is_json: bool = False, quiet: bool = False, verbose: bool = False) -> Installation:
    """Return this process's installation, or end it with the settings' own error."""
    try:
        return open_installation(
            job=job,
            env_file=GLOBALS.env_file,
            is_json=is_json,
            is_quiet=quiet or GLOBALS.is_quiet,
            is_verbose=verbose or GLOBALS.is_verbose,
        )
    except TrendSparkError as error:
        Output(is_json).failure(error, where=job, exit_code=error.exit_code)
        raise typer.Exit(error.exit_code) from error
