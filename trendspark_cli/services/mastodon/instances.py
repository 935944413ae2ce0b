"""Instances of Mastodon, asked politely and without an account: what they answer, and what their refusals mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import from_text, utc_now
from trendspark_cli.base.errors import BadAnswerError, CredentialsRefusedError, UpstreamError
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.public_api import LONGEST_PAUSE, Parameters, PublicApi, retry_at

SERVICE = "mastodon"
SETTING = "MASTODON_TIMELINES"
LEAST_LEFT = 10  # requests of an instance's allowance that are left to others of this address
CLOSED = (401, 403, 422)  # of an instance that shows a timeline to its own people only
GONE = (404, 410)
_PREVIOUS = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?prev"?')
_PLACE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Statuses(NamedTuple):
    """One page of a timeline. `newer` is where the page above it begins, if the instance says so."""

    items: list[Any]
    newer: str | None
    is_enough: bool  # little is left of what the instance allows


class Instance:
    """One server. What kept it from answering once in a run is not tried again."""

    def __init__(self, base_url: str, *, record: Callable[[ApiCall], None], answer_seconds: float) -> None:
        self.name = urlsplit(base_url).netloc
        self.failure: UpstreamError | None = None
        self._api = _Api(
            SERVICE,
            base_url,
            SETTING,
            record=record,
            endpoint_of=endpoint_name,
            answer_seconds=answer_seconds,
            server=self.name,
        )

    def now(self, ours: datetime) -> datetime:
        """Return what time it is, by *ours* or by the instance when that contradicts it."""
        return self._api.now(ours)

    def statuses(self, path: str, parameters: Parameters, *, about: str) -> Statuses:
        """Return a page of a timeline. Raises UpstreamError."""
        response = self._asked(path, parameters, about)
        found = self._api.read(response, about=about)
        if not isinstance(found, list):
            raise self._api.bad_answer(f"{about}: the answer is no list of posts")
        left = response.headers.get("x-ratelimit-remaining", "")
        return Statuses(found, _newer(response.headers.get("link", "")), left.isdecimal() and int(left) < LEAST_LEFT)

    def status(self, status_id: str) -> JsonObject | None:
        """Return a post of this instance, None when it is gone. Raises UpstreamError."""
        about = "a look-up of a post"
        try:
            found = self._api.read(self._asked(f"api/v1/statuses/{status_id}", {}, about), about=about)
        except BadAnswerError as error:
            if error.status in GONE:
                return None
            raise
        if not isinstance(found, dict):
            raise self._api.bad_answer(f"{about}: the answer is no post")
        return found

    def bad_answer(self, message: str) -> BadAnswerError:
        """Return the error for what no instance should answer."""
        return self._api.bad_answer(message)

    def _asked(self, path: str, parameters: Parameters, about: str) -> requests.Response:
        if self.failure is not None:
            raise self.failure
        try:
            return self._api.ask(path, parameters, about=about)
        except UpstreamError as failure:
            failure.is_service_wide = False  # other instances may well answer
            if not isinstance(failure, BadAnswerError | CredentialsRefusedError):
                self.failure = failure
            raise


class _Api(PublicApi):
    def refusal(self, response: requests.Response, about: str) -> UpstreamError:
        """Return the error for an answer that is no success: closed timelines, and limits in Mastodon's own words."""
        status = response.status_code
        if status in CLOSED:
            told = f"{self._prefix}{about} is closed to readers without an account ({status})"
            hint = f"take it out of {SETTING}; other timelines are read all the same"
            return CredentialsRefusedError(SERVICE, told, status=status, hint=hint)
        if status == 429:
            header = response.headers.get("x-ratelimit-reset", "")
            return self.rate_limited(_reset_at(header) or retry_at(response.headers.get("retry-after", "")))
        if status in GONE:
            told = f"{self._prefix}{about} is not there ({status})"
            hint = f"check {SETTING}: HOST/public or HOST/tags/NAME, of a server that speaks Mastodon's API"
            return BadAnswerError(SERVICE, told, status=status, hint=hint)
        return super().refusal(response, about)


def endpoint_name(path: str) -> str:
    """Return the short name of a path: a label, so the list is closed."""
    return "timeline" if "/timelines/" in path else "counts"


def _newer(link: str) -> str | None:
    """Return the place that a Link header names for the page above; its address is not believed."""
    found = _PREVIOUS.search(link[:4000])
    places = parse_qs(found[1].partition("?")[2]).get("min_id", []) if found is not None else []
    return places[0] if places and _PLACE.fullmatch(places[0]) else None


def _reset_at(header: str) -> datetime | None:
    """Return when a limit ends, by the time a header names."""
    now = utc_now()
    try:
        return min(max(from_text(header), now), now + LONGEST_PAUSE)
    except (ValueError, OverflowError):
        return None
