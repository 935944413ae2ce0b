"""Kill a job on its stage, look at what is left, run it again, and compare with a run nobody disturbed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.tools import books
from tests.tools.crash_scenes import Scene, Stage
from tests.tools.kills import CALLS, KillPoint, kill_points, run_and_fail, run_and_kill, spread
from tests.tools.processes import Ended, run
from tests.tools.warm import run_command

Kill = Callable[[Stage], Ended]
TRIES = 4  # of a kill that came when the run had ended


@dataclass(frozen=True)
class Trial:
    """One kill and what came of it."""

    where: str
    was_killed: bool
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run leaves, and where it can be killed."""

    rows: dict[str, list[books.Row]]
    points: Sequence[KillPoint]
    seconds: float


def undisturbed(scene: Scene, folder: Path, calls: Sequence[str] = CALLS) -> Reference:
    """Run a scene's job in peace, watched by strace."""
    with scene(folder) as stage:
        ended, points = kill_points(stage.argv, stage.environment, stage.home, calls)
        return Reference(_good_rows(stage, ended), points, _duration(stage))


def undisturbed_without_strace(scene: Scene, folder: Path) -> Reference:
    """Run a scene's job in peace, for kills by the clock."""
    with scene(folder) as stage:
        ended = run(stage.argv, stage.environment, stage.home)
        return Reference(_good_rows(stage, ended), (), _duration(stage))


def kill_at_calls(scene: Scene, folder: Path, reference: Reference, count: int, seed: int) -> list[Trial]:
    """Kill at *count* calls that make things durable or visible."""

    def kill_at(point: KillPoint) -> Kill:
        return lambda stage: run_and_kill(stage.argv, point, stage.environment, stage.home)

    points = spread(reference.points, count, seed)
    return [_try(scene, folder, reference, f"{p.call} {p.number}", kill_at(p)) for p in points]


def fail_at_calls(
    scene: Scene, folder: Path, reference: Reference, error: str, codes: Sequence[int], count: int, seed: int
) -> list[Trial]:
    """Let *count* calls fail: the run must end with one of *codes*, or not mind, and lose nothing."""

    def fail_at(point: KillPoint) -> Kill:
        return lambda stage: run_and_fail(stage.argv, point, error, stage.environment, stage.home)

    trials = []
    for point in spread(reference.points, count, seed):
        seen: list[Ended] = []

        def noted(stage: Stage, point: KillPoint = point, seen: list[Ended] = seen) -> Ended:
            seen.append(fail_at(point)(stage))
            return seen[0]

        trial = _try(scene, folder, reference, f"{error} of {point.call} {point.number}", noted)
        ended = seen[0]
        broken = [] if ended.exit_code in (0, *codes) else [f"exits {ended.exit_code}: {ended.stderr.decode()[-300:]}"]
        trials.append(Trial(trial.where, ended.exit_code != 0, (*broken, *trial.broken)))
    return trials


def kill_at_times(scene: Scene, folder: Path, reference: Reference, count: int, seed: int) -> list[Trial]:
    """Kill at *count* moments after the run began, the same for the same seed; one that came too late is halved."""
    dice = random.Random(seed)
    trials = []
    for moment in [dice.uniform(0.0, reference.seconds) for _ in range(count)]:
        for _ in range(TRIES):
            trial = _try(scene, folder, reference, f"{moment:.3f} s", partial(_kill_late, seconds=moment))
            if trial.was_killed or trial.broken:
                break
            moment /= 2  # the machine has less to do than when the undisturbed run was measured
        trials.append(trial)
    return trials


def _kill_late(stage: Stage, seconds: float) -> Ended:
    """Run a stage's job and kill it so long after its row says `running`."""
    began: list[float] = []

    def is_time() -> bool:
        if not began and "running" in _runs(stage).values():
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] >= seconds

    return run(stage.argv, stage.environment, stage.home, kill_when=is_time)


def _duration(stage: Stage) -> float:
    """Return how long the last run was at work, the start of Python aside."""
    return float(books.value(stage.database, "SELECT duration FROM job_runs ORDER BY id DESC LIMIT 1"))


def _good_rows(stage: Stage, ended: Ended) -> dict[str, list[books.Row]]:
    """Return what the operator sees after a run that nobody disturbed; it must have kept every promise."""
    assert ended.exit_code == 0, f"the undisturbed run exits {ended.exit_code}: {ended.stderr.decode(errors='replace')}"
    broken = [*_broken_books(stage), *stage.check_at_end()]
    assert not broken, f"the undisturbed run breaks promises: {broken}"
    return books.snapshot(stage.database, stage.visible)


def _try(scene: Scene, folder: Path, reference: Reference, where: str, kill: Kill) -> Trial:
    with scene(folder) as stage:
        runs_before = _runs(stage)
        was_killed = kill(stage).was_killed
        running = [run_id for run_id, status in _runs(stage).items() if status == "running"]
        broken = [*_broken_books(stage), *stage.check_after_kill()]
        broken = [f"after the kill: {line}" for line in broken]
        if len(running) > 1:
            broken.append(f"after the kill: runs {running} are all running")
        ended = run_command(stage.argv, stage.environment, stage.home)
        if ended.exit_code != 0:
            broken.append(f"the next run exits {ended.exit_code}: {ended.stderr.decode(errors='replace')[-500:]}")
        else:
            broken += [f"after the next run: {line}" for line in _broken_at_end(stage, reference, running, runs_before)]
        return Trial(where, was_killed, tuple(broken))


def _broken_at_end(
    stage: Stage, reference: Reference, killed_runs: Sequence[int], runs_before: dict[int, str]
) -> list[str]:
    broken = [*_broken_books(stage), *stage.check_at_end()]
    broken += books.differences(reference.rows, books.snapshot(stage.database, stage.visible))
    runs = _runs(stage)
    broken += [f"run {n} is {runs[n]}, not abandoned" for n in killed_runs if runs[n] != "abandoned"]
    changed = {n: runs[n] for n, status in runs_before.items() if n in runs and runs[n] != status}
    broken += [f"run {n} was {runs_before[n]} and is {status}" for n, status in changed.items()]
    if stage.has_all_rows:
        broken += [f"run {n} is gone" for n in runs_before if n not in runs]
    if runs[max(runs)] != "success":
        broken.append(f"the next run is {runs[max(runs)]}")
    leftovers = [path.name for path in (stage.home / "textfile_collector").iterdir() if path.suffix != ".prom"]
    return broken + [f"{name} was left behind" for name in leftovers]


def _broken_books(stage: Stage) -> list[str]:
    return books.broken_books(stage.home, stage.database, has_all_rows=stage.has_all_rows)


def _runs(stage: Stage) -> dict[int, str]:
    return dict(books.ask(stage.database, "SELECT id, status FROM job_runs"))
