"""A local Bluesky API: present counters of posts, 25 a call, as its public address answers them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from .http_base import LocalServer
from .messages import Answer, JsonObject, Request, json_answer

MOST_POSTS = 25
PATH = "/xrpc/app.bsky.feed.getPosts"


def post_view(event: JsonObject, *, handle: str = "somebody.example", likes: int = 0, replies: int = 0) -> JsonObject:
    """What the API says of the post that an event of the stream made."""
    commit, did = event["commit"], event["did"]
    return {
        "uri": f"at://{did}/{commit['collection']}/{commit['rkey']}",
        "cid": "c",
        "author": {"did": did, "handle": handle},
        "record": commit["record"],
        "likeCount": likes,
        "replyCount": replies,
        "repostCount": 0,
        "quoteCount": 0,
        "indexedAt": commit["record"]["createdAt"],
        "labels": [],
    }


class BlueskyApiServer(LocalServer):
    """The API with the given posts; those it does not have are missing from its answers."""

    platform = "bluesky"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock=clock)
        self.views: dict[str, JsonObject] = {}
        self.asked: list[list[str]] = []

    def add(self, views: Iterable[JsonObject]) -> None:
        """Have posts."""
        self.views |= {view["uri"]: view for view in views}

    def endpoint_name(self, method: str, path: str) -> str:
        return "counts" if (method, path) == ("GET", PATH) else "unknown"

    def respond(self, request: Request) -> Answer:
        if request.endpoint == "unknown":
            return json_answer({"error": "XRPCNotSupported", "message": "no"}, 404)
        uris = [value for name, value in request.pairs if name == "uris"]
        self.asked.append(uris)
        if not 0 < len(uris) <= MOST_POSTS:
            return json_answer({"error": "InvalidRequest", "message": "1 to 25 uris"}, 400)
        return json_answer({"posts": [self.views[uri] for uri in uris if uri in self.views]})
