"""`ingest` against Reddit, through the real client library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from praw.config import Config

from tests.ingest.operator import NOW, Operator
from tests.servers import RedditServer, reddit_post
from tests.servers.reddit_server import Closed

ID, SECRET = "reddit-app-id-of-tests", "reddit-app-secret-of-tests"


def posts(count: int, *, subreddit: str = "ferries", minutes: float = 8) -> list[dict[str, Any]]:
    """Posts of the last hours, the youngest a minute old."""
    return [
        reddit_post(NOW - timedelta(minutes=1 + minutes * n), f"ferry {subreddit} {n}", subreddit=subreddit)
        for n in range(count)
    ]


def ids_of(documents: list[dict[str, Any]]) -> set[str]:
    """Their ids."""
    return {document["id"] for document in documents}


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    """Reddit with 250 posts in one subreddit."""
    with RedditServer(posts(250), client_id=ID, client_secret=SECRET) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, reddit: RedditServer) -> Operator:
    """An operator who reads that subreddit."""
    return Operator(
        tmp_path / "home",
        {
            "REDDIT_CLIENT_ID": ID,
            "REDDIT_CLIENT_SECRET": SECRET,
            "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
            "REDDIT_SUBREDDITS": "ferries",
            "REDDIT_BASE_URL": reddit.url,
            "REDDIT_OAUTH_URL": reddit.url,
            "HTTP_TIMEOUT": "2s",
        },
    )


def test_of_a_listing_without_an_order_nobody_says_that_it_is_known_whole(operator: Operator) -> None:
    operator.ingest()

    assert operator.rows("SELECT query FROM volume_reads") == [{"query": "r/ferries/new"}]


@pytest.mark.parametrize("kind", ["another address", "another account", "nonsense", "a pipe"])
def test_a_file_of_praws_settings_in_the_folder_we_are_in_is_not_read(
    operator: Operator, reddit: RedditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(Config, "CONFIG", None)  # as in a new process
    monkeypatch.chdir(tmp_path)
    texts = {
        "another address": "[DEFAULT]\noauth_url=http://127.0.0.1:9\ntimeout=soon\n",
        "another account": "[DEFAULT]\nrefresh_token=of-somebody\n",
        "nonsense": "no section\n",
    }
    (tmp_path / "praw.ini").write_text(texts[kind]) if kind in texts else os.mkfifo(tmp_path / "praw.ini")

    assert (operator.ingest().exit_code, operator.stored_ids("reddit")) == (0, ids_of(posts(250)))


def test_a_first_run_brings_two_days_of_a_subreddit(operator: Operator, reddit: RedditServer) -> None:
    result = operator.ingest()

    assert (result.exit_code, operator.stored_ids("reddit")) == (0, ids_of(posts(250)))


def test_a_second_run_brings_only_what_is_new(operator: Operator, reddit: RedditServer) -> None:
    operator.ingest()
    fresh = [reddit_post(NOW - timedelta(seconds=20), "a new ferry", subreddit="ferries")]
    reddit.add(fresh)

    result = operator.ingest()

    assert result.counts["new"] == 1
    assert len([r for r in reddit.requests_of("listing") if "/new" in r.path]) == 3 + 1


def test_a_cursor_survives_the_deletion_of_its_post(operator: Operator, reddit: RedditServer) -> None:
    operator.ingest()
    newest = operator.rows("SELECT newest_id FROM cursors")[0]["newest_id"]
    reddit.delete(f"t3_{newest}")
    reddit.add([reddit_post(NOW - timedelta(seconds=20), "a new ferry", subreddit="ferries")])

    result = operator.ingest()

    assert (result.exit_code, result.counts["new"]) == (0, 1)


def test_one_bad_subreddit_does_not_stop_the_others(operator: Operator, reddit: RedditServer) -> None:
    reddit.closed["secretclub"] = Closed.PRIVATE
    operator.environment["REDDIT_SUBREDDITS"] = "secretclub,ferries,nosuchplace"

    result = operator.ingest()

    assert result.exit_code == 3
    assert operator.stored_ids("reddit") == ids_of(posts(250))
    assert "r/secretclub is private" in result.errors[0]["message"]
    assert "r/nosuchplace does not exist" in result.errors[0]["message"]


def test_a_deleted_author_is_stored_as_nobody(operator: Operator, reddit: RedditServer) -> None:
    reddit.add([reddit_post(NOW - timedelta(seconds=5), "ferry of nobody", subreddit="ferries", author="[deleted]")])

    operator.ingest()

    assert operator.rows("SELECT author FROM posts WHERE text = 'ferry of nobody'") == [{"author": None}]


def test_requests_are_counted_and_cost_nothing(operator: Operator, reddit: RedditServer) -> None:
    operator.ingest()

    spent = operator.rows("SELECT sum(used) AS used, sum(usd) AS usd FROM spend WHERE service = 'reddit'")
    assert spent == [{"used": len(reddit.requests_of("listing")), "usd": 0.0}]


def test_counts_are_read_again_and_their_history_is_kept(operator: Operator, reddit: RedditServer) -> None:
    operator.environment["REDDIT_SUBREDDITS"] = "ferries"
    operator.ingest()
    name = operator.rows("SELECT min(source_id) AS id FROM posts")[0]["id"]
    reddit.update(f"t3_{name}", score=340, ups=340, num_comments=12)
    operator.later(minutes=31)
    for _ in range(3):
        operator.ingest()

    assert operator.rows(f"SELECT likes, replies FROM posts WHERE source_id = '{name}'") == [
        {"likes": 340, "replies": 12}
    ]
    assert [row["likes"] for row in operator.rows("SELECT likes FROM post_metrics ORDER BY observed_at")] == [1, 340]


def test_a_used_up_quota_ends_the_run_without_sleeping(operator: Operator, tmp_path: Path) -> None:
    with RedditServer(posts(250), client_id=ID, client_secret=SECRET, quota=2) as tight:
        operator.environment |= {"REDDIT_BASE_URL": tight.url, "REDDIT_OAUTH_URL": tight.url}

        result = operator.ingest()

    assert result.exit_code == 75
    assert result.duration_seconds < 3
    assert operator.rows("SELECT state FROM gaps") == [{"state": "open"}]


def test_a_gap_is_read_from_the_top_in_a_later_run(operator: Operator, reddit: RedditServer) -> None:
    with RedditServer(posts(250), client_id=ID, client_secret=SECRET, quota=2) as tight:
        operator.environment |= {"REDDIT_BASE_URL": tight.url, "REDDIT_OAUTH_URL": tight.url}
        operator.ingest()
    operator.environment |= {"REDDIT_BASE_URL": reddit.url, "REDDIT_OAUTH_URL": reddit.url}

    result = operator.ingest()

    assert (result.exit_code, operator.stored_ids("reddit")) == (0, ids_of(posts(250)))
    assert operator.rows("SELECT state FROM gaps") == [{"state": "filled"}]


def test_a_subreddit_busier_than_its_listing_records_what_is_lost(operator: Operator, tmp_path: Path) -> None:
    with RedditServer(posts(1300, minutes=2), client_id=ID, client_secret=SECRET) as busy:
        operator.environment |= {"REDDIT_BASE_URL": busy.url, "REDDIT_OAUTH_URL": busy.url}

        result = operator.ingest()

    assert result.exit_code == 0
    assert len(operator.stored_ids("reddit")) == 1000
    assert operator.rows("SELECT state FROM gaps") == [{"state": "lost"}]


def test_nobody_is_asked_about_updates_of_the_library(operator: Operator, reddit: RedditServer) -> None:
    done = operator.command("ingest", "--source", "reddit", "--json")

    assert done.exit_code == 0
    assert done.stderr == ""
