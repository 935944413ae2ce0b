"""A local X API: recent search, look-up, counts and usage, with limits and a bill."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, JsonObject, Request, json_answer
from .rate_window import RateWindow
from .x_billing import BillingLedger
from .x_counts import counts_document
from .x_names import FIELD_PARAMETERS
from .x_posts import user_document
from .x_problems import (
    CREDITS_DEPLETED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    USAGE_CAPPED,
    invalid_request,
    missing_author_error,
    not_found_error,
)
from .x_search import (
    PAGE_PARAMETERS,
    WINDOW_PARAMETERS,
    RefusedRequestError,
    page_token,
    read_expansions,
    read_fields,
    read_max_results,
    read_page_token,
    read_window,
    refuse_unknown_parameters,
)
from .x_usage import MOST_USAGE_DAYS, usage_document

BEARER_TOKEN = "test-bearer-token"
ENDPOINTS = {
    "/2/tweets/search/recent": "search_recent",
    "/2/tweets": "tweets_lookup",
    "/2/tweets/counts/recent": "counts_recent",
    "/2/usage/tweets": "usage",
}
QUOTAS = {"search_recent": 450, "tweets_lookup": 3500, "counts_recent": 300, "usage": 50}
RATE_WINDOW_SECONDS = 900
LOOKUP_LIMIT = 100  # ids in one look-up
MONTHLY_POST_CAP = 3_000_000


class XServer(LocalServer):
    """X with the given posts; see `x_post` for making them.

    Plain attributes may be changed while it runs:

    - `match_everything`: every post matches every query
    - `short_page`: at most this many posts a page, whatever max_results says
    - `partial_errors`: put into `errors` beside the data of every search
    - `credits_usd`: answer 402 once the bill has reached this; None for endless money
    - `post_cap`: answer 429 usage-capped once so many posts were billed
    - `uses_post_names`: answer with the spec's new field names (`edit_history_post_ids`, ...)
    """

    platform = "x"

    def __init__(
        self,
        posts: Iterable[JsonObject] = (),
        *,
        clock: Clock = time.time,
        bearer_token: str = BEARER_TOKEN,
        quotas: Mapping[str, int] | None = None,
        match_everything: bool = False,
        short_page: int | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.bearer_token = bearer_token
        self.match_everything = match_everything
        self.short_page = short_page
        self.partial_errors: Sequence[JsonObject] = ()
        self.credits_usd: float | None = None
        self.post_cap = MONTHLY_POST_CAP
        self.uses_post_names = False
        self.billing = BillingLedger()
        limits = {**QUOTAS, **(quotas or {})}
        self._windows = {name: RateWindow(n, RATE_WINDOW_SECONDS) for name, n in limits.items()}
        self._posts: dict[str, JsonObject] = {}
        self._superseded: set[str] = set()  # older versions of edited posts
        self._gone_authors: set[str] = set()
        self.add(posts)

    def add(self, posts: Iterable[JsonObject]) -> None:
        """Publish posts. They are found once they are older than search's 30-second delay.

        Raises ValueError when two different posts have the same id.
        """
        with self.lock:
            for post in posts:
                if self._posts.get(post["id"], post) != post:
                    raise ValueError(f"two posts have the id {post['id']}; give one a sequence")
                self._posts[post["id"]] = dict(post)
                self._learn_edits(post)

    def delete(self, post_id: str) -> None:
        """Take a post away, as its author would."""
        with self.lock:
            del self._posts[post_id]

    def suspend_author(self, author_id: str) -> None:
        """Leave an author out of `includes`, with a partial error; the posts stay."""
        with self.lock:
            self._gone_authors.add(author_id)

    def set_metrics(self, post_id: str, **counts: int) -> None:
        """Change public metrics of a post, such as `like_count=12`."""
        with self.lock:
            post = self._posts[post_id]
            post["public_metrics"] = {**post["public_metrics"], **counts}

    def endpoint_name(self, method: str, path: str) -> str:
        return ENDPOINTS.get(path, "unknown") if method == "GET" else "unknown"

    def respond(self, request: Request) -> Answer:
        answer = self._respond(request)
        headers = {
            **answer.headers,
            "x-transaction-id": secrets.token_hex(8),
            "x-response-time": "12",
            "api-version": "2.167",
        }
        if window := self._windows.get(request.endpoint):
            headers["x-rate-limit-limit"] = str(window.limit)
            headers["x-rate-limit-remaining"] = str(window.remaining(request.time))
            headers["x-rate-limit-reset"] = str(window.resets_at(request.time))
        return replace(answer, headers=headers)

    def _respond(self, request: Request) -> Answer:
        if request.authorization != f"Bearer {self.bearer_token}":
            return json_answer(UNAUTHORIZED, 401)
        window = self._windows.get(request.endpoint)
        if window is None:
            return json_answer({"title": "Not Found", "status": 404, "type": "about:blank"}, 404)
        if not window.take(request.time):
            return json_answer(TOO_MANY_REQUESTS, 429)
        if request.endpoint != "usage":
            if self.credits_usd is not None and self.billing.cost_usd >= self.credits_usd:
                return json_answer(CREDITS_DEPLETED, 402)
            if self.billing.billed_posts >= self.post_cap:
                return json_answer(USAGE_CAPPED, 429)
        try:
            document = self._document(request)
        except RefusedRequestError as refusal:
            return json_answer(refusal.problem, 400)
        return json_answer(_renamed(document) if self.uses_post_names else document)

    def _document(self, request: Request) -> JsonObject:
        if request.endpoint == "search_recent":
            return self._search(request)
        if request.endpoint == "tweets_lookup":
            return self._look_up(request)
        if request.endpoint == "counts_recent":
            known = (*WINDOW_PARAMETERS, "granularity", "search_count.fields")
            refuse_unknown_parameters(request.query, known)
            window = read_window(request, match_everything=self.match_everything)
            self.billing.counts_requests += 1
            return counts_document(request, window, self._searchable())
        return self._usage(request)

    def _search(self, request: Request) -> JsonObject:
        query = request.query
        known = (*WINDOW_PARAMETERS, *PAGE_PARAMETERS, *FIELD_PARAMETERS)
        refuse_unknown_parameters(query, known)
        window = read_window(request, match_everything=self.match_everything)
        size = min(read_max_results(query), self.short_page or LOOKUP_LIMIT)
        below = read_page_token(query)
        found = [
            post
            for post in self._searchable()  # from the newest on
            if window.holds(post) and (below is None or int(post["id"]) < below)
        ]
        page = found[:size]
        document = self._with_includes(page, query, self.partial_errors)
        meta: JsonObject = {"result_count": len(page)}
        if page:
            meta = {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"], **meta}
        if len(found) > size:
            meta["next_token"] = page_token(query, page[-1]["id"])
        self.billing.deliver((post["id"] for post in page), request.time)
        return {**document, "meta": meta}

    def _look_up(self, request: Request) -> JsonObject:
        refuse_unknown_parameters(request.query, ("ids", *FIELD_PARAMETERS))
        text = request.query.get("ids", "")
        ids = list(dict.fromkeys(text.split(","))) if text else []
        if not 1 <= len(ids) <= LOOKUP_LIMIT or not all(one.isdigit() for one in ids):
            message = f"The `ids` query parameter must hold 1 to {LOOKUP_LIMIT} ids"  # our wording
            raise RefusedRequestError(invalid_request({"ids": text}, message))
        found = [self._posts[one] for one in ids if one in self._posts]
        missing = [one for one in ids if one not in self._posts]
        self.billing.deliver((post["id"] for post in found), request.time)
        return self._with_includes(found, request.query, not_found_error("ids", missing))

    def _usage(self, request: Request) -> JsonObject:
        refuse_unknown_parameters(request.query, ("days", "usage.fields"))
        days = request.query.get("days", "7")
        if not days.isdigit() or not 1 <= int(days) <= MOST_USAGE_DAYS:
            message = f"The `days` query parameter value [{days}] is not between 1 and {MOST_USAGE_DAYS}"
            raise RefusedRequestError(invalid_request({"days": days}, message))
        return usage_document(self.billing, int(days), request, self.post_cap)

    def _searchable(self) -> list[JsonObject]:
        """Every post search may return, newest id first."""
        current = (post for post in self._posts.values() if post["id"] not in self._superseded)
        return sorted(current, key=lambda post: int(post["id"]), reverse=True)

    def _with_includes(
        self, posts: Sequence[JsonObject], query: Mapping[str, str], errors: Sequence[JsonObject]
    ) -> JsonObject:
        """Return `data`, `includes` and `errors`; what is empty is left out, as X does."""
        fields, expansions = read_fields(query), read_expansions(query)
        problems = list(errors)
        includes: JsonObject = {}
        quoted: list[JsonObject] = []
        if "referenced_tweets.id" in expansions:
            ids = dict.fromkeys(r["id"] for p in posts for r in p.get("referenced_tweets", ()))
            quoted = [self._posts[one] for one in ids if one in self._posts]
            missing = [one for one in ids if one not in self._posts]
            problems += not_found_error("referenced_tweets.id", missing)
            includes["tweets"] = [_only(post, fields) for post in quoted]
        if "author_id" in expansions:
            fields |= {"author_id"}  # X answers what an expansion needs
            authors = dict.fromkeys(post["author_id"] for post in (*posts, *quoted))
            known = [one for one in authors if one not in self._gone_authors]
            problems += [missing_author_error(one) for one in authors if one not in known]
            includes["users"] = [user_document(one) for one in known]
        document: JsonObject = {
            "data": [_only(post, fields) for post in posts],
            "includes": {name: values for name, values in includes.items() if values},
            "errors": problems,
        }
        return {name: value for name, value in document.items() if value}

    def _learn_edits(self, post: JsonObject) -> None:
        history = post["edit_history_tweet_ids"]
        for older in history[:-1]:
            self._superseded.add(older)
            if older in self._posts:
                self._posts[older]["edit_history_tweet_ids"] = list(history)


def _only(post: JsonObject, fields: frozenset[str]) -> JsonObject:
    return {name: value for name, value in post.items() if name in fields}


def _renamed(document: JsonObject) -> JsonObject:
    """Return the document with the post field names of spec 2.167."""
    names = {
        "edit_history_tweet_ids": "edit_history_post_ids",
        "referenced_tweets": "referenced_posts",
    }
    if not isinstance(document.get("data"), list):
        return document

    def renamed(post: JsonObject) -> JsonObject:
        return {names.get(name, name): value for name, value in post.items()}

    return {**document, "data": [renamed(post) for post in document["data"]]}
