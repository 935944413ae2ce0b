"""`calibrate --archive`: posts that have left the database count as if they were still there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.archive.keeping import Keeper
from tests.builders import fingerprint
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background
from tests.tools.object_store import BUCKET, ObjectStore
from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.calibrating import Wish, calibrate
from trendspark_cli.backtests.past_posts import Past, past_of_archive, past_of_database
from trendspark_cli.base.clock import from_epoch
from trendspark_cli.ranking.bursts.thresholds import alarms_per_day
from trendspark_cli.store.rows.trends import Calibration
from trendspark_cli.trends.rank_rules import Experience

DAYS = 7
POSTS = DAYS * 96 * 2
ARCHIVED_UNTIL = datetime(2026, 10, 29, tzinfo=UTC)  # three days before NOW, and back to the beginning of that day
STAYED = 336 * 2


def keeper_of_posts(folder: Path, **settings: str) -> Keeper:
    """An operator with seven quiet days behind them, all of them in the database."""
    keeper = Keeper(folder / "home", settings)
    file = write_posts(folder / "posts.ndjson", background(TICK - DAYS * 96, DAYS * 96, 2))
    assert keeper.ingest(file=str(file)).exit_code == 0
    keeper.rank()
    return keeper


def leave(keeper: Keeper) -> None:
    """Have the older half of them go to the archive."""
    assert keeper.archive(tables=["posts"], older_than=timedelta(days=3), is_forced=True).exit_code == 0
    assert keeper.rows("SELECT count(*) AS n FROM posts") == [{"n": STAYED}]


def found_by(keeper: Keeper, past: Past) -> Calibration:
    wish = Wish(DAYS, seed=1, shuffles=1, time_limit=timedelta(hours=1))
    return calibrate(past, keeper.installation().settings, Experience(), wish, lambda: keeper.now, Unseen()).calibration


@contextmanager
def past_with_archive(keeper: Keeper) -> Iterator[Past]:
    """The posts of the archive and of the database."""
    settings = keeper.installation().settings
    with closing(keeper.store()) as store, archive_spool(settings).own_folder() as spool:
        archive = ArchivedPosts(store, archive_destinations(settings, lambda call: None)(settings.archive_url), spool)
        with past_of_archive(archive, store, spool, DAYS, keeper.now, Unseen()) as past:
            yield past


def numbers_and_times(past: Past) -> list[tuple[str, int]]:
    """Every post that can be read."""
    return [(post.name, post.row[4]) for post in past.posts.between(from_epoch(0), past.until)]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return keeper_of_posts(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def whole(keeper: Keeper) -> Calibration:
    """What `calibrate` finds while all posts are in the database."""
    with closing(keeper.store()) as store:
        return found_by(keeper, past_of_database(store, keeper.now))


@pytest.fixture(scope="module")
def archived(keeper: Keeper, whole: Calibration) -> Keeper:
    """The same operator when half of it has left."""
    assert whole.posts == POSTS
    leave(keeper)
    return keeper


@pytest.fixture
def other(archived: Keeper, tmp_path: Path) -> Keeper:
    """An operator without a post of their own, who has a copy of that archive."""
    shutil.copytree(archived.folder, tmp_path / "archive")
    return Keeper(tmp_path / "home", now=archived.now)


def test_without_it_only_what_is_left_counts(archived: Keeper) -> None:
    done = archived.command_now("calibrate", "--json")

    assert (done.exit_code, "reach back 3 whole days" in done.stderr) == (75, True)
    assert "or with --archive" in done.stderr


def test_posts_in_the_archive_count_as_they_did_in_the_database_and_a_dry_run_stores_nothing(
    archived: Keeper, whole: Calibration
) -> None:
    before = fingerprint(archived.home)

    done = archived.command_now("calibrate", "--archive", "--days", "7", "--shuffles", "1", "--dry-run", "--json")

    told = json.loads(done.stdout)
    assert (told["posts"], told["threshold"], told["episodes"]) == (POSTS, whole.threshold, whole.episodes)
    assert told["false_alarms_per_day_before"] == round(alarms_per_day(whole.alarms, 6.2), 3)
    after = {name: digest for name, digest in fingerprint(archived.home).items() if not name.startswith("spool/")}
    assert {**after, "trendspark.log": ""} == {**before, "trendspark.log": ""}


def test_a_post_that_came_back_counts_once(archived: Keeper) -> None:
    day = ("--since", "2026-10-26", "--until", "2026-10-27")
    assert archived.command_now("archives", "restore", *day).exit_code == 0
    assert len(archived.rows("SELECT id FROM posts")) > STAYED

    with past_with_archive(archived) as past:
        posts = numbers_and_times(past)

    assert len(posts) == POSTS
    assert [at for _, at in posts] == sorted(at for _, at in posts)


def test_an_archive_of_long_ago_is_not_followed_by_silence(other: Keeper) -> None:
    other.now += timedelta(days=400)

    with past_with_archive(other) as past:
        assert (past.until, len(numbers_and_times(past))) == (ARCHIVED_UNTIL, POSTS - STAYED)


def test_a_part_that_is_not_what_was_stored_ends_it_before_anything_is_stored(other: Keeper) -> None:
    part = sorted(other.folder.glob("posts/**/part-*.parquet"))[-1]
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-1] + b"x")

    done = other.command_now("calibrate", "--archive", "--json")

    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (65, 65)
    assert "not what was stored" in done.stderr
    assert other.rows("SELECT id FROM calibrations") == []
    assert [path.name for path in other.spool.iterdir()] == ["cleaning.lock"]


def test_an_archive_in_a_bucket_is_read_and_its_threshold_is_stored(tmp_path: Path, s3: ObjectStore) -> None:
    keeper = keeper_of_posts(tmp_path, **s3.settings, ARCHIVE_URL=f"s3://{BUCKET}/calibrating")
    leave(keeper)

    done = keeper.command_now("calibrate", "--archive", "--days", "7", "--shuffles", "1", "--store", "--json")

    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["posts"] == POSTS
    assert keeper.rows("SELECT posts, threshold FROM calibrations") == [
        {"posts": POSTS, "threshold": told["threshold"]}
    ]
    assert keeper.rows("SELECT sum(calls) > 0 AS called FROM api_calls WHERE service = 's3'") == [{"called": 1}]
