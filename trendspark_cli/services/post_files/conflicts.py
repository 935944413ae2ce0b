"""Different posts under one id, as programs make them that round long numbers: only the first one is taken."""

from __future__ import annotations

from array import array

from trendspark_cli.base.models import Post, Rejection

REMEMBERED = 2**14  # posts; of two that are further apart, the database keeps the first
_SECOND = 19  # characters of a time up to its second


class Conflicts:
    """Remembers posts of a file by fingerprints, in a fixed amount of memory."""

    def __init__(self) -> None:
        self._ids, self._times, self._authors, self._texts = (array("q", bytes(8 * REMEMBERED)) for _ in range(4))

    def has(self, post: Post) -> bool:
        """Tell whether another post had this id before: of another second or author, with another text.

        Paid for each line of our own, so there is little of it: a source in a file gives its ids but once.
        """
        name, time, text = hash(post[1]), hash(post[7][:_SECOND]), hash(post[4])  # source_id, created_at, text
        author = hash(post[2] or post[15] or "")  # by id or by name; "" has 0, as nobody
        place = name % REMEMBERED
        if self._ids[place] == name and self._texts[place] != text:
            known = self._authors[place]
            if self._times[place] != time or (known and author and known != author):
                return True
        self._ids[place], self._times[place], self._authors[place], self._texts[place] = name, time, author, text
        return False

    def checked(self, found: Post | Rejection, line: int) -> Post | Rejection:
        """Return a post, or its refusal when another one has its id."""
        return Rejection("conflict", f"line {line}") if isinstance(found, Post) and self.has(found) else found
