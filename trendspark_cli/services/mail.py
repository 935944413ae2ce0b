"""Alerts by mail: checked certificates, and what becomes of a trend in the thread of its first message."""

from __future__ import annotations

import html
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from email.utils import format_datetime, make_msgid
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from trendspark_cli.alerts.channel import (
    About,
    ChatRefusedError,
    Message,
    MessageRefusedError,
    Picture,
    Sent,
    UncertainError,
)
from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import CredentialsRefusedError, UpstreamError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.deadlines import guarded, within
from trendspark_cli.services.http import CONNECT_SECONDS

SUBMISSION_PORT, TLS_PORT = 587, 465
GO_ON = 354  # the answer to DATA
MOST_LINES = 500  # of one answer
LONGEST_SUBJECT = 150  # characters


class Mailbox(NamedTuple):
    """What an address of the form smtp://user:password@host:port/?from=A&to=B says."""

    host: str
    port: int
    is_tls: bool  # from the first byte; else by STARTTLS
    is_open: bool  # ?tls=none: in the clear, because somebody said so
    user: str
    password: str
    sender: str
    recipients: tuple[str, ...]


class Mail:
    """Implements alerts.channel.Notifier."""

    def __init__(
        self, address: ChannelAddress, box: Mailbox, record: Callable[[ApiCall], None], answer_seconds: float
    ) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._setting = address.setting
        self._box = box
        self._record = record
        self._seconds = answer_seconds
        self._status: int | None = None  # the last answer of the server

    def send(self, message: Message) -> Sent:
        """Send one mail, as alerts.channel.Notifier promises; the same alert has the same Message-ID each time."""
        return self._mailed(self._message(message.text, message.reply_to, message.about))

    def send_picture(self, picture: Picture, *, chat_id: str | None, reply_to: str | None, about: About) -> Sent:
        """Send one picture in a mail, in the thread of its message."""
        message = self._message(picture.words, reply_to, about)
        shown = f'<p>{html.escape(picture.words)}</p><img src="cid:trend" alt="{html.escape(picture.words)}">'
        message.add_alternative(shown, subtype="html")
        [*_, page] = message.iter_parts()
        page.add_related(picture.png, "image", "png", cid="<trend>", filename="trend.png", disposition="inline")
        return self._mailed(message)

    def _mailed(self, message: EmailMessage) -> Sent:
        """Hand a mail over."""
        with self._conversation("message") as server:
            self._say(server, f"MAIL FROM:<{self._box.sender}>", self._refused_address)
            for recipient in self._box.recipients:  # all or none: else a second try would double some
                self._say(server, f"RCPT TO:<{recipient}>", self._refused_address)
            self._say(server, "DATA", self._refused_message, GO_ON)
            self._hand_over(server, message)
        number = len(self._box.recipients)
        return Sent(str(message["Message-ID"]), f"{number} mailbox{'es' if number > 1 else ''} by {self._box.host}")

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: a mail is not changed."""
        raise NotImplementedError

    def check(self) -> str:
        """Return which server takes our credentials; sends no mail."""
        with self._conversation("check") as server:
            self._say(server, "NOOP", self._refused_address)
        return f"the mail server {self._box.host} answers, {'as ' + self._box.user if self._box.user else 'to anybody'}"

    def _message(self, text: str, reply_to: str | None, about: About | None) -> EmailMessage:
        """Return a mail in plain text, in characters that every server takes."""
        plain = text.encode("utf-8", "replace").decode()
        title = about.title if about is not None and about.title else plain.split("\n", 1)[0]
        domain = self._box.sender.rpartition("@")[2]
        message = EmailMessage(policy=MAIL.clone(cte_type="7bit"))
        message["From"] = self._box.sender
        message["To"] = ", ".join(self._box.recipients)
        message["Subject"] = " ".join(title.encode("utf-8", "replace").decode().split())[:LONGEST_SUBJECT]
        message["Date"] = format_datetime(utc_now())
        if about is None:
            message["Message-ID"] = make_msgid(domain=domain)
        else:
            decided = re.sub(r"\D", "", about.decided_at)
            message["Message-ID"] = f"<trendspark.{decided}.{about.alert_id}.{about.part}@{domain}>"
        if reply_to is not None and re.fullmatch(r"<[^<>\s]{3,200}>", reply_to):
            message["In-Reply-To"] = message["References"] = reply_to
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers it
        message.set_content(plain + "\n", charset="utf-8")
        return message

    @contextmanager
    def _conversation(self, endpoint: str) -> Iterator[smtplib.SMTP]:
        """Yield a server that knows who we are; what goes wrong before a mail is handed over has sent nothing."""
        started, at = time.monotonic(), utc_now()
        self._status = None
        try:
            with within(1.5 * self._seconds + CONNECT_SECONDS), self._connected() as server:
                self._log_in(server)
                yield server
        except ssl.SSLCertVerificationError as error:
            hint = "check the host's name, this machine's clock and CA certificates"
            raise UpstreamError(self.name, "its certificate is not trusted", hint=hint) from _plain(error)
        except smtplib.SMTPNotSupportedError as error:
            raise self._refused_address(0, str(error)) from _plain(error)
        except smtplib.SMTPResponseException as error:
            self._status = error.smtp_code if error.smtp_code > 0 else None
            told = f"is failing ({error.smtp_code}): {_words(error.smtp_error)}"
            raise UpstreamError(self.name, told, status=self._status) from _plain(error)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            hint = f"check the network and {self._setting}"
            raise UpstreamError(self.name, f"cannot be reached ({type(error).__name__})", hint=hint) from _plain(error)
        finally:
            seconds = time.monotonic() - started
            note_call(self._record, ApiCall(at, self.name, endpoint, self._status, seconds, None, "", ""))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Yield a server behind TLS whose certificate was checked, unless the address says that none is wanted."""
        box, context = self._box, ssl.create_default_context()
        seconds, name = min(self._seconds, CONNECT_SECONDS), socket.gethostname() or "localhost"
        if box.is_tls:
            server: smtplib.SMTP = _TlsServer(box.host, box.port, name, timeout=seconds, context=context)
        else:
            server = _Server(box.host, box.port, name, timeout=seconds)  # its own name would be asked of the network
        try:
            if server.sock is not None:
                server.sock.settimeout(self._seconds)
            server.ehlo_or_helo_if_needed()
            if not box.is_tls and not box.is_open:
                if not server.has_extn("starttls"):
                    hint = f"use smtps:// in {self._setting}, or add ?tls=none to send in the clear"
                    raise ChatRefusedError(f"{self.name}: the mail server offers no STARTTLS", hint=hint)
                server.starttls(context=context)
                server.sock = guarded(server.sock)
                server.ehlo_or_helo_if_needed()
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _log_in(self, server: smtplib.SMTP) -> None:
        if not self._box.user:
            return
        try:
            self._status = server.login(self._box.user, self._box.password)[0]
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise
            self._status = error.smtp_code
            told = f"refused the password ({error.smtp_code}): {_words(error.smtp_error)}"
            hint = f"check user and password in {self._setting}"
            raise CredentialsRefusedError(self.name, told, hint=hint) from _plain(error)

    def _say(self, server: smtplib.SMTP, line: str, refused: Callable[[int, str], Exception], wanted: int = 0) -> None:
        """Say one line and take its answer: 2xx, or the one that is wanted.

        Raises what *refused* makes of a 5xx, UpstreamError for anything else.
        """
        code, told = server.docmd(line)
        self._status = code
        if code == wanted or (not wanted and 200 <= code < 300):
            return
        if 500 <= code < 600:
            raise refused(code, _words(told))
        raise UpstreamError(self.name, f"takes no mail for now ({code}): {_words(told)}", status=code)

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        """Send the mail itself; from here on it may have arrived, whatever comes back."""
        content = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
        try:
            server.send(content + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, told = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._status = None
            raise UncertainError(self.name, "the answer was lost") from _plain(error)
        self._status = code
        if 500 <= code < 600:
            raise self._refused_message(code, _words(told))
        if 400 <= code < 500:
            raise UpstreamError(self.name, f"takes no mail for now ({code}): {_words(told)}", status=code)
        if not 200 <= code < 300:
            self._status = code if code > 0 else None
            raise UncertainError(self.name, f"answered what makes no sense ({code}): {_words(told)}")

    def _refused_address(self, code: int, told: str) -> ChatRefusedError:
        hint = f"check from, to and the credentials in {self._setting}"
        return ChatRefusedError(f"{self.name}: the mail server takes nothing of or for us ({code}): {told}", hint=hint)

    def _refused_message(self, code: int, told: str) -> MessageRefusedError:
        return MessageRefusedError(self.name, f"refused the message ({code}): {told}", status=code)


class _Lines:
    """The lines of a server's answers; one answer has a few of them."""

    left = 0

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.close = file.close

    def readline(self, most: int) -> bytes:
        """Return a line of at most so many bytes. Raises OSError when the answer does not end."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the answer has no end")
        return self._file.readline(most)


class _BoundedReplies(smtplib.SMTP):
    """Answers that end, or are none: smtplib would keep all of their lines."""

    def getreply(self) -> tuple[int, bytes]:
        """Return the status of the next answer, and its text."""
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = MOST_LINES
        return super().getreply()


class _Server(_BoundedReplies):
    """A server whose answers are there in time or not at all."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened: socket.socket = guarded(super()._get_socket(host, port, timeout))  # type: ignore[misc]
        return opened


class _TlsServer(_BoundedReplies, smtplib.SMTP_SSL):
    """The same behind TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        opened: ssl.SSLSocket = guarded(super()._get_socket(host, port, timeout))  # type: ignore[misc]
        return opened


def mailbox(url: str) -> Mailbox:
    """Return what an address says; its form was checked when the settings were read."""
    parts = urlsplit(url)
    query = {name: value for name, _, value in (pair.partition("=") for pair in parts.query.split("&"))}
    is_tls = parts.scheme == "smtps"
    return Mailbox(
        host=parts.hostname or "",
        port=parts.port or (TLS_PORT if is_tls else SUBMISSION_PORT),
        is_tls=is_tls,
        is_open=query.get("tls") == "none",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=query["from"],
        recipients=tuple(dict.fromkeys(query["to"].split(","))),
    )


def _words(told: bytes | str) -> str:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
    return excerpt(" ".join(text.split()) or "no reason given", 300)


def _plain(error: Exception) -> Exception:
    """Return an error that says what happened without what was said, which may hold a password."""
    return RuntimeError(type(error).__name__)


def make(opening: Opening, address: ChannelAddress) -> Mail:
    """Return the channel of the mailboxes of one address."""
    return Mail(address, mailbox(address.url), opening.record, opening.answer_seconds)
