"""What asks Hacker News, made from the settings it takes."""

from __future__ import annotations

from dataclasses import dataclass

from trendspark_cli.base.opening import Opening
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.services.hackernews.stories import HackerNewsStories, endpoint_name
from trendspark_cli.services.public_api import PublicApi


@dataclass(frozen=True)
class Access:
    """How Hacker News is reached."""

    hackernews_api_base_url: str


@dataclass(frozen=True)
class Reading:
    """What is read of Hacker News."""

    hackernews_mode: str


def make(opening: Opening) -> list[HackerNewsStories]:
    """Return what reads all new stories, or those that some profile wants."""
    wants_all = opening.read(Reading).hackernews_mode == "all"
    wanted = None if wants_all else lambda: Matcher(opening.profiles).matches
    return [HackerNewsStories(_api(opening), now=opening.now, wanted=wanted)]


def check(opening: Opening) -> str:
    """Return what Hacker News says of its newest story; the call is free."""
    return HackerNewsStories(_api(opening), now=opening.now).check()


def _api(opening: Opening) -> PublicApi:
    return PublicApi(
        "hackernews",
        opening.read(Access).hackernews_api_base_url,
        "HACKERNEWS_API_BASE_URL",
        record=opening.record,
        endpoint_of=endpoint_name,
        answer_seconds=opening.answer_seconds,
    )
