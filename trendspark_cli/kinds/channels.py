"""Where alerts go: one entry for each channel. Settings are named in lower case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from trendspark_cli.kinds.channel_addresses import ChannelAddress, address_kind
from trendspark_cli.kinds.entries import Settings, are_set, in_words
from trendspark_cli.kinds.installed import Table
from trendspark_cli.kinds.message_forms import TELEGRAM, MessageForm

__all__ = ["CHANNELS", "ChannelKind", "MessageForm", "channels_of"]

SWITCH = "enable_realtime_alerts"  # of all channels


class ChannelKind(NamedTuple):
    """One channel. `make` takes an `Opening` and returns an `alerts.channel.Notifier`.

    Of a channel with an `address`, which an operator named, `make` takes that as well.
    """

    name: str  # short and permanent: stored in notifications.channel and used as a metric label
    title: str  # as people call it
    make: str
    needs: tuple[str, ...]  # settings without which it is not configured
    form: MessageForm
    identity: tuple[str, ...] = ()  # settings that say who answers: what one said does not hold for another
    has_plain_keys: bool = False  # its alerts are stored under their own keys; those of others end in the channel
    address: ChannelAddress | None = None

    @property
    def needs_words(self) -> str:
        """Return the settings it needs, for people."""
        return in_words(self.needs)

    def is_configured(self, settings: Settings) -> bool:
        """Tell whether alerts can be sent through it."""
        return self.address is not None or are_set(settings, self.needs)

    def who(self, settings: Settings) -> str:
        """Return what stands for who answers, without a secret."""
        if self.address is not None:
            import hashlib

            return hashlib.sha256(self.address.url.encode("utf-8", "surrogateescape")).hexdigest()
        return " ".join(str(getattr(settings, name)) for name in self.identity)


_ALL = (
    ChannelKind(
        name="telegram",
        title="Telegram",
        make="trendspark_cli.services.telegram:make",
        needs=("telegram_bot_token", "telegram_chat_id"),
        identity=("telegram_api_base_url", "telegram_chat_id", "telegram_thread_id"),
        form=TELEGRAM,
        has_plain_keys=True,  # it was there before there were others
    ),
)
CHANNELS = Table("trendspark.channels", _ALL, ChannelKind)


def channels_of(settings: Settings) -> dict[str, ChannelKind]:
    """Return every channel by name: those of the table, and those that these settings name and give an address."""
    urls: Mapping[str, str] = getattr(settings, "alert_urls", {})
    secrets: Mapping[str, str] = getattr(settings, "alert_secrets", {})
    named = (_named(ChannelAddress(name, url, secrets.get(name, ""))) for name, url in urls.items())
    return {**CHANNELS, **{kind.name: kind for kind in named if kind is not None}}


def _named(address: ChannelAddress) -> ChannelKind | None:
    kind = address_kind(address.url)
    if kind is None:
        return None
    return ChannelKind(
        name=address.channel,
        title=kind.title,
        make=kind.make,
        needs=(address.setting.lower(),),
        form=kind.form,
        address=address,
    )


def configured_channels(settings: Settings) -> tuple[str, ...]:
    """Return the channels that alerts can be sent through."""
    return tuple(name for name, kind in channels_of(settings).items() if kind.is_configured(settings))


def queued_for(settings: Settings) -> tuple[str, ...]:
    """Return the channels that alerts are stored for: those that are configured, or the first while none is."""
    return configured_channels(settings) or tuple(CHANNELS.own)[:1]


def operations_queued_for(settings: Settings) -> tuple[str, ...]:
    """Return the channels that alerts on jobs, services and money are stored for: OPS_CHANNELS, or all."""
    every, wanted = queued_for(settings), getattr(settings, "ops_channels", ())
    return tuple(name for name in every if name in wanted) or every


def stored_key(channel: str, dedupe_key: str) -> str:
    """Return the key under which an alert of a channel is stored: keys are unique over all channels."""
    kind = CHANNELS.get(channel)
    return dedupe_key if kind is not None and kind.has_plain_keys else f"{dedupe_key}#{channel}"


def alerts_are_sent(settings: Settings) -> bool:
    """Tell whether alerts are sent: not switched off, and somewhere to go."""
    return are_set(settings, (SWITCH,)) and bool(configured_channels(settings))
