"""What is known of a feed between two runs, as the text of its cursor: validators, when to ask again, what was seen."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import msgspec

from trendspark_cli.base.clock import from_epoch

MOST_SEEN = 400  # entries: those of a feed now, and those that may come back
LONGEST_WAIT = timedelta(days=7)  # that a stored time is believed: our clock may have been wrong
LONGEST_VALIDATOR = 300  # characters


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times are epoch seconds. `seen` has the short hash of each entry's id, and that of its content."""

    etag: str = ""
    modified: str = ""
    again_at: float = 0.0  # not to be asked before
    host_again_at: float = 0.0  # no feed of this host is
    read_at: float = 0.0
    failures: int = 0  # in a row
    moved_to: str = ""  # for good, as the feed says; secrets of the address are left as their numbers
    moved_since: float = 0.0
    body: str = ""  # hash of what was read last
    seen: dict[str, str] = {}
    alike: list[str] = []  # hashes of titles with their times, and with their links, of the same entries

    def text(self) -> str:
        """Return this as the text of a cursor."""
        return msgspec.json.encode(self).decode()

    def with_seen(self, seen: dict[str, str], alike: list[str]) -> State:
        """Return this with entries added, the oldest forgotten when there are too many."""
        kept = {**{name: value for name, value in self.seen.items() if name not in seen}, **seen}
        names = list(kept)[-MOST_SEEN:]
        again = set(alike)
        likes = list(dict.fromkeys([*(each for each in self.alike if each not in again), *alike]))
        return msgspec.structs.replace(self, seen={name: kept[name] for name in names}, alike=likes[-2 * MOST_SEEN :])


def state_of(cursor: str | None) -> State:
    """Return the state in a cursor; an empty one where there is none that makes sense."""
    try:
        return msgspec.json.decode(cursor or "{}", type=State)
    except (msgspec.MsgspecError, RecursionError):
        return State()


def due_at(again_at: float, now: datetime) -> datetime | None:
    """Return until when to wait; None when it is time, or when the stored time cannot be meant."""
    if not now.timestamp() < again_at <= (now + LONGEST_WAIT).timestamp():
        return None
    return from_epoch(again_at)


def short_hash(*parts: str) -> str:
    """Return ten characters that stand for these texts."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:10]
