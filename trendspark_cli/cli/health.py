"""`trendspark health`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation

app = sub_app()


@app.command()
def health(as_json: JsonFlag = False) -> None:
    """Check that the parts work; exit 0 when they do, 1 when one does not. Asks nothing that costs."""
    from trendspark_cli.screens.health_report import health_report

    installed = this_installation("health", is_json=as_json)
    found = health_report(installed.settings, installed.clock(), lambda: installed.timetable)
    if as_json:
        installed.output.data(found._asdict())
    else:
        installed.output.table(
            ("service", "ok", "what"),
            [(name, _word(state), state.get("reason") or _facts(state)) for name, state in found.services.items()],
        )
    raise typer.Exit(0 if found.ok else 1)


def _word(state: dict[str, object]) -> str:
    """Return what a person reads first: what is not configured is off, and neither well nor ill."""
    if not state["ok"]:
        return "FAILS"
    return "off" if state.get("configured") is False else "ok"


def _facts(state: dict[str, object]) -> str:
    """Return what else there is to say in one line; times and lateness of each job are for --json and `jobs list`."""
    parts = []
    for name, value in state.items():
        if name in ("last_success", "lateness_seconds") or value == []:
            continue
        if isinstance(value, dict):
            parts += [f"{key} {item}" for key, item in value.items()]
        elif name != "ok":
            parts.append(name if value is True else f"not {name}" if value is False else f"{name} {value}")
    return ", ".join(parts)
