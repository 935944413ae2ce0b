"""What reads feeds, made from the settings it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.feed_addresses import names_of
from trendspark_cli.base.opening import Opening
from trendspark_cli.services.feeds.feed import FeedSource
from trendspark_cli.services.feeds.fetching import Fetcher
from trendspark_cli.services.feeds.hosts import Hosts

CHECK_SECONDS = 15.0  # for all feeds together, when somebody waits for what they say


@dataclass(frozen=True)
class Reading:
    """Which feeds are read."""

    feeds: tuple[str, ...]


def make(opening: Opening) -> list[FeedSource]:
    """Return what reads each feed; they share what is known of hosts."""
    names = names_of(opening.read(Reading).feeds)
    fetcher = Fetcher(tuple(names), record=opening.record, answer_seconds=opening.answer_seconds)
    hosts = Hosts()
    return [FeedSource(address, name, fetcher, hosts, now=opening.now) for address, name in names.items()]


def check(opening: Opening) -> str:
    """Return what each feed has, as many as answer in time. Raises the error of the first that fails."""
    told: list[str] = []
    failures: list[UpstreamError] = []
    until = time.monotonic() + CHECK_SECONDS
    sources = make(opening)
    for source in sources:
        if time.monotonic() > until:
            told.append(f"{len(sources) - len(told) - len(failures)} more were not asked")
            break
        try:
            told.append(source.check())
        except UpstreamError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return "; ".join(told)
