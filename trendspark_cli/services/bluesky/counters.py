"""Present counters of posts of Bluesky, and the names of who wrote them: 25 a call, without a login."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.models import GonePost, Page, Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.bluesky.posts import POSTS, has_hiding, is_hidden, post_of
from trendspark_cli.services.field_values import JsonObject, counter
from trendspark_cli.services.post_files.json_values import elements, members
from trendspark_cli.services.public_api import PublicApi

POSTS_A_CALL = 25
_PATH = "xrpc/app.bsky.feed.getPosts"


class PostCounters:
    """Asks the public API of Bluesky."""

    def __init__(self, api: PublicApi) -> None:
        self._api = api

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return present counters of posts of the stream; those that are gone are missing.

        `gone` are those that moderation or their writers ask not to show.
        """
        posts: list[Post] = []
        rejections: list[Rejection] = []
        gone: list[GonePost] = []
        for start in range(0, len(ids), POSTS_A_CALL):
            answer = self._api.get(_PATH, {"uris": list(ids[start : start + POSTS_A_CALL])}, about="a look-up of posts")
            views = answer.get("posts") if isinstance(answer, dict) else None
            if not isinstance(views, list):
                raise self._api.bad_answer("a look-up of posts: the answer is no list of posts")
            for index, view in enumerate(views, 1):
                if _is_hidden(members(view)) and members(view).get("uri") in ids:
                    gone.append(GonePost(str(members(view).get("uri"))))
                    continue
                found = _post_of_view(members(view), str(start + index))
                if isinstance(found, Rejection):
                    rejections.append(found)
                elif found.source_id in ids:
                    posts.append(found)
        fetched = len(posts) + len(rejections)
        return Page(tuple(posts), fetched, tuple(rejections), endpoint="counts", gone=tuple(gone))


def endpoint_name(path: str) -> str:
    """Return the short name of a path of the API."""
    return "counts"


def _is_hidden(view: JsonObject) -> bool:
    labels = (*elements(view.get("labels")), *elements(members(view.get("author")).get("labels")))
    return has_hiding(labels) or is_hidden(members(view.get("record")))


def _post_of_view(view: JsonObject, place: str) -> Post | Rejection:
    author, uri = members(view.get("author")), view.get("uri")
    did, _, key = str(uri).removeprefix("at://").partition(f"/{POSTS}/")
    found = post_of(did, {"rkey": key, "record": view.get("record")}, view.get("indexedAt"), place)
    if isinstance(found, Rejection):
        return found
    try:
        found = found._replace(
            likes=counter(view.get("likeCount")),
            replies=counter(view.get("replyCount")),
            reposts=counter(view.get("repostCount")),
            quotes=counter(view.get("quoteCount")),
        )
    except ValueError:
        return Rejection("bad_counter", place)
    handle = author.get("handle")
    name = clean_text(handle) if isinstance(handle, str) and author.get("did") == did else ""
    return found._replace(author_name=name if name != "handle.invalid" else None)
