"""A local instance of Mastodon: its public timelines and those of tags, paged by `min_id`, and single posts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, JsonObject, Request, json_answer

MOST = 40  # of one page
WINDOW_SECONDS = 300
LIMIT = 300  # requests of a window


def mastodon_status(
    created_at: datetime,
    text: str,
    *,
    number: int = 0,
    host: str = "mastodon.example",
    author: str = "anna",
    tags: Iterable[str] = (),
    **fields: object,
) -> JsonObject:
    """Return a status as the API shows it, made at *host*; *number* tells those of one millisecond apart."""
    status_id = str((int(created_at.timestamp() * 1000) << 16) + number)
    uri = f"https://{host}/users/{author}/statuses/{status_id}"
    return {
        "id": status_id,
        "uri": uri,
        "url": f"https://{host}/@{author}/{status_id}",
        "created_at": created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "edited_at": None,
        "content": f"<p>{text}</p>",
        "spoiler_text": "",
        "sensitive": False,
        "visibility": "public",
        "language": "en",
        "reblog": None,
        "account": {"acct": author, "url": f"https://{host}/@{author}", "bot": False},
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "card": None,
        "tags": [{"name": tag} for tag in tags],
        **fields,
    }


class MastodonServer(LocalServer):
    """An instance with the given statuses. `closed` is the status it answers to readers without an account."""

    platform = "mastodon"

    def __init__(
        self,
        statuses: Iterable[JsonObject] = (),
        *,
        clock: Clock = time.time,
        certificate: Certificate | None = None,
        closed: int = 0,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.closed = closed
        self._posts: dict[str, JsonObject] = {}
        self.add(statuses)

    def add(self, statuses: Iterable[JsonObject]) -> None:
        """Publish statuses."""
        with self.lock:
            self._posts |= {status["id"]: status for status in statuses}

    def update(self, status_id: str, **fields: object) -> None:
        """Change fields of a status."""
        with self.lock:
            self._posts[status_id].update(fields)

    def delete(self, status_id: str) -> None:
        """Take a status away."""
        with self.lock:
            del self._posts[status_id]

    def endpoint_name(self, method: str, path: str) -> str:
        if re.fullmatch(r"/api/v1/timelines/(public|tag/[^/]+)", path):
            return "timeline"
        return "counts" if re.fullmatch(r"/api/v1/statuses/\d+", path) else "unknown"

    def respond(self, request: Request) -> Answer:
        if request.endpoint == "unknown":
            return json_answer({"error": "Record not found"}, 404)
        if self.closed and request.endpoint == "timeline":
            return json_answer({"error": "This method requires an authenticated user"}, self.closed)
        if request.endpoint == "counts":
            found = self._posts.get(request.path.rpartition("/")[2])
            return json_answer(found) if found is not None else json_answer({"error": "Record not found"}, 404)
        return self._page(request)

    def _page(self, request: Request) -> Answer:
        tag = re.fullmatch(r"/api/v1/timelines/tag/([^/]+)", request.path)
        found = [s for s in self._posts.values() if tag is None or tag[1] in [each["name"] for each in s["tags"]]]
        if request.query.get("local") == "true":
            found = [status for status in found if "@" not in status["account"]["acct"]]
        size = min(int(request.query.get("limit", "20")), MOST)
        found.sort(key=lambda status: int(status["id"]))
        if "min_id" in request.query:
            page = [status for status in found if int(status["id"]) > int(request.query["min_id"])][:size]
        else:
            page = found[-size:]
        page.reverse()
        reset = datetime.fromtimestamp(request.time // WINDOW_SECONDS * WINDOW_SECONDS + WINDOW_SECONDS, UTC)
        headers = {
            "x-ratelimit-limit": str(LIMIT),
            "x-ratelimit-remaining": str(max(LIMIT - request.number, 100)),
            "x-ratelimit-reset": reset.isoformat().replace("+00:00", "Z"),
        }
        if page:
            place = f"{self.url}{request.path}?min_id={page[0]['id']}"
            below = f"{self.url}{request.path}?max_id={page[-1]['id']}"
            headers["link"] = f'<{below}>; rel="next", <{place}>; rel="prev"'
        return json_answer(page, headers=headers)
