"""What a source that keeps a connection open promises. It knows a remote API and nothing of our tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.models import Page, Post, Rejection


class StreamEndedError(UpstreamError):
    """The connection is over. `reason` is a short name: closed, silence, broken, too_long or behind."""

    def __init__(self, service: str, reason: str, message: str) -> None:
        super().__init__(service, message, hint="nothing to do: it connects again, and keeps what it missed as a gap")
        self.reason = reason


@dataclass
class Received:
    """What lines held. `disconnect` is the service's own word that it is going to close, or that something is wrong."""

    posts: list[Post] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)  # as delivered, so as billed
    disconnect: str | None = None

    def page(self, endpoint: str) -> Page:
        """Return this as a page, each post billed."""
        rejections, ids = tuple(self.rejections), tuple(self.ids)
        fetched = len(self.posts) + len(rejections)
        return Page(tuple(self.posts), fetched, rejections, reads=len(ids), endpoint=endpoint, billed_ids=ids)


class StreamConnection(Protocol):
    """One open connection, read by one thread and closed by another."""

    def chunks(self) -> Iterator[bytes]:
        """Yield bytes as they arrive, cut anywhere; raise StreamEndedError at the end, however it came."""

    def stop(self) -> None:
        """End reading from another thread, so that the service sees an orderly end."""

    def close(self) -> None:
        """Give the connection back, so that no more is sent; call where nobody reads any more. Twice does no harm."""


class StreamSource(Protocol):
    """A service that sends posts as they are made, one line each, over one connection at a time.

    Ids of its posts tell their time, so that what was missed between two connections can be named as a range of ids.
    """

    name: str  # short and permanent: stored in posts.source and used as a metric label
    service: str  # whose budget a post is charged to
    endpoint: str  # what is charged, for the ledger

    def connect(self) -> StreamConnection:
        """Open a connection.

        Raises CredentialsRefusedError or ConfigError when waiting cannot help, RateLimitedError when the service asks
        to wait (also: another connection is open), and other UpstreamErrors.
        """

    def read(self, lines: Sequence[bytes]) -> Received:
        """Return the posts of lines; what is none is refused alone."""

    def id_at(self, moment: datetime) -> str:
        """Return an id that posts of this moment or later are above."""

    def time_of(self, post_id: str) -> datetime | None:
        """Return when the post of this id was made, None when the id does not tell."""
