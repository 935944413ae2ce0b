"""The second and third task of `scripts/eval`: posts that go viral, and bursts of counts, with bootstrap intervals.

The scorers' own functions are used for the intervals, so that both figures mean the same.
"""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

MINUTES = (0, 30, 60, 120)
GOALS = {"viral": "≥ 0.19 / ≥ 0.48 (sealed)", "counts": "≥ 70 (sealed)"}
RESAMPLES = 500


def scorer(folder: Path, name: str) -> ModuleType:
    """Import a scorer from its file."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scored(
    scorers: Path, name: str, work: Path, command: str, *arguments: object
) -> tuple[dict[str, Any], list[float]]:
    """Run a scorer; return its JSON, and the scores the command gave line by line."""
    kept, target = work / f"{name}.scores", work / f"{name}.json"
    tee = f"sh -c '{command} | tee {kept}'"
    line = [sys.executable, scorers / f"{name}.py", *arguments, "--cmd", tee, "--json", target]
    subprocess.run(list(map(str, line)), check=True, stdout=subprocess.DEVNULL)
    with kept.open(encoding="utf-8") as lines:
        return json.loads(target.read_text(encoding="utf-8")), [json.loads(one)["score"] for one in lines]


def interval(sample: Callable[[random.Random], float]) -> str:
    """Return the 90 % bootstrap interval of a figure."""
    chance = random.Random(1)
    values = sorted(sample(chance) for _ in range(RESAMPLES))
    return f"[{values[RESAMPLES // 20]:.2f}, {values[-RESAMPLES // 20]:.2f}]"


def viral_table(scorers: Path, data: Path, work: Path, command: str) -> list[str]:
    """Return average precision at each moment of decision, resampled over posts."""
    file, module = data / "dev_viral.ndjson.gz", scorer(scorers, "score_viral")
    result, scores = scored(scorers, "score_viral", work, f"{command} --viral", "--data", file)
    rows = module.load(file)
    final = {row["id"]: max(look[1] for look in row["obs"]) for row in rows}
    first = {row["id"]: row["obs"][0][0] for row in rows}
    events = module.stream(rows)
    begin, end = min(first.values()) + 30 * 86_400, max(event[0] for event in events) - 2 * 86_400
    cells = []
    for minutes in MINUTES:
        decided: dict[Any, tuple[float, int]] = {}
        for (at, name, *_, engagement, _), score in zip(events, scores, strict=True):
            if begin <= first[name] <= end and name not in decided and at >= first[name] + minutes * 60 - 120:
                decided[name] = score, engagement
        mark = result["viral_cut"]
        pairs = [(score, int(final[name] >= mark)) for name, (score, now) in decided.items() if now < mark]

        def resampled(chance: random.Random, pairs: Sequence[tuple[float, int]] = pairs) -> float:
            return float(module.ap(chance.choices(pairs, k=len(pairs))))

        point = result[f"after_{minutes}min"]
        cells.append(f"{point['ap']:.3f} {interval(resampled)}, {point['auc']:.3f}")
    head = " | ".join(f"{minutes} min" for minutes in MINUTES)
    return [
        f"| posts going viral, goal at 0 / 30 min {GOALS['viral']} | {head} |",
        "| --- | --- | --- | --- | --- |",
        f"| average precision, area under the curve | {' | '.join(cells)} |",
    ]


def counts_table(scorers: Path, data: Path, work: Path, command: str) -> list[str]:
    """Return the rule's score for each profile, resampled over series, and with the threshold set by the others."""
    folder, module = data / "counts", scorer(scorers, "score_counts")
    result, scores = scored(scorers, "score_counts", work, f"{command} --counts", "--dir", folder)
    series = _series(module, folder, scores)
    lines = [f"| bursts of counts, goal {GOALS['counts']} | standard | low_FP | low_FN |", "| --- | --- | --- | --- |"]
    cells = []
    for profile in module.PROFILES:
        threshold = result[profile]["threshold"]

        def resampled(chance: random.Random, at: float = threshold, profile: str = profile) -> float:
            return float(module.total(chance.choices(series, k=len(series)), at, profile)[0])

        point = result[profile]
        found = f"{point['detected']} of {point['windows']} windows, {point['false_rows']} false rows"
        cells.append(f"{point['score']:.1f} {interval(resampled)}, {found}")
    others = [f"{_left_out(module, series, profile):.1f}" for profile in module.PROFILES]
    return [
        *lines,
        f"| one threshold for all series | {' | '.join(cells)} |",
        f"| each series with the threshold best for the other four | {' | '.join(others)} |",
    ]


def _series(module: ModuleType, folder: Path, scores: Sequence[float]) -> list[Any]:
    """Return what the scorer's `total` takes: times, scores and windows of each series."""
    windows = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    found, start = [], 0
    for name in sorted(windows):
        rows = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
        times = [module.dt.datetime.fromisoformat(row.partition(",")[0]) for row in rows]
        found.append((times, scores[start : start + len(times)], module.prepare(times, windows[name])))
        start += len(times)
    return found


def _left_out(module: ModuleType, series: Sequence[Any], profile: str) -> float:
    """Return the mean score of series whose threshold was set without them, by windows."""
    points = []
    for number, one in enumerate(series):
        others = [*series[:number], *series[number + 1 :]]
        marks = sorted({score for _, scores, _ in others for score in scores if score > 0}, reverse=True)[:400]
        best = max(marks, key=lambda mark: module.total(others, mark, profile)[0])
        points.append(module.total([one], best, profile))
    return float(sum(score * windows for score, _, windows, _ in points) / sum(point[2] for point in points))
