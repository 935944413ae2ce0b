"""How much memory a command takes, measured by the kernel."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.ingest.operator import Operator
from tests.tools.memory_forms import lines_of, packed
from tests.tools.odd_services import ALL_SERVICES, answering
from tests.tools.processes import COMMAND, PROJECT, cron_environment

# The peak of a process includes what it was before it became another program: a small one must start it.
LAUNCHER = """
import os, sys
actions = [(os.POSIX_SPAWN_DUP2, 2, 1)]
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions), 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
"""
READING = """
import sys
from trendspark_cli.services.post_files.reading import PostFile
print(sum(len(page.posts) for page in PostFile(sys.argv[1]).pages()))
"""


@dataclass(frozen=True)
class Measured:
    """How a command ended, and what it took."""

    exit_code: int
    told: str  # on stdout and stderr
    mebibytes: float  # highest resident size of the process
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Peak:
    """What reading posts took."""

    posts: int
    mebibytes: float
    seconds: float


def measured(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, stdin: Iterable[bytes] = ()
) -> Measured:
    """Run a command as cron would, and return what it took."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCHER, *command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            start_new_session=True,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            for part in stdin:
                process.stdin.write(part)
        with suppress(BrokenPipeError):
            process.stdin.close()
        assert process.stdout is not None
        exit_code, kibibytes, cpu_seconds = process.stdout.read().split()
        process.wait()
        told.seek(0)
        text = told.read().decode("utf-8", "replace")
    return Measured(int(exit_code), text, int(kibibytes) / 1024, time.monotonic() - started, float(cpu_seconds))


def ingest_peak(folder: Path, form: str, posts: int, packing: str = "") -> Peak:
    """Ingest *posts* posts of a form, packed or not, into a new installation with the real command."""
    operator = Operator(folder / f"{form} {packing} {posts}")
    environment = {**cron_environment(folder, operator.environment), "JOB_TIMEOUT_INGEST": "1h"}
    given = packed(lines_of(form, posts), packing)
    done = measured((*COMMAND, "ingest", "--from", "-", "--json"), environment, folder, given)
    operator.database.unlink()
    new = json.loads(done.told)["counts"]["new"] if done.exit_code == 0 else None
    assert new == posts, f"{form}: {done}, {new} of {posts} posts stored"
    return Peak(posts, done.mebibytes, done.seconds)


def reading_peak(form: str, posts: int, packing: str = "") -> Peak:
    """Read *posts* posts of a form, packed or not, and store none of them: what differs by form is in the reading."""
    command = (sys.executable, "-c", READING, "-")
    done = measured(command, cron_environment(PROJECT, {}), PROJECT, packed(lines_of(form, posts), packing))
    assert done.told.split() == [str(posts)], f"{form} {packing}: {done}"
    return Peak(posts, done.mebibytes, done.seconds)


LARGE = 30 * 2**20  # bytes
TEXT = b'{"data": [], "ok": true, "output": [], "x": "%s"}'
LARGE_ANSWERS: Mapping[str, Callable[[], bytes]] = {
    "lists": lambda: b'{"data": [' + b"[]," * (LARGE // 3) + b"[]]}",
    "objects": lambda: b'{"data": [' + b"{}," * (LARGE // 3) + b"{}]}",
    "a text": lambda: TEXT % (b"a" * LARGE),
    "a text below all limits": lambda: TEXT % ("\u20ac".encode() * 660_000),
    "lists below all limits": lambda: b'{"data": [' + b"[]," * 120_000 + b"[]]}",
    "brackets": lambda: b"[" * LARGE,
    "blanks": lambda: b" " * LARGE,
    "keys of a bucket": lambda: b"<ListBucketResult>" + b"<Contents><Key>a</Key></Contents>" * (LARGE // 34),
    "tags below all limits": lambda: b"<ListBucketResult>" + b"<a/>" * 99_000 + b"</ListBucketResult>",
    "a long key": lambda: (
        b"<ListBucketResult><Contents><Key>%s</Key></Contents></ListBucketResult>" % (b"a" * 8_000_000)
    ),
}


PACKED = 600 * 2**20  # bytes of which a megabyte or less is sent
PACKED_ANSWERS: Mapping[str, Callable[[], bytes]] = {
    "zeros, packed": lambda: gzip.compress(bytes(PACKED), 6),
    "brackets, packed": lambda: gzip.compress(b"[" * PACKED, 6),
}


def answer_peak(folder: Path, service: str, answer: str) -> Measured:
    """Have a command ask a service that answers so, and return what it took."""
    operator = Operator(folder)
    asked = ALL_SERVICES[service]
    packing = "gzip" if answer in PACKED_ANSWERS else ""
    body = {**LARGE_ANSWERS, **PACKED_ANSWERS}[answer]()
    with answering(body, signs_in=asked.signs_in, packing=packing) as url:
        asked.prepare(operator)
        operator.environment.update(asked.settings(url))
        return measured((*COMMAND, *asked.command), operator.surroundings(), folder)
