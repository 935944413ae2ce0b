"""`trendspark health`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation

app = sub_app()


@app.command()
def health(as_json: JsonFlag = False) -> None:
    """Check that the parts work; exit 0 when they do, 1 when one does not. Asks nothing that costs."""
    from trendspark_cli.screens.health_report import health_report
    from trendspark_cli.screens.health_words import facts_of, word_of

    installed = this_installation("health", is_json=as_json)
    found = health_report(installed.settings, installed.clock(), lambda: installed.timetable)
    if as_json:
        installed.output.data(found._asdict())
    else:
        installed.output.table(
            ("service", "ok", "what"),
            [(name, word_of(state), state.get("reason") or facts_of(state)) for name, state in found.services.items()],
        )
    raise typer.Exit(0 if found.ok else 1)
