"""Whoever asks for help gets it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from trendspark_cli.base.errors import ExitCode
from trendspark_cli.base.metrics import METRICS
from trendspark_cli.base.settings import specs
from trendspark_cli.cli import Root


def commands(command: Any, name: str = "trendspark") -> Iterator[tuple[str, Any]]:
    """Yield every command below one, with its full name."""
    yield name, command
    for part in getattr(command, "commands", {}):
        yield from commands(command.commands[part], f"{name} {part}")


def every_command() -> list[tuple[str, Any]]:
    """Return every command of the program."""
    return [
        found
        for name, module in Root.table.items()
        for found in commands(typer.main.get_command(importlib.import_module(module).app), name)
    ]


@pytest.mark.parametrize(("name", "command"), every_command(), ids=[name for name, _ in every_command()])
def test_every_command_says_what_it_does(name: str, command: Any) -> None:
    said = command.help

    assert said, name
    assert said.strip().endswith("."), name


@pytest.mark.parametrize(("name", "command"), every_command(), ids=[name for name, _ in every_command()])
def test_every_option_of_a_command_says_what_it_is_for(name: str, command: Any) -> None:
    needs_help = [p.name for p in command.params if not getattr(p, "help", None) and p.name != "help"]

    assert needs_help == []


def test_every_setting_says_what_it_is_and_what_is_expected() -> None:
    silent = [spec.name for spec in specs().values() if not spec.help or not spec.expected]

    assert silent == []


def test_every_metric_has_a_unit_and_a_kind_in_its_name() -> None:
    wrong = [m.name for m in METRICS if not m.name.startswith("trendspark_") or m.name.endswith("_ms")]
    wrong += [m.name for m in METRICS if (m.kind == "counter") != m.name.endswith("_total")]

    assert wrong == []


def test_every_exit_code_has_a_meaning() -> None:
    assert all(code.meaning for code in ExitCode)
