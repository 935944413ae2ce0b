"""Crontabs of tests: what is checked, against which settings, with a program that really is there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.installation import Installation
from trendspark_cli.base.models import Profile
from trendspark_cli.base.settings import load_settings
from trendspark_cli.cli.crontab import complaint
from trendspark_cli.crontabs.reading import Crontab, read_crontab
from trendspark_cli.screens.crontab_check.checking import check
from trendspark_cli.screens.crontab_check.findings import CrontabFinding, Ground

WHOLE_DAY = (
    "*/15 * * * * trendspark ingest",
    "5-59/15 * * * * trendspark rank",
    "* * * * * trendspark deliver",
    "10 7-21 * * * trendspark brief",
    "40 4 * * 0 trendspark vacuum",
)


@dataclass
class Desk:
    """A folder with a program called trendspark, and the settings to check against."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    profiles: Sequence[Profile] = ()

    def __post_init__(self) -> None:
        """Put our program there, and one that starts others elsewhere."""
        self.program("trendspark")
        self.program("docker")

    def program(self, name: str, mode: int = 0o755) -> Path:
        """Make a program and return its path."""
        path = self.folder / name
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
        return path

    def ground(self) -> Ground:
        """Return what is checked against; settings come from an env file that cron finds by itself."""
        env_file = self.folder / ".env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))
        settings = load_settings({}, env_file=env_file)
        return Ground(settings, str(self.folder / "trendspark"), complaint, self.folder, self.profiles)

    def crontab(self, *lines: str, source: str = "crontab") -> Crontab:
        """Read lines under a PATH that has the program."""
        text = "\n".join([f"PATH={self.folder}:/usr/bin:/bin", *lines]) + "\n"
        return read_crontab(text, source, has_users=source.startswith("/etc"))

    def findings(self, *lines: str) -> list[CrontabFinding]:
        """Check a crontab."""
        return check([self.crontab(*lines)], self.ground())

    def of(self, job: str, line: str) -> list[CrontabFinding]:
        """Check a whole crontab in which the line of a job is another one."""
        return self.findings(*[line if each.split()[6] == job else each for each in WHOLE_DAY])

    def said(self, job: str, line: str) -> list[str]:
        """Return what was expected instead of that line, problems only."""
        return [found.expected for found in self.of(job, line) if found.is_problem]


def expected(found: Sequence[CrontabFinding]) -> str:
    """Return what was expected, in one text."""
    return os.linesep.join(finding.expected for finding in found)


def install(workplace: Installation, *lines: str) -> None:
    """Install a crontab as an operator does."""
    text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    subprocess.run(["crontab", "-"], input=text, text=True, env=workplace.surroundings(), check=True, timeout=10)
