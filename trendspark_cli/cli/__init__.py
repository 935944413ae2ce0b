"""The command line: flags only, one file per noun, imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from trendspark_cli.cli.lazy_group import LazyGroup
from trendspark_cli.cli.options import GLOBALS
from trendspark_cli.kinds.jobs import JOBS

PLAIN_JOB = "trendspark_cli.cli.plain_job"  # the command of a job without flags of its own


SECTIONS: Mapping[str, tuple[str, ...]] = {
    "To begin": ("demo", "init", "config", "db", "profiles", "crontab", "doctor"),
    "Jobs, which cron starts": tuple(job.command for job in JOBS.values() if not job.steps),
    "What was found": ("trends", "posts", "alerts", "channels", "mcp"),
    "How it runs": ("health", "jobs", "budget", "gaps", "audit", "rules", "logs", "metrics"),
    "The past": ("archives", "backtest", "calibrate"),
}


class Root(LazyGroup):
    """Every command of trendspark."""

    table: ClassVar[Mapping[str, str]] = {
        **{job.command: job.flags or PLAIN_JOB for job in JOBS.values() if not job.steps},
        "jobs": "trendspark_cli.cli.jobs",
        "crontab": "trendspark_cli.cli.crontab",
        "trends": "trendspark_cli.cli.trends",
        "alerts": "trendspark_cli.cli.alerts",
        "channels": "trendspark_cli.cli.channels",
        "audit": "trendspark_cli.cli.audit",
        "archives": "trendspark_cli.cli.archives",
        "posts": "trendspark_cli.cli.posts",
        "gaps": "trendspark_cli.cli.gaps",
        "rules": "trendspark_cli.cli.rules",
        "profiles": "trendspark_cli.cli.profiles",
        "budget": "trendspark_cli.cli.budget",
        "metrics": "trendspark_cli.cli.metrics",
        "logs": "trendspark_cli.cli.logs",
        "health": "trendspark_cli.cli.health",
        "doctor": "trendspark_cli.cli.doctor",
        "config": "trendspark_cli.cli.config",
        "db": "trendspark_cli.cli.db",
        "backtest": "trendspark_cli.cli.backtest",
        "calibrate": "trendspark_cli.cli.calibrate",
        "demo": "trendspark_cli.cli.demo",
        "init": "trendspark_cli.cli.init",
        "mcp": "trendspark_cli.cli.mcp",
    }

    def sections(self) -> Mapping[str, tuple[str, ...]]:
        """Return the commands by what they are for."""
        grouped = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.table if name not in grouped)
        return {**SECTIONS, **({"Other commands": others} if others else {})}


app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Example: trendspark demo. What a command does: trendspark help COMMAND",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        from trendspark_cli import __version__

        typer.echo(f"trendspark {__version__}")
        raise typer.Exit()


@app.callback()
def trendspark(
    env_file: Annotated[Path | None, typer.Option(help="Read settings from this file.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the log, with tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Collect posts from X, Reddit, Bluesky, Mastodon, Hacker News and feeds, rank what is trending, say why."""
    GLOBALS.env_file, GLOBALS.is_quiet, GLOBALS.is_verbose = env_file, quiet, verbose
