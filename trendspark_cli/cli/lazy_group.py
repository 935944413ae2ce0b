"""A command group that imports a command's module only when that command is called."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:  # private to typer, which carries its own copy of click
    from typer._click import Command, Context


class LazyGroup(TyperGroup):
    """Commands by name -> module with an `app`. Sub-classes fill `table`."""

    table: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import and return one command."""
        if cmd_name not in self.table:
            return None
        if cmd_name not in self.commands:
            command = typer.main.get_command(importlib.import_module(self.table[cmd_name]).app)
            command.name = cmd_name
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Name the nearest command when there is none of that name; the library sees only loaded ones."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            nearest = difflib.get_close_matches(args[0], self.table, 1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)
