"""The curve of a trend and its examples: written while it lives, and there when its posts are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background, said
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MOST_BYTES = 4_000  # of the curve of one trend


@pytest.fixture(scope="module")
def experienced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an operator with three quiet days behind them."""
    here = Operator(tmp_path_factory.mktemp("curves") / "home", now=NOW)
    file = write_posts(here.home.parent / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))
    here.ingest(file=str(file))
    return here.home


def speak(operator: Operator, words: str, posts: int, *, since: datetime) -> None:
    """Have that many people speak of something, one a minute."""
    rows: Sequence[PostRow] = said(words, posts, int(since.timestamp()), every=60)
    rows = [row._replace(id=row.id + int(since.timestamp())) for row in rows]
    operator.ingest(file=str(write_posts(operator.home / "said.ndjson", rows)))


def curve(operator: Operator, trend_id: int = 1) -> list[dict[str, Any]]:
    """The stored curve of a trend."""
    return operator.rows(f"SELECT * FROM trend_counts WHERE trend_id = {trend_id} ORDER BY tick, source")


def test_each_tick_of_a_burst_is_kept_with_its_people_and_what_is_usual(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))

    operator.rank()

    rows = curve(operator)
    assert [(row["tick"], row["source"], row["posts"], row["people"]) for row in rows] == [
        ("2026-11-01T11:30:00.000Z", "reddit", 15, 15),
        ("2026-11-01T11:45:00.000Z", "reddit", 5, 5),
    ]
    assert all(0 < row["expected"] < 0.1 for row in rows)


def test_posts_after_the_peak_are_on_the_curve_until_the_trend_ends(operator: Operator) -> None:
    speak(operator, "volcano eruption", 40, since=NOW - timedelta(minutes=45))
    operator.rank()
    for hours in range(1, 9):
        operator.now = NOW + timedelta(hours=hours)
        speak(operator, "volcano eruption", 2, since=operator.now - timedelta(minutes=5))
        operator.rank()
    operator.later(hours=8)
    operator.rank()

    rows = curve(operator)

    [closed_at] = operator.values("SELECT closed_at FROM trends WHERE id = 1")
    assert sum(row["posts"] for row in rows) == 40 + 8 * 2
    assert max(row["tick"] for row in rows) < closed_at


def test_a_word_that_people_always_use_has_a_usual_above_nothing(operator: Operator) -> None:
    for hours in range(12, 32, 2):
        speak(operator, "volcano eruption", 1, since=NOW - timedelta(hours=hours))
    speak(operator, "volcano eruption", 45, since=NOW - timedelta(minutes=45))
    share = 10 / operator.values("SELECT count(*) FROM posts")[0]

    operator.rank()

    rows = curve(operator)
    assert [row["posts"] for row in rows] == [15, 15, 15]
    assert all(row["expected"] == pytest.approx(15 * share, rel=0.3) for row in rows)


def test_the_same_run_again_writes_no_tick_again(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))
    operator.rank()
    before = curve(operator)

    operator.rank()

    assert curve(operator) == before


def test_a_dry_run_keeps_no_curve(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))

    operator.command_now("rank", "--dry-run")

    assert curve(operator) == []


@pytest.mark.only_sqlite  # its pages
def test_a_curve_is_small(operator: Operator) -> None:
    for hours in range(13):
        operator.now = NOW + timedelta(hours=hours)
        speak(operator, "volcano eruption", 58, since=operator.now - timedelta(minutes=59))
        operator.rank()

    [bytes_used] = operator.values("SELECT sum(payload) FROM dbstat WHERE name = 'trend_counts'")
    assert len(curve(operator)) > 40
    assert bytes_used < MOST_BYTES * len(operator.rows("SELECT DISTINCT trend_id FROM trend_counts"))


def test_examples_are_kept_with_text_author_and_link(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))

    operator.rank()

    kept = operator.rows("SELECT * FROM trend_examples ORDER BY place")
    assert [row["place"] for row in kept] == [0, 1, 2]
    for row in kept:
        [post] = operator.rows(f"SELECT source, source_id, author, text, url FROM posts WHERE id = {row['post_id']}")
        assert post == {name: row[name] for name in post}


def test_what_is_kept_of_a_trend_goes_with_it(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))
    operator.rank()
    store = operator.store()

    with store.transaction():
        store.connection.execute("DELETE FROM trends")

    assert operator.rows("SELECT 1 FROM trend_counts UNION ALL SELECT 1 FROM trend_examples") == []
    store.close()


def test_an_edit_reaches_the_example(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))
    operator.rank()
    store = operator.store()

    with store.transaction():
        store.connection.execute("UPDATE posts SET text = 'corrected' WHERE id IN (SELECT post_id FROM trend_examples)")

    assert operator.values("SELECT text FROM trend_examples") == ["corrected"] * 3
    store.close()


def test_ticks_are_times_as_all_others(operator: Operator) -> None:
    speak(operator, "volcano eruption", 20, since=NOW - timedelta(minutes=30))

    operator.rank()

    ticks = operator.values("SELECT tick FROM trend_counts")
    assert [to_text(from_text(tick)) for tick in ticks] == ticks
