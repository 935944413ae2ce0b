"""`trendspark crontab print|check`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendspark_cli.base.errors import ConfigError, ExitCode, InputError
from trendspark_cli.cli.options import JsonFlag, refuse, sub_app, this_installation

if TYPE_CHECKING:
    from trendspark_cli.app.installation import Installation
    from trendspark_cli.crontabs.reading import Crontab
    from trendspark_cli.screens.crontab_check.findings import CrontabFinding

app = sub_app("When cron starts jobs.")


@app.command("print")
def print_(
    merge: Annotated[
        bool, typer.Option("--merge", help="Print the installed crontab with our lines in it, and keep the others.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Print a crontab for this installation: `trendspark crontab print | crontab -` installs it."""
    from trendspark_cli.crontabs.installed import home_of, owner_of, users_crontab
    from trendspark_cli.crontabs.printing import crontab_text, merged

    with _never_empty(is_json=as_json):
        installed = this_installation("crontab", is_json=as_json)
        uid = owner_of(installed.database.owned)
        text = crontab_text(installed.settings, home_of(uid))
        if merge:
            try:
                text = merged(users_crontab(uid) or "", text)
            except ConfigError as error:
                refuse(installed, "crontab print", error)
    if as_json:
        installed.output.data({"crontab": text})
    else:
        installed.output.line(text.removesuffix("\n"))


@contextmanager
def _never_empty(*, is_json: bool) -> Iterator[None]:
    """Print what cron refuses when there is no crontab to print: `... | crontab -` would install an empty one."""
    try:
        yield
    except typer.Exit:
        if not is_json:
            print("no crontab: `trendspark crontab print` failed")
        raise


@app.command()
def check(
    file: Annotated[
        str | None, typer.Argument(help="A crontab, or - for standard input; left out, the installed ones.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a crontab: syntax as cron reads it, commands, jobs that are missing, times that do not fit the settings."""
    from trendspark_cli.screens.crontab_check.findings import told

    installed = this_installation("crontab", is_json=as_json)
    crontabs = _crontabs(installed, file)
    findings = findings_of(installed, crontabs)
    is_good = not any(finding.is_problem for finding in findings)
    if as_json:
        places = [crontab.source for crontab in crontabs]
        installed.output.data({"ok": is_good, "checked": places, "findings": [asdict(found) for found in findings]})
    else:
        for line in told(crontabs, findings):
            installed.output.prose(line.lstrip(), indent=len(line) - len(line.lstrip()))
        if not findings:
            installed.output.line("the crontab is good")
    raise typer.Exit(ExitCode.DONE if is_good else ExitCode.CONFIG)


def findings_of(installed: Installation, crontabs: Sequence[Crontab] | None = None) -> list[CrontabFinding]:
    """Return what is wrong with *crontabs*, or with the installed ones; nothing that was found was run."""
    from trendspark_cli.app.with_store import try_read
    from trendspark_cli.crontabs.installed import home_of, installed_crontabs, owner_of
    from trendspark_cli.crontabs.printing import executable
    from trendspark_cli.screens.crontab_check.checking import check as check_crontabs
    from trendspark_cli.screens.crontab_check.findings import Ground

    uid = owner_of(installed.database.owned)
    found = installed_crontabs(uid) if crontabs is None else crontabs
    profiles = try_read(installed, lambda store: store.profiles.all()) or []
    return check_crontabs(found, Ground(installed.settings, executable(), complaint, home_of(uid), profiles))


def _crontabs(installed: Installation, file: str | None) -> list[Crontab]:
    from trendspark_cli.crontabs.installed import LARGEST_BYTES, installed_crontabs, owner_of, read_file
    from trendspark_cli.crontabs.reading import read_crontab

    if file is None:
        return installed_crontabs(owner_of(installed.database.owned))
    try:
        if file == "-":
            text = sys.stdin.buffer.read(LARGEST_BYTES).decode("utf-8", "replace")
            return [read_crontab(text, "standard input")]
        return [read_file(Path(file))]
    except OSError as error:
        refuse(installed, "crontab check", InputError(f"crontab {file!r} cannot be read: {error.strerror}"))


def complaint(arguments: Sequence[str]) -> str | None:
    """Return what the command line would say of these arguments, or None when it takes them; nothing is run."""
    from typer._click.exceptions import UsageError as BadArguments  # typer carries its own copy of click

    from trendspark_cli.cli import app as root_app
    from trendspark_cli.kinds.jobs import JOBS

    if {"--help", "-h", "--version"} & set(arguments):
        return None
    command: Any = typer.main.get_command(root_app)
    words, path = list(arguments), ["trendspark"]
    context: Any = None
    try:
        while True:
            is_group = hasattr(command, "resolve_command")
            if words or not is_group:
                context = command.make_context(path[-1], words, parent=context)
                words = [*context._protected_args, *context.args]
            if not is_group:
                break
            if not words:
                return f"a command after `{' '.join(path)}`"
            name, command, words = command.resolve_command(context, words)
            path.append(str(name))
    except BadArguments as error:
        return f"arguments of `{' '.join(path)}`: {error.format_message()}"
    if path == ["trendspark", "jobs", "run"] and context.params["job"] not in JOBS:
        return f"a job after `jobs run`: {', '.join(JOBS)}"
    return None
