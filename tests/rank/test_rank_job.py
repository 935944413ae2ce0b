"""`rank` on a real database: one topic is one trend, a rerun changes nothing, a trend lives and ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.ranking.streams import background, said
from tests.tools.term_history import term_rows
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.demo.run import SAMPLE, sample_end
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TICK = int(NOW.timestamp()) // 900


def write_posts(path: Path, rows: Sequence[PostRow]) -> Path:
    """Write rows as our own NDJSON."""
    lines = [
        json.dumps(
            {
                "source": row.source,
                "source_id": str(row.id),
                "created_at": to_text(from_epoch(row.created_at)),
                "text": row.text,
                "author": row.author or f"author{row.id}",
            }
        )
        for row in rows
    ]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """An operator with three quiet days behind them."""
    here = Operator(tmp_path / "home", now=NOW)
    file = write_posts(tmp_path / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))
    assert here.ingest(file=str(file)).exit_code == 0
    return here


def burst(operator: Operator, words: str = "volcano eruption", *, posts: int = 20, ends: datetime = NOW) -> None:
    """Have many people speak of something in the last half hour before *ends*."""
    rows = said(words, posts, int((ends - timedelta(minutes=30)).timestamp()), every=60)
    operator.ingest(file=str(write_posts(operator.home / "burst.ndjson", rows)))


def visible(operator: Operator) -> str:
    """Everything an operator could notice of the ranking, hashed."""
    tables = ("trends", "trend_posts", "ranking_sources", "ranking_progress", "notifications")
    rows = [operator.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    return hashlib.sha256(repr([*rows, term_rows(operator)]).encode()).hexdigest()


def test_a_burst_opens_one_trend_with_its_reasons(operator: Operator) -> None:
    burst(operator)

    result = operator.rank()

    trends: Any = result.extra["trends"]
    [trend] = trends
    assert result.exit_code == 0
    assert (trend["label"], trend["state"], trend["authors"]) == ("volcano eruption", "open", 20)
    assert trend["expected"] < 1 < trend["observed"]
    assert trend["posts"][0]["text"].startswith("volcano eruption")


def test_words_their_pair_and_their_tag_are_one_trend(operator: Operator) -> None:
    burst(operator, "harbour bridge #harbourbridge")

    operator.rank()

    assert len(operator.rows("SELECT id FROM trends")) == 1


def test_ranking_again_changes_nothing(operator: Operator) -> None:
    burst(operator)
    operator.rank()
    before = visible(operator)

    operator.rank()

    assert visible(operator) == before


def test_quiet_days_open_nothing(operator: Operator) -> None:
    result = operator.rank()

    assert result.extra["trends"] == []


def test_yesterdays_burst_is_history_and_no_trend(operator: Operator) -> None:
    burst(operator, ends=NOW - timedelta(hours=20))

    operator.rank()

    assert operator.rows("SELECT id FROM trends") == []


def test_a_trend_grows_under_the_same_id(operator: Operator) -> None:
    burst(operator)
    operator.rank()
    operator.later(minutes=15)
    burst(operator, posts=40, ends=operator.now)

    operator.rank()

    [row] = operator.rows("SELECT id, state, observed FROM trends")
    assert (row["id"], row["state"]) == (1, "open")
    assert row["observed"] > 20


def test_a_trend_closes_after_six_quiet_hours(operator: Operator) -> None:
    burst(operator)
    operator.rank()
    operator.later(hours=11)

    operator.rank()

    assert operator.rows("SELECT state FROM trends") == [{"state": "closed"}]


def test_runs_at_every_quarter_and_one_run_at_the_end_know_the_same_history(tmp_path: Path, operator: Operator) -> None:
    other = Operator(tmp_path / "other", now=NOW)
    other.ingest(file=str(tmp_path / "quiet.ndjson"))
    for here, steps in ((operator, 8), (other, 1)):
        for _ in range(steps):
            here.later(hours=8 / steps)
            here.rank()

    assert len(term_rows(operator)) > 1_000
    assert term_rows(operator) == term_rows(other)


def test_late_posts_go_straight_to_history(operator: Operator) -> None:
    operator.rank()
    rows = said("forgotten words", 5, int((NOW - timedelta(hours=30)).timestamp()))
    operator.ingest(file=str(write_posts(operator.home / "late.ndjson", rows)))

    operator.rank()

    progress = operator.rows("SELECT * FROM ranking_progress")[0]
    newest = operator.rows("SELECT max(id) AS id FROM posts")[0]["id"]
    assert progress["seen_post_id"] == newest
    assert operator.rows("SELECT id FROM trends") == []


def test_a_dry_run_shows_the_trend_and_writes_nothing(operator: Operator) -> None:
    burst(operator)
    before = visible(operator)
    here = operator.installation()
    from trendspark_cli.app.job_bodies import rank_body
    from trendspark_cli.app.wired import Wired

    result = here.runner(is_dry=True).run("rank", lambda job: rank_body()(Wired(here.settings, job)), is_dry=True)

    trends: Any = result.extra["trends"]
    assert [trend["label"] for trend in trends] == ["volcano eruption"]
    assert visible(operator) == before


def test_counters_of_the_sample_agree_with_what_was_ranked(tmp_path: Path) -> None:
    here = Operator(tmp_path / "sample", now=sample_end())
    here.ingest(file=str(SAMPLE))

    result = here.rank()

    posts = here.rows("SELECT count(*) AS n FROM posts")[0]["n"]
    assert result.counts["posts_seen"] == posts
    assert here.metric("trendspark_rank_posts_total") == posts
    assert here.metric("trendspark_trends_open") == 3
    assert here.metric('trendspark_trends_open_by_source{source="reddit"}') >= 1


def test_old_posts_are_named_where_nothing_can_be_trending(operator: Operator) -> None:
    operator.later(days=200)

    ranked, listed = operator.command_now("rank", "--dry-run"), operator.command_now("trends", "list")

    for done in (ranked, listed):
        assert "no post of the last 8 h; newest 20" in done.stdout
        assert "for past posts: `trendspark backtest`" in done.stdout
