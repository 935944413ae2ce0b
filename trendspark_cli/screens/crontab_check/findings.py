"""What a check of crontabs tells, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trendspark_cli.base.models import Profile
from trendspark_cli.base.settings import Settings
from trendspark_cli.crontabs.reading import Crontab, Entry, Fault


@dataclass(frozen=True)
class CrontabFinding:
    """One thing that is not as it should be. Advice is a finding that keeps nothing from running."""

    thing: str  # `crontab line 7`
    value: str  # its text
    expected: str
    fix: str
    line: int | None = None
    is_problem: bool = True


@dataclass(frozen=True)
class Ground:
    """What crontabs are held against: this installation, its settings and its command line."""

    settings: Settings
    executable: str  # how cron would start us, as one word
    complaint: Callable[[Sequence[str]], str | None]  # what the command line says of arguments; None when they are good
    home: Path  # of the crontab's user: cron starts jobs there
    profiles: Sequence[Profile] = ()  # of the database


def of_fault(crontab: Crontab, fault: Fault) -> CrontabFinding:
    """Return what cron refuses as a finding."""
    expected = fault.expected
    if fault.is_fatal:
        expected += "; cron leaves the whole crontab out"
    return CrontabFinding(place(crontab.source, fault.line), fault.text, expected, fault.fix, fault.line)


def of_entry(
    entry: Entry, expected: str, fix: str, *, value: str | None = None, is_problem: bool = True
) -> CrontabFinding:
    """Return a finding about one line."""
    value = entry.text if value is None else value
    return CrontabFinding(place(entry.source, entry.line), value, expected, fix, entry.line, is_problem)


def place(source: str, line: int) -> str:
    """Return how a line is called."""
    return f"{source} line {line}" if line else source


def told(crontabs: Sequence[Crontab], findings: Sequence[CrontabFinding]) -> Iterator[str]:
    """Yield findings as lines of text: first each line of a crontab with all that is wrong with it, then the rest."""
    texts: dict[str, str] = {}
    for crontab in crontabs:
        texts |= {place(crontab.source, fault.line): fault.text for fault in crontab.faults}
        texts |= {place(entry.source, entry.line): entry.text for entry in crontab.entries}
    heading = None
    for finding in sorted(findings, key=lambda found: (found.line is None, found.line or 0)):
        text = texts.get(finding.thing, "")
        if finding.thing != heading:
            heading = finding.thing
            yield f"{heading}: {text}" if text else heading
        value = f"{finding.value!r}: " if finding.value and finding.value != text else ""
        yield f"  {'problem' if finding.is_problem else 'advice'}: {value}expected {finding.expected}"
        yield f"      fix: {finding.fix}"
