"""The manual page, made from the commands as typer knows them: docs/trendspark.1."""

from __future__ import annotations

from typing import Any

import typer

from trendspark_cli import __version__
from trendspark_cli.base.errors import ExitCode
from trendspark_cli.cli import SECTIONS, app


def man_page() -> str:
    """Return the page in the language of man."""
    root: Any = typer.main.get_command(app)
    context = root.context_class(root, info_name="trendspark")
    lines = [
        '.\\" Made by scripts/docs; do not edit.',
        f'.TH TRENDSPARK 1 "" "trendspark {__version__}" "User Commands"',
        ".SH NAME",
        "trendspark \\- find what is trending in the posts you follow, and say why",
        ".SH SYNOPSIS",
        ".B trendspark",
        "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]...",
        ".SH DESCRIPTION",
        _escaped(root.help),
        ".SH OPTIONS",
        *_options(root),
    ]
    for heading, names in SECTIONS.items():
        lines.append(f".SH {heading.upper()}")
        for name in names:
            lines += _command(root.get_command(context, name), name)
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", f".B {code.value}", _escaped(code.meaning)]
    lines += [
        ".SH FILES",
        ".TP",
        ".I ~/.config/trendspark/.env",
        "Settings; .env.example has them all.",
        ".TP",
        ".I ~/.local/share/trendspark",
        "The database, its locks, the log and the metrics, unless TRENDSPARK_HOME says otherwise.",
        ".SH SEE ALSO",
        ".BR crontab (5)",
    ]
    return "\n".join(lines) + "\n"


def _command(command: Any, name: str) -> list[str]:
    """Return a command and those below it."""
    below = getattr(command, "commands", {})
    if below:
        return [line for part, inner in below.items() for line in _command(inner, f"{name} {part}")]
    lines = [".TP", f".B trendspark {_escaped(name)}", _escaped(" ".join((command.help or "").split()))]
    options = _options(command)
    if options:
        lines += [".RS", *options, ".RE"]
    return [*lines, *([".br", _escaped(command.epilog)] if command.epilog else [])]


def _options(command: Any) -> list[str]:
    lines = []
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        names = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
        lines += [".TP", f".B {_escaped(names)}", _escaped(getattr(parameter, "help", "") or "")]
    return lines


def _escaped(text: str) -> str:
    """Return text that man takes as it is."""
    text = " ".join((text or "").split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text
