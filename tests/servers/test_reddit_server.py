"""Proofs that the real praw works, and fails, against the local Reddit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import praw  # type: ignore[import-not-found, unused-ignore]
import prawcore  # type: ignore[import-not-found, unused-ignore]
import pytest
from prawcore.sessions import (  # type: ignore[import-not-found, unused-ignore]
    FiniteRetryStrategy,
)

from . import RedditServer, faults, praw_client, reddit_post
from .messages import Fault
from .reddit_server import Closed
from .samples import NOW, at_now


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    submissions = [reddit_post(NOW - timedelta(minutes=n), f"number {n}") for n in range(250)]
    with RedditServer(submissions, clock=at_now) as server:
        yield server


class _ImpatientRetry(FiniteRetryStrategy):  # type: ignore[misc, unused-ignore]
    def _sleep_seconds(self) -> float | None:
        return None


def impatient_praw(server: RedditServer) -> praw.Reddit:
    """A praw.Reddit that retries as always, without the pauses."""
    client = praw_client(server, seconds=0.3)
    core: Any = client._core
    core._retry_strategy_class = _ImpatientRetry
    return client


# Reddit: healthy answers


def test_praw_pages_through_a_listing_newest_first(reddit: RedditServer) -> None:
    found = list(praw_client(reddit).subreddit("python").new(limit=None))
    limits = [entry.query["limit"] for entry in reddit.requests_of("listing")]

    assert [post.title for post in found] == [f"number {n}" for n in range(250)]
    assert limits == ["1024"] * 3


def test_a_listing_ends_at_a_thousand_posts() -> None:
    many = [reddit_post(NOW - timedelta(seconds=n), f"number {n}") for n in range(1100)]
    with RedditServer(many, clock=at_now) as server:
        found = list(praw_client(server).subreddit("python").new(limit=None))

    assert len(found) == 1000


def test_hot_prefers_scores_and_combined_subreddits_work(reddit: RedditServer) -> None:
    old = NOW - timedelta(hours=5)
    reddit.add([reddit_post(old, "loved", subreddit="rust", score=5000)])
    found = list(praw_client(reddit).subreddit("python+rust").hot(limit=3))

    assert [post.title for post in found[:2]] == ["loved", "number 0"]


def test_before_gives_the_newer_posts_nearest_to_the_anchor(reddit: RedditServer) -> None:
    anchor = reddit_post(NOW - timedelta(minutes=30), "number 30")["name"]
    found = praw_client(reddit).subreddit("python").new(limit=10, params={"before": anchor})

    assert [post.title for post in found] == [f"number {n}" for n in range(20, 30)]


def test_a_deleted_anchor_answers_an_empty_listing(reddit: RedditServer) -> None:
    anchor = reddit_post(NOW - timedelta(minutes=30), "number 30")["name"]
    reddit.delete(anchor)
    subreddit = praw_client(reddit).subreddit("python")

    assert list(subreddit.new(limit=10, params={"before": anchor})) == []
    assert list(subreddit.new(limit=10, params={"after": anchor})) == []


def test_a_look_up_shows_new_counts_and_what_is_left_of_deleted_posts(
    reddit: RedditServer,
) -> None:
    names = [reddit_post(NOW - timedelta(minutes=n), f"number {n}")["name"] for n in (1, 2, 3)]
    reddit.update(names[0], score=99, num_comments=7)
    reddit.delete(names[1])
    reddit.delete(names[2], by_moderator=True)
    fresh, deleted, removed = praw_client(reddit).info(fullnames=[*names, "t3_unknown"])

    assert (fresh.score, fresh.num_comments) == (99, 7)
    assert (deleted.author, deleted.selftext) == (None, "[deleted]")
    assert removed.removed_by_category == "moderator"


def test_an_expired_token_is_renewed_by_prawcore(reddit: RedditServer) -> None:
    client = impatient_praw(reddit)
    list(client.subreddit("python").new(limit=1))
    reddit.expire_tokens()

    assert len(list(client.subreddit("python").new(limit=1))) == 1
    assert len(reddit.requests_of("access_token")) == 2


# Reddit: refusals and faults


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing", prawcore.Redirect),
        ("secret", prawcore.Forbidden),
        ("fenced", prawcore.Forbidden),
        ("gone", prawcore.NotFound),
        ("python+gone", prawcore.NotFound),
    ],
)
def test_a_closed_subreddit_is_refused(
    reddit: RedditServer,
    name: str,
    error: type[Exception],
) -> None:
    reddit.closed = {
        "secret": Closed.PRIVATE,
        "fenced": Closed.QUARANTINED,
        "gone": Closed.BANNED,
    }
    with pytest.raises(error):
        list(praw_client(reddit).subreddit(name).new(limit=1))


def test_a_wrong_secret_is_a_401_and_a_password_is_an_invalid_grant(reddit: RedditServer) -> None:
    with pytest.raises(prawcore.ResponseException, match="401"):
        list(praw_client(reddit, client_secret="wrong").subreddit("python").new(limit=1))
    client = praw_client(reddit, username="nobody", password="wrong")
    with pytest.raises(prawcore.OAuthException, match="invalid_grant"):
        list(client.subreddit("python").new(limit=1))


@pytest.mark.parametrize(
    ("fault", "error", "requests_made"),
    [
        (faults.unauthorized(), prawcore.InvalidToken, 3),
        (faults.unauthorized_without_challenge(), KeyError, 3),
        (faults.credits_depleted(), prawcore.ResponseException, 1),
        (faults.forbidden(), prawcore.Forbidden, 1),
        (faults.not_found(), prawcore.NotFound, 1),
        *((faults.rate_limited(reset), prawcore.TooManyRequests, 1) for reset in faults.Reset),
        *((faults.server_error(s), prawcore.ServerError, 3) for s in (500, 502, 503, 504)),
        (faults.hang(), prawcore.RequestException, 3),
        (faults.truncated_body(), prawcore.RequestException, 3),
        (faults.connection_reset(), prawcore.RequestException, 3),
        (faults.html_page(), prawcore.BadJSON, 1),
        (faults.redirect_to_login(), prawcore.Redirect, 1),
        (faults.broken_json(), prawcore.BadJSON, 1),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_praw_raises_what_the_notes_say(
    reddit: RedditServer, fault: Fault, error: type[Exception], requests_made: int
) -> None:
    reddit.faults.add(fault, times=None, endpoint="listing")
    with pytest.raises(error) as caught:
        list(impatient_praw(reddit).subreddit("python").new(limit=1))

    assert type(caught.value) is error
    assert len(reddit.requests_of("listing")) == requests_made


@pytest.mark.parametrize(("reset", "expected"), [("NEAR", "1"), ("FAR", "840"), ("MISSING", None)])
def test_a_reddit_429_may_not_say_when_to_come_back(
    reddit: RedditServer,
    reset: str,
    expected: str | None,
) -> None:
    reddit.faults.add(faults.rate_limited(faults.Reset[reset]), endpoint="listing")
    with pytest.raises(prawcore.TooManyRequests) as caught:
        list(praw_client(reddit).subreddit("python").new(limit=1))

    assert caught.value.retry_after == expected


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.json_list(), IndexError),
        (faults.null_data(), AttributeError),
        (faults.errors_only(), praw.exceptions.RedditAPIException),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_praw_stumbles_over_json_of_another_shape(
    reddit: RedditServer,
    fault: Fault,
    error: type[Exception],
) -> None:
    reddit.faults.add(fault, endpoint="listing")
    with pytest.raises(error) as caught:
        list(praw_client(reddit).subreddit("python").new(limit=1))

    assert type(caught.value) is error


def test_praw_takes_an_empty_body_for_an_empty_listing(reddit: RedditServer) -> None:
    reddit.faults.add(faults.empty_body(), endpoint="listing")

    assert list(praw_client(reddit).subreddit("python").new(limit=1)) == []


def test_a_server_error_that_passes_is_not_noticed(reddit: RedditServer) -> None:
    reddit.faults.add(faults.server_error(503), times=2, endpoint="listing")

    assert len(list(impatient_praw(reddit).subreddit("python").new(limit=1))) == 1
