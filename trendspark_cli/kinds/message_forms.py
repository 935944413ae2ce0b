"""What channels take, and how fast."""

from __future__ import annotations

from typing import Literal, NamedTuple


class MessageForm(NamedTuple):
    """What a channel takes, and how fast. A text is measured as it is read: without markup, entities resolved."""

    text_limit: int  # of one message; longer texts go in parts
    unit: Literal["utf16", "characters", "bytes"]  # what the limit counts; bytes are those of UTF-8
    markup: Literal["html", "plain"]  # `html` is Telegram's few tags, which alerts are written in
    can_edit: bool  # a message that was sent can be changed; else the news is a message of its own
    messages_per_minute: int
    seconds_between: float
    has_buttons: bool = False  # people can say under a message what its trend was worth
    takes_pictures: bool = False  # its notifier is an `alerts.channel.PictureNotifier`
    takes_trends: bool = False  # programs read it: the trend goes along, as `trends list --json` prints it


TELEGRAM = MessageForm(
    text_limit=4096,  # longer texts are refused
    unit="utf16",
    markup="html",
    can_edit=True,
    messages_per_minute=20,  # Telegram's limit for a group
    seconds_between=1.0,  # Telegram's limit for a chat
    has_buttons=True,
    takes_pictures=True,
)
