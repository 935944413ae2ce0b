"""Whoever watches from outside hears from a stream while it is connected, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tests.stream.listening import x_stream
from trendspark_cli.app.job_bodies import stream_body
from trendspark_cli.app.wired import Wired
from trendspark_cli.running.job_context import JobContext


def signs_of_life(home: Path, refusals: Sequence[tuple[int, str]] = ()) -> int:
    """Stream for a moment in this process; return how often the run said that it is well."""
    said: list[None] = []
    with x_stream(home) as x:
        x.server.refusals += refusals
        here, body = x.operator.installation(), stream_body(max_runtime=timedelta(seconds=0.5))

        def watched(job: JobContext) -> None:
            job.still_alive = lambda: said.append(None)
            body(Wired(here.settings, job))

        here.runner().run("stream", watched)
    return len(said)


def test_a_connected_stream_says_that_it_is_well(tmp_path: Path) -> None:
    assert signs_of_life(tmp_path / "home") > 0


def test_a_stream_that_cannot_connect_does_not(tmp_path: Path) -> None:
    assert signs_of_life(tmp_path / "home", [(503, "over capacity")]) == 0
