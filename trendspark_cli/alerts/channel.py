"""What a notifier promises: it sends one message or raises. Retries, claims and ledger belong to alerts/delivery.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from trendspark_cli.base.errors import ConfigError, CredentialsRefusedError, ExitCode, TrendSparkError, UpstreamError
from trendspark_cli.kinds.channels import MessageForm

Event = Literal["opened", "grown", "closed", "ops", "digest", "test"]


class About(NamedTuple):
    """What stands beside the text of a message, for channels that take more than that."""

    alert_id: int
    event: Event
    category: str
    title: str  # on one line, without markup
    decided_at: str
    part: int = 1  # of a text that is longer than one message
    marked_trend: int | None = None  # when `form.has_buttons`: the trend that can be marked under the message
    mark: str = ""  # what was said of it last
    trend: Mapping[str, object] | None = None  # when `form.takes_trends`, as `trends list --json` prints it


class Message(NamedTuple):
    """What one send takes to a channel; without *about* nothing but the text is known."""

    text: str  # of at most `form.text_limit`, with the markup of `form` unless it *is_plain*
    chat_id: str | None = None  # in the place of the chat that is configured
    reply_to: str | None = None  # the message that it answers, as the channel named it
    is_plain: bool = False
    about: About | None = None


class Sent(NamedTuple):
    """What the channel answered."""

    message_id: str  # empty when the channel took the message and named none
    chat: str  # as the channel names it, for people


class Picture(NamedTuple):
    """A plot, and what it shows in one line for whoever does not see it."""

    png: bytes
    words: str


class ChannelBusyError(UpstreamError):
    """The channel asks for a pause of `retry_after`, for everything we send."""

    exit_code = ExitCode.TRY_LATER

    def __init__(self, service: str, retry_after: timedelta) -> None:
        super().__init__(service, f"asks to wait {retry_after.total_seconds():.0f} s (429)")
        self.retry_after = retry_after


class UncertainError(UpstreamError):
    """No answer that can be trusted came back: the message may have arrived."""


class ChatMovedError(UpstreamError):
    """The chat has another id now; the message was not sent."""

    def __init__(self, service: str, new_chat_id: str) -> None:
        super().__init__(service, f"the chat moved to {new_chat_id}")
        self.new_chat_id = new_chat_id


class UnreadableMarkupError(UpstreamError):
    """The channel cannot parse the message's markup; the message was not sent."""


class MessageRefusedError(UpstreamError):
    """This message will never be accepted; others may."""

    permanent = True


class ChatRefusedError(ConfigError):
    """The chat does not exist for us, or we may not write to it: nothing will be accepted until that changes."""


class ChannelPausedError(ConfigError):
    """The channel said not long ago why it takes nothing at all; it was not asked again."""

    def __init__(self, told: str, exit_code: int, until: str) -> None:
        super().__init__(told, hint=f"it is tried again at {until}, and by `trendspark alert-test`")
        self.exit_code = next(code for code in ExitCode if code == exit_code)


class AlertCrashedError(TrendSparkError):
    """Sending one alert ran into a bug; the others went on."""

    exit_code = ExitCode.PARTIAL


ChannelRefused = (CredentialsRefusedError, ChatRefusedError)  # what a channel says of itself, not of a message


class Notifier(Protocol):
    """One channel."""

    name: str  # short and permanent: stored in notifications.channel and used as a metric label
    form: MessageForm  # what it takes, and how fast: the outbox cuts, renders and waits by it

    def send(self, message: Message) -> Sent:
        """Send one message.

        Raises the errors above, or UpstreamError when it is certain that nothing arrived and waiting may help.
        """

    def edit(self, message_id: str, message: Message) -> Sent:
        """Replace the text of a message sent before; called only when `form.can_edit`; errors as for `send`."""

    def check(self) -> str:
        """Return who we are and where we write, for people; costs nothing, sends nothing; errors as for `send`."""


@runtime_checkable
class PictureNotifier(Protocol):
    """A channel that takes pictures as well."""

    def send_picture(self, picture: Picture, *, chat_id: str | None, reply_to: str | None, about: About) -> Sent:
        """Send one picture, as an answer to the message *reply_to* where the channel can; errors as for `send`."""
