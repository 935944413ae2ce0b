"""The scrape configurations are good ones, as far as Prometheus itself can tell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.docs.project import PROJECT


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
@pytest.mark.parametrize("name", ["prometheus-scrape.yml", "prometheus-scrape-relabel.yml"])
def test_promtool_accepts_the_scrape_configuration(name: str) -> None:
    path = PROJECT / "textfile_collector" / name

    found = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout + found.stderr
