"""A platform that can be made ill and an operator who reads it, with one clock for both."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from tests.ingest.operator import NOW, TOKEN, Operator
from tests.servers import (
    BlueskyServer,
    FeedServer,
    HackerNewsServer,
    MastodonServer,
    RedditServer,
    XServer,
    feed_entry,
    hackernews_story,
    mastodon_status,
    post_event,
    reddit_post,
    x_post,
)

Platform = Literal["x", "reddit", "bluesky", "hackernews", "mastodon", "feeds"]
Server = XServer | RedditServer | BlueskyServer | HackerNewsServer | MastodonServer | FeedServer

CLIENT_ID, CLIENT_SECRET = "reddit-app-id-of-tests", "reddit-app-secret-of-tests"
SECRETS = (TOKEN, CLIENT_SECRET)
HTTP_SECONDS = 0.4  # HTTP_TIMEOUT of these operators; healthy answers take milliseconds
STREAM_SECONDS = 2  # the same where a host makes its events while it is asked
POSTS = 130  # two pages of 100
MOST_OF_A_FEED = 60  # entries: what a poll takes at most is more
LISTING = {
    "x": "search_recent",
    "reddit": "listing",
    "bluesky": "subscribe",
    "hackernews": "stories",
    "mastodon": "timeline",
    "feeds": "feed",
}  # what the servers call the endpoint that brings posts
ADDRESSES = {  # settings, each with what follows the server's own address in it
    "x": {"X_API_BASE_URL": ""},
    "reddit": {"REDDIT_BASE_URL": "", "REDDIT_OAUTH_URL": ""},
    "bluesky": {"BLUESKY_HOSTS": ""},
    "hackernews": {"HACKERNEWS_API_BASE_URL": ""},
    "mastodon": {"MASTODON_TIMELINES": "/tags/bridge"},
    "feeds": {"FEEDS": "/rss.xml"},
}


@dataclass
class Scene:
    """One platform with a few days of posts, and an operator who has never read it."""

    platform: Platform
    server: Server
    operator: Operator
    dead_url: str = ""  # nobody listens there
    untrusted_url: str = ""  # the same posts behind a certificate nobody trusts

    @property
    def endpoint(self) -> str:
        """The endpoint that brings posts."""
        return LISTING[self.platform]

    def later(self, **time: float) -> None:
        """Move the operator's clock on, and with it the server's."""
        self.operator.later(**time)

    def publish(self, count: int, *, minutes_ago: float = 2) -> None:
        """Add posts that are newer than all others."""
        self.server.add(self.posts(count, newest=self.operator.now - timedelta(minutes=minutes_ago), minutes=0.05))

    def posts(self, count: int, *, newest: datetime, minutes: float) -> list[dict[str, Any]]:
        """Posts the operator is looking for, so many *minutes* apart, newest first."""
        return posts_of(self.platform, count, newest=newest, minutes=minutes)

    def held(self) -> set[str]:
        """The ids of everything the server holds."""
        with self.server.lock:
            return {str(post.get("uri") or post["id"]) for post in self.server._posts.values()}

    def heal(self, environment: dict[str, str]) -> None:
        """End every fault, and put the settings back."""
        self.server.faults.clear()
        self.operator.environment = dict(environment)
        if isinstance(self.server, RedditServer):
            self.server.closed.clear()
        elif isinstance(self.server, BlueskyServer):
            self.server.stream.heal()

    def point_at(self, url: str) -> None:
        """Have the operator ask another address."""
        self.operator.environment |= {name: url + rest for name, rest in ADDRESSES[self.platform].items()}


def address_of(server: Server) -> str:
    """Return where a server is asked for posts."""
    return server.stream.url if isinstance(server, BlueskyServer) else server.url


def posts_of(platform: Platform, count: int, *, newest: datetime, minutes: float) -> list[dict[str, Any]]:
    """Posts about a bridge, so many *minutes* apart, newest first."""
    times = [newest - timedelta(minutes=minutes * number) for number in range(count)]
    if platform == "x":
        return [x_post(at, f"bridge {at:%j-%H%M%S}", author_id=str(1000 + n)) for n, at in enumerate(times)]
    if platform == "bluesky":
        return [post_event(at, f"bridge {at:%j-%H%M%S}") for at in times]
    if platform == "hackernews":
        return [hackernews_story(at, f"bridge {at:%j-%H%M%S}") for at in times]
    if platform == "mastodon":
        return [mastodon_status(at, f"bridge {at:%j-%H%M%S}", tags=["bridge"]) for at in times]
    if platform == "feeds":
        return [feed_entry(at, f"bridge {at:%j-%H%M%S}") for at in times]
    return [reddit_post(at, f"bridge {at:%j-%H%M%S}", subreddit="bridges") for at in times]


@contextmanager
def opened_scene(platform: Platform, home: Path, *, now: datetime = NOW, **options: Any) -> Iterator[Scene]:
    """Open a scene whose clock stands at *now*; *options* are the server's."""
    operator = new_operator(platform, home, now)
    with serving(platform, lambda: operator.now.timestamp(), now=now, **options) as server:
        scene = Scene(platform, server, operator)
        scene.point_at(address_of(server))
        if isinstance(server, BlueskyServer):
            operator.environment["BLUESKY_API_BASE_URL"] = server.url
        yield scene


def serving(
    platform: Platform, clock: Callable[[], float], *, now: datetime = NOW, count: int = POSTS, **options: Any
) -> Server:
    """Return a server with posts of the last days: all of them inside what a first run reads back."""
    made = posts_of(platform, count, newest=now - timedelta(minutes=3), minutes=8)
    if platform == "x":
        return XServer(made, clock=clock, bearer_token=TOKEN, **options)
    if platform == "bluesky":
        return BlueskyServer(made, clock=clock, **options)
    if platform == "hackernews":
        return HackerNewsServer(made, clock=clock, **options)
    if platform == "mastodon":
        return MastodonServer(made, clock=clock, **options)
    if platform == "feeds":
        return FeedServer(made[:MOST_OF_A_FEED], clock=clock, **options)
    return RedditServer(made, clock=clock, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, **options)


def new_operator(platform: Platform, home: Path, now: datetime = NOW) -> Operator:
    """Return an operator with an empty database and short time-outs."""
    settings = {"HTTP_TIMEOUT": f"{HTTP_SECONDS}s"}
    if platform == "x":
        settings |= {"X_BEARER_TOKEN": TOKEN, "KEYWORDS": "bridge", "X_FIRST_RUN_LOOKBACK": "6d"}
    elif platform == "bluesky":
        settings |= {"BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "bridge", "BLUESKY_FIRST_RUN_LOOKBACK": "1d"}
        settings |= {"HTTP_TIMEOUT": f"{STREAM_SECONDS}s"}
    elif platform == "hackernews":
        settings |= {"HACKERNEWS_INGEST_ENABLED": "true"}
    elif platform == "reddit":
        settings |= reddit_settings()
    return Operator(home, settings, now)


def reddit_settings(subreddits: str = "bridges") -> dict[str, str]:
    """Settings of an operator who reads subreddits."""
    return {
        "REDDIT_CLIENT_ID": CLIENT_ID,
        "REDDIT_CLIENT_SECRET": CLIENT_SECRET,
        "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
        "REDDIT_SUBREDDITS": subreddits,
    }


@contextmanager
def dead_address() -> Iterator[str]:
    """A host and port of this machine at which nobody listens, for as long as the block lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"
