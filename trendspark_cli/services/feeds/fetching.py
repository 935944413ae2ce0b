"""Fetch one feed: bounded in bytes, time and redirects, asked only for what is new, and never led astray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import BadAnswerError, UpstreamError
from trendspark_cli.base.feed_addresses import MASK, name_of
from trendspark_cli.services.feeds.private_networks import PrivateAddressError, PublicOnlyAdapter
from trendspark_cli.services.http import USER_AGENT, AnswerTooLargeError, BoundedAdapter, DirectSession, session
from trendspark_cli.services.transport_errors import no_answer

SERVICE = "feeds"
SETTING = "FEEDS"
LARGEST = 8 * 2**20  # bytes, decoded: a feed of podcasts may have some
MOST_REDIRECTS = 5
PERMANENT = (301, 308)
REDIRECTS = (301, 302, 303, 307, 308)
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
WHERE_IT_IS = "https://pypi.org/project/trendspark"  # for those who wonder who asks


class Answer(NamedTuple):
    """What came of asking for a feed. `moved_to` is where it says it lives now, for good."""

    status: int
    content: bytes
    headers: Mapping[str, str]
    moved_to: str = ""


class Fetcher:
    """Asks for feeds. *named* are addresses of the settings: only these may lie in a private network.

    Each as it is written there: another path of the same host is as private as any.
    """

    def __init__(self, named: Sequence[str], *, record: Callable[[ApiCall], None], answer_seconds: float) -> None:
        self._named = frozenset(named)
        self._sessions = [
            session(
                kind(SERVICE, record, endpoint_of=lambda path: "feed", retries=1, answer_seconds=answer_seconds),
                DirectSession(),
            )
            for kind in (BoundedAdapter, PublicOnlyAdapter)
        ]
        for each in self._sessions:
            each.headers.update({"User-Agent": f"{USER_AGENT} (+{WHERE_IT_IS})", "Accept": ACCEPT})

    def fetch(self, address: str, name: str, *, known: Mapping[str, str]) -> Answer:
        """Return what *address* answers; *known* are headers that say what we have, *name* tells it in errors.

        Raises UpstreamError when there is no answer, or redirects lead where they may not.
        """
        at, moved_to, is_permanent = address, "", True
        for _ in range(MOST_REDIRECTS + 1):
            response = self._asked(at, name, known)
            status, target = response.status_code, response.headers.get("location", "")
            if status not in REDIRECTS:
                if len(response.content) > LARGEST:
                    raise _no_feed(name, f"is larger than {LARGEST} bytes")
                return Answer(status, response.content, response.headers, moved_to)
            try:
                at = urljoin(at, target)
                is_web = urlsplit(at).scheme in ("http", "https") and bool(urlsplit(at).hostname)
                _ = urlsplit(at).port
            except ValueError:
                is_web = False
            if not target or not is_web:
                raise _no_feed(name, "redirects to what is no address")
            is_permanent = is_permanent and status in PERMANENT
            moved_to = at if is_permanent else moved_to
        raise _no_feed(name, f"redirects more than {MOST_REDIRECTS} times")

    def _asked(self, at: str, name: str, known: Mapping[str, str]) -> requests.Response:
        sends = self._sessions[0 if at in self._named else 1]
        sends.cookies.clear()
        try:
            return sends.get(at, headers=dict(known), allow_redirects=False)
        except PrivateAddressError as error:
            told = f"{name}: redirects into a private network, to {urlsplit(at).hostname or MASK}"
            hint = f"if that is meant, write the address it leads to into {SETTING}"
            raise _of_one_feed(BadAnswerError(SERVICE, told, hint=hint)) from error
        except AnswerTooLargeError as error:
            raise _no_feed(name, str(error).replace("the answer is", "is")) from error
        except requests.exceptions.RequestException as error:
            failure = no_answer(f"{SERVICE}: {name}", error, SETTING)
            failure.service = SERVICE
            raise _of_one_feed(failure) from error


def _no_feed(name: str, what: str) -> BadAnswerError:
    return BadAnswerError(SERVICE, f"{name}: {what}", hint=f"check {SETTING}, proxies and captive portals")


def _of_one_feed(failure: UpstreamError) -> UpstreamError:
    """Return an error that keeps no other feed from being read."""
    failure.is_service_wide = False
    return failure


def told_address(address: str) -> str:
    """Return an address that a server named, as it may be told."""
    return f"{urlsplit(address).scheme}://{name_of(address)}"
