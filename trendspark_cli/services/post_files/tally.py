"""What a file turned out to hold, and what its reading ends with."""

from __future__ import annotations

from collections import Counter

from trendspark_cli.base.errors import IntegrityError, RefusedLinesError
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.post_files.looks import described, known_by_its_beginning

MOST_NAMES = 7
ERRORS_ONLY = "answers of an API that hold errors and no posts"


class Tally:
    """Counts of one file: items, and by reason how many were refused and in which line the first of them is."""

    def __init__(self, path: str, *, may_be_empty: bool) -> None:
        self._may_be_empty = may_be_empty  # a pipe through which nothing came is no fault of a file
        self._called = "standard input" if path == "-" else repr(path)
        self._refused: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._skipped: Counter[str] = Counter()
        self._names: list[str] = []  # of the first object that is in no form
        self.posts = 0
        self.has_form = False  # whether anything was in a form that is known
        self.head = b""

    def look_at(self, head: bytes) -> None:
        """Take the first bytes; raise IntegrityError when they cannot be those of a file of posts."""
        self.head = head
        known = known_by_its_beginning(head)
        if known is not None:
            raise self._unreadable(*known)

    def refuse(self, reason: str, line: int) -> None:
        """Count something that should have been a post."""
        self._refused[reason] += 1
        self._first.setdefault(reason, line)

    def skip(self, reason: str) -> None:
        """Count something that is no post by its nature."""
        self._skipped[reason] += 1

    def note_unknown(self, value: JsonObject | None) -> None:
        """Remember the names in the first object that is in no form."""
        if value and not self._names:
            self._names = [clean_text(str(name))[:40] for name in list(value)[:MOST_NAMES]]

    def check(self) -> None:
        """Raise IntegrityError when nothing could be read, RefusedLinesError when something was refused."""
        if not self.has_form and not (self._may_be_empty and not self.head):
            raise self._unreadable(*described(self.head, self._names, has_json="not_a_post" in self._refused))
        if not self.posts and not self._refused and set(self._skipped) == {"error_page"}:
            raise self._unreadable(ERRORS_ONLY, "the posts that were asked for are gone or hidden; ask for others")
        if self._refused:
            reasons = ", ".join(
                f"{count:,} {reason} (first in line {self._first[reason]})"
                for reason, count in self._refused.most_common()
            )
            refused, posts = self._refused.total(), self.posts
            raise RefusedLinesError(
                f"{self._called}: {refused:,} of {refused + posts + self._skipped.total():,} items refused: {reasons}",
                hint="the rest is kept; correct these and give the file again: what is known is not stored twice"
                if posts
                else "docs/how-to/files.md shows each form that is read",
            )

    def _unreadable(self, what: str, advice: str) -> IntegrityError:
        return IntegrityError(f"no posts in {self._called}: it looks like {what}", hint=advice)
