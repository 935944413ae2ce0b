"""What the tests of this folder share: the project's folder, its Markdown pages, its commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from trendspark_cli.cli import app

PROJECT = Path(__file__).resolve().parents[2]


def pages() -> list[Path]:
    """Return every Markdown page that readers are sent to."""
    found = [PROJECT / "README.md", *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("textfile_collector/*.md")]
    return sorted(found)


def page(name: str) -> str:
    """Return the text of a file of the project."""
    return (PROJECT / name).read_text(encoding="utf-8")


def commands() -> dict[str, Any]:
    """Return every command by its full name: `trendspark jobs list`."""
    root: Any = typer.main.get_command(app)
    return dict(_below(root, root.context_class(root, info_name="trendspark")))


def _below(command: Any, context: Any) -> Iterator[tuple[str, Any]]:
    yield context.command_path, command
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            yield from _below(child, child.context_class(child, info_name=name, parent=context))
