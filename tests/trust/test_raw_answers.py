"""Bytes that are hardly an answer, of each service: soon the run ends with an error of ours, nothing is believed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.money.briefing import open_trend
from tests.tools.memory import measured
from tests.tools.odd_services import ALL_SERVICES, answering, answering_raw
from tests.tools.processes import COMMAND
from trendspark_cli.app import job_bodies
from trendspark_cli.app.wired import Wired

N = b"9" * 400
FIELDS = (
    b'{"data": [{"id": "%s", "text": "t"}], "meta": {"result_count": %s}, "hits": [{"objectID": "%s", "title": "t", '
    b'"created_at_i": %s, "points": %s}], "kind": "Listing", "children": [], "output": [{"type": "message", "content": '
    b'[{"type": "output_text", "text": "{}"}]}], "usage": {"input_tokens": %s, "output_tokens": %s}}'
)


def answer(body: bytes, *head: bytes, status: int = 200) -> bytes:
    """Return an answer with these lines in its head."""
    lines = (b"HTTP/1.1 %d X" % status, b"Connection: close", b"Content-Length: %d" % len(body), *head)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def moved(address: bytes) -> bytes:
    """Return a redirect."""
    return answer(b"", b"Location: " + address, status=302)


COMPLETE: Mapping[str, bytes] = {
    "a redirect to no address": moved(b"http://[::1"),
    "a redirect to bytes": moved(b"http://\xff\xfe/"),
    "a redirect to no port": moved(b"http://127.0.0.1:99999999/"),
    "a redirect to a file": moved(b"file:///etc/passwd"),
    "an answer that is to follow": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(b"{}"),
    "nothing but a status": b"HTTP/1.1 204 No Content\r\n\r\n",
    "another protocol from here on": b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n\0\0",
    "a part": answer(b"{}", status=206),
    "numbers of 400 digits": answer(FIELDS % ((N,) * 7)),
    "NaN for numbers": answer(FIELDS % (b"1", *(b"NaN",) * 6)),
    "a date without end": answer(b"[]", b"Date: Fri, 31 Dec 9999 23:59:59 -2359"),
    "a pause without end": answer(b'{"retry_after": %s}' % N, b"Retry-After: " + N * 9, status=429),
    "a pause of another alphabet": answer(b"", b"Retry-After: \xb2", b"x-rate-limit-reset: \xb9", status=429),
    "zeros that were packed": answer(gzip.compress(bytes(20_000_000)), b"Content-Encoding: gzip"),
    "packed as nobody asked": answer(b"junk", b"Content-Encoding: br"),
    "packed 300 times": answer(b"junk", b"Content-Encoding: " + b"gzip, " * 300 + b"gzip"),
}
BROKEN: Mapping[str, bytes] = {
    "less than it says": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[]",
    "a length of 400 digits": b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n[]" % N,
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n[]",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n",
    "a head of a megabyte": answer(b"[]", b"X-Big: " + bytes(2**20).replace(b"\0", b"a")),
    "heads without number": answer(b"[]", *[b"X-A: b"] * 50_000),
    "another protocol": b"SSH-2.0-OpenSSH_9.0\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x28",
}
Body = Callable[[Wired], None]
INGEST: Mapping[str, str] = {"x": "x", "reddit": "reddit", "hackernews": "hackernews", "bluesky": "bluesky"}
CHANNELS = ("telegram", "slack", "discord", "ntfy", "webhook")


def body_of(service: str) -> tuple[str, Body]:
    """Return the job that asks a service, and its body."""
    if service in INGEST:
        return "ingest", job_bodies.ingest_body(sources=(INGEST[service],))
    if service in CHANNELS:
        return "alert-test", job_bodies.alert_test_body()
    return "brief", job_bodies.brief_body()


@pytest.mark.parametrize(
    ("service", "bytes_said"),
    [
        *((service, name) for service in (*INGEST, *CHANNELS, "openai") for name in COMPLETE),
        *((service, name) for service in (*CHANNELS, "openai") for name in BROKEN),  # nobody asks twice here
    ],
)
def test_bytes_that_are_no_answer_end_as_an_error_of_ours(
    workplace: Installation, service: str, bytes_said: str
) -> None:
    asked = ALL_SERVICES[service]
    asked.prepare(workplace)
    job_id, body = body_of(service)

    with answering_raw({**COMPLETE, **BROKEN}[bytes_said], signs_in=asked.signs_in) as url:
        workplace.environment |= {**asked.settings(url), "HTTP_TIMEOUT": "1s"}
        result = workplace.run_body(job_id, body)

    assert result.exit_code in (0, 3, 69, 75, 76, 77, 78), result.cause
    if service in ("slack", "discord", "ntfy"):
        assert result.exit_code != 0  # none of this says that a message was taken


def test_an_answer_of_discord_that_names_no_message_is_not_believed(workplace: Installation) -> None:
    with answering(b'{"error": "sign in first"}', signs_in=False) as url:
        workplace.environment |= {**ALL_SERVICES["discord"].settings(url), "HTTP_TIMEOUT": "1s"}
        result = workplace.run_body("alert-test", job_bodies.alert_test_body())

    assert (result.exit_code, workplace.values("SELECT status FROM notifications")) == (69, ["pending"])


def test_a_packed_answer_of_a_model_takes_no_more_memory_than_it_may(workplace: Installation, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(600 * 2**20), 1)
    open_trend(workplace)

    with answering(bomb, signs_in=False, packing="gzip") as url:
        workplace.environment |= {**ALL_SERVICES["openai"].settings(url), "OPENAI_TIMEOUT": "10s"}
        found = measured((*COMMAND, "brief"), workplace.surroundings(), tmp_path)

    assert (found.exit_code, found.mebibytes < 200) == (3, True), found
