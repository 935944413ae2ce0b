"""A local Reddit: tokens, /new and /hot listings and look-ups, with limits.

It plays both www.reddit.com (tokens) and oauth.reddit.com (everything else).
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import Enum
from urllib.parse import parse_qs, quote

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, JsonObject, Request, json_answer
from .rate_window import RateWindow
from .reddit_listings import PAGE_LIMIT, hottest_first, listing, listing_page, newest_first
from .reddit_posts import deleted_by_author, removed_by_moderator

CLIENT_ID = "test-client-id"
CLIENT_SECRET = "test-client-secret"
USER_AGENT = "linux:trendspark-tests:1.0 (by /u/nobody)"
WINDOW_SECONDS = 600
WINDOW_LIMIT = 1000
TOKEN_SECONDS = 86400
DEFAULT_AGENTS = ("python-requests/", "python-urllib/", "curl/", "wget/")  # throttled by Reddit

_LISTING_PATH = re.compile(r"/r/([^/]+)/(new|hot)(?:\.json)?/?")
_ORDERS: dict[str, Callable[[Iterable[JsonObject]], list[JsonObject]]] = {
    "new": newest_first,
    "hot": hottest_first,
}


class Closed(Enum):
    """Why a subreddit cannot be read; the value is the reason Reddit gives."""

    PRIVATE = "private"
    QUARANTINED = "quarantined"
    BANNED = "banned"


class RedditServer(LocalServer):
    """Reddit with the given posts; see `reddit_post` for making them.

    A subreddit exists when a post is in it or it is named in `subreddits`. `closed` names the
    ones that cannot be read. `window_elapsed` (seconds) is how old the rate-limit window is at
    the first request: with 0, prawcore spreads its requests and sleeps 0.6 s before the second.
    """

    platform = "reddit"

    def __init__(
        self,
        posts: Iterable[JsonObject] = (),
        *,
        subreddits: Iterable[str] = (),
        closed: Mapping[str, Closed] | None = None,
        clock: Clock = time.time,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        quota: int = WINDOW_LIMIT,
        window_elapsed: float = 300,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.client_id = client_id
        self.client_secret = client_secret
        self.closed = {name.lower(): why for name, why in (closed or {}).items()}
        self._subreddits = {name.lower() for name in subreddits}
        self._window = RateWindow(quota, WINDOW_SECONDS, window_elapsed)
        self._posts: dict[str, JsonObject] = {}  # by full name, such as t3_1abcdef
        self._unlisted: set[str] = set()
        self._tokens: dict[str, float] = {}  # token: Unix second it expires
        self.add(posts)

    def add(self, posts: Iterable[JsonObject]) -> None:
        """Publish posts. Raises ValueError when two different posts have the same id."""
        with self.lock:
            for post in posts:
                if self._posts.get(post["name"], post) != post:
                    raise ValueError(f"two posts have the id {post['id']}; give one a post_id")
                self._posts[post["name"]] = dict(post)
                self._subreddits.add(post["subreddit"].lower())

    def delete(self, name: str, *, by_moderator: bool = False) -> None:
        """Take a post (full name, t3_...) out of the listings; a look-up shows its remains."""
        change = removed_by_moderator if by_moderator else deleted_by_author
        with self.lock:
            self._posts[name] = change(self._posts[name])
            self._unlisted.add(name)

    def update(self, name: str, **fields: object) -> None:
        """Change fields of a post, such as `score=12, ups=12, num_comments=3`."""
        with self.lock:
            self._posts[name].update(fields)

    def expire_tokens(self) -> None:
        """Make every token handed out so far invalid; the next call gets a 401."""
        with self.lock:
            self._tokens.clear()

    def endpoint_name(self, method: str, path: str) -> str:
        if method == "POST" and path == "/api/v1/access_token":
            return "access_token"
        if method == "GET" and path.rstrip("/") == "/api/info":
            return "info"
        if method == "GET" and path.rstrip("/") == "/api/v1/scopes":
            return "scopes"
        if method == "GET" and _LISTING_PATH.fullmatch(path):
            return "listing"
        return "unknown"

    def respond(self, request: Request) -> Answer:
        if request.headers.get("user-agent", "").lower().startswith(DEFAULT_AGENTS):
            return _refusal(429, "Too Many Requests")
        if request.endpoint == "access_token":
            return self._token(request)
        if not self._is_authorized(request):
            challenge = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return replace(_refusal(401, "Unauthorized"), headers=challenge)
        if not self._window.take(request.time):
            answer = _refusal(429, "Too Many Requests")
        elif request.endpoint == "listing":
            answer = self._listing(request)
        elif request.endpoint == "info":
            answer = json_answer(self._info(request))
        elif request.endpoint == "scopes":
            answer = json_answer({"read": {"id": "read", "name": "Read Content", "description": "Access posts."}})
        else:
            answer = _refusal(404, "Not Found")
        return replace(answer, headers={**answer.headers, **self._rate_headers(request.time)})

    def _token(self, request: Request) -> Answer:
        plain = f"{self.client_id}:{self.client_secret}".encode()
        if request.authorization != "Basic " + base64.b64encode(plain).decode():
            return _refusal(401, "Unauthorized")
        form = parse_qs(request.body.decode())
        grant = form.get("grant_type", [""])[0]
        if grant == "password":
            return json_answer({"error": "invalid_grant"})  # nobody has an account here
        if grant != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(24)
        self._tokens[token] = request.time + TOKEN_SECONDS
        return json_answer(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": "*",
            }
        )

    def _is_authorized(self, request: Request) -> bool:
        scheme, _, token = (request.authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self._tokens.get(token, 0) > request.time

    def _listing(self, request: Request) -> Answer:
        found = _LISTING_PATH.fullmatch(request.path)
        assert found is not None
        names = [name.lower() for name in found[1].split("+")]
        for name in names:
            if refusal := self._refusal_for(name):
                return refusal
        posts = (
            post
            for full_name, post in self._posts.items()
            if post["subreddit"].lower() in names and full_name not in self._unlisted
        )
        return json_answer(listing_page(_ORDERS[found[2]](posts), request.query))

    def _refusal_for(self, name: str) -> Answer | None:
        why = self.closed.get(name)
        if why is Closed.BANNED:
            return _refusal(404, "Not Found", why.value)
        if why is not None:
            return _refusal(403, "Forbidden", why.value)
        if name not in self._subreddits:
            target = f"{self.url}/subreddits/search.json?q={quote(name)}"
            return Answer(302, b"", {"location": target, "content-type": "text/html"})
        return None

    def _info(self, request: Request) -> JsonObject:
        names = request.query.get("id", "").split(",")[:PAGE_LIMIT]
        found = [self._posts[name] for name in dict.fromkeys(names) if name in self._posts]
        return listing(found, request.query)

    def _rate_headers(self, now: float) -> dict[str, str]:
        remaining = self._window.remaining(now)
        return {
            "x-ratelimit-used": str(self._window.used),
            "x-ratelimit-remaining": f"{remaining:.1f}",
            "x-ratelimit-reset": str(max(round(self._window.resets_at(now) - now), 0)),
        }


def _refusal(status: int, message: str, reason: str | None = None) -> Answer:
    body: JsonObject = {"message": message, "error": status}
    if reason:
        body["reason"] = reason
    return json_answer(body, status)
