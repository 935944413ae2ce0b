"""`backtest --slices`: the answer goes by the slices, not by who ranks them, and a boundary takes no trend apart."""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import Keeper
from tests.rank.test_rank_job import NOW, TICK, write_posts
from tests.ranking.streams import background, said
from trendspark_cli import __version__
from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.app.adapters.engines import EngineFlags, cutting_of
from trendspark_cli.app.slice_work import ArchiveSlice, ShuffledSlice, rank_archive_slice, shuffle_posts_of_slice
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.backtests.simulating import Question
from trendspark_cli.backtests.workers import WorkerError, run_task, value_of
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.errors import ConfigError, UsageError
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.screens.sliced_backtests import archive_slices
from trendspark_cli.store.rows.trend_history import TrendCount, TrendSummary
from trendspark_cli.trends.rank_rules import Experience

FIRST = TICK // 96 * 96 - 2 * 96  # a midnight
BOUNDARY = (FIRST + 100) * TICK_SECONDS  # of slices of 25 hours, an hour after the warm-up
POSTS = sorted(
    [
        *background(FIRST, 120, per_tick=2),
        *said("harbour bridge", 60, BOUNDARY - 2400, every=80),  # 40 minutes before a boundary, and as long after it
        *said("volcano eruption", 20, BOUNDARY + 2 * 3600, every=60),
    ],
    key=lambda post: post.created_at,
)
SLICES = ("--slices", "25h", "--until", to_text(from_epoch(BOUNDARY + 5 * 3600)))


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An operator whose posts are in the archive, and in a file."""
    folder = tmp_path_factory.mktemp("archived")
    here = Keeper(folder / "home", now=NOW)
    assert here.ingest(file=str(write_posts(folder / "posts.ndjson", POSTS))).exit_code == 0
    here.rank()
    here.later(days=30)
    assert here.archive(tables=["posts"], older_than=timedelta(days=1), is_forced=True).exit_code == 0
    assert here.rows("SELECT count(*) AS n FROM posts") == [{"n": 0}]
    return here


def answer(keeper: Keeper, *options: str) -> Any:
    """What `backtest` prints as JSON."""
    done = keeper.command_now("backtest", "--json", *options)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.json


def test_slices_that_know_all_history_say_what_the_whole_says(tmp_path: Path) -> None:
    here = Keeper(tmp_path / "home", now=NOW)
    assert here.ingest(file=str(write_posts(tmp_path / "posts.ndjson", POSTS))).exit_code == 0
    whole = answer(here, *SLICES[2:])

    sliced = answer(here, *SLICES, "--workers", "2")

    parts = sliced.pop("slices")
    assert {"harbour bridge", "volcano eruption"} <= {trend["label"] for trend in whole["trends"]}
    assert (sliced, [part["posts"] > 0 for part in parts]) == (whole, [True, True])


def test_one_process_and_two_give_the_same_answer(archived: Keeper) -> None:
    one, two = (answer(archived, "--archive", *SLICES, "--workers", count) for count in "12")

    assert (one, len(one["slices"])) == (two, 2)
    assert "harbour bridge" in {trend["label"] for trend in one["trends"]}


def test_a_file_is_ranked_in_slices_too(archived: Keeper) -> None:
    told = answer(archived, str(archived.home.parent / "posts.ndjson"), *SLICES, "--workers", "2")

    assert (told["posts"], len(told["slices"])) == (sum(part["posts"] for part in told["slices"]), 2)
    assert [trend["label"] for trend in told["trends"]].count("harbour bridge") == 1


def test_an_archive_is_calibrated_by_workers_without_a_database(archived: Keeper) -> None:
    """What travels is enough: the same slices, with settings and folders of this machine and without."""
    settings = archived.installation().settings
    place = archive_destinations(settings, lambda call: None)(settings.archive_url)
    with closing(archived.store()) as store:
        plan = Question().plan(settings, Experience())
        parts = archive_slices(ArchivedPosts(store, place, Spool(archived.home)), plan, archived.now, timedelta(days=1))
    own = [replace(part, settings=settings, folder=archived.home / "spool") for part in parts]

    here, there = ([shuffle_posts_of_slice(ShuffledSlice(part, 1, 1)).value for part in some] for some in (own, parts))

    assert (here, sum(one.posts for one in here)) == (there, len(POSTS))


@pytest.fixture(scope="module")
def exported(archived: Keeper) -> Path:
    """What would have trended, as files, by slices of two processes."""
    folder = archived.home.parent / "exported"
    answer(archived, "--archive", *SLICES, "--workers", "2", "--export", str(folder))
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_what_would_have_trended_is_exported_as_trends_are(exported: Path) -> None:
    trends, counts = rows_of(exported / "trends.csv"), rows_of(exported / "trend_counts.csv")

    [bridge] = [trend for trend in trends if trend["label"] == "harbour bridge"]
    own = [count for count in counts if count["trend_id"] == bridge["id"]]
    assert tuple(trends[0]) == TrendSummary._fields
    assert tuple(counts[0]) == TrendCount._fields
    assert sum(int(count["posts"]) for count in own) == 60  # before the boundary and after it
    assert min(count["tick"] for count in own) < to_text(from_epoch(BOUNDARY)) < max(count["tick"] for count in own)
    assert (bridge["posts_total"], bridge["state"], bridge["ended_at"]) == ("60", "open", "")


def test_the_page_of_a_replay_says_what_would_have_trended_and_nothing_of_how_it_runs(exported: Path) -> None:
    page = (exported / "report.html").read_text(encoding="utf-8")

    assert "<h1>What would have trended</h1>" in page
    assert "harbour bridge" in page
    assert 'class="plot"' in page
    assert not any(words in page for words in ("How it runs", "all parts work", "trends.atom", "Nothing is trending"))


def test_one_process_exports_what_two_do(archived: Keeper, exported: Path, tmp_path: Path) -> None:
    answer(archived, "--archive", *SLICES, "--workers", "1", "--export", str(tmp_path))

    names = ["report.html", "trend_counts.csv", "trends.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert [(tmp_path / name).read_bytes() for name in names] == [(exported / name).read_bytes() for name in names]


def test_two_sets_of_rules_are_compared_in_slices(archived: Keeper) -> None:
    one, two = (
        answer(archived, "--archive", *SLICES, "--compare", "threshold=30", "--workers", count) for count in "12"
    )

    assert one == two
    assert (one["threshold"], one["compared"]["threshold"]) == (6.2, 30.0)
    assert "harbour bridge" in {trend["label"] for trend in one["trends"]}


def day_slices(keeper: Keeper, folder: Path) -> list[ArchiveSlice]:
    """The slices of a question about the archive, a day each."""
    settings = keeper.installation().settings
    place = archive_destinations(settings, lambda call: None)(settings.archive_url)
    with closing(keeper.store()) as store:
        posts = ArchivedPosts(store, place, Spool(folder))
        return archive_slices(posts, Question().plan(settings, Experience()), keeper.now, timedelta(days=1))


def test_an_archive_that_a_worker_cannot_reach_is_named_with_the_worker(archived: Keeper, tmp_path: Path) -> None:
    [part, *_] = day_slices(archived, tmp_path / "spool")
    elsewhere = replace(part, url=f"file://{tmp_path}/no-such-disk")

    answer = run_task(__version__, rank_archive_slice, elsewhere)

    with pytest.raises((ConfigError, WorkerError), match=r"worker tcp://there: .*no-such-disk"):
        value_of(answer, "tcp://there")


def test_a_slice_reads_only_the_files_of_its_days(archived: Keeper, tmp_path: Path) -> None:
    parts = day_slices(archived, tmp_path)

    assert [len({file.day for file in part.manifests}) for part in parts] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (EngineFlags("12h"), "expected 1d to 3660d"),
        (EngineFlags("soon"), "no duration"),
        (EngineFlags(workers=2), "expected --slices too"),
        (EngineFlags(master="local"), "expected --slices too"),
        (EngineFlags("60d", engine="abacus"), "expected one of processes, dask, spark"),
        (EngineFlags("60d", engine="dask"), "needs --scheduler, such as tcp://"),
        (EngineFlags("60d", engine="spark", scheduler="tcp://h:1"), "needs --master, such as spark://"),
        (EngineFlags("60d", engine="dask", scheduler="tcp://h:1"), "expected --archive too"),
        (EngineFlags("60d", 2, engine="spark", master="spark://h:1"), "are those its master has"),
        (EngineFlags("60d", scheduler="tcp://h:1"), "--scheduler: --engine processes has none"),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(flags: EngineFlags, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        cutting_of(flags, is_archive=False)
