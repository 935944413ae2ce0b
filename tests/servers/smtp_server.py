"""A mail server: STARTTLS, passwords, refusals, and answers that get lost."""

from __future__ import annotations

import socketserver
import threading
from base64 import b64decode
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import MappingProxyType, TracebackType
from typing import Self, cast

from .certificates import Certificate
from .hook_servers import SECRET_PART
from .messages import Answer, ShownPicture


class SmtpServer:
    """Takes mail on 127.0.0.1; attributes may be changed while it runs. Statuses of answers are those of SMTP."""

    settings: Mapping[str, str] = MappingProxyType({})
    secret = SECRET_PART
    is_http = False
    edits = False
    bad = Answer(554, b"5.6.0 refused")
    failing = (Answer(421, b"4.3.2 closing"), Answer(450, b"4.2.1 busy"), Answer(451, b"4.3.0 oops"))

    def __init__(self, certificate: Certificate | None = None, *, is_tls: bool = False) -> None:
        self.certificate = certificate
        self.is_tls = is_tls  # from the first byte
        self.is_gone = False
        self.lost_answers = 0
        self.attempts = 0
        self.password = SECRET_PART
        self.mails: list[EmailMessage] = []
        self.said: list[str] = []  # by clients, but for mails
        self.next_answers: list[Answer] = []

    @property
    def address(self) -> str:
        scheme, tls = ("smtps", "") if self.is_tls else ("smtp", "" if self.certificate else "&tls=none")
        where = f"{scheme}://spark:{SECRET_PART}@127.0.0.1:{self.port}/"
        return f"{where}?from=spark@example.org&to=desk@example.org{tls}"

    @property
    def texts(self) -> list[str]:
        """What people read, oldest first."""
        return [mail.get_content().rstrip("\n") for mail in self.mails if not mail.is_multipart()]

    @property
    def pictures(self) -> list[ShownPicture]:
        """What people see, in the thread of which mail."""
        return [_picture(mail) for mail in self.mails if mail.is_multipart()]

    def answer_next(self, answer: Answer, times: int | None = 1) -> None:
        """Answer the next mails like this."""
        self.next_answers += [answer] * (times or 1)

    def __enter__(self) -> Self:
        self._server = _Sockets(("127.0.0.1", 0), _Conversation)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Listen no more; safe to call twice."""
        self._server.shutdown()
        self._server.server_close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _Sockets(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    owner: SmtpServer


class _Conversation(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        self.owner = cast(_Sockets, self.server).owner
        self.is_secure = False
        try:
            if self.owner.is_tls:
                self._secure()
            self._tell("220 mail.example.org ESMTP")
            while line := self.rfile.readline(4096):
                if not self._answer(line.decode("ascii", "replace").strip()):
                    return
        except OSError:
            return  # the client does not trust us, or went away

    def _secure(self) -> None:
        assert self.owner.certificate is not None
        self.connection = self.owner.certificate.server_context().wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.is_secure = True

    def _tell(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _answer(self, line: str) -> bool:
        owner, word = self.owner, line.upper().split(" ")[0]
        owner.said.append(line)
        if word == "EHLO":
            can_secure = owner.certificate is not None and not self.is_secure
            self._tell("250-mail.example.org", *(["250-STARTTLS"] if can_secure else []), "250 AUTH PLAIN")
        elif word == "STARTTLS":
            self._tell("220 go on")
            self._secure()
        elif word == "AUTH":
            given = b64decode(line.split(" ")[2]).decode().split("\0")[2]
            self._tell("235 2.7.0 welcome" if given == owner.password else "535 5.7.8 wrong password")
        elif word == "RCPT":
            owner.attempts += 1
            self._tell("550 5.1.1 nobody of that name" if owner.is_gone else "250 ok")
        elif word == "DATA":
            self._tell("354 go on")
            return self._take()
        elif word == "QUIT":
            self._tell("221 bye")
            return False
        else:
            self._tell("250 ok")
        return True

    def _take(self) -> bool:
        owner, lines = self.owner, []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if owner.next_answers:
            answer = owner.next_answers.pop(0)
            self._tell(f"{answer.status} {answer.body.decode()}")
            return True
        content = b"".join(lines).replace(b"\r\n", b"\n")
        owner.mails.append(message_from_bytes(content, policy=default))
        if owner.lost_answers:
            owner.lost_answers -= 1
            return False
        self._tell("250 2.0.0 taken")
        return True


def _picture(mail: EmailMessage) -> ShownPicture:
    plain, page = mail.iter_parts()
    shown, png = page.iter_parts()
    assert f"cid:{png['Content-ID'].strip('<>')}" in shown.get_content()
    return ShownPicture(plain.get_content().strip(), png.get_content(), mail["In-Reply-To"])
