"""A source and a channel in a package of their own: a guest book that is read, and a logbook that alerts go to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trendspark_cli.alerts.channel import Message, Sent
from trendspark_cli.base.errors import BadAnswerError, UpstreamError
from trendspark_cli.base.models import Page, Post, Rejection, Span
from trendspark_cli.base.opening import Opening
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.kinds.channels import ChannelKind, MessageForm
from trendspark_cli.kinds.sources import SourceKind


@dataclass(frozen=True)
class Settings:
    """The settings it takes. Those of packages begin with PLUGIN_, and are texts."""

    plugin_guestbook_path: str
    plugin_logbook_path: str


class Guestbook:
    """Implements trendspark_cli.collecting.source.Source. A cursor is the number of lines that were read."""

    name = service = "guestbook"
    query, endpoint = "all", "lines"
    largest_page, smallest_page = 1000, 1
    is_billed_by_post = False
    counter: Counter | None = None

    def __init__(self, file: Path) -> None:
        self._file = file

    def reach(self, span: Span) -> Reach:
        """Return what of a span can be read now: all of it."""
        return Reach(span)

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return the next lines after the cursor; one that is no post is refused alone."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            hint = "check PLUGIN_GUESTBOOK_PATH"
            raise UpstreamError(self.service, f"{type(error).__name__}: {self._file}", hint=hint) from error
        first = int(span.since or 0)
        found = [post_of(line, number) for number, line in enumerate(lines[first : first + limit], first + 1)]
        last = first + len(found)
        return Page(
            posts=tuple(post for post in found if isinstance(post, Post)),
            fetched=len(found),
            rejections=tuple(refused for refused in found if isinstance(refused, Rejection)),
            newest_id=str(last) if found else None,
            unread=Span(since=str(last)) if last < len(lines) else None,
            reads=1,
            endpoint=self.endpoint,
            goes_forward=True,
        )

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return nothing: nobody likes a line."""
        return Page((), 0, endpoint="counts")


def post_of(line: str, number: int) -> Post | Rejection:
    """Return the post of a line such as {"id": "1", "at": "2026-11-01T12:00:00.000Z", "who": "anna", "text": "..."}."""
    try:
        told = json.loads(line)
        values = dict.fromkeys(Post._fields) | {"source": "guestbook", "source_id": str(told["id"]), "edits": 0}
        values |= {"author": told["who"], "text": told["text"], "created_at": told["at"], "links": ()}
        return Post(**values)
    except (ValueError, KeyError, TypeError):
        return Rejection("not_a_post", f"line {number}")


def make(opening: Opening) -> list[Guestbook]:
    """Return the source."""
    return [Guestbook(Path(opening.read(Settings).plugin_guestbook_path))]


def check(opening: Opening) -> str:
    """Return what `doctor` tells: the guest book is there."""
    page = make(opening)[0].fetch(Span(), limit=1)
    if not page.fetched:
        raise BadAnswerError("guestbook", "nobody wrote into it yet")
    return "the guest book is there"


class Logbook:
    """Implements trendspark_cli.alerts.channel.Notifier."""

    name = "logbook"

    def __init__(self, file: Path) -> None:
        self._file = file
        self.form = CHANNEL.form

    def send(self, message: Message) -> Sent:
        """Write one message down."""
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(message.text) + "\n")
        return Sent("1", "the logbook")

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: its form says that nothing is edited."""
        raise NotImplementedError

    def check(self) -> str:
        """Return what `doctor` and `health` tell."""
        return "the logbook lies open"


def make_channel(opening: Opening) -> Logbook:
    """Return the channel."""
    return Logbook(Path(opening.read(Settings).plugin_logbook_path))


SOURCE = SourceKind(
    name="guestbook",
    make="trendspark_guestbook:make",
    check="trendspark_guestbook:check",
    needs=("plugin_guestbook_path",),
)
CHANNEL = ChannelKind(
    name="logbook",
    title="The logbook",
    make="trendspark_guestbook:make_channel",
    needs=("plugin_logbook_path",),
    form=MessageForm(
        text_limit=2000,
        unit="characters",
        markup="plain",
        can_edit=False,
        messages_per_minute=60,
        seconds_between=0.0,
    ),
)
