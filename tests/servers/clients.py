"""The real libraries, pointed at a test server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import praw  # type: ignore[import-not-found, unused-ignore]
import requests
import tweepy  # type: ignore[import-untyped, unused-ignore]
from requests.adapters import HTTPAdapter

from .reddit_server import USER_AGENT, RedditServer
from .x_server import XServer

X_HOSTS = ("https://api.twitter.com", "https://api.x.com")
CLIENT_SECONDS = 2.0  # time-out of each read; healthy answers take milliseconds


class _BoundedAdapter(HTTPAdapter):
    """Sends every request with a time-out, to another host when one is given."""

    def __init__(self, seconds: float, server_url: str | None = None) -> None:
        super().__init__()
        self._seconds = seconds
        self._server_url = server_url

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if self._server_url is not None:
            server, asked = urlsplit(self._server_url), urlsplit(str(request.url))
            request.url = urlunsplit(asked._replace(scheme=server.scheme, netloc=server.netloc))
        return super().send(request, stream, self._seconds, verify, cert, proxies)


def tweepy_client(
    server: XServer,
    *,
    bearer_token: str | None = None,
    seconds: float = CLIENT_SECONDS,
    **options: Any,
) -> Any:
    """Return a tweepy.Client whose requests for X go to *server*.

    `options` are tweepy.Client's own, such as `return_type`.
    """
    client = tweepy.Client(bearer_token or server.bearer_token, **options)
    client.session.trust_env = False  # a proxy in the environment must not see the requests
    for prefix in ("http://", "https://"):
        client.session.mount(prefix, _BoundedAdapter(seconds))
    for host in X_HOSTS:
        client.session.mount(host, _BoundedAdapter(seconds, server.url))
    return client


class _BoundedSession(requests.Session):
    """Overrides prawcore's fixed 16-second time-out."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.trust_env = False
        for prefix in ("http://", "https://"):
            self.mount(prefix, _BoundedAdapter(seconds))


def praw_client(
    server: RedditServer,
    *,
    client_secret: str | None = None,
    seconds: float = CLIENT_SECONDS,
    **options: Any,
) -> praw.Reddit:
    """Return a read-only praw.Reddit that talks to *server*; `options` are praw.Reddit's own."""
    return praw.Reddit(
        client_id=server.client_id,
        client_secret=client_secret or server.client_secret,
        user_agent=USER_AGENT,
        check_for_updates=False,
        reddit_url=server.url,
        oauth_url=server.url,
        requestor_kwargs={"session": _BoundedSession(seconds)},
        **options,
    )
