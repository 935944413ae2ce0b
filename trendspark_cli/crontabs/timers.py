"""systemd timers that start us, as systemd itself knows them: drop-ins, templates and generated units included."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from trendspark_cli.crontabs.commands import mentions_us
from trendspark_cli.crontabs.fields import KINDS, FieldError, read_field
from trendspark_cli.crontabs.reading import Crontab, Entry, Fault

LONGEST_ANSWER_SECONDS = 10.0  # a bus that hangs must not keep a job from running
UNKNOWN = "systemd timers"  # how they are called while systemd does not say what they start
# What systemd gives a service that sets no PATH.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CALENDAR = r"(?:([A-Za-z,.-]+)\s+)?(?:(\S+-\S+)\s+)?(\S+?):(\S+?)(?::0*)?"
_NAMED = {"minutely": "* * * * *", "hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 1"}
_NAMED |= {"monthly": "0 0 1 * *", "yearly": "0 0 1 1 *", "annually": "0 0 1 1 *"}
_COMMAND = r"argv\[\]=(.*?) ; ignore_errors="
_TIMER = ("Id", "ActiveState", "Unit", "TimersCalendar", "TimersMonotonic")
_SERVICE = ("Id", "User", "ExecStart", "Environment")

Unit = Mapping[str, list[str]]  # property -> its values, in order


class NoAnswerError(Exception):
    """systemd runs, and what its timers start is not known."""


class Systemd(NamedTuple):
    """The systemd of this machine; `run` is /run, where it says that it is there."""

    run: Path = Path("/run")

    def timers(self, uid: int, name: str) -> list[Crontab]:
        """Return the timers that are waiting and start us for a user, each as a crontab of a line per OnCalendar.

        When systemd does not say, that is the one fault of what is returned: nothing is known then.
        """
        if not (self.run / "systemd/system").is_dir():
            return []
        try:
            found = [*_timers(self._ask(), name)]
            if uid == os.getuid() and (self.run / f"user/{uid}/systemd").is_dir():
                found += _timers(self._ask("--user", runtime=self.run / f"user/{uid}"), name)
        except NoAnswerError as error:
            expected = f"an answer of systemctl: whether timers start jobs is unknown ({error})"
            found = [Crontab(UNKNOWN, (), (Fault(0, "", expected, "see `systemctl list-timers`, or use a crontab"),))]
        return found

    def _ask(self, *options: str, runtime: Path | None = None) -> Asking:
        program = shutil.which("systemctl") or shutil.which("systemctl", path="/usr/bin:/bin")
        if program is None:
            raise NoAnswerError("systemctl is not there")
        settings = ["LC_ALL=C.UTF-8", *([f"XDG_RUNTIME_DIR={runtime}"] if runtime is not None else [])]
        return Asking(("env", *settings, program, *options))


class Asking(NamedTuple):
    """How one systemd, the machine's or a user's, is asked."""

    command: tuple[str, ...]

    def show(self, names: Sequence[str], properties: Sequence[str]) -> list[Unit]:
        """Return properties of units. Raises NoAnswerError."""
        command = [*self.command, "show", f"--property={','.join(properties)}", "--", *names]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONGEST_ANSWER_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoAnswerError(type(error).__name__) from error
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise NoAnswerError(lines[-1] if lines else f"it ended with {done.returncode}")
        return [_unit(block) for block in done.stdout.decode("utf-8", "replace").split("\n\n") if block.strip()]


def _timers(asking: Asking, name: str) -> Iterator[Crontab]:
    timers = [unit for unit in asking.show(["*.timer"], _TIMER) if unit.get("ActiveState") == ["active"]]
    services = sorted({service for timer in timers for service in timer.get("Unit", [])})
    if not services:
        return
    units = {service: unit for unit in asking.show(services, _SERVICE) for service in unit.get("Id", [])}
    for timer in timers:
        for service in timer.get("Unit", []):
            unit = units.get(service, {})
            command = " ; ".join(
                found[1] for value in unit.get("ExecStart", []) if (found := re.search(_COMMAND, value))
            )
            if mentions_us(command) and unit.get("User", [""])[0] in ("", name):
                yield _crontab(timer, command, dict(_settings(unit)))


def _crontab(timer: Unit, command: str, settings: Mapping[str, str]) -> Crontab:
    source = timer["Id"][0]
    entries, faults = [], []
    calendars = [value.partition("=")[2].partition(" ;")[0] for value in timer.get("TimersCalendar", [])]
    for text in calendars:
        schedule = calendar_schedule(text)
        if schedule is None:
            expected = "a calendar that can be read here, such as *:0/15 or *-*-* 03:20"
            faults.append(Fault(0, f"OnCalendar={text}", expected, "check it with systemd-analyze calendar"))
        else:
            entries.append(Entry(source, 0, f"OnCalendar={text} {command}", schedule, command, settings))
    others = [value.strip("{ ").partition(" ;")[0] for value in timer.get("TimersMonotonic", [])]
    if others and not calendars:
        expected = "OnCalendar: only so can be told when a run is due"
        faults.append(Fault(0, others[0].replace("USec=", "Sec="), expected, "write OnCalendar=*:0/15, or what fits"))
    return Crontab(source, tuple(entries), tuple(faults))


def calendar_schedule(text: str) -> str | None:
    """Return the five fields of an OnCalendar expression, or None for one that cron has no words for."""
    text = text.strip()
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    match = re.fullmatch(_CALENDAR, text)
    if match is None:
        return None
    weekday, day, hour, minute = match.groups()
    year, month, day_of_month = (day or "*-*-*").split("-") if (day or "*-*-*").count("-") == 2 else ("", "", "")
    if year != "*":
        return None
    words = (minute, hour, day_of_month, month, (weekday or "*").replace("..", "-"))
    try:
        fields = [read_field(kind, _cron_word(word, kind.high)) for kind, word in zip(KINDS, words, strict=True)]
    except FieldError:
        return None
    return " ".join(field.text for field in fields) if not any(f.ignored or not f.text for f in fields) else None


def _cron_word(word: str, high: int) -> str:
    """Return a part of a calendar expression in cron's words: `0/15` is `0-59/15`, `9..17` is `9-17`."""
    word = re.sub(r"^(\d+)/(\d+)$", rf"\1-{high}/\2", word.replace("..", "-"))
    return re.sub(r"[A-Za-z]+", lambda name: name[0][:3], word)


def _unit(block: str) -> Unit:
    values: dict[str, list[str]] = {}
    for line in block.splitlines():
        name, _, value = line.partition("=")
        values.setdefault(name, []).append(value)
    return values


def _settings(unit: Unit) -> Iterator[tuple[str, str]]:
    yield "PATH", _PATH
    for value in unit.get("Environment", []):
        for part in shlex.split(value):
            name, _, text = part.partition("=")
            yield name, text
