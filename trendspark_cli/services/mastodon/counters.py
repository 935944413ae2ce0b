"""Present counters of posts of Mastodon, asked of the instance a post was made at: nobody else has all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.models import GonePost, Page, Post, Rejection
from trendspark_cli.services.mastodon.instances import Instance
from trendspark_cli.services.mastodon.posts import post_of

MOST_OF_A_RUN = 40  # requests, one a post
_ID = re.compile(r"https?://([^/\s]+)/(?:ap/)?users/[^/\s]+/statuses/(\d{1,20})", re.ASCII)


class StatusCounters:
    """Asks the instances whose timelines are read; posts of others are not asked for. *instances* by their host."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        self._instances = instances

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return present counters; `gone` are those that their own instance has no more.

        An instance that fails is passed over. Raises its UpstreamError when none answered.
        """
        posts: list[Post] = []
        rejections: list[Rejection] = []
        gone: list[GonePost] = []
        failures: list[UpstreamError] = []
        asked = 0
        places = [(post_id, place) for post_id in ids if (place := self._place(post_id)) is not None]
        for post_id, (instance, status_id) in places[:MOST_OF_A_RUN]:
            try:
                status = instance.status(status_id)
            except UpstreamError as failure:
                failures.append(failure)
                continue
            asked += 1
            if status is None:
                gone.append(GonePost(post_id))
                continue
            found = post_of(status, status_id)
            if isinstance(found, Rejection):
                rejections.append(found)
            elif found.source_id == post_id:
                posts.append(found)
        if failures and not asked:
            raise failures[0]
        fetched = len(posts) + len(rejections)
        return Page(tuple(posts), fetched, tuple(rejections), reads=1, endpoint="counts", gone=tuple(gone))

    def _place(self, post_id: str) -> tuple[Instance, str] | None:
        """Return the instance of a post that is read, and its id there."""
        found = _ID.fullmatch(post_id)
        instance = self._instances.get(found[1].lower()) if found is not None else None
        return (instance, found[2]) if found is not None and instance is not None else None


def host_of(base_url: str) -> str:
    """Return what an instance's posts are named by."""
    return urlsplit(base_url).netloc.lower()
