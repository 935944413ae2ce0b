"""The reference pages tell of everything there is, and are current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.project import PROJECT, commands, page
from trendspark_cli.app.adapters.spending import spending_ceilings
from trendspark_cli.app.adapters.x import X
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import ExitCode
from trendspark_cli.base.metrics import METRICS
from trendspark_cli.base.settings import load_settings, specs
from trendspark_cli.screens.config_report import config_findings
from trendspark_cli.store.sqlite.administration import create_database, database_stats
from trendspark_cli.store.sqlite.connection import open_checked


def test_generated_files_are_current() -> None:
    found = subprocess.run(
        [sys.executable, "scripts/docs", "--check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("width", ["40", "200"])
def test_generated_files_do_not_depend_on_the_terminal(width: str) -> None:
    environment = {"COLUMNS": width, "TERM": "dumb", "PATH": "/usr/bin:/bin", "LANG": "C"}

    found = subprocess.run([sys.executable, PROJECT / "scripts/docs", "--check"], env=environment, check=False)

    assert found.returncode == 0


def test_every_command_has_a_section_with_its_help_and_options() -> None:
    sections = dict(re.findall(r"^##+ (trendspark.*?)\n(.*?)(?=^##|\Z)", page("docs/cli.md"), re.MULTILINE | re.DOTALL))

    missing = [
        f"{name}: {text}"
        for name, command in commands().items()
        for text in [command.help, *(option for parameter in command.params for option in parameter.opts)]
        if parameter_is_missing(text, sections.get(name, ""))
    ]

    assert not missing


def parameter_is_missing(text: str | None, section: str) -> bool:
    return not text or (text not in section and text.upper() not in section)


def test_every_setting_is_documented_with_its_help() -> None:
    text = page("docs/settings.md")

    assert not [name for name, spec in specs().items() if f"`{name}`" not in text or spec.help not in text]


def test_every_metric_is_documented_with_its_labels() -> None:
    rows = {row.split("`")[1]: row for row in page("docs/metrics.md").splitlines() if row.startswith("| `")}

    assert set(rows) == {metric.name for metric in METRICS}
    assert not [m.name for m in METRICS for label in m.labels if f"`{label}`" not in rows[m.name]]


def test_every_exit_code_is_documented() -> None:
    text = page("docs/exit-codes.md")

    assert not [code for code in ExitCode if f"| `{int(code)}` |" not in text or code.meaning not in text]


def test_every_table_is_documented(tmp_path: Path) -> None:
    create_database(tmp_path / "trendspark.db")
    connection = open_checked(tmp_path / "trendspark.db", read_only=True)
    tables = set(database_stats(connection, utc_now()).rows)
    connection.close()

    documented = set(re.findall(r"^\| `(\w+)` \|", page("docs/database.md"), re.MULTILINE))
    assert tables <= documented


def test_every_column_is_documented_with_its_table(tmp_path: Path) -> None:
    create_database(tmp_path / "trendspark.db")
    connection = open_checked(tmp_path / "trendspark.db", read_only=True)
    sql = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    columns = [(table, column) for table, column in connection.execute(sql) if not table.startswith(("sqlite_", "_"))]
    connection.close()

    rows = {row.split("`")[1]: row for row in page("docs/database.md").splitlines() if row.startswith("| `")}
    assert columns
    assert not [f"{table}.{name}" for table, name in columns if name != "id" and f"`{name}`" not in rows[table]]


def test_the_env_example_names_every_setting() -> None:
    named = re.findall(r"^#([A-Z][A-Z0-9_]*)=", page(".env.example"), re.MULTILINE)

    assert named == list(specs())


def test_a_copy_of_the_env_example_sets_nothing_and_starts(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text(page(".env.example"), encoding="utf-8")

    settings = load_settings({"HOME": str(tmp_path)}, env_file=copy)

    assert settings.raw == {}
    assert config_findings(settings, spending_ceilings(settings)[X.name], ())["ok"]


def test_defaults_of_the_env_example_are_the_defaults(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text(re.sub(r"^#([A-Z][A-Z0-9_]*=)", r"\1", page(".env.example"), flags=re.MULTILINE), encoding="utf-8")

    settings = load_settings({}, env_file=copy)

    assert not settings.problems
    assert not settings.unknown
    assert {name: value for name, (value, _) in settings.raw.items()} == {
        name: spec.default for name, spec in specs().items() if spec.default
    }


def test_examples_of_the_env_example_are_good_values(tmp_path: Path) -> None:
    copy = tmp_path / ".env"
    copy.write_text(re.sub(r"^# Example: ", "", page(".env.example"), flags=re.MULTILINE), encoding="utf-8")

    settings = load_settings({}, env_file=copy)

    assert not settings.problems
    assert set(settings.raw) == {name for name, spec in specs().items() if spec.example}
