"""`trendspark stream`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.errors import ExitCode, UsageError
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, refuse, sub_app, this_installation

app = sub_app()


@app.command()
def stream(
    max_runtime: Annotated[str, typer.Option(help="End in good order after so long, such as 55m or 24h.")] = "",
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Store posts as they are made, of X or else of Bluesky, and rank as they come; ends when it is told to."""
    from trendspark_cli.app.job_bodies import stream_body
    from trendspark_cli.kinds.sources import SOURCES

    installed = this_installation("stream", is_json=as_json, quiet=quiet, verbose=verbose)
    try:
        limit = parse_duration(max_runtime) if max_runtime else None
    except ValueError as error:
        refuse(installed, "stream", UsageError(f"--max-runtime: {error}"))
    settings = installed.settings
    stays = [kind for kind in SOURCES.values() if kind.stream]
    if not settings.x_stream_enabled and not any(kind.is_configured(settings) for kind in stays):
        if installed.output.is_terminal:
            others = " or ".join(["X_STREAM_ENABLED=true", *(kind.needs_words for kind in stays)])
            installed.output.line(f"the stream is switched off: {others} switches it on")
        raise typer.Exit(ExitCode.DONE)
    raise typer.Exit(run(installed, "stream", stream_body(max_runtime=limit)))
