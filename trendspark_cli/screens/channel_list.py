"""The channels of an installation, with what waits for each."""

from __future__ import annotations

from typing import NamedTuple

from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import channels_of
from trendspark_cli.store.protocol import Store


class ListedChannel(NamedTuple):
    """One channel as people see it: nothing of it is a secret."""

    name: str
    served_by: str
    host: str | None  # of a channel that has an address
    waiting: int
    last_sent: str | None
    paused_until: str | None
    last_error: str | None


def channel_list(settings: Settings, store: Store) -> list[ListedChannel]:
    """Return the configured channels, in the order in which they are told."""
    found = []
    for name, kind in channels_of(settings).items():
        if not kind.is_configured(settings):
            continue
        state, sent = store.channels.get(name), store.notifications.listing(1, "sent", name)
        host = None if kind.address is None else kind.address.host
        last_sent = sent[0].sent_at if sent else None
        waiting = len(store.notifications.waiting(name))
        found.append(ListedChannel(name, kind.title, host, waiting, last_sent, state.paused_until, state.last_error))
    return found
