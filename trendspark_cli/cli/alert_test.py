"""`trendspark alert-test`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.job_bodies import TEST_TEXT, alert_test_body
from trendspark_cli.app.run import run
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import ALERT_CATEGORIES, RunResult
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation
from trendspark_cli.kinds.channels import channels_of, configured_channels

app = sub_app()


@app.command()
def alert_test(
    text: Annotated[str, typer.Argument(help="What to send.")] = TEST_TEXT,
    category: Annotated[str, typer.Option(help=f"One of {', '.join(ALERT_CATEGORIES)}.")] = "manual_test",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Send one test message the way real alerts go, and say what Telegram answered."""
    from trendspark_cli.jobs.alert_test import answers_of

    installed = this_installation("alert-test", is_json=as_json, quiet=quiet, verbose=verbose)
    chosen = next((known for known in ALERT_CATEGORIES if known == category), None)
    if chosen is None:
        error = UsageError(f"--category {category!r}: expected one of {', '.join(ALERT_CATEGORIES)}")
        installed.output.failure(error, where="alert-test", exit_code=error.exit_code)
        raise typer.Exit(error.exit_code)

    def show(result: RunResult) -> None:
        if installed.output.is_quiet:
            return
        for channel, answer in answers_of(result.extra, configured_channels(installed.settings)).items():
            title = channels_of(installed.settings)[channel].title
            installed.output.line(f"{title} accepted message {answer['message_id']} for {answer['chat']}")

    body = alert_test_body(category=chosen, text=text)
    raise typer.Exit(run(installed, "alert-test", body, is_dry=dry_run, show=show))
