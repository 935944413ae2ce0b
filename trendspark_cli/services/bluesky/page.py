"""Events of the stream become a page: what of them is wanted, what is gone, and how far they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from trendspark_cli.base.clock import from_epoch
from trendspark_cli.base.models import GoneAccount, GonePost, Page, Post, Rejection
from trendspark_cli.services.bluesky.posts import (
    POSTS,
    id_of,
    ids_of_account,
    is_hidden,
    languages_of,
    made_at,
    post_of,
    tags_of,
)
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.post_files.json_values import members
from trendspark_cli.services.post_texts import stored_micros

Wanted = Callable[[str, Iterable[str], Iterable[str]], bool]  # of a text, its languages, its tags
CLOSED = frozenset(("deleted", "takendown", "suspended", "deactivated"))  # accounts whose posts are not to be shown


class PageReading:
    """One page in the making. `place` is the time of its newest event so far, at first where it begins.

    Events from before *asked*, the time the host was asked for, were taken in by an earlier run, and are passed over:
    some hosts begin up to an hour too soon, and a closed account may have come back meanwhile.
    """

    def __init__(self, wanted: Wanted, place: int, latest: int, asked: int) -> None:
        self.place = place
        self._asked = asked
        self.moved = False  # whether an event told its time: they may be older than where we asked to begin
        self.future = 0  # events that are of no time yet
        self._wanted = wanted
        self._latest = latest
        self._posts: dict[str, Post] = {}
        self._rejections: list[Rejection] = []
        self._gone: dict[str, None] = {}
        self._closed: dict[str, GoneAccount] = {}
        self._events = 0

    @property
    def items(self) -> int:
        """Return how many posts there are, refused ones included."""
        return len(self._posts) + len(self._rejections)

    def take(self, event: Any) -> int | None:
        """Take in one event, whatever it is; return its time, None when that cannot be believed."""
        self._events += 1
        if not isinstance(event, dict):
            self._rejections.append(Rejection("not_json" if event is None else "not_a_post", str(self._events)))
            return None
        at = event.get("time_us")
        if not isinstance(at, int) or isinstance(at, bool) or not 0 < at <= self._latest:
            self.future += isinstance(at, int) and at > self._latest
            self._rejections.append(Rejection("bad_time" if "time_us" in event else "not_a_post", str(self._events)))
            return None
        self.moved = True
        if at < self._asked:
            return at
        kind, did = event.get("kind"), event.get("did")
        if kind == "commit":
            self._commit(did, members(event.get("commit")), at)
        elif kind == "account" and isinstance(did, str):
            self._account(did, members(event.get("account")), at)
        self.place = max(self.place, at)
        return at

    def page(self, endpoint: str) -> Page:
        """Return what was taken in, the newest post first."""
        return Page(
            posts=tuple(reversed(self._posts.values())),
            fetched=self.items,
            rejections=tuple(self._rejections),
            reads=0,
            endpoint=endpoint,
            goes_forward=True,
            gone=tuple(GonePost(post_id, made_at(post_id, from_epoch(self.place / 1e6))) for post_id in self._gone),
            gone_accounts=tuple(self._closed.values()),
        )

    def _commit(self, did: Any, commit: JsonObject, at: int) -> None:
        if commit.get("collection") != POSTS:
            return
        record = members(commit.get("record"))
        if commit.get("operation") == "delete" or is_hidden(record):
            post_id = id_of(did, commit.get("rkey"))
            if post_id is not None:
                self._posts.pop(post_id, None)
                self._gone[post_id] = None
            return
        text = record.get("text")
        if isinstance(text, str) and not self._wanted(text, languages_of(record), tags_of(record)):
            return
        found = post_of(did, commit, stored_micros(at), str(self._events))
        if isinstance(found, Rejection):
            self._rejections.append(found)
        else:
            self._posts[found.source_id] = found

    def _account(self, did: str, account: JsonObject, at: int) -> None:
        beginning = ids_of_account(did)
        if beginning is None:
            return
        if account.get("active") is True:
            self._closed.pop(beginning, None)
        elif account.get("active") is False and account.get("status") in CLOSED:
            for post_id in [post_id for post_id in self._posts if post_id.startswith(beginning)]:
                del self._posts[post_id]
            self._closed[beginning] = GoneAccount(did, beginning, from_epoch(at / 1e6))
