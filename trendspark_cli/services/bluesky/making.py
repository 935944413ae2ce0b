"""What reads Bluesky, made from the settings it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from trendspark_cli.base.opening import Opening
from trendspark_cli.collecting.matching import Matcher, main_languages
from trendspark_cli.services.bluesky.counters import PostCounters, endpoint_name
from trendspark_cli.services.bluesky.page import Wanted
from trendspark_cli.services.bluesky.stream_posts import BlueskyPosts
from trendspark_cli.services.public_api import PublicApi


@dataclass(frozen=True)
class Reading:
    """How Bluesky is reached, and what is read of it."""

    bluesky_hosts: tuple[str, ...]
    bluesky_mode: str
    bluesky_api_base_url: str
    bluesky_first_run_lookback: timedelta
    languages: tuple[str, ...]


def make(opening: Opening) -> list[BlueskyPosts]:
    """Return what reads the posts that some profile wants, or all in the languages of the settings."""
    return [_posts(opening, stays=False)]


def stream(opening: Opening) -> BlueskyPosts:
    """Return what reads the same posts as they are made, and comes to no end."""
    return _posts(opening, stays=True)


def _posts(opening: Opening, *, stays: bool) -> BlueskyPosts:
    reading = opening.read(Reading)
    api = PublicApi(
        "bluesky",
        reading.bluesky_api_base_url,
        "BLUESKY_API_BASE_URL",
        record=opening.record,
        endpoint_of=endpoint_name,
        answer_seconds=opening.answer_seconds,
    )
    return BlueskyPosts(
        reading.bluesky_hosts,
        PostCounters(api),
        lambda: _wanted(reading, opening),
        lookback=reading.bluesky_first_run_lookback,
        now=opening.now,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
        stays=stays,
    )


def check(opening: Opening) -> str:
    """Return which host sends events; that is free."""
    [source] = make(opening)
    return source.check()


def _wanted(reading: Reading, opening: Opening) -> Wanted:
    if reading.bluesky_mode == "keywords":
        return Matcher(opening.profiles).matches
    languages = main_languages(reading.languages)

    def is_in_languages(text: str, spoken: Iterable[str], tags: Iterable[str]) -> bool:
        return not languages or not languages.isdisjoint(main_languages(spoken))

    return is_in_languages
