"""Whatever a locale can show and whichever stream is closed: tables are printed, JSON is UTF-8, data stay whole."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.installation import Installation
from tests.money.briefing import open_trend
from tests.tools.processes import COMMAND, PROJECT

LABEL = "северное сияние ☂"
COMMANDS = (("trends", "list"), ("trends", "explain", "1"), ("posts", "why", "https://x.com/i/status/1"), ("--help",))
SURROUNDINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "strict": {"PYTHONIOENCODING": "cp1252:strict"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX": {"LANG": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "a locale that is not there": {"LC_ALL": "xx_YY.ISO-8859-15"},
}


@pytest.fixture
def place(workplace: Installation) -> Installation:
    """An installation with a trend whose label few encodings can show."""
    open_trend(workplace, LABEL, [f"{LABEL} over the bridge"])
    return workplace


def printed(place: Installation, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """What a command prints, as bytes."""
    around = {**place.surroundings(), **variables}
    return subprocess.run([*COMMAND, *arguments], env=around, cwd=place.home.parent, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", SURROUNDINGS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_table_replaces_what_cannot_be_shown(place: Installation, name: str, command: tuple[str, ...]) -> None:
    done = printed(place, *command, **SURROUNDINGS[name])

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) > 20


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_json_is_utf_8_whatever_the_locale(place: Installation, name: str) -> None:
    done = printed(place, "trends", "list", "--json", **SURROUNDINGS[name])

    assert done.returncode == 0
    assert json.loads(done.stdout.decode("utf-8"))["trends"][0]["label"] == LABEL


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_an_error_as_json_is_utf_8_whatever_the_locale(place: Installation, name: str) -> None:
    done = printed(place, "ingest", "--from", "/не/там", "--json", **SURROUNDINGS[name])

    error = json.loads(done.stderr.decode("utf-8"))["error"]
    assert error["code"] == done.returncode
    assert "cannot be read" in error["message"]


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_failure_is_one_line_in_any_locale(place: Installation, name: str) -> None:
    done = printed(place, "ingest", "--from", "/не/там", **SURROUNDINGS[name])

    assert done.returncode not in (0, 1)
    assert b"Traceback" not in done.stderr


CLOSED = {"stdout": ">&-", "stderr": "2>&-", "both": ">&- 2>&-", "all three": "<&- >&- 2>&-"}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize(
    "command", ["trends list", "trends list --json", "health", "--version", "vacuum", "rank --json"]
)
def test_a_closed_stream_ends_no_command_and_nothing_is_printed_into_files(
    place: Installation, name: str, command: str
) -> None:
    before = place.database.read_bytes()[:100]

    done = subprocess.run(
        ["sh", "-c", f"{' '.join(COMMAND)} {command} {CLOSED[name]}"],
        env=place.surroundings(),
        cwd=place.home.parent,
        capture_output=True,
        timeout=60,
    )

    assert done.returncode in ((0,) if command != "health" else (0, 1))
    assert b"Traceback" not in done.stderr
    assert place.database.read_bytes()[:16] == before[:16]
    assert place.values("PRAGMA integrity_check") == ["ok"]


@pytest.mark.parametrize("level", ["1", "2"])
def test_an_optimised_python_does_what_the_other_does(place: Installation, level: str) -> None:
    plain = [
        printed(place, *command, "--json") for command in (("trends", "list"), ("alerts", "list"), ("gaps", "list"))
    ]

    optimised = [
        printed(place, *command, "--json", PYTHONOPTIMIZE=level, PYTHONPYCACHEPREFIX=str(place.home.parent / "cache"))
        for command in (("trends", "list"), ("alerts", "list"), ("gaps", "list"))
    ]

    assert [(done.returncode, done.stdout) for done in optimised] == [(done.returncode, done.stdout) for done in plain]


def test_no_check_is_an_assert_that_an_optimised_python_leaves_out() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (PROJECT / "trendspark_cli").rglob("*.py")}

    assert [path for path, text in texts.items() if re.search(r"^\s*assert\b", text, re.MULTILINE)] == []
