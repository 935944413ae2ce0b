"""What README and docs promise is there: links, commands, scripts, cron lines."""

from __future__ import annotations

import os
import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from cronsim import CronSim

from tests.docs.project import PROJECT, commands, page, pages
from tests.tools.house import FLOOR_OF, circle, imports, rooms, upward
from trendspark_cli.kinds.jobs import SCHEDULED

HAND_WRITTEN = [path for path in pages() if "Made by scripts/docs" not in path.read_text(encoding="utf-8")]


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))

    local = [link for link in links if "://" not in link]

    assert not [link for link in local if not (path.parent / link).resolve().exists()]


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_links_inside_a_page_lead_to_a_heading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in text.splitlines()}

    assert not [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", text) if anchor not in headings]


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=name_of)
def test_commands_named_in_a_page_exist_with_their_options(path: Path) -> None:
    known = commands()
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:^ {4}|`|/bin/)(trendspark [a-z-][^`#\n]*)", text, re.MULTILINE)

    assert not [line for line in named if problem_with(re.split(r" {2,}", line)[0], known)]


def problem_with(line: str, known: dict[str, object]) -> str | None:
    """Return what is wrong with a command line, None when nothing is."""
    words = shlex.split(line)
    name, used = "trendspark", 1
    while used < len(words):
        if words[used] == "--env-file":
            used += 2
        elif f"{name} {words[used].rstrip(',:')}" in known:
            name, used = f"{name} {words[used].rstrip(',:')}", used + 1
        else:
            break
    rest = words[used:]
    if name == "trendspark" and not all(word.startswith("-") for word in rest):
        return f"no such command: {line}"
    options = {option for parameter in known[name].params for option in parameter.opts} | {"--help"}  # type: ignore[attr-defined]
    unknown = [word for word in rest if word.startswith("--") and word not in options]
    return f"no such option: {unknown} in {line}" if unknown else None


def test_scripts_named_in_the_readme_can_be_run() -> None:
    named = set(re.findall(r"\./(scripts/\w+)", page("README.md")))

    assert named >= {"scripts/demo", "scripts/test"}
    assert not [name for name in named if not os.access(PROJECT / name, os.X_OK)]


def test_every_module_named_for_contributors_exists() -> None:
    named = re.findall(r"`(trendspark_cli/[\w/.]+\.py|trendspark_cli/[\w/]+/)`", page("docs/contributing.md"))

    real = [name for name in named if "NAME" not in name]

    assert real
    assert not [name for name in real if not (PROJECT / name).exists()]


def test_every_module_has_its_line_in_the_architecture_page() -> None:
    text = page("docs/architecture.md")
    package = PROJECT / "trendspark_cli"
    modules = [path.name for path in package.glob("*.py") if not path.name.startswith("__")]
    folders = [f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()]

    assert not [name for name in (*modules, *folders) if f"`{name}`" not in text]


def test_the_table_of_rooms_has_each_on_its_floor() -> None:
    table = re.findall(r"(?m)^\| (\d+) \| `(\w+)/` \|", page("docs/architecture.md"))

    assert {room: int(floor) for floor, room in table} == {room: FLOOR_OF[room] for room in rooms()}


def test_the_architecture_page_counts_rooms_floors_and_imports_upwards() -> None:
    edges = imports()
    floors = len({FLOOR_OF[room] for room in rooms()})

    counted = f"{len(rooms())} rooms on {floors} floors, {len(upward(edges))} imports upwards, no circle"

    assert f"    {counted}\n" in page("docs/architecture.md")
    assert not circle(edges)


def test_every_explanation_is_listed_in_the_architecture_page() -> None:
    text = page("docs/architecture.md")

    assert not [path.name for path in (PROJECT / "docs/explanation").glob("*.md") if f"/{path.name})" not in text]


def test_every_module_and_room_named_in_an_explanation_exists() -> None:
    package = PROJECT / "trendspark_cli"
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT / "docs/explanation").glob("*.md")]
    named = {name for text in texts for name in re.findall(r"`([a-z_]+/[\w/]*(?:\.py|/)?)`", text)}

    ours = {name for name in named if (package / name.split("/")[0]).is_dir()}

    assert ours
    assert not [name for name in ours if not (package / name).exists()]


def test_every_dependency_has_its_reason_in_the_architecture_page() -> None:
    import tomllib

    names = [re.split(r"[<>=]", line)[0] for line in tomllib.loads(page("pyproject.toml"))["project"]["dependencies"]]

    table = page("docs/architecture.md").partition("## Dependencies")[2]

    assert not [name for name in names if name not in table]


def cron_lines() -> list[tuple[str, str]]:
    """Return (schedule, command) of every job line of crontab.example, commented ones included."""
    found = re.findall(r"^#?((?:[\d*/,-]+ ){4}[\d*/,-]+) (trendspark .*)$", page("crontab.example"), re.MULTILINE)
    return [(schedule, command) for schedule, command in found]


def test_every_scheduled_job_has_a_cron_line() -> None:
    lines = cron_lines()

    assert [schedule for schedule, _ in lines] == [job.cron for job in SCHEDULED.values()]
    assert not [job for job, (_, command) in zip(SCHEDULED, lines, strict=True) if job not in command.split()]


def test_cron_lines_parse_and_their_commands_exist() -> None:
    known = commands()

    for schedule, command in cron_lines():
        assert next(CronSim(schedule, datetime(2026, 11, 1))) > datetime(2026, 11, 1)
        assert problem_with(command, known) is None


def test_cron_lines_hold_no_percent_sign_which_cron_takes_for_a_line_break() -> None:
    assert not [command for _, command in cron_lines() if "%" in command]


def test_the_crontab_sets_an_absolute_path() -> None:
    path = re.search(r"^PATH=(.+)$", page("crontab.example"), re.MULTILINE)

    assert path
    assert all(folder.startswith("/") for folder in path[1].split(":"))
