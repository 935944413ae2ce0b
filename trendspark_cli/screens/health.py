"""`health` as it is printed. No library of the command line is imported here: see `__main__`."""

from __future__ import annotations

from trendspark_cli.app.installation import Installation, open_installation
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.screens.health_report import health_report
from trendspark_cli.screens.health_words import facts_of, word_of


def health_without_flags(*, is_json: bool) -> int:
    """Print whether the parts of this process's installation work; return the exit code."""
    try:
        installed = open_installation(job="health", is_json=is_json)
    except TrendSparkError as error:
        Output(is_json).failure(error, where="health", exit_code=error.exit_code)
        return int(error.exit_code)
    return show_health(installed, is_json=is_json)


def show_health(installed: Installation, *, is_json: bool) -> int:
    """Print whether the parts work; return the exit code: 0 when they do, 1 when one does not."""
    found = health_report(installed.settings, installed.clock(), lambda: installed.timetable)
    if is_json:
        installed.output.data(found._asdict())
    else:
        installed.output.table(
            ("service", "ok", "what"),
            [(name, word_of(state), state.get("reason") or facts_of(state)) for name, state in found.services.items()],
        )
    return 0 if found.ok else 1
