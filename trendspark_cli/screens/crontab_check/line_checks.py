"""What may be wrong with one line that starts us: it would not start, or its failures would not be heard."""

from __future__ import annotations

import os
import pwd
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Template

from trendspark_cli.crontabs.commands import Call, calls, first_word
from trendspark_cli.crontabs.reading import CRON_PATH, Entry
from trendspark_cli.screens.crontab_check.findings import CrontabFinding, Ground, of_entry

_OF_THE_SHELL = {".", "export", "set", "ulimit", "umask"}
_ELSEWHERE = {"docker", "podman", "kubectl", "ssh"}  # the program is on another machine, or in a container
_NOWHERE = (os.devnull, "-")  # `2>&-` closes it
_PLAIN_SHELLS = {"sh", "dash"}


def check_entry(entry: Entry, ground: Ground) -> Iterator[CrontabFinding]:
    """Yield what is wrong with one line that starts a command of ours."""
    try:
        found = list(calls(entry.command))
    except ValueError as error:
        yield of_entry(entry, f"a command the shell can read: {error}", "close the quotes")
        return
    if found:
        yield from _check_user(entry)
        yield from _check_shell(entry, ground)
    for call in found:
        yield from _check_program(entry, call, ground)
        complaint = ground.complaint(call.arguments)
        if complaint is not None:
            text = " ".join(call.arguments)
            yield of_entry(entry, complaint, "correct the command; see `trendspark --help`", value=text)
        if call.errors_go_to in _NOWHERE:
            expected = "failures that are told: their one line on stderr is thrown away"
            fix = f"remove the redirection to {os.devnull}: a run that succeeds prints nothing"
            yield of_entry(entry, expected, fix)
        yield from _check_env_file(entry, call, ground)


def expanded(word: str, entry: Entry, ground: Ground) -> str | None:
    """Return a word as the shell would see it, or None when only the shell can tell."""
    if word.startswith("~/"):
        word = f"{_home(entry, ground)}/{word[2:]}"
    word = Template(word).safe_substitute({"HOME": str(_home(entry, ground)), **entry.environment})
    return None if re.search(r"[$`*?]", word) else word


def _check_user(entry: Entry) -> Iterator[CrontabFinding]:
    if entry.user is not None:
        if not _is_user(entry.user):
            expected = "a user in the sixth field: cron leaves out a system crontab with an unknown one"
            yield of_entry(entry, expected, "write the user after the time fields", value=entry.user)
    elif _is_user(first_word(entry.command)):
        fix = "remove it: only /etc/crontab and /etc/cron.d have a user field"
        yield of_entry(entry, "no user in a user's own crontab", fix, value=first_word(entry.command))


def _check_shell(entry: Entry, ground: Ground) -> Iterator[CrontabFinding]:
    path = entry.environment.get("PATH", "")
    if "$" in path or "~" in path:
        fix = "write the folders out: cron expands neither $HOME nor ~"
        yield of_entry(entry, "folders in PATH as they are", fix, value=f"PATH={path}")
    shell = Path(entry.environment.get("SHELL", "/bin/sh")).name
    if shell in _PLAIN_SHELLS and re.search(r"&>", entry.command):
        fix = "write `>FILE 2>&1`, or SHELL=/bin/bash above the line"
        yield of_entry(entry, f"no `&>`: {shell} starts the job in the background and empties the file", fix)


def _check_program(entry: Entry, call: Call, ground: Ground) -> Iterator[CrontabFinding]:
    path = {**entry.environment, **call.settings}.get("PATH", CRON_PATH)
    is_elsewhere = Path(call.wrapper).name in _ELSEWHERE
    for word in (call.wrapper,) if is_elsewhere else (call.program, call.wrapper):
        name = expanded(word, entry, ground)
        if not name or name in _OF_THE_SHELL:
            continue
        if "/" in name:
            file = _home(entry, ground) / name  # an absolute name stays as it is
            if not file.is_file():
                yield of_entry(entry, "a program that exists", _fix(word, call, ground), value=str(file))
            elif not os.access(file, os.X_OK):
                yield of_entry(entry, "a program that may be executed", f"chmod +x {file}", value=str(file))
        elif shutil.which(name, path=path) is None:
            expected = f"a program that cron finds in PATH {path!r}"
            yield of_entry(entry, expected, _fix(word, call, ground), value=name)


def _fix(word: str, call: Call, ground: Ground) -> str:
    if word == call.program:
        return f"write {ground.executable}, or set PATH above the line"
    return "write its absolute path, or set PATH above the line"


def _check_env_file(entry: Entry, call: Call, ground: Ground) -> Iterator[CrontabFinding]:
    arguments = dict(zip(call.arguments, call.arguments[1:], strict=False))
    name = "TRENDSPARK_ENV_FILE"
    given = arguments.get("--env-file") or call.settings.get(name) or entry.environment.get(name)
    used = ground.settings.env_file
    if given:
        file = expanded(given, entry, ground)
        if file is not None and not os.access(_home(entry, ground) / file, os.R_OK):
            yield of_entry(entry, "an env file that exists and can be read", "correct the path", value=given)
    elif used is not None and used.absolute() not in _found_by_itself(_home(entry, ground)):
        fix = f"write {name}={used.absolute()} above the line"
        yield of_entry(entry, f"the env file used here: cron's runs would not find {used.absolute()}", fix)


def _found_by_itself(home: Path) -> tuple[Path, Path]:
    """Return the env files that a run of cron finds without being told: it starts in HOME."""
    return home / ".env", home / ".config" / "trendspark" / ".env"


def _home(entry: Entry, ground: Ground) -> Path:
    """Return the folder cron starts a line in: HOME, when the crontab sets it."""
    return Path(entry.environment.get("HOME") or ground.home)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
