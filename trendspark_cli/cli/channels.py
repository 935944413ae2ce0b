"""`trendspark channels list|test`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.job_bodies import TEST_TEXT, alert_test_body
from trendspark_cli.app.run import run
from trendspark_cli.app.with_store import read_only
from trendspark_cli.base.console import short_time, shortened
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import RunResult
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation
from trendspark_cli.kinds.channels import channels_of, configured_channels
from trendspark_cli.screens.channel_list import channel_list
from trendspark_cli.store.protocol import Store

app = sub_app("Channels: where alerts go, and what became of the last ones.")


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List the channels that are configured, with what waits for each and why it waits."""
    installed = this_installation("channels", is_json=as_json)

    def action(store: Store) -> None:
        found = channel_list(installed.settings, store)
        if as_json:
            installed.output.data({"channels": [channel._asdict() for channel in found]})
            return
        installed.output.table(
            ("channel", "by", "waiting", "last sent", "paused until", "last error"),
            [
                (
                    one.name,
                    one.served_by,
                    one.waiting,
                    short_time(one.last_sent) if one.last_sent else "",
                    short_time(one.paused_until) if one.paused_until else "",
                    shortened(one.last_error or "", 80),
                )
                for one in found
            ],
            less_needed=("last error", "by"),
            texts=("last error",),
            nothing="no channel is configured: set ALERT_URL_<NAME>, or TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID",
        )

    raise typer.Exit(read_only(installed, "channels list", action))


@app.command("test")
def try_out(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAMES", help="Channels, as `channels list` shows them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Send one test message through these channels, or through all, and say what each answered."""
    from trendspark_cli.jobs.alert_test import answers_of

    installed = this_installation("channels test", is_json=as_json, quiet=quiet, verbose=verbose)
    known = configured_channels(installed.settings)
    asked = tuple(name for name in known if name in (names or known))
    if unknown := [name for name in names or () if name not in known]:
        expected = f"one of {', '.join(known)}" if known else "ALERT_URL_<NAME> to be set first"
        error = UsageError(f"channel {unknown[0]!r} is not configured: expected {expected}")
        installed.output.failure(error, where="channels test", exit_code=error.exit_code)
        raise typer.Exit(error.exit_code)

    def show(result: RunResult) -> None:
        if installed.output.is_quiet:
            return
        for channel, answer in answers_of(result.extra, asked).items():
            title = channels_of(installed.settings)[channel].title
            installed.output.line(f"{channel} ({title}) accepted the message for {answer['chat']}")

    body = alert_test_body(text=TEST_TEXT, channels=asked)
    raise typer.Exit(run(installed, "alert-test", body, is_dry=dry_run, show=show))
