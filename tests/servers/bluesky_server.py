"""Bluesky as one service: its API of counters, and a host of its stream beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from .bluesky_api_server import BlueskyApiServer, post_view
from .certificates import Certificate
from .http_base import Clock
from .jetstream_server import JetstreamServer, id_of
from .messages import JsonObject


class BlueskyServer(BlueskyApiServer):
    """The API; `stream` is the host, of which `JetstreamServer` says what may be wrong. Both have the same posts."""

    def __init__(
        self, events: Iterable[JsonObject] = (), *, clock: Clock, certificate: Certificate | None = None
    ) -> None:
        super().__init__(clock=clock)
        self.stream = JetstreamServer(clock=clock, certificate=certificate)
        self._posts: dict[str, JsonObject] = {}
        self.add(events)

    def start(self) -> Self:
        self.stream.start()
        return super().start()

    def stop(self) -> None:
        self.stream.stop()
        super().stop()

    def add(self, events: Iterable[JsonObject]) -> None:
        """Have the posts of these events."""
        made = list(events)
        self.stream.events += made
        super().add(map(post_view, made))
        self._posts |= {id_of(event): {**event, "id": id_of(event)} for event in made}

    def forget(self, post: JsonObject) -> None:
        """Have a post no more; that it is gone is for an event to say."""
        del self._posts[id_of(post)]
