"""What asks Reddit, made from the settings it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from trendspark_cli.base.opening import Opening
from trendspark_cli.services.reddit.client import RedditClient
from trendspark_cli.services.reddit.listing import RedditListing

FIRST_RUN_LOOKBACK = timedelta(hours=48)  # of a subreddit: a day to warm up on, and a day to spare
KINDS = ("new", "hot")  # of listings


@dataclass(frozen=True)
class Access:
    """How Reddit is reached."""

    reddit_client_id: str
    reddit_client_secret: str
    reddit_user_agent: str
    reddit_base_url: str
    reddit_oauth_url: str


@dataclass(frozen=True)
class Reading:
    """What is read of Reddit."""

    reddit_subreddits: tuple[str, ...]


def make(opening: Opening) -> list[RedditListing]:
    """Return `new` and `hot` of each subreddit."""
    client = _client(opening)
    written = opening.read(Reading).reddit_subreddits
    names = [name.strip().removeprefix("/").removeprefix("r/") for name in written]
    return [
        RedditListing(client, name, kind, lookback=FIRST_RUN_LOOKBACK, now=opening.now)
        for name in dict.fromkeys(names)
        for kind in KINDS
    ]


def check(opening: Opening) -> str:
    """Return what Reddit says of the sign-in; the call is free."""
    return _client(opening).check()


def _client(opening: Opening) -> RedditClient:
    """Return what asks Reddit; it signs in with its first request."""
    access = opening.read(Access)
    return RedditClient(
        client_id=access.reddit_client_id,
        client_secret=access.reddit_client_secret,
        user_agent=access.reddit_user_agent,
        reddit_url=access.reddit_base_url,
        oauth_url=access.reddit_oauth_url,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
    )
