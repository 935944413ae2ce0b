"""A crontab as Debian's cron reads it: entries, each with the settings above it, and what is wrong with the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trendspark_cli.crontabs.fields import AT_BOOT, KINDS, NICKNAMES, FieldError, read_field

CRON_PATH = "/usr/bin:/bin"  # what Debian's cron gives a job whose crontab sets no PATH
_NAME, _VALUE = r"""(?:"([^"]*)"|'([^']*)'|([^\s="'][^\s=]*|))""", r"""(?:"([^"]*)"|'([^']*)'|([^\s"'].*?))"""
_SETTING = rf"\s*{_NAME}\s*=\s*{_VALUE}\s*"
_UNREADABLE_SETTING = r"\s*[A-Za-z_]\w*\s*="


@dataclass(frozen=True)
class Entry:
    """A line that starts something: when, as whom, with which settings. `schedule` is five fields or `@reboot`."""

    source: str  # which crontab, or which systemd timer
    line: int  # 0 in a timer
    text: str
    schedule: str  # "" when it never comes
    command: str  # what the shell gets
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None  # system crontabs name one


class Fault(NamedTuple):
    """What cron refuses or reads otherwise than it looks. One that `is_fatal` costs the whole crontab."""

    line: int
    text: str
    expected: str
    fix: str
    is_fatal: bool = False


@dataclass(frozen=True)
class Crontab:
    """What was read from one place."""

    source: str
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)  # as they are at the end


def read_crontab(text: str, source: str, *, has_users: bool = False) -> Crontab:
    """Read a user's crontab, or a system one, whose lines name a user (`has_users`)."""
    return _Reader(source, has_users).read(text)


class _Reader:
    def __init__(self, source: str, has_users: bool) -> None:
        self._source = source
        self._has_users = has_users
        self._settings: dict[str, str] = {}
        self._entries: list[Entry] = []
        self._faults: list[Fault] = []

    def read(self, text: str) -> Crontab:
        lines = text.split("\n")
        if text and lines[-1]:
            fix = "end the file with a line break"
            self._faults.append(Fault(len(lines), lines[-1], "a line break at the end of the file", fix, is_fatal=True))
        for number, line in enumerate(lines, start=1):
            if line.endswith("\r"):
                fix = "save the file with Unix line ends: sed -i 's/\\r$//' FILE"
                self._faults.append(Fault(number, line, "no carriage return: it becomes part of the line", fix))
                line = line.removesuffix("\r")
            if line.strip(" \t") and not line.lstrip(" \t").startswith("#"):
                self._read_line(number, line)
        return Crontab(self._source, tuple(self._entries), tuple(self._faults), dict(self._settings))

    def _read_line(self, number: int, line: str) -> None:
        setting = re.fullmatch(_SETTING, line)
        if setting is not None:
            groups = setting.groups()
            name, value = ("".join(part or "" for part in half) for half in (groups[:3], groups[3:]))
            self._settings[name] = value
        elif re.match(_UNREADABLE_SETTING, line):
            expected = 'NAME=value on a line of its own; quotes around all of it or nothing, `NAME=""` when empty'
            self._refuse(number, line, expected, "write the setting so, with no comment behind it")
        else:
            self._read_entry(number, line.lstrip(" \t"))

    def _read_entry(self, number: int, line: str) -> None:
        if line.startswith("@"):
            nickname, rest = _split(line)
            schedule = AT_BOOT if nickname == AT_BOOT else NICKNAMES.get(nickname, "")
            if not schedule:
                known = ", ".join([AT_BOOT, *NICKNAMES])
                self._refuse(number, line, f"one of {known}", "write the five fields instead")
                return
        else:
            words: list[str] = []
            rest = line
            for _ in KINDS:
                word, rest = _split(rest)
                words.append(word)
            try:
                schedule = self._read_fields(number, line, words)
            except FieldError as error:
                self._refuse(number, line, str(error), "correct the field")
                return
        user = None
        if self._has_users:
            user, rest = _split(rest)
        if not rest:
            self._note(number, line, "a command after the time fields", "write the command, or remove the line")
            return
        command, is_cut = _command(rest)
        if is_cut:
            self._note(number, line, r"`\%`: cron takes a bare % for the end of the command", r"write \% for each %")
        self._entries.append(Entry(self._source, number, line, schedule, command, dict(self._settings), user))

    def _read_fields(self, number: int, line: str, words: list[str]) -> str:
        fields = []
        for kind, word in zip(KINDS, words, strict=True):
            found = read_field(kind, word)
            if found.ignored:
                read = word.removesuffix(found.ignored)
                fix = f"write {read}, or a list"
                self._note(number, line, f"{kind.name} {word!r} is read as {read!r}: cron drops the rest", fix)
            if not found.text:
                fix = "write it as two ranges, with a comma"
                self._note(number, line, f"{kind.name} {word!r} runs backwards, so the line never runs", fix)
            fields.append(found.text)
        return " ".join(fields) if all(fields) else ""

    def _note(self, number: int, line: str, expected: str, fix: str) -> None:
        self._faults.append(Fault(number, line, expected, fix))

    def _refuse(self, number: int, line: str, expected: str, fix: str) -> None:
        self._faults.append(Fault(number, line, expected, fix, is_fatal=True))


def _split(text: str) -> tuple[str, str]:
    """Return the first word and what follows its blanks."""
    word, *rest = re.split(r"[ \t]+", text, maxsplit=1)
    return word, rest[0] if rest else ""


def _command(text: str) -> tuple[str, bool]:
    r"""Return what the shell gets, and whether a bare `%` cut something off; `\%` is a percent sign."""
    parts = re.split(r"(?<!\\)%", text, maxsplit=1)
    return parts[0].replace(r"\%", "%").strip(" \t"), len(parts) > 1
