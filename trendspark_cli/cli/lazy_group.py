"""A command group that imports a command's module only when that command is called, and help without cut sentences."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from trendspark_cli.cli.examples import EXAMPLES

if TYPE_CHECKING:  # private to typer, which carries its own copy of click
    from typer._click import Command, Context, HelpFormatter


class PlainGroup(TyperGroup):
    """Commands whose help pages list them with the whole of their first sentence."""

    def sections(self) -> Mapping[str, tuple[str, ...]]:
        """Return the commands under headings; without any, under one."""
        return {}

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands, folded between words where a line is full."""
        sections = self.sections() or {"Commands": tuple(self.list_commands(ctx))}
        for heading, names in sections.items():
            rows = [(name, _first_sentence(command)) for name in names if (command := self.get_command(ctx, name))]
            with formatter.section(heading):
                formatter.write_dl(rows)


class ExcludingCommand(TyperCommand):
    """A command whose words may have a - before them: `-word` is a word, `--word` and `-w` are options."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the arguments; a space before it makes a word of what would be an option."""
        is_word = [arg[:1] == "-" and arg[1:2] != "-" and len(arg) > len("-w") for arg in args]
        return super().parse_args(ctx, [f" {arg}" if word else arg for arg, word in zip(args, is_word, strict=True)])


class LazyGroup(PlainGroup):
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
            _add_examples(command, cmd_name)
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Name the nearest command when there is none of that name; the library sees only loaded ones.

        `help COMMAND` is `COMMAND --help`.
        """
        if args[:1] == ["help"]:
            if args == ["help"]:
                typer.echo(ctx.get_help())
                ctx.exit()
            args = [*args[1:], "--help"]
        if args and args[0] not in self.table and not args[0].startswith("-"):
            nearest = difflib.get_close_matches(args[0], self.table, 1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _add_examples(command: Command, name: str) -> None:
    """Let the help pages of a command and of those below it end with an example."""
    if name in EXAMPLES:
        command.epilog = f"Example: trendspark {EXAMPLES[name]}"
    below: Mapping[str, Command] = getattr(command, "commands", {})
    if below and name not in EXAMPLES:
        first = next((f"{name} {part}" for part in below if f"{name} {part}" in EXAMPLES), name)
        command.epilog = f"Example: trendspark {EXAMPLES.get(first, first)}"
    for part, inner in below.items():
        _add_examples(inner, f"{name} {part}")


def _first_sentence(command: Command) -> str:
    """Return the first sentence of a command's help."""
    text = " ".join((command.help or "").split("\n\n")[0].split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]
