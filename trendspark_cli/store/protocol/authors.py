"""Who people are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol


class Authors(Protocol):
    """Accounts: the id a service never changes, and the last name seen. Saving posts keeps them."""

    def names(self, people: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """Return the last name seen of those of these (source, author) pairs that have one."""

    def aliases(self, source: str, author: str) -> set[str]:
        """Return the ids and names an account is known by, given one of them; that one is among them."""

    def forget(self, source: str, aliases: Collection[str]) -> None:
        """Forget accounts by their ids and names; call inside a transaction."""

    def forget_silent(self, source: str, author: str) -> None:
        """Forget an account of which no post is live; call outside a transaction, since it may read all posts."""

    def drop_unseen(self) -> None:
        """Forget accounts last seen before the oldest live post was made, in transactions of its own."""
