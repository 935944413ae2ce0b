"""Days in which `rank` really ran every quarter of an hour, and the same days replayed by `backtest`."""

from __future__ import annotations

import io
import json
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.ingest.operator import NOW, Operator
from tests.rank.viral import busy_hours, ingest, quiet_days
from trendspark_cli.backtests.simulating import Question
from trendspark_cli.base.clock import from_text
from trendspark_cli.base.console import Output
from trendspark_cli.screens.backtests import sum_up_database

HOURS = 5  # in which some posts go far, after the quiet days
ASKED_IN_VAIN = 60  # posts, in two runs of five

Opened = tuple[str, str, float]
"""When, the label, and the highest score to two decimals."""


@dataclass(frozen=True)
class Relived:
    """Runs of `rank`, rows of history they left, and the single posts that each of the two opened."""

    runs: int
    history: int
    ranked: list[Opened]
    replayed: list[Opened]


def relive(folder: Path, *, seed: int, days: float, posts: int) -> Relived:
    """Collect counters as they come, without stated times, and rank each time; then replay all of it."""
    chance = Random(seed)
    here = Operator(folder, now=NOW - timedelta(days=days))
    coming = sorted(
        [*quiet_days(NOW, posts=posts, days=days, seed=seed), *busy_hours(NOW)], key=lambda one: one["observed_at"]
    )
    first_seen: dict[str, datetime] = {}
    runs = 0
    while here.now < NOW + timedelta(hours=HOURS):
        here.later(minutes=15)
        new = {one["source_id"]: one for one in coming if from_text(one["observed_at"]) <= here.now}
        coming = [one for one in coming if from_text(one["observed_at"]) > here.now]
        if new:
            ingest(here, [_collected(one, chance) for one in new.values()])
        recent = [name for name, at in first_seen.items() if name not in new and here.now - at < timedelta(hours=48)]
        if chance.random() < 0.4:
            _ask_in_vain(here, chance.sample(recent, min(len(recent), ASKED_IN_VAIN)))
        first_seen = {**dict.fromkeys(new, here.now), **first_seen}
        here.rank()
        runs += 1
    [history] = here.rows("SELECT count(*) AS n FROM post_metrics")
    rows = here.rows("SELECT opened_at, label, score FROM trends WHERE kind = 'post' ORDER BY opened_at, id")
    ranked = [(row["opened_at"], row["label"], round(row["score"], 2)) for row in rows]
    return Relived(runs, history["n"], ranked, _replayed(here))


def _collected(look: dict[str, Any], chance: Random) -> dict[str, Any]:
    """Return a look as a service gives it: it counts as seen when it is collected. Views move more often than likes."""
    seen = {name: value for name, value in look.items() if name != "observed_at"}
    return {**seen, "views": chance.randint(1, 900)} if chance.random() < 0.2 else seen


def _ask_in_vain(here: Operator, names: list[str]) -> None:
    """Have counters of these posts asked for again, without anything new."""
    with closing(here.store()) as store, store.transaction():
        store.posts.note_counts_read("x", names, here.now)


def _replayed(here: Operator) -> list[Opened]:
    printed = io.StringIO()
    with closing(here.store()) as store, redirect_stdout(printed):
        sum_up_database(store, Question(), here.installation().settings, Output(is_json=True), here.now)
    trends = json.loads(printed.getvalue())["trends"]
    return [(one["opened_at"], one["label"], one["peak_score"]) for one in trends if one["kind"] == "post"]
