"""Runs in processes of their own, to be killed and interrupted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.installation import PLACE, Installation
from tests.tools.processes import PROJECT

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(workplace: Installation) -> Iterator[Start]:
    """Start a worker and return when it is where it waits; it is killed when the test is over."""
    started: list[subprocess.Popen[str]] = []

    def begin(what: str, job_id: str = "ingest", *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.runner.worker", str(workplace.home), what, job_id, *options],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": "", **PLACE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
