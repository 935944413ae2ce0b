"""What an installation was made without says which extra it needs, and how that one gets into this environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation
from trendspark_cli.base.extras import PACKAGES, how_to_install

MAKERS = {
    "pipx": (("pipx_metadata.json", "pyvenv.cfg"), "run `pipx inject trendspark 'duckdb"),
    "uv tool": (("uv-receipt.toml", "pyvenv.cfg"), "run `uv tool install --force 'trendspark[query]'`"),
    "uv venv": (("pyvenv.cfg",), "run `uv pip install --python {prefix}/bin/python 'duckdb"),
    "venv": (
        ("pyvenv.cfg", "lib/python3.11/site-packages/pip/__init__.py"),
        "run `{prefix}/bin/python -m pip install 'duckdb",
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_the_command_is_that_of_whoever_made_the_environment(tmp_path: Path, maker: str) -> None:
    files, command = MAKERS[maker]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    told = how_to_install("query", tmp_path)

    assert told.startswith(command.format(prefix=tmp_path))


@pytest.mark.parametrize("extra", PACKAGES)
def test_each_extra_names_a_command_for_the_environment_of_the_tests(extra: str) -> None:
    assert how_to_install(extra).startswith("run `")


def test_a_query_without_its_extra_says_which_one(workplace: Installation, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without/duckdb.py").write_text("raise ImportError('No module named duckdb')\n")
    around = {"PYTHONPATH": str(tmp_path / "without"), "ARCHIVE_URL": f"file://{tmp_path}"}

    done = workplace.command("archives", "query", "SELECT 1", environment=around)

    assert done.exit_code == 78
    assert "SQL over the archive needs the extra `query`, which is not installed; run `" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_metrics_where_names_files_that_are_there(workplace: Installation) -> None:
    places = workplace.command("metrics", "--where", "--json").json

    assert set(places) == {"metrics", "rules", "dashboards", "scrape"}
    assert [name for name in ("rules", "dashboards", "scrape") if not Path(places[name]).exists()] == []
