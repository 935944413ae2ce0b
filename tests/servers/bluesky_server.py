"""Bluesky as one service: a host of its stream, and the API of counters beside it."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from .bluesky_api_server import BlueskyApiServer, post_view
from .certificates import Certificate
from .http_base import Clock
from .jetstream_server import JetstreamServer, id_of
from .messages import JsonObject


class BlueskyServer(JetstreamServer):
    """The stream, of which `JetstreamServer` says what may be wrong; `faults` are those of the API."""

    def __init__(
        self, events: Iterable[JsonObject] = (), *, clock: Clock, certificate: Certificate | None = None
    ) -> None:
        self.api = BlueskyApiServer(clock=clock)
        self.faults, self.lock = self.api.faults, self.api.lock
        self._posts: dict[str, JsonObject] = {}
        super().__init__(clock=clock, certificate=certificate)
        self.add(events)

    def __enter__(self) -> Self:
        self.api.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.api.__exit__(kind, error, trace)

    def add(self, events: Iterable[JsonObject]) -> None:
        """Have posts, in the stream and in the API."""
        for event in events:
            self.events.append(event)
            self.api.add(post_view(event))
            self._posts[id_of(event)] = {**event, "id": id_of(event)}

    def forget(self, post: JsonObject) -> None:
        """Have a post no more; that it is gone is for an event to say."""
        del self._posts[id_of(post)]

    def heal(self) -> None:
        """End all that is wrong with the stream."""
        self.refusals, self.ends, self.silent, self.sent_first = [], [], 0, []
