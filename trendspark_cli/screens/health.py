"""`health` as it is printed. No library of the command line is imported here: see `__main__`."""

from __future__ import annotations

from pathlib import Path

from trendspark_cli.app.installation import open_installation
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.screens.health_report import health_report
from trendspark_cli.screens.health_words import facts_of, word_of


def show_health(
    *, is_json: bool = False, env_file: Path | None = None, is_quiet: bool = False, is_verbose: bool = False
) -> int:
    """Print whether the parts work; return the exit code: 0 when they do, 1 when one does not."""
    flags = {"is_json": is_json, "is_quiet": is_quiet, "is_verbose": is_verbose}
    try:
        installed = open_installation(job="health", env_file=env_file, **flags)
    except TrendSparkError as error:
        Output(is_json).failure(error, where="health", exit_code=error.exit_code)
        return int(error.exit_code)
    found = health_report(installed.settings, installed.clock(), lambda: installed.timetable)
    if is_json:
        installed.output.data(found._asdict())
    else:
        installed.output.table(
            ("service", "ok", "what"),
            [(name, word_of(state), state.get("reason") or facts_of(state)) for name, state in found.services.items()],
        )
    return 0 if found.ok else 1
