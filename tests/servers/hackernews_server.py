"""A local Hacker News: the search for stories as Algolia answers it, newest first and never more than a thousand."""

from __future__ import annotations

import operator
import re
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, JsonObject, Request, json_answer

MOST_HITS = 1000  # of one question, whatever page is asked for
FIRST_ID = 45_000_000  # items of 2026 are beyond it

_FILTER = re.compile(r"created_at_i(<=|>=|<|>|=)(\d+)")
_ORDERS: dict[str, Callable[[int, int], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


def hackernews_story(
    created_at: datetime,
    title: str,
    *,
    author: str = "some_author",
    url: str | None = "https://news.example/story",
    text: str | None = None,
    points: int | None = 1,
    comments: int | None = 0,
    story_id: int | None = None,
) -> JsonObject:
    """Return a story with the fields the search answers; without an id the same call always makes the same one."""
    second = int(created_at.timestamp())
    if story_id is None:
        story_id = FIRST_ID + zlib.crc32(f"{second} {title}".encode()) % 10**9
    return {
        "_tags": ["story", f"author_{author}", f"story_{story_id}"],
        "author": author,
        "children": [],
        "created_at": created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at_i": second,
        "num_comments": comments,
        "objectID": str(story_id),
        "points": points,
        "story_id": story_id,
        "title": title,
        "updated_at": created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({"url": url} if url is not None else {}),
        **({"story_text": text} if text is not None else {}),
    }


class HackerNewsServer(LocalServer):
    """The search with the given stories; see `hackernews_story` for making them."""

    platform = "hackernews"

    def __init__(
        self,
        stories: Iterable[JsonObject] = (),
        *,
        clock: Clock = time.time,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self._posts: dict[str, JsonObject] = {}
        self.add(stories)

    def add(self, stories: Iterable[JsonObject]) -> None:
        """Publish stories. Raises ValueError when two different ones have the same id."""
        with self.lock:
            for story in stories:
                name = story["objectID"]
                if self._posts.get(name, story) != story:
                    raise ValueError(f"two stories have the id {name}; give one a story_id")
                self._posts[name] = {**story, "id": name}

    def delete(self, story_id: str) -> None:
        """Take a story out of the index."""
        with self.lock:
            del self._posts[story_id]

    def update(self, story_id: str, **fields: object) -> None:
        """Change fields of a story, such as `points=12`."""
        with self.lock:
            self._posts[story_id].update(fields)

    def endpoint_name(self, method: str, path: str) -> str:
        names = {"/search_by_date": "stories", "/search": "counts"}
        return names.get(path, "unknown") if method == "GET" else "unknown"

    def respond(self, request: Request) -> Answer:
        if request.endpoint == "unknown":
            return json_answer({"message": "not found", "status": 404}, 404)
        filters = [text for text in request.query.get("numericFilters", "").split(",") if text]
        if any(_FILTER.fullmatch(text) is None for text in filters):
            return json_answer({"message": "invalid filter", "status": 400}, 400)
        found = [story for story in self._posts.values() if all(_passes(story, text) for text in filters)]
        if named := re.search(r"\(([^)]*)\)", request.query.get("tags", "")):
            wanted = set(named[1].split(","))
            found = [story for story in found if wanted & set(story["_tags"])]
        found.sort(key=lambda story: (story["created_at_i"], story["objectID"]), reverse=True)
        size = min(int(request.query.get("hitsPerPage", "20")), MOST_HITS)
        return json_answer({"hits": found[:size], "nbHits": len(found), "page": 0, "hitsPerPage": size})


def _passes(story: JsonObject, text: str) -> bool:
    found = _FILTER.fullmatch(text)
    assert found is not None
    return _ORDERS[found[1]](int(story["created_at_i"]), int(found[2]))
