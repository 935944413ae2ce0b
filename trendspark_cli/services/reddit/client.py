"""One praw client for all subreddits: signed in, bounded in time, and never asleep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import praw
import prawcore
import requests
from praw.config import Config

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.clock_witness import ClockWitness
from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.services.http import ANSWER_SECONDS, BoundedAdapter, session
from trendspark_cli.services.transport_errors import no_answer

_NEXT_RUN = "nothing to do: the next run goes on where this one stopped"
_PORTAL = "check REDDIT_OAUTH_URL, proxies and captive portals on this network"
_SIGN_IN = "the sign-in"
_BRING_SOMETHING = (200, 201, 202, 204)  # prawcore trips over any other 2xx
_CREDENTIALS = "check REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET"
_CLOSED = {"private": "is private", "banned": "is banned", "quarantined": "is quarantined"}


class RedditClient:
    """Asks Reddit for JSON and turns every way it can fail into our errors."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        user_agent: str,
        reddit_url: str,
        oauth_url: str,
        record: Callable[[ApiCall], None],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.witness = ClockWitness()
        self._adapter = _RedditAdapter(
            "reddit", self._heard(record), endpoint_of=endpoint_name, answer_seconds=answer_seconds
        )
        _use_no_found_settings()
        self._reddit = praw.Reddit(
            client_id=client_id,
            client_secret=client_secret,
            user_agent=user_agent,
            reddit_url=reddit_url,
            oauth_url=oauth_url,
            username=None,
            password=None,
            check_for_updates=False,
            check_for_async=False,
            requestor_kwargs={"session": session(self._adapter)},
        )

    def _heard(self, record: Callable[[ApiCall], None]) -> Callable[[ApiCall], None]:
        """Return what keeps a call, and hears from it what time it is at Reddit."""

        def keep(call: ApiCall) -> None:
            self.witness.hear([call])
            record(call)

        return keep

    def get(self, path: str, parameters: Mapping[str, str | int], *, about: str) -> Any:
        """Return the JSON that *path* answers; *about* says in errors what was asked for.

        Raises ConfigError for a subreddit that cannot be read, UpstreamError for everything that is Reddit's.
        """
        self._adapter.check_quota()
        try:
            return self._reddit.request(method="GET", path=path, params={**parameters, "raw_json": 1})
        except prawcore.exceptions.RequestException as error:
            cause = error.original_exception
            if isinstance(cause, _RefusedError):
                raise _refusal(cause.response, _SIGN_IN if cause.is_sign_in else about) from error
            if isinstance(cause, UpstreamError):
                raise cause from error
            raise
        except prawcore.exceptions.OAuthException as error:
            raise CredentialsRefusedError("reddit", f"{_SIGN_IN} was refused", hint=_CREDENTIALS) from error
        except prawcore.exceptions.BadJSON as error:
            raise BadAnswerError("reddit", f"{about}: the answer is no JSON", hint=_PORTAL) from error
        except RecursionError as error:
            raise BadAnswerError("reddit", f"{about}: the answer makes no sense", hint=_PORTAL) from error

    def check(self) -> str:
        """Sign in and ask for something every app may read; return what that tells."""
        self.get("/api/v1/scopes", {}, about=_SIGN_IN)
        left = f", {self._adapter.remaining:.0f} requests left" if self._adapter.remaining is not None else ""
        return f"the sign-in works{left}"


def _use_no_found_settings() -> None:
    """Give praw its own defaults: it would read the praw.ini of whatever folder we are in, which may be anybody's."""
    own = ConfigParser(interpolation=None)
    own.read_string(files(praw).joinpath("praw.ini").read_text(encoding="utf-8"))
    Config.CONFIG = own


class _RefusedError(Exception):
    """An answer that brings nothing, before prawcore sees it: it would sleep, ask again, or trip over the body."""

    def __init__(self, response: requests.Response, *, is_sign_in: bool) -> None:
        super().__init__(f"status {response.status_code}")
        self.response = response
        self.is_sign_in = is_sign_in


class _RedditAdapter(BoundedAdapter):
    """Judges answers and keeps Reddit's rate limit itself: prawcore would sleep for minutes inside a call.

    All that is left to prawcore is to renew an expired token: the first 401 in a row.
    """

    remaining: float | None = None
    reset_seconds = 0.0
    _is_renewing = False

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and return an answer that brings something; raise _RefusedError or UpstreamError otherwise."""
        try:
            response = super().send(request, *args, **kwargs)
        except requests.exceptions.RequestException as error:
            raise no_answer("reddit", error, "REDDIT_OAUTH_URL") from error
        self._note_quota(response)
        is_sign_in = endpoint_name(urlsplit(request.url or "").path) == "access_token"
        if response.status_code == 401 and not is_sign_in and not self._is_renewing:
            self._is_renewing = True
            return response
        if response.status_code not in _BRING_SOMETHING or (is_sign_in and not _is_token(response)):
            raise _RefusedError(response, is_sign_in=is_sign_in)
        self._is_renewing = self._is_renewing and is_sign_in
        return response

    def _note_quota(self, response: requests.Response) -> None:
        """Take the rate-limit headers out of the answer."""
        left, reset = (response.headers.pop(f"x-ratelimit-{name}", None) for name in ("remaining", "reset"))
        response.headers.pop("x-ratelimit-used", None)
        try:
            if left is not None:
                self.remaining, seconds = float(left), float(reset or 0)
                self.reset_seconds = seconds if math.isfinite(seconds) else 0.0
        except ValueError:
            pass  # a header that is no number says nothing

    def check_quota(self) -> None:
        """Raise RateLimitedError when Reddit said that no request is left."""
        if self.remaining is not None and self.remaining < 1:
            retry_at = utc_now() + timedelta(seconds=min(self.reset_seconds, 3600))
            message = f"no requests left until {to_text(retry_at)}"
            raise RateLimitedError("reddit", message, retry_at=retry_at, hint=_NEXT_RUN)


def endpoint_name(path: str) -> str:
    """Return the short name of a Reddit path: a label, so the list is closed."""
    for part, name in (("access_token", "access_token"), ("/api/info", "info"), ("/new", "new"), ("/hot", "hot")):
        if part in path:
            return name
    return "other"


def _is_token(response: requests.Response) -> bool:
    """Tell whether prawcore can make something of the answer to a sign-in: a token, or a refusal."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    if not isinstance(body, dict) or "error" in body:
        return isinstance(body, dict)
    kinds = {"access_token": str, "expires_in": int | float, "scope": str}
    return all(isinstance(body.get(name), kind) for name, kind in kinds.items())


def _refusal(response: requests.Response, about: str) -> TrendSparkError:
    """Return what an answer of Reddit that brings nothing means for the operator."""
    status = response.status_code
    if status < 300:
        brought = "brought no token" if about == _SIGN_IN else f"answered {status}"
        return BadAnswerError("reddit", f"{about} {brought}", status=status, hint=_PORTAL)
    if status < 400:
        if "/subreddits/search" in response.headers.get("location", ""):
            return ConfigError(f"reddit: {about} does not exist", hint="correct REDDIT_SUBREDDITS")
        return BadAnswerError("reddit", f"{about} redirects elsewhere", status=status, hint=_PORTAL)
    closed = _CLOSED.get(_reason(response))
    if status in (403, 404) and closed:
        return ConfigError(f"reddit: {about} {closed} ({status})", hint="take it out of REDDIT_SUBREDDITS")
    if status in (401, 403):
        return CredentialsRefusedError("reddit", f"{about} was refused ({status})", status=status, hint=_CREDENTIALS)
    if status == 404 and about != _SIGN_IN:
        return ConfigError(f"reddit: {about} does not exist (404)", hint="correct REDDIT_SUBREDDITS")
    if status == 429:
        return RateLimitedError("reddit", "rate limit reached (429)", status=429, hint=_NEXT_RUN)
    if status >= 500:
        return UpstreamError("reddit", f"{about} is failing ({status})", status=status, hint=_NEXT_RUN)
    return BadAnswerError("reddit", f"{about} answered {status}", status=status, hint=_PORTAL)


def _reason(response: requests.Response) -> str:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return ""
    return str(body.get("reason", "")) if isinstance(body, dict) else ""
