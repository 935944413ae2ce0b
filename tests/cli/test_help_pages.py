"""Help pages as a person reads them: they fit, nothing is cut, and each ends with an example."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import pytest
from rich.cells import cell_len

from tests.builders import topic_trend
from tests.installation import Installation
from trendspark_cli.cli import SECTIONS, Root, app

WIDTH = 80


def pages() -> list[str]:
    """Return every command, by its full name."""
    import typer

    root = typer.main.get_command(app)
    context = root.context_class(root, info_name="trendspark")
    found = [""]
    for name in root.list_commands(context):  # type: ignore[attr-defined]
        command = root.get_command(context, name)  # type: ignore[attr-defined]
        found += [name, *(f"{name} {part}" for part in parts_of(command))]
    return found


def parts_of(command: Any) -> list[str]:
    """Return the commands within a command, however deep."""
    parts = getattr(command, "commands", {}).items()
    return [one for name, part in parts for one in (name, *(f"{name} {deeper}" for deeper in parts_of(part)))]


def page(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the help page of a command."""
    with pytest.raises(SystemExit) as ended:
        app([*name.split(), "--help"], prog_name="trendspark")
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", pages())
def test_a_help_page_fits_and_nothing_is_cut_and_it_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    shown = page(name, capsys)

    assert [line for line in shown.splitlines() if cell_len(line) > WIDTH] == []
    assert "..." not in re.sub(r"[\]}]\.{3}|^  words\.{3}", "", shown, flags=re.MULTILINE)  # several may be given
    [example] = [line.strip() for line in shown.splitlines() if line.strip().startswith("Example: ")]
    assert example.startswith(f"Example: trendspark {name}".rstrip())


def test_every_command_stands_under_one_heading_of_the_main_page() -> None:
    names = [name for names in SECTIONS.values() for name in names]

    assert sorted(names) == sorted(Root.table)


@pytest.mark.parametrize(("arguments", "same"), [("help trends", "trends --help"), ("help", "--help")])
def test_help_is_a_command_too(workplace: Installation, arguments: str, same: str) -> None:
    asked, usual = workplace.command(*arguments.split()), workplace.command(*same.split())

    assert (asked.exit_code, asked.stdout) == (0, usual.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        "ingest --source nosuch",
        "ingest --profile nosuch",
        "gaps fill --profile nosuch",
        "alert-test --category nosuch",
        "archive --table nosuch",
        "jobs run nosuch",
    ],
)
def test_what_was_typed_wrong_is_exit_code_2_and_no_run(workplace: Installation, arguments: str) -> None:
    done = workplace.command(*arguments.split())

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert workplace.values("SELECT count(*) FROM job_runs") == [0]


def test_the_shell_completes_trends_profiles_jobs_and_sources(workplace: Installation) -> None:
    workplace.command("profiles", "add", "bridges", "--keywords", "bridge")
    with closing(workplace.store()) as store, store.transaction():
        trend = store.trends.save(topic_trend(workplace.now))
    asked = {
        "trends show ": [str(trend.id)],
        "ingest --profile br": ["bridges"],
        "jobs run in": ["ingest", "ingest_rank"],
        "ingest --source re": ["reddit"],
    }
    for words, expected in asked.items():
        environment = {
            "_TRENDSPARK_COMPLETE": "complete_bash",
            "COMP_WORDS": f"trendspark {words}",
            "COMP_CWORD": str(len(words.split(" "))),
        }

        done = workplace.command(environment=environment)

        assert done.stdout.split() == expected
