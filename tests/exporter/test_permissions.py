"""The folder as the README sets it up: a job that is not root writes, an exporter under a third user reads."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporter.conftest import UMASK
from tests.tools.monitoring import exporter, programs_missing, served
from tests.tools.processes import COMMAND, PROJECT

JOBS_USER, METRICS_GROUP = 64_321, 64_322  # nobody's here
AS_JOBS_USER = ("setpriv", f"--reuid={JOBS_USER}", f"--regid={JOBS_USER}", f"--groups={METRICS_GROUP}")


def why_not() -> str | None:
    """Return why a job cannot be run here as another user."""
    if (missing := programs_missing()) is not None or os.geteuid() != 0:
        return missing or "needs root, to be two other users"
    found = subprocess.run([*AS_JOBS_USER, *COMMAND, "--version"], cwd=PROJECT, capture_output=True)
    return "other users cannot read this checkout" if found.returncode else None


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of root's that others may enter."""
    if (why := why_not()) is not None:
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="trendspark-permissions-") as work:  # pytest's own are closed to others
        os.chmod(work, 0o755)
        yield Path(work)


def test_a_job_that_is_not_root_writes_what_the_exporter_reads(folder: Path) -> None:
    home, prom = folder / "home", folder / "node-exporter"
    home.mkdir(mode=0o700)
    os.chown(home, JOBS_USER, JOBS_USER)
    prom.mkdir()
    os.chown(prom, 0, METRICS_GROUP)
    prom.chmod(0o2775)
    environment = {"PATH": os.environ["PATH"], "TRENDSPARK_HOME": str(home), "TEXTFILE_DIR": str(prom)}
    environment |= {"HOME": str(home), "PYTHONPATH": str(PROJECT)}

    for command in (("db", "init"), ("metrics",)):
        argv = [*AS_JOBS_USER, *COMMAND, *command]
        subprocess.run(argv, env=environment, cwd=home, umask=UMASK, check=True, capture_output=True, timeout=60)
    with exporter(prom, folder) as address:
        found = served(address)

    assert found["node_textfile_scrape_error"] == 0
    assert [name for name in found if name.startswith("trendspark_build_info")]
