"""What `backtest` sums up: the same trends `rank` opens, from the database, an archive or a file, changing nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import Keeper
from tests.builders import fingerprint
from tests.installation import Installation
from tests.rank.test_rank_job import NOW, TICK, write_posts
from tests.ranking.streams import background, said
from tests.ranking.test_backtest import lines
from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.simulating import Question
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import IntegrityError, UsageError
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.screens.backtests import sum_up_archive, sum_up_database, sum_up_file
from trendspark_cli.store.rows.archives import Tombstone
from trendspark_cli.trends.rank_rules import Experience

Simulated = Callable[..., Any]
BURST_AT = int((NOW - timedelta(minutes=30)).timestamp())
QUIET = background(TICK - 3 * 96, 3 * 96)
EARLIER = said("harbour bridge", 20, BURST_AT - 86400, every=60)
BURST = said("volcano eruption", 20, BURST_AT, every=60)


@pytest.fixture
def operator(tmp_path: Path) -> Keeper:
    """An operator with three days behind them, two bursts among them."""
    here = Keeper(tmp_path / "home", now=NOW)
    file = write_posts(tmp_path / "posts.ndjson", [*QUIET, *EARLIER, *BURST])
    assert here.ingest(file=str(file)).exit_code == 0
    return here


@pytest.fixture
def simulated(operator: Keeper, capsys: pytest.CaptureFixture[str]) -> Simulated:
    """Return what asks the database and gives back the JSON that was printed."""

    def ask(**asked: Any) -> Any:
        with closing(operator.store()) as store:
            settings = operator.installation().settings
            sum_up_database(store, Question(**asked), settings, Output(is_json=True), operator.now)
        return json.loads(capsys.readouterr().out)

    return ask


def labels(trends: list[dict[str, Any]]) -> list[str]:
    return [trend["label"] for trend in trends]


def test_the_trends_are_those_rank_opens(operator: Keeper, simulated: Simulated) -> None:
    found = simulated()["trends"][-1]

    operator.rank()

    [row] = operator.rows("SELECT label, opened_at, first_seen FROM trends")
    assert {name: found[name] for name in row} == row


def test_a_burst_of_the_past_has_its_delay_from_its_first_post(simulated: Simulated) -> None:
    [earlier, _] = simulated()["trends"]

    assert (earlier["label"], earlier["first_seen"]) == ("harbour bridge", to_text(NOW - timedelta(days=1, minutes=30)))
    assert earlier["delay_seconds"] == 900


def test_alerts_a_day_are_counted_from_the_end_of_the_warm_up(simulated: Simulated) -> None:
    outcome = simulated()

    assert from_text(outcome["until"]) - from_text(outcome["since"]) == timedelta(days=2)
    assert outcome["alerts_per_day"] == 1.0
    assert sum(day["posts"] for day in outcome["days"]) == outcome["posts"]


def test_a_day_has_the_best_score_of_its_ticks(simulated: Simulated) -> None:
    outcome = simulated()

    best = max(day["best_score"] for day in outcome["days"])
    assert best >= max(trend["score"] for trend in outcome["trends"])


def test_since_counts_only_what_opens_later_and_knows_what_was_before(simulated: Simulated) -> None:
    outcome = simulated(since=to_text(NOW - timedelta(hours=12)))

    assert labels(outcome["trends"]) == ["volcano eruption"]


def test_until_ends_before_later_posts(simulated: Simulated) -> None:
    assert labels(simulated(until=to_text(NOW - timedelta(hours=12)))["trends"]) == ["harbour bridge"]


def test_a_higher_threshold_is_told_as_a_difference(simulated: Simulated) -> None:
    outcome = simulated(compared=("threshold=90",))

    assert labels(outcome["compared"]["only_a"]) == labels(outcome["trends"]) == ["harbour bridge", "volcano eruption"]
    assert (outcome["compared"]["trends"], outcome["compared"]["only_b"]) == ([], [])


def test_a_shorter_cooldown_lets_a_story_fire_again(operator: Keeper, simulated: Simulated) -> None:
    again = said("harbour bridge", 30, BURST_AT - 86400 + 20 * 3600, every=30, seed=9)
    operator.ingest(file=str(write_posts(operator.home / "again.ndjson", again)))

    outcome = simulated(settings=("ALERT_COOLDOWN_HOURS=30",), compared=("ALERT_COOLDOWN_HOURS=1",))

    assert labels(outcome["trends"]).count("harbour bridge") == 1
    assert labels(outcome["compared"]["trends"]).count("harbour bridge") == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"settings": ("KEYWORDS=a",)},
        {"settings": ("threshold=high",)},
        {"compared": ("threshold=nan",)},
        {"settings": ("threshold=0",)},
        {"since": "yesterday"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31T23:59:59-05:00"},
        {"since": "2026-11-01", "until": "2026-11-01"},
    ],
)
def test_a_question_that_makes_no_sense_is_a_usage_error(simulated: Simulated, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        simulated(**asked)


def test_no_posts_are_said_and_no_error(operator: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(operator.store()) as store:
        asked = Question(until="2020-01-01")
        sum_up_database(store, asked, operator.installation().settings, Output(), operator.now)

    assert capsys.readouterr().out.startswith("nothing to tell: there are no posts")


def test_the_database_stays_as_it_is_while_another_program_writes(operator: Keeper) -> None:
    before = fingerprint(operator.home)[operator.database.name]
    with closing(sqlite3.connect(operator.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = operator.command("backtest", "--json")
        other.execute("ROLLBACK")

    assert labels(json.loads(done.stdout)["trends"]) == ["harbour bridge", "volcano eruption"]
    assert fingerprint(operator.home)[operator.database.name] == before


def test_parts_of_one_day_are_read_in_the_order_of_time(archived: Keeper) -> None:
    here = archived.installation()
    with closing(archived.store()) as store, archive_spool(here.settings).own_folder() as spool:
        place = archive_destinations(here.settings, lambda call: None)(here.settings.archive_url)
        times = [post.created_at for post in ArchivedPosts(store, place, spool).between("", "9")]

    assert len(times) == len([*QUIET, *EARLIER, *BURST]) + 2
    assert times == sorted(times)


def of_archive(operator: Keeper, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what the archive gives."""
    here = operator.installation()
    with closing(operator.store()) as store, archive_spool(here.settings).own_folder() as spool:
        place = archive_destinations(here.settings, lambda call: None)(here.settings.archive_url)
        archive = ArchivedPosts(store, place, spool)
        plan = Question().plan(here.settings, Experience())
        sum_up_archive(archive, plan, Output(is_json=True), operator.now)
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def archived(operator: Keeper) -> Keeper:
    """The same operator when all of it has left the database, in two parts each day."""
    talk = said("unrelated talk", 2, BURST_AT - 7200, every=900)
    first, more = (write_posts(operator.home / f"{n}.ndjson", [said_once]) for n, said_once in enumerate(talk))
    operator.later(days=46)
    operator.ingest(file=str(first))  # else all is silent, and the clock may be wrong
    operator.rank()
    assert operator.archive(older_than=timedelta(days=45), is_forced=True).exit_code == 0
    operator.later(minutes=15)
    operator.ingest(file=str(more))
    operator.rank()
    assert operator.archive(is_forced=True, older_than=timedelta(days=45)).exit_code == 0
    return operator


def test_an_archive_gives_what_the_database_gave(
    operator: Keeper, simulated: Simulated, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    before = simulated()["trends"]

    found = of_archive(request.getfixturevalue("archived"), capsys)

    assert operator.rows("SELECT count(*) AS n FROM posts") == [{"n": 0}]
    assert found["trends"] == before


def test_a_database_that_knows_nothing_of_an_archive_can_still_replay_it(
    archived: Keeper, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Keeper(tmp_path / "other", now=archived.now)

    assert labels(of_archive(other, capsys)["trends"]) == ["harbour bridge", "volcano eruption"]
    assert other.rows("SELECT id FROM archive_manifests") == []


def test_what_had_to_be_forgotten_is_not_replayed(archived: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(archived.store()) as store, store.transaction():
        for row in EARLIER:
            store.tombstones.add(Tombstone(f"t{row.id}", "reddit", str(row.id), None, to_text(NOW)))

    assert labels(of_archive(archived, capsys)["trends"]) == ["volcano eruption"]


def test_a_part_that_is_not_what_was_stored_ends_it(archived: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    part = sorted(archived.folder.glob("posts/**/part-*.parquet"))[0]
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-1] + b"x")

    with pytest.raises(IntegrityError, match="not what was stored"):
        of_archive(archived, capsys)


def as_file(path: Path, rows: list[PostRow]) -> str:
    path.write_bytes(lines(rows))
    return str(path)


def test_a_file_is_summed_up_with_a_bar_for_each_day(
    workplace: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    file = as_file(workplace.home / "posts", [*QUIET, *EARLIER, *BURST])

    code = sum_up_file(file, Question(), workplace.installation().settings, Output())

    shown = capsys.readouterr().out
    assert (code, shown.count("2026-10-31")) == (0, 1)
    assert "threshold 6.2, cooldown 12 h: 2 would have fired, 1.00 a day" in shown
    assert "█" * 20 in shown


def test_bars_are_plain_where_the_terminal_knows_no_others(workplace: Installation) -> None:
    file = as_file(workplace.home / "posts", background(TICK - 100, 100, per_tick=1))

    done = workplace.command("backtest", file, "--summary", environment={"PYTHONIOENCODING": "ascii"})

    assert (done.exit_code, "#" * 10 in done.stdout) == (0, True)


def test_without_a_file_and_with_nothing_piped_in_the_database_is_asked(workplace: Installation) -> None:
    done = workplace.command("backtest", wrapped_in=["sh", "-c", '"$@" < /dev/null', "sh"])

    assert (done.exit_code, done.stdout.startswith("nothing to tell")) == (0, True)
