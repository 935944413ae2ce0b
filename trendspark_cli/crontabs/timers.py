"""systemd timers that start us, read from their unit files: no process, no bus."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from trendspark_cli.crontabs.commands import mentions_us
from trendspark_cli.crontabs.fields import KINDS, FieldError, read_field
from trendspark_cli.crontabs.reading import Crontab, Entry, Fault

# What systemd gives a service that sets no PATH.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CALENDAR = re.compile(r"(?:([A-Za-z,.-]+)\s+)?(?:(\S+-\S+)\s+)?(\S+?):(\S+?)(?::0*)?")
_NAMED = {"minutely": "* * * * *", "hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 1"}
_NAMED |= {"monthly": "0 0 1 * *", "yearly": "0 0 1 1 *", "annually": "0 0 1 1 *"}

Unit = Mapping[str, list[str]]  # key -> its values, in order


def read_timers(etc: Path, home: Path) -> list[Crontab]:
    """Return the enabled timers whose service starts us, each as a crontab of one line per OnCalendar."""
    folders = [home / ".config/systemd/user", etc / "systemd/user", etc / "systemd/system"]
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*.timer")):
            if (folder / "timers.target.wants" / path.name).is_symlink():
                crontab = _read_timer(path)
                if crontab is not None:
                    found.append(crontab)
    return found


def calendar_schedule(text: str) -> str | None:
    """Return the five fields of an OnCalendar expression, or None for one that cron has no words for."""
    text = text.strip()
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    match = _CALENDAR.fullmatch(text)
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


def _read_timer(path: Path) -> Crontab | None:
    timer = _read_unit(path)
    service = path.with_name(timer.get("Unit", [path.with_suffix(".service").name])[-1])
    if not service.is_file():
        return None
    unit = _read_unit(service)
    command = " ; ".join(value.lstrip("@-:+!") for value in unit.get("ExecStart", []))
    if not mentions_us(command):
        return None
    settings = dict(_settings(unit))
    entries, faults = [], []
    others = [name for name in timer if name.startswith("On") and name.endswith("Sec")]
    if others and not timer.get("OnCalendar"):
        fault = f"{others[0]}={timer[others[0]][-1]}", "OnCalendar: only so can be told when a run is due"
        faults.append(Fault(0, *fault, "write OnCalendar=*:0/15, or what fits"))
    for text in timer.get("OnCalendar", []):
        schedule = calendar_schedule(text)
        if schedule is None:
            expected = "a calendar that can be read here, such as *:0/15 or *-*-* 03:20"
            faults.append(Fault(0, f"OnCalendar={text}", expected, "check it with systemd-analyze calendar"))
        else:
            entries.append(Entry(str(path), 0, f"OnCalendar={text} {command}", schedule, command, settings))
    return Crontab(str(path), tuple(entries), tuple(faults))


def _read_unit(path: Path) -> Unit:
    """Return the settings of a unit file; an empty value takes back what was set before."""
    values: dict[str, list[str]] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return values
    for line in text.replace("\\\n", " ").splitlines():
        name, mark, value = line.strip().partition("=")
        if mark and not name.startswith(("#", ";")):
            values[name.strip()] = [*values.get(name.strip(), []), value.strip()] if value.strip() else []
    return values


def _settings(unit: Unit) -> Iterator[tuple[str, str]]:
    yield "PATH", _PATH
    for value in unit.get("Environment", []):
        for part in shlex.split(value):
            name, _, text = part.partition("=")
            yield name, text
