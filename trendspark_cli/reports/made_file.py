"""A file of a report, and what a place for such files promises."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class MadeFile(NamedTuple):
    """A file that is to be shown. `cache_control`: for how long whoever serves it may keep it."""

    name: str
    content: bytes
    content_type: str
    cache_control: str


class Place(Protocol):
    """One bucket or folder that people look at.

    Raises ConfigError (no such bucket, a folder that others may write), CredentialsRefusedError, UpstreamError,
    OutputError or StoreError (a folder that cannot be written, a full disk).
    """

    url: str

    def replace(self, file: MadeFile) -> None:
        """Put a file there, whole, in place of the one of that name."""
