"""The second and third task of `scripts/eval`: posts that go viral, and bursts of counts, with bootstrap intervals.

The scorers' own functions are used for the intervals, so that both figures mean the same.
"""

from __future__ import annotations

import importlib.util
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from trendspark_cli.ranking.bursts.count_windows import LastHour
from trendspark_cli.ranking.bursts.daily_peaks import DailyPeaks, log_posts
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD
from trendspark_cli.ranking.past.post_replay import PastRow, PostReplay
from trendspark_cli.ranking.posts.post_learning import Counters
from trendspark_cli.ranking.posts.post_trends import JudgedPost
from trendspark_cli.ranking.text.keys import name_key

MINUTES = (0, 30, 60, 120)
GOALS = {"viral": "≥ 0.19 / ≥ 0.48 (sealed)", "counts": "≥ 70 (sealed)"}
RESAMPLES = 500
THRESHOLDS = [number / 20 for number in range(4, 41)]  # of counts
SOURCE = "news"  # of the posts of the second task


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
    final = {row["id"]: max(observation[1] for observation in row["obs"]) for row in rows}
    first = {row["id"]: row["obs"][0][0] for row in rows}
    events = module.stream(rows)
    begin, end = min(first.values()) + 30 * 86_400, max(event[0] for event in events) - 2 * 86_400
    cells = []
    for minutes in MINUTES:
        decided: dict[Any, tuple[float, int]] = {}
        for (at, name, *_, engagement, _), score in zip(events, scores, strict=True):
            if begin <= first[name] <= end and name not in decided and at >= first[name] + minutes * 60 - 120:
                decided[name] = score, engagement
        cut = result["viral_cut"]
        pairs = [(score, int(final[name] >= cut)) for name, (score, now) in decided.items() if now < cut]

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
    others = [f"{_left_out(module, folder, series, profile):.1f}" for profile in module.PROFILES]
    alone = [_by_series(module, folder, series, profile, result) for profile in module.PROFILES]
    return [
        *lines,
        f"| one threshold for all series | {' | '.join(cells)} |",
        f"| each series with the threshold best for the other four | {' | '.join(others)} |",
        f"| by series, the worst first | {' | '.join(alone)} |",
    ]


def _by_series(module: ModuleType, folder: Path, series: Sequence[Any], profile: str, result: dict[str, Any]) -> str:
    """Return the score of each series by itself."""
    names = sorted(json.loads((folder / "windows.json").read_text(encoding="utf-8")))
    threshold = result[profile]["threshold"]
    points = [(module.total([one], threshold, profile)[0], name) for name, one in zip(names, series, strict=True)]
    return ", ".join(f"{name} {points:.0f}" for points, name in sorted(points))


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


def _left_out(module: ModuleType, folder: Path, series: Sequence[Any], profile: str) -> float:
    """Return the mean score of series told at a threshold that was set without them, by windows."""
    told = {
        at: [(times, _scores(module, folder, place, at), windows) for place, (times, _, windows) in enumerate(series)]
        for at in THRESHOLDS
    }
    points = []
    for number in range(len(series)):
        best = max(THRESHOLDS, key=lambda at: module.total(told[at][:number] + told[at][number + 1 :], at, profile)[0])
        points.append(module.total([told[best][number]], best, profile))
    return float(sum(score * windows for score, _, windows, _ in points) / sum(point[2] for point in points))


@cache
def _scores(module: ModuleType, folder: Path, place: int, threshold: float) -> list[float]:
    """Return the scores of a series' rows when it is told at this threshold."""
    name = sorted(json.loads((folder / "windows.json").read_text(encoding="utf-8")))[place]
    hour, peaks, found = LastHour(), DailyPeaks(), []
    for row in (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]:
        time, _, value = row.partition(",")
        at = int(module.dt.datetime.fromisoformat(f"{time}+00:00").timestamp())
        score = peaks.observe(at, log_posts(hour.add(at, float(value))))
        found.append(threshold if peaks.tells(at, score, threshold) else 0.0)
    return found


def alarms_table(scorers: Path, data: Path) -> list[str]:
    """Return what `rank` would have told of the same posts, for three settings of false alarms a day."""
    module = scorer(scorers, "score_viral")
    rows = module.load(data / "dev_viral.ndjson.gz")
    final = {row["id"]: max(observation[1] for observation in row["obs"]) for row in rows}
    cut = sorted(final.values())[int(0.95 * len(final))]
    events = module.stream(rows)
    days = (events[-1][0] - events[0][0]) / 86_400
    lines = [
        "| `ALERT_FALSE_ALARMS_PER_DAY` | trends a day | ended in the top 5 % | had so far, of its final engagement "
        "| ended at, of the forecast |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rate in RATES:
        opened = _opened(events, rate)
        viral = sum(final[name] >= cut for name in opened) / len(opened)
        had = statistics.median(one.watched.best / final[name] for name, one in opened.items())
        ended = statistics.median(final[name] / one.forecast.expected for name, one in opened.items())
        lines.append(f"| {rate:g} | {len(opened) / days:.2f} | {viral:.0%} | {had:.0%} | {ended:.0%} |")
    return lines


RATES = (0.1, 0.5, 2.0)


def _opened(events: Sequence[Any], rate: float) -> dict[Any, JudgedPost]:
    """Return the posts that would have opened a trend, as they were judged then; learning goes on as in `rank`."""
    replayed, opened = PostReplay(), dict[Any, JudgedPost]()
    created: dict[Any, int] = {}
    for at, name, author, place, posted_at, engagement, comments in events:
        row = PastRow(name_key(str(name)), SOURCE, author, place, created.setdefault(name, min(posted_at, at)))
        judged = replayed.observe(row, Counters(at, engagement, comments))
        if judged is not None and name not in opened:
            judged = replace(judged, level=replayed.memories[SOURCE].return_level(rate))
            if judged.held_back_by(DEFAULT_THRESHOLD) is None:
                opened[name] = judged
    return opened
