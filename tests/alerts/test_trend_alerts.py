"""A trend is told once when it opens, again when it doubles, and its message says when it is over."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.ingest.operator import Operator
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background, said
from tests.servers import TelegramServer


@pytest.fixture
def ranked(desk: Desk, tmp_path: Path) -> Desk:
    """A desk with three quiet days behind it."""
    quiet_days(desk, tmp_path)
    return desk


def quiet_days(desk: Operator, folder: Path) -> None:
    """Have three days of ordinary posts behind one."""
    desk.ingest(file=str(write_posts(folder / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))))


def burst(desk: Operator, posts: int = 20, words: str = "volcano eruption", ending: str = "") -> None:
    """Have many people speak of something in the last half hour, each in words of their own, and rank."""
    rows = said(words, posts, int((desk.now - timedelta(minutes=30)).timestamp()), every=60, seed=posts)
    rows = [row._replace(text=row.text + ending) for row in rows]
    desk.ingest(file=str(write_posts(desk.home / "burst.ndjson", rows)))
    desk.rank()


def test_an_opening_trend_says_what_why_and_how_to_see_more(ranked: Desk, telegram: TelegramServer) -> None:
    burst(ranked)

    ranked.deliver()

    [text] = telegram.texts
    assert "volcano eruption" in text
    assert "15 posts by 15 people in 15 min; usual at this hour: none" in text
    assert "reddit 15" in text
    assert "trendspark trends explain 1" in text
    assert text.count("•") == 2


def test_ranking_again_tells_nothing_again(ranked: Desk, telegram: TelegramServer) -> None:
    burst(ranked)
    ranked.rank()

    ranked.deliver()

    assert len(telegram.messages) == 1


def test_a_doubled_trend_is_a_reply_to_its_first_message(ranked: Desk, telegram: TelegramServer) -> None:
    burst(ranked)
    ranked.deliver()
    ranked.later(minutes=15)
    burst(ranked, posts=30)

    ranked.deliver()

    assert [message.reply_to for message in telegram.messages] == [None, 1]
    assert "grown: twice as large as when last told, or more\n50 posts by 50 people in 1 h" in telegram.texts[1]


def test_a_trend_that_is_over_edits_its_message(ranked: Desk, telegram: TelegramServer) -> None:
    burst(ranked)
    ranked.deliver()
    ranked.later(hours=11)
    ranked.rank()

    ranked.deliver()

    [message] = telegram.messages
    assert message.edits == 1
    assert "over after" in message.text


def test_hostile_post_text_cannot_act_in_a_message(ranked: Desk, telegram: TelegramServer) -> None:
    hostile = 'volcano eruption <b>bold</b> <a href="tg://x">y</a> & &amp; \u202etxt \x1b[31m *_[]()~ '
    burst(ranked, words=hostile, ending="😀" * 50000)

    ranked.deliver()

    [text] = telegram.texts
    assert "<b>bold</b>" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    links = re.findall(r'<a href="([^"]*)"', telegram.messages[0].markup)
    assert all(link.startswith("https://") for link in links)


def test_a_closed_trend_that_returns_within_the_cooldown_is_not_told_again(
    ranked: Desk, telegram: TelegramServer
) -> None:
    burst(ranked)
    ranked.deliver()
    ranked.later(hours=8)
    ranked.rank()
    burst(ranked, posts=21)

    ranked.deliver()

    assert [message.reply_to for message in telegram.messages if message.reply_to is None] == [None]


def test_muted_alerts_are_recorded_with_their_trend(ranked: Desk, telegram: TelegramServer) -> None:
    ranked.environment["ENABLE_REALTIME_ALERTS"] = "false"

    burst(ranked)

    assert ranked.rows("SELECT status, trend_id FROM notifications") == [{"status": "muted", "trend_id": 1}]
