"""An operator who follows a runbook from its symptom, with the fault really in place, reaches its end.

Every command of every page is run as it stands, in order, and prints what the page says it prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.runbooks.scenes import SCENES

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
SEED_HEADINGS = {
    "ingestion-failures": "Ingestion Failures",
    "real-time-stream-issues": "Real-time Stream Issues",
    "telegram-alert-problems": "Telegram Alert Problems",
    "scheduler-job-failures": "Scheduler / Job Failures",
    "api-error-spikes": "API Error Spikes",
    "database-retention-archival": "Database Retention & Archival",
    "prometheus-grafana": "Prometheus & Grafana",
}


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the console blocks with the lines it prints there; `...` stands for anything."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output.splitlines()


def run(operator: Operator, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator types it."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(operator.home),
        **operator.environment,
    }
    return subprocess.run(
        ["sh", "-c", command], env=environment, cwd=operator.home, capture_output=True, text=True, timeout=60
    )


_DOTS = re.compile(r"(\\ )?\\\.\\\.\\\.(\\ )?")


def _anything(dots: re.Match[str]) -> str:
    """Return a pattern for `...`: with a blank on a side, whole words or none; without, the rest of a word too."""
    before, after = dots[1] or "", dots[2] or ""
    if before and after:
        return "(?: | .* )"
    return f"(?:{before}.*{after})?" if before or after else ".*"


def missing_lines(expected: list[str], printed: str) -> list[str]:
    """Return the lines that were not printed, in that order; blanks between words count once."""
    shown = iter(" ".join(line.split()) for line in printed.splitlines())
    missing = []
    for line in expected:
        pattern = re.compile(_DOTS.sub(_anything, re.escape(" ".join(line.split()))))
        if not any(pattern.fullmatch(found) for found in shown):
            missing.append(line)
    return missing


@pytest.mark.parametrize("page", SCENES)
def test_an_operator_who_follows_a_runbook_reaches_its_end(page: str, tmp_path: Path) -> None:
    with SCENES[page](tmp_path / "home") as scene:
        for command, expected in commands(RUNBOOKS / f"{page}.md"):
            if command == scene.mended_before:
                scene.mend()
                scene.mended_before = ""
            done = run(scene.operator, command)

            told = f"{command}\n{done.stdout}\n{done.stderr}"
            assert done.returncode == 0, told
            assert "Traceback" not in done.stderr or command.startswith("trendspark -v"), told
            assert missing_lines(expected, done.stdout) == [], told


def test_every_runbook_has_the_heading_people_know_its_symptoms_and_an_escalation() -> None:
    pages = {page.stem: page.read_text() for page in RUNBOOKS.glob("*-*.md")}

    assert {name: text.splitlines()[0].removeprefix("# ") for name, text in pages.items()} == SEED_HEADINGS
    assert all("**Symptoms:**" in text and "**Escalate**" in text for text in pages.values())


def test_every_page_has_a_scene() -> None:
    assert set(SCENES) == {page.stem for page in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize(
    ("expected", "printed", "missing"),
    [
        (["a  b", "c ... e"], "x\na b\nc d e\n", []),
        (["b", "a"], "a\nb\n", ["a"]),
        (["ok ..."], "okay\nfail x", ["ok ..."]),
        (["ok ...", "... end", "a...d"], "ok\nx end\nabcd", []),
    ],
)
def test_output_is_held_against_the_page_line_by_line(expected: list[str], printed: str, missing: list[str]) -> None:
    assert missing_lines(expected, printed) == missing
