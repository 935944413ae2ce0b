"""One praw client for all subreddits: signed in, bounded in time, and never asleep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import praw
import prawcore
import requests

from trendspark_cli.clock import to_text, utc_now
from trendspark_cli.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.http import ANSWER_SECONDS, BoundedAdapter, session
from trendspark_cli.job_context import ApiCall
from trendspark_cli.sources.transport_errors import no_answer

_NEXT_RUN = "nothing to do: the next run goes on where this one stopped"
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
        self._adapter = _QuotaAdapter(
            "reddit",
            record,
            endpoint_of=endpoint_name,
            retries=0,  # prawcore retries by itself
            answer_seconds=answer_seconds,
        )
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

    def get(self, path: str, parameters: Mapping[str, str | int], *, about: str) -> Any:
        """Return the JSON that *path* answers; *about* says in errors what was asked for.

        Raises ConfigError for a subreddit that cannot be read, UpstreamError for everything that is Reddit's.
        """
        self._adapter.check_quota()
        try:
            return self._reddit.request(method="GET", path=path, params={**parameters, "raw_json": 1})
        except prawcore.exceptions.RequestException as error:
            if isinstance(error.original_exception, requests.exceptions.RequestException):
                raise no_answer("reddit", error.original_exception, "REDDIT_OAUTH_URL") from error
            raise
        except prawcore.exceptions.OAuthException as error:
            raise CredentialsRefusedError("reddit", "the sign-in was refused", hint=_CREDENTIALS) from error
        except prawcore.exceptions.ResponseException as error:
            raise _refusal(error, about) from error
        except KeyError as error:
            # prawcore's own way to say 401 when the answer has no WWW-Authenticate header.
            if error.args != (401,):
                raise
            raise CredentialsRefusedError("reddit", "the token was refused (401)", hint=_CREDENTIALS) from error
        except (praw.exceptions.PRAWException, requests.exceptions.JSONDecodeError) as error:
            raise BadAnswerError("reddit", f"{about}: the answer makes no sense", hint=_portal_hint()) from error


class _QuotaAdapter(BoundedAdapter):
    """Keeps Reddit's rate limit itself: prawcore would sleep for minutes inside a call to honour it."""

    remaining: float | None = None
    reset_seconds = 0.0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and take the rate-limit headers out of the answer."""
        response = super().send(request, *args, **kwargs)
        left, reset = (response.headers.pop(f"x-ratelimit-{name}", None) for name in ("remaining", "reset"))
        response.headers.pop("x-ratelimit-used", None)
        try:
            if left is not None:
                self.remaining, self.reset_seconds = float(left), float(reset or 0)
        except ValueError:
            pass  # a header that is no number says nothing
        return response

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


def _refusal(error: prawcore.exceptions.ResponseException, about: str) -> TrendSparkError:
    """Return what an HTTP status of Reddit means for the operator."""
    response: requests.Response = error.response
    status = response.status_code
    if isinstance(error, prawcore.exceptions.Redirect):
        if "/subreddits/search" in str(error.path):
            return ConfigError(f"reddit: {about} does not exist", hint="correct REDDIT_SUBREDDITS")
        return BadAnswerError("reddit", f"{about} redirects elsewhere", status=status, hint=_portal_hint())
    if isinstance(error, prawcore.exceptions.BadJSON):
        return BadAnswerError("reddit", f"{about}: the answer is no JSON", status=status, hint=_portal_hint())
    closed = _CLOSED.get(_reason(response))
    if status in (403, 404) and closed:
        return ConfigError(f"reddit: {about} {closed} ({status})", hint="take it out of REDDIT_SUBREDDITS")
    if status in (401, 403):
        return CredentialsRefusedError("reddit", f"{about} was refused ({status})", status=status, hint=_CREDENTIALS)
    if status == 404:
        return ConfigError(f"reddit: {about} does not exist (404)", hint="correct REDDIT_SUBREDDITS")
    if status == 429:
        return RateLimitedError("reddit", "rate limit reached (429)", status=429, hint=_NEXT_RUN)
    if status >= 500:
        return UpstreamError("reddit", f"{about} is failing ({status})", status=status, hint=_NEXT_RUN)
    return BadAnswerError("reddit", f"{about} answered {status}", status=status, hint=_portal_hint())


def _reason(response: requests.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("reason", "")) if isinstance(body, dict) else ""


def _portal_hint() -> str:
    return "check REDDIT_OAUTH_URL, proxies and captive portals on this network"
