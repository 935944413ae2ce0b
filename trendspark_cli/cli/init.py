"""`trendspark init`."""

from __future__ import annotations

import inspect
import os
import sys
from typing import Annotated, Any

import typer

from trendspark_cli.base.console import Output
from trendspark_cli.cli.options import GLOBALS, sub_app
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.setup.questions import flag_of, flagged_settings

app = sub_app()


def _init(
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"Read this source: {', '.join(SOURCES)}. Repeatable.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Read this source no more. Repeatable.")
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=f"Send alerts there: {', '.join(CHANNELS)}, or NAME of ALERT_URL_NAME. Repeatable."
        ),
    ] = None,
    crontab: Annotated[
        bool | None, typer.Option("--crontab/--no-crontab", help="Put the jobs into this user's crontab, or do not.")
    ] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Ask the services whether all is right.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what is not given stays as it is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
    **settings: str | None,
) -> None:
    """Ask for sources, keys, channels, metrics and the crontab, try them, show what will be written, and write it.

    Secrets are typed unseen, or stand in the environment as NAME or NAME_FILE; never on the command line.
    """
    from trendspark_cli.setup.given import Given
    from trendspark_cli.setup.run import run_init

    given = Given(
        sources=source or (),
        without=without or (),
        channels=[name.lower() for name in channel or ()],
        values={name.upper(): text for name, text in settings.items() if text is not None},
        crontab=crontab,
        is_unasked=yes,
        is_dry=dry_run,
        is_tried=check,
        env_file=GLOBALS.env_file,
    )
    output = Output(is_quiet=GLOBALS.is_quiet, is_verbose=GLOBALS.is_verbose, is_terminal=sys.stdout.isatty())
    raise typer.Exit(run_init(given, output, os.environ))


def _with_flags_of_settings() -> Any:
    """Return the command with a flag for each setting that is asked for: they follow from the tables."""
    fixed = [each for each in inspect.signature(_init, eval_str=True).parameters.values() if each.name != "settings"]
    more = [
        inspect.Parameter(
            spec.name.lower(),
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(flag_of(spec), metavar="TEXT", help=spec.help)],
        )
        for spec in flagged_settings()
    ]

    def init(**given: Any) -> None:
        _init(**given)

    init.__doc__ = _init.__doc__
    init.__annotations__ = {}
    vars(init)["__signature__"] = inspect.Signature([*fixed, *more])
    return init


app.command()(_with_flags_of_settings())
