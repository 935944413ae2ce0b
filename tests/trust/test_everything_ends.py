"""Whatever hangs, drips or never ends: a run, `health`, `doctor` and each answer have an end, and say which it was."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.installation import Installation, x_settings
from tests.tools.processes import PROJECT
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import BadAnswerError, MachineFullError, StoreBusyError, UpstreamError
from trendspark_cli.base.locks import waiting_lock
from trendspark_cli.base.threads import ask_all, refusal_of
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.services.http import AnswerTooLargeError, BoundedAdapter, session
from trendspark_cli.services.local_folder import LocalFolder
from trendspark_cli.services.s3 import S3Access, S3Bucket

Talk = Callable[[socket.socket], None]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def keep_nothing(call: ApiCall) -> None:
    """Take a record of a call and forget it."""


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """Run a server that says what *talk* says to whoever has asked something."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(60)
            connection.recv(65536)
            while not over.is_set():
                talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def saying(first: bytes, then: bytes, pause_seconds: float = 0.0) -> Talk:
    """Say something once to each connection, and something else again and again."""
    begun: set[int] = set()

    def talk(connection: socket.socket) -> None:
        connection.sendall(then if id(connection) in begun else first)
        begun.add(id(connection))
        threading.Event().wait(pause_seconds)

    return talk


ENDLESS: dict[str, Talk] = {
    "a status line that drips": saying(b"HTTP/1.1 200 O", b"K", 0.05),
    "headers that drip": saying(b"HTTP/1.1 200 OK\r\n", b"x", 0.05),
    "interim answers without end": saying(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "a body that drips": saying(CHUNKED, b"1\r\nx\r\n", 0.05),
    "the size of a chunk that drips": saying(CHUNKED, b"0", 0.05),
    "a body without end": saying(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
}


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS.keys())
def test_no_answer_keeps_us_for_long(talk: Talk) -> None:
    adapter = BoundedAdapter("x", keep_nothing, retries=0, answer_seconds=0.4)
    began = time.monotonic()

    with talking(talk) as url, pytest.raises(requests.exceptions.RequestException):
        session(adapter).get(url)

    assert time.monotonic() - began < 12


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("ask", ["list", "head", "put", "fetch"])
def test_no_answer_of_a_bucket_keeps_us_for_long(tmp_path: Path, talk: Talk, ask: str) -> None:
    (tmp_path / "part").write_bytes(b"part")
    asks: dict[str, Callable[[S3Bucket], object]] = {
        "list": lambda bucket: list(bucket.list("manifests/")),
        "head": lambda bucket: bucket.head("part"),
        "put": lambda bucket: bucket.put("part", tmp_path / "part", "00" * 32),
        "fetch": lambda bucket: bucket.fetch("part", tmp_path / "copy"),
    }
    began = time.monotonic()

    with talking(talk) as url, suppress(UpstreamError):  # a head has no body to wait for
        asks[ask](bucket_at(url))

    assert time.monotonic() - began < 40  # three tries
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 20 * 2**20


def test_of_an_object_no_more_is_read_than_was_stored(tmp_path: Path) -> None:
    with talking(ENDLESS["a body without end"]) as url:
        bucket_at(url).fetch("part", tmp_path / "copy", most_bytes=5000)

    assert (tmp_path / "copy").stat().st_size == 5001


LISTINGS = {
    "the same page again": (
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
        "<Contents><Key>a</Key><Size>1</Size></Contents>"
    ),
    "pages that hold nothing": "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>",
    "more without a token": "<IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>",
    "a million tags": "<a/>" * 1_000_000,
}


@pytest.mark.parametrize("listing", LISTINGS.values(), ids=LISTINGS.keys())
def test_a_listing_without_end_is_a_bad_answer(listing: str) -> None:
    body = f"<ListBucketResult>{listing}</ListBucketResult>".encode()
    page = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def talk(connection: socket.socket) -> None:
        connection.sendall(page)
        raise OSError("said")

    with talking(talk) as url, pytest.raises(BadAnswerError):
        list(bucket_at(url).list("manifests/"))


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'{"a":1},', b'"",'])
def test_an_answer_of_millions_of_values_is_refused_before_it_is_read_as_json(piece: bytes) -> None:
    body = b"[" + piece * 1_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    with talking(saying(head + body, b"")) as url, pytest.raises(AnswerTooLargeError):
        session(BoundedAdapter("x", keep_nothing)).get(url)


def test_redirects_to_itself_end() -> None:
    page = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    calls: list[ApiCall] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(page)
        raise OSError("said")

    with talking(talk) as url, pytest.raises(requests.exceptions.TooManyRedirects):
        session(BoundedAdapter("x", calls.append)).get(url)

    assert len(calls) <= 6


@pytest.mark.parametrize("name", ["metrics.lock", "other.lock"])
def test_a_lock_that_is_not_given_back_is_waited_for_a_while(tmp_path: Path, name: str) -> None:
    with (
        held(tmp_path / name),
        pytest.raises(StoreBusyError, match="stayed locked"),
        waiting_lock(tmp_path / name, wait_seconds=0.1),
    ):
        pass


def test_a_held_lock_of_metrics_ends_the_run_with_its_record_kept(workplace: Installation) -> None:
    workplace.run("ingest", nothing)

    with held(workplace.home / "locks" / "metrics.lock"):
        result = workplace.run("ingest", nothing)

    assert (result.exit_code, result.status) == (75, "success")
    assert "stayed locked" in workplace.values("SELECT error FROM job_runs ORDER BY id DESC")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_what_follows_the_body(workplace: Installation, number: signal.Signals) -> None:
    workplace.run("ingest", nothing)
    with held(workplace.home / "locks" / "metrics.lock"):
        process = workplace.start("ingest", "--from", "/dev/null")
        wait_until(lambda: workplace.values("SELECT status FROM job_runs") == ["success", "success"])
        began = time.monotonic()
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
        seconds = time.monotonic() - began

    assert (process.returncode, seconds < 8) == (128 + number, True)
    assert told.startswith("trendspark ingest: ")
    assert (told.count("\n"), f"by {number.name}" in told) == (1, True)
    assert workplace.values("SELECT status FROM job_runs") == ["success", "success"]


def test_a_signal_ends_a_ping_that_hangs(workplace: Installation) -> None:
    with talking(saying(b"", b"", 1.0)) as url:
        workplace.environment["HEARTBEAT_URL_INGEST"] = f"{url}/ping"
        process = workplace.start("ingest", "--from", "/dev/null")
        wait_until(lambda: workplace.values("SELECT status FROM job_runs") == ["success"])
        began = time.monotonic()
        process.terminate()
        _, told = process.communicate(timeout=30)

    assert (process.returncode, told, time.monotonic() - began < 8) == (0, "", True)


@pytest.mark.parametrize(("number", "exit_code"), [(None, 124), (signal.SIGTERM, 143)])
def test_a_process_that_cannot_be_called_back_is_ended_all_the_same(
    number: signal.Signals | None, exit_code: int
) -> None:
    """A C function that goes on after a signal is what Python's own handlers wait for."""
    script = (
        "import ctypes, logging, signal\n"
        "from trendspark_cli.running.watchdog import Watchdog\n"
        "logging.disable()\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: None)\n"
        "with Watchdog('ingest'):\n"
        f"    Watchdog.expect({'60' if number else '0.2'}, grace_seconds=0.2)\n"
        "    print('ready', flush=True)\n"
        "    c = ctypes.CDLL(None)\n"
        "    mutex = ctypes.create_string_buffer(64)\n"
        "    c.pthread_mutex_lock(mutex)\n"
        "    c.pthread_mutex_lock(mutex)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if number is not None:
        process.send_signal(number)
    _, told = process.communicate(timeout=30)

    assert (process.returncode, told) == (
        exit_code,
        f"trendspark ingest: it did not end in time and was ended ({exit_code})\n",
    )


def test_health_ends_within_ten_seconds_whatever_hangs(workplace: Installation) -> None:
    hang_crontab(workplace)
    with talking(ENDLESS["headers that drip"]) as url:
        workplace.environment |= {
            "TELEGRAM_BOT_TOKEN": "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "TELEGRAM_CHAT_ID": "1",
            "TELEGRAM_API_BASE_URL": url,
        }
        began = time.monotonic()
        done = workplace.command("health", "--json", environment=with_crontab(workplace))
        seconds = time.monotonic() - began

    services = done.json["services"]
    assert (done.exit_code, seconds < 10) == (1, True)
    assert services["database"]["ok"]
    assert services["worker"]["reason"] == "crontab and systemd do not say when jobs are due"
    assert not services["telegram"]["ok"]


def test_doctor_ends_within_a_minute_and_says_what_did_not_answer(workplace: Installation) -> None:
    hang_crontab(workplace)
    with talking(ENDLESS["headers that drip"]) as url:
        workplace.environment |= x_settings(url)
        began = time.monotonic()
        done = workplace.command("doctor", "--json", environment=with_crontab(workplace), seconds=90)
        seconds = time.monotonic() - began

    found = {finding["check"]: finding for finding in done.json["findings"]}
    assert (seconds < 60, found["x"]["state"], found["schema"]["state"]) == (True, "fail", "ok")


def test_what_does_not_answer_is_told_from_what_does() -> None:
    held_up = threading.Event()
    try:
        found = ask_all({"slow": held_up.wait, "quick": lambda: True}, 0.2)
    finally:
        held_up.set()

    assert (found["slow"], found["quick"] is not None) == (None, True)


@pytest.mark.parametrize("name", ["part", "manifests/one.json"])
def test_a_pipe_in_an_archive_folder_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "manifests").mkdir()
    os.mkfifo(tmp_path / name)

    with pytest.raises(Exception, match="no regular file"):
        LocalFolder(tmp_path.as_uri(), tmp_path).fetch(name, tmp_path / "copy")


@pytest.mark.parametrize("command", [["ingest", "--from", "/dev/null"], ["health"], ["doctor", "--offline"]])
def test_a_refused_thread_is_one_line(workplace: Installation, command: list[str]) -> None:
    script = (
        "import sys, threading\n"
        'def refuse(*_): raise RuntimeError("can\'t start new thread")\n'
        "threading._start_new_thread = refuse\n"
        "from trendspark_cli.__main__ import main\n"
        "main()\n"
    )

    done = workplace.command(*command, program=(sys.executable, "-c", script))

    assert (done.exit_code, done.stderr.count("\n")) == (75, 1)
    assert "refused a new thread" in done.stderr


@pytest.mark.parametrize(
    "error",
    [RuntimeError("can't start new thread"), BlockingIOError(11, "Resource temporarily unavailable")],
)
def test_a_refused_process_or_thread_of_a_library_is_no_bug(workplace: Installation, error: Exception) -> None:
    def body(job: JobContext) -> None:
        raise error

    result = workplace.run("ingest", body)

    assert (result.exit_code, result.status, type(result.cause)) == (75, "error", MachineFullError)


def test_another_error_is_no_refusal() -> None:
    assert refusal_of(RuntimeError("a bug")) is None


def bucket_at(url: str) -> S3Bucket:
    """Return a bucket at a server that is none."""
    access = S3Access("AKIAAAAAAAAAAAAAAAAA", "s" * 30, region="us-east-1", endpoint_url=url)
    return S3Bucket("s3://bucket", access, keep_nothing, answer_seconds=0.4)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock as another process would."""
    path.touch(0o600)
    with path.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hang_crontab(workplace: Installation) -> None:
    """Put a `crontab` in the way that never answers."""
    folder = workplace.home.parent / "bin"
    folder.mkdir()
    (folder / "crontab").write_text("#!/bin/sh\nexec sleep 50\n")
    (folder / "crontab").chmod(0o755)


def with_crontab(workplace: Installation) -> dict[str, str]:
    """Return a PATH on which it comes first."""
    return {"PATH": f"{workplace.home.parent / 'bin'}:{os.environ['PATH']}"}


def wait_until(is_so: Callable[[], Any]) -> None:
    """Wait for something; the test's own time-out is the bound."""
    while not is_so():
        threading.Event().wait(0.02)
