"""What a place for archives promises: objects are written once, read back and listed, never changed or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """An object as its store describes it. `sha256` (hex) is None when the store does not tell it cheaply."""

    key: str
    bytes: int
    sha256: str | None = None


class Destination(Protocol):
    """One bucket or folder. Keys are relative to its URL and use slashes.

    Every method raises ConfigError (no such bucket), CredentialsRefusedError, UpstreamError (down, too slow; `retry_at`
    when it names a time), OutputError or StoreError (a folder that cannot be written, a full disk).
    """

    url: str

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Store *file* under *key*, whose content has that SHA-256 (hex).

        The same content there already is success, so a lost answer does no harm. Raises IntegrityError when the key
        holds something else, which is left as it is.
        """

    def fetch(self, key: str, file: Path, most_bytes: int | None = None) -> str | None:
        """Write the object to *file* and return the SHA-256 (hex) of what was read; None when there is no object.

        Of one that has more than *most_bytes*, what it should have, reading ends there, and so the sum is another one.
        """

    def head(self, key: str) -> StoredObject | None:
        """Return what the store says of an object, without reading it; None when there is none."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object whose key begins with *prefix*, in the order of keys."""

    def remarks(self) -> Sequence[str]:
        """Return what this place turned out not to do as others do, for people; nothing is asked."""

    def local_path(self, key: str) -> Path | None:
        """Return where an object can be read in place; None when it has to be fetched."""
