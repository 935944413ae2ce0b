"""Services that need no key: JSON asked for politely, and each way that can fail as an error of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.clock_witness import ClockWitness
from trendspark_cli.base.errors import BadAnswerError, CredentialsRefusedError, RateLimitedError, UpstreamError
from trendspark_cli.services.http import ANSWER_SECONDS, USER_AGENT, BoundedAdapter, DirectSession, session
from trendspark_cli.services.transport_errors import no_answer

LONGEST_PAUSE = timedelta(hours=1)  # that a service is believed when it names a time
_NEXT_RUN = "nothing to do: the next run goes on where this one stopped"

Parameters = Mapping[str, str | int | list[str]]


class PublicApi:
    """Asks one address for JSON. `setting` is the name of the setting that holds the address."""

    def __init__(
        self,
        service: str,
        base_url: str,
        setting: str,
        *,
        record: Callable[[ApiCall], None],
        endpoint_of: Callable[[str], str],
        answer_seconds: float = ANSWER_SECONDS,
        server: str = "",
    ) -> None:
        """Take the address; *server* names it in errors, where a service has several."""
        self.witness = ClockWitness()
        self._service = service
        self._server = server
        self._base_url = base_url.rstrip("/")
        self._setting = setting
        self._record = record
        self._session = session(
            BoundedAdapter(service, self._heard, endpoint_of=endpoint_of, answer_seconds=answer_seconds),
            DirectSession(),
        )
        self._session.headers["User-Agent"] = USER_AGENT

    def _heard(self, call: ApiCall) -> None:
        self.witness.hear([call])
        self._record(call)

    def get(self, path: str, parameters: Parameters, *, about: str) -> Any:
        """Return the JSON that *path* answers; *about* says in errors what was asked for. Raises UpstreamError."""
        return self.read(self.ask(path, parameters, about=about), about=about)

    def ask(self, path: str, parameters: Parameters, *, about: str) -> requests.Response:
        """Return the answer of *path*, which is a success. Raises UpstreamError."""
        try:
            response = self._session.get(f"{self._base_url}/{path}", params=parameters, allow_redirects=False)
        except requests.exceptions.RequestException as error:
            failure = no_answer(self._named, error, self._setting)
            failure.service = self._service
            raise failure from error
        if response.status_code != 200:
            raise self.refusal(response, about)
        return response

    def read(self, response: requests.Response, *, about: str) -> Any:
        """Return the JSON of an answer. Raises BadAnswerError when it is none."""
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise self.bad_answer(f"{about}: the answer is no JSON") from error

    def now(self, ours: datetime) -> datetime:
        """Return what time it is: by *ours*, or by the service when that contradicts it."""
        ahead = self.witness.ahead
        return ours - ahead if ahead is not None and self.witness.contradicts else ours

    def bad_answer(self, message: str, status: int | None = None) -> BadAnswerError:
        """Return the error for an answer that is not in the service's own format."""
        hint = f"check {self._setting}, proxies and captive portals on this network"
        return BadAnswerError(self._service, self._prefix + message, status=status, hint=hint)

    def rate_limited(self, again_at: datetime | None) -> RateLimitedError:
        """Return the error for an answer that asks us to wait, until a time if it names one."""
        until = f" until {to_text(again_at)}" if again_at is not None else ""
        told = f"{self._prefix}rate limit reached (429){until}"
        return RateLimitedError(self._service, told, status=429, retry_at=again_at, hint=_NEXT_RUN)

    @property
    def _prefix(self) -> str:
        return f"{self._server}: " if self._server else ""

    @property
    def _named(self) -> str:
        """Return the service, and which server of it, for errors."""
        return f"{self._service}: {self._server}" if self._server else self._service

    def refusal(self, response: requests.Response, about: str) -> UpstreamError:
        """Return the error for an answer that is no success."""
        status = response.status_code
        if status == 429:
            return self.rate_limited(retry_at(response.headers.get("retry-after", "")))
        if status in (401, 403):
            return CredentialsRefusedError(
                self._service,
                f"{self._prefix}{about} was refused ({status}), though no key should be needed",
                status=status,
                hint=f"check {self._setting}; the service may be closed to this network",
            )
        if status >= 500:
            told = f"{self._prefix}{about} is failing ({status})"
            return UpstreamError(self._service, told, status=status, hint=_NEXT_RUN)
        if status < 400:
            return self.bad_answer(f"{about} redirects elsewhere ({status})", status)
        return self.bad_answer(f"{about} answered {status}", status)


def retry_at(header: str) -> datetime | None:
    """Return when to come back, by a Retry-After in seconds or as a date; None when it says nothing sensible."""
    return retry_after(header, utc_now(), LONGEST_PAUSE)


def retry_after(header: str, now: datetime, longest: timedelta) -> datetime | None:
    """Return the time that a Retry-After names, between *now* and so much later; None when it names none."""
    if header.isascii() and header.isdecimal():
        return now + timedelta(seconds=min(int(header[:9]), longest.total_seconds()))
    try:
        return min(max(parsedate_to_datetime(header), now), now + longest)
    except (ValueError, TypeError, OverflowError):
        return None
