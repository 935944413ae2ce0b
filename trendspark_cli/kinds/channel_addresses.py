"""Channels that an operator names and gives an address: what serves it follows from the address.

`ALERT_URL_DESK=https://...` makes the channel `desk`.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from trendspark_cli.kinds.message_forms import TELEGRAM, MessageForm

URL, SECRET = "ALERT_URL_", "ALERT_SECRET_"  # the families of settings; the name of the channel follows
MIN_SCORE, ONLY_WATCHLIST = "ALERT_MIN_SCORE_", "ALERT_ONLY_WATCHLIST_"
CHAT_SCHEME = "telegram://"
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,31}")  # of a channel, as it stands in a setting
# What `health` says of the installation: a channel of that name would stand in its place.
PARTS_OF_HEALTH = ("config", "database", "worker", "ranking", "alerts", "clock", "stream", "archive", "metrics")


class AddressKind(NamedTuple):
    """One kind of address. `make` takes an `Opening` and a `ChannelAddress`, and returns an `alerts.channel.Notifier`.

    An address is of the first kind whose `pattern` it has.
    """

    title: str  # as people call what serves it
    pattern: str  # of whole addresses
    example: str
    make: str
    form: MessageForm
    needs: str = ""  # a setting without which it is of no use, in lower case
    names_a_host: bool = True  # a host and a port follow the scheme
    examine: str = ""  # "module:function" of a `ChannelAddress`: raises ConfigError for what the pattern cannot tell


class ChannelAddress(NamedTuple):
    """Where a channel's messages go. `channel` is its name, `secret` what signs them, if anything."""

    channel: str
    url: str
    secret: str = ""

    @property
    def setting(self) -> str:
        """Return the setting that has the address."""
        return URL + self.channel.upper()

    @property
    def endpoint(self) -> str:
        """Return the address without what only says who serves it: `slack+http://` is http://."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme.rpartition('+')[2]}://{rest}"

    @property
    def host(self) -> str:
        """Return the host, which is no secret; empty where what stands in its place may be one."""
        kind = address_kind(self.url)
        return (urlsplit(self.url).hostname or "") if kind is not None and kind.names_a_host else ""


_AUTHORITY = r"[^\s/?#]+"
_MAILBOX = r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+"
_OF_MAIL = rf"(from={_MAILBOX}|to={_MAILBOX}(,{_MAILBOX})*|tls=none)"  # a part of its query
_ADDRESS_KINDS = (
    AddressKind(
        title="apprise",
        # what would send a message twice, or somewhere else, is not asked of it
        pattern=r"apprise\+[a-z][a-z0-9]{1,30}://(?!\S*[?&](?i:verify|redirect|retry|wait|optional)=)\S+",
        example="apprise+SCHEME://... (without verify=, redirect=, retry=, wait= and optional=)",
        make="trendspark_cli.services.by_apprise:make",
        form=MessageForm(
            text_limit=2000,  # a service that takes less gets its pieces from apprise
            unit="bytes",  # whatever the service counts, bytes are more
            markup="plain",
            can_edit=False,
            messages_per_minute=12,  # what apprise thinks right for a service it knows nothing of
            seconds_between=1.0,
        ),
        names_a_host=False,  # it may be a token that stands there
        examine="trendspark_cli.services.by_apprise:service_of",
    ),
    AddressKind(
        title="Telegram",
        pattern=r"telegram://(-?[1-9][0-9]{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31})(:[1-9][0-9]{0,9})?/?",
        example="telegram://CHAT:THREAD",
        make="trendspark_cli.services.telegram:make_further",
        form=TELEGRAM,
        needs="telegram_bot_token",
        names_a_host=False,
    ),
    AddressKind(
        title="mail",
        # from and to are there, and nothing but `none` is said of TLS
        pattern=(
            rf"smtps?://{_AUTHORITY}/?\?(?=(\S*&)?from=)(?=(\S*&)?to=)"
            rf"{_OF_MAIL}(&{_OF_MAIL})*"
        ),
        example="smtps://USER:PASSWORD@HOST/?from=YOU@HOST&to=THEM@HOST",
        make="trendspark_cli.services.mail:make",
        form=MessageForm(
            text_limit=100_000,
            unit="characters",
            markup="plain",
            can_edit=False,
            messages_per_minute=20,
            seconds_between=0.5,
            takes_pictures=True,
        ),
    ),
    AddressKind(
        title="Slack",
        pattern=rf"(https://hooks\.slack(-gov)?\.com|slack\+https?://{_AUTHORITY})/\S+",
        example="https://hooks.slack.com/...",
        make="trendspark_cli.services.slack:make",
        form=MessageForm(
            text_limit=3000,  # longer ones are folded, and cut at 40,000
            unit="characters",
            markup="plain",
            can_edit=False,
            messages_per_minute=50,
            seconds_between=1.0,  # Slack's limit for a channel
        ),
    ),
    AddressKind(
        title="Discord",
        pattern=rf"(https://((ptb|canary)\.)?discord(app)?\.com|discord\+https?://{_AUTHORITY})/api/(v\d+/)?webhooks/\S+",
        example="https://discord.com/api/webhooks/...",
        make="trendspark_cli.services.discord:make",
        form=MessageForm(
            text_limit=1000,  # of 2,000: each character may need a sign before it, or be mistaken for markup
            unit="utf16",
            markup="plain",
            can_edit=True,
            messages_per_minute=30,
            seconds_between=1.0,
            takes_pictures=True,
        ),
    ),
    AddressKind(
        title="ntfy",
        pattern=rf"ntfys?://{_AUTHORITY}(/[^\s/?#]+)*/[\w-]{{1,64}}/?",
        example="ntfys://HOST/TOPIC",
        make="trendspark_cli.services.ntfy:make",
        form=MessageForm(
            text_limit=4096,  # longer ones become an attachment
            unit="bytes",
            markup="plain",
            can_edit=False,
            messages_per_minute=12,  # what a server refills, once the first sixty are used
            seconds_between=0.0,
            takes_pictures=True,
        ),
    ),
    AddressKind(
        title="webhook",
        pattern=rf"https?://{_AUTHORITY}([/?]\S*)?",
        example="https://HOST/PATH",
        make="trendspark_cli.services.webhook:make",
        form=MessageForm(
            text_limit=1_000_000,  # none is known: programs read it
            unit="bytes",
            markup="plain",
            can_edit=False,
            messages_per_minute=60,
            seconds_between=0.0,
            takes_trends=True,
        ),
    ),
)


def address_kind(url: str) -> AddressKind | None:
    """Return what serves an address, or None when nothing of ours does."""
    kind = next((kind for kind in _ADDRESS_KINDS if re.fullmatch(kind.pattern, url)), None)
    if kind is None or not kind.names_a_host:
        return kind
    try:
        parts = urlsplit(url)
        return kind if parts.hostname and parts.port != 0 else None
    except ValueError:  # a port that is none, half of an IPv6 address
        return None


def address_titles() -> tuple[str, ...]:
    """Return what serves addresses, as people call it: what they are most likely to have comes first."""
    return tuple(kind.title for kind in reversed(_ADDRESS_KINDS))


def form_of(address: ChannelAddress) -> MessageForm:
    """Return what a channel takes, and how fast; its address must be one of ours."""
    kind = address_kind(address.url)
    if kind is None:
        raise ValueError(address.setting)
    return kind.form


def expected_addresses() -> str:
    """Return what an address may look like, for people."""
    *others, last = (kind.example for kind in reversed(_ADDRESS_KINDS))
    return f"{', '.join(others)} or {last}"
