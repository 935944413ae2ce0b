"""kill -9 in the middle of a run: nothing acknowledged is lost, and the next run ends where one run would have.

A few kills of each kind; `scripts/prove crash` makes hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.operator import NOW
from tests.installation import read_series
from tests.tools import books
from tests.tools.crash_scenes import Stage, file_scene, rank_scene, x_scene
from tests.tools.crash_trials import (
    Trial,
    kill_at_calls,
    kill_at_times,
    undisturbed,
    undisturbed_without_strace,
)
from tests.tools.kills import why_no_kills
from tests.tools.processes import run

KILLS, KILLS_OF_RANK = 3, 2
needs_strace = pytest.mark.skipif(why_no_kills() is not None, reason=why_no_kills() or "")


def broken(trials: Sequence[Trial]) -> list[str]:
    """What the trials say; a trial that killed nothing proves nothing."""
    lines = [f"killed at {trial.where}: {line}" for trial in trials for line in trial.broken]
    killed = sum(trial.was_killed for trial in trials)
    return lines if 2 * killed > len(trials) else [*lines, f"only {killed} of {len(trials)} were really killed"]


@needs_strace
def test_an_ingest_from_x_killed_at_a_write_loses_no_post_and_the_next_run_completes_it(tmp_path: Path) -> None:
    scene = x_scene(tmp_path, NOW)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=1)

    assert broken(trials) == []


@needs_strace
def test_an_ingest_from_a_file_killed_at_a_write_is_completed_by_reading_it_again(tmp_path: Path) -> None:
    scene = file_scene(tmp_path)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=2)

    assert broken(trials) == []


@needs_strace
@pytest.mark.parametrize("is_first", [True, False], ids=["first-run", "later-run"])
def test_a_rank_killed_at_a_write_counts_no_post_twice_and_opens_no_trend_twice(tmp_path: Path, is_first: bool) -> None:
    scene = rank_scene(tmp_path, NOW, is_first=is_first)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS_OF_RANK, seed=3)

    assert broken(trials) == []


@needs_strace
def test_a_rank_killed_while_it_builds_the_history_anew_ends_with_the_history_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    scene = rank_scene(tmp_path, NOW, is_first=False, is_upgraded=True)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=5)

    assert broken(trials) == []


@needs_strace
def test_a_rank_killed_while_it_brings_an_old_history_into_its_form_ends_with_the_history_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    scene = rank_scene(tmp_path, NOW, is_first=False, has_rows=True)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS_OF_RANK, seed=6)

    assert broken(trials) == []


def test_an_ingest_killed_at_any_moment_loses_no_post_and_the_next_run_completes_it(tmp_path: Path) -> None:
    scene = x_scene(tmp_path, datetime.now(UTC), real_command=True)
    reference = undisturbed_without_strace(scene, tmp_path)

    trials = kill_at_times(scene, tmp_path, reference, KILLS, seed=4)

    assert broken(trials) == []


def test_a_killed_run_shows_in_the_metrics_as_abandoned_once_the_next_run_has_noticed(tmp_path: Path) -> None:
    scene = file_scene(tmp_path, posts=30_000)
    with scene(tmp_path) as stage:
        killed = run(stage.argv, stage.environment, stage.home, kill_when=lambda: is_running(stage))
        run(stage.argv, stage.environment, stage.home)
        shown = read_series(stage.home / "textfile_collector")

    assert killed.was_killed
    assert shown['trendspark_job_runs_total{job="ingest",status="abandoned"}'] == 1


def is_running(stage: Stage) -> bool:
    """Whether a run of this stage has begun."""
    return books.ask(stage.database, "SELECT count(*) FROM job_runs WHERE status = 'running'") == [(1,)]
