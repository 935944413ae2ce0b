"""Made-up secrets of real-looking form, and the hunt for them in everything a run leaves or shows."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.tools.processes import LONGEST_RUN_SECONDS, NotInTimeError, kill_group
from trendspark_cli.base.settings import specs

SHORTEST_PART = 10  # characters: a shorter piece of a secret is no use to anyone, and found in ordinary text
SAMPLE_SECONDS = 0.02  # between two looks at the command lines of a run's processes
# Addresses of feeds would be asked; what is secret in them has its own test (tests/ingest/test_feeds_ingest.py).
SECRET_NAMES = tuple(name for name, spec in specs().items() if spec.secret and name != "FEEDS")


def made_up_secrets() -> dict[str, str]:
    """Return a value for every secret setting there is, each unlike all others."""
    return {name: _made_up(name) for name in SECRET_NAMES}


def _made_up(name: str) -> str:
    digest = hashlib.sha256(f"made up for {name}".encode()).hexdigest()
    if name.startswith("HEARTBEAT_URL_"):
        return f"http://127.0.0.1:9/ping/{digest[:8]}-{digest[8:12]}-{digest[12:24]}"
    if name == "X_BEARER_TOKEN":  # real ones hold %-escapes
        return f"AAAAAAAAAAAAAAAAAAAAA{digest[:24]}%2F{digest[24:40]}%3D{digest[40:]}"
    if name == "TELEGRAM_BOT_TOKEN":
        return f"{int(digest[:8], 16)}:AA{digest[8:40]}"
    if name == "OPENAI_API_KEY":
        return f"sk-proj-{digest[:40]}"
    return f"{digest[:14]}-_{digest[14:28]}"


def forms_of(secret: str) -> set[bytes]:
    """Return every way in which a secret, or half of it, could show up."""
    middle = len(secret) // 2
    whole = secret.encode()
    texts = {secret, quote(secret, safe=""), quote_plus(secret), secret[::-1], json.dumps(secret)[1:-1]}
    texts |= {secret[:middle], secret[middle:], whole.hex(), secret.replace("/", "\\/")}
    texts |= {_base64(whole), _base64(whole).rstrip("=")}
    return {text.encode() for text in texts if len(text) >= SHORTEST_PART}


def basic_credentials(user: str, password: str) -> set[bytes]:
    """Return what HTTP's Basic scheme makes of a name and a password."""
    encoded = _base64(f"{user}:{password}".encode())
    return {encoded.encode(), encoded[: len(encoded) // 2].encode(), encoded[len(encoded) // 2 :].encode()}


@dataclass(frozen=True)
class Shown:
    """What a command showed: its exit code, its output, the command lines of its processes."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    command_lines: bytes


@dataclass(frozen=True)
class Hunt:
    """Looks for secrets; `allowed` are the files that hold them on purpose."""

    secrets: Mapping[str, str]
    allowed: Sequence[Path] = ()

    def leaks(self, shown: Shown, *folders: Path) -> list[str]:
        """Return where each secret was found, never the secret."""
        places = {"stdout": shown.stdout, "stderr": shown.stderr, "a command line": shown.command_lines}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path not in self.allowed:
                    data = path.read_bytes()
                    places[str(path.relative_to(folder))] = gzip.decompress(data) if path.suffix == ".gz" else data
        return [f"{name} in {place}" for name, forms in self._forms().items() for place, data in places.items() if any(
            form in data for form in forms)]  # fmt: skip

    def _forms(self) -> dict[str, set[bytes]]:
        forms = {name: forms_of(secret) for name, secret in self.secrets.items()}
        for name in SECRET_NAMES:
            if name.startswith("HEARTBEAT_URL_") and name in forms:  # the address is no secret, its path is
                forms[name] = forms_of(self.secrets[name].rpartition("/")[2])
        if {"REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"} <= self.secrets.keys():
            forms["Basic of Reddit"] = basic_credentials(
                self.secrets["REDDIT_CLIENT_ID"], self.secrets["REDDIT_CLIENT_SECRET"]
            )
        return forms


def show(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, *, stop_after_seconds: float | None = None
) -> Shown:
    """Run a command, watching the command lines of its processes; SIGTERM it after *stop_after_seconds*."""
    process = subprocess.Popen(
        argv,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=(folder / "stdout").open("wb"),
        stderr=(folder / "stderr").open("wb"),
        start_new_session=True,
    )
    seen: set[bytes] = set()
    started = time.monotonic()
    while process.poll() is None:
        seen |= _command_lines(process.pid)
        age = time.monotonic() - started
        if stop_after_seconds is not None and age > stop_after_seconds:
            process.terminate()
            stop_after_seconds = None
        if age > LONGEST_RUN_SECONDS:
            kill_group(process)
            raise NotInTimeError(f"{argv[-1]} did not end")
        time.sleep(SAMPLE_SECONDS)
    stdout, stderr = folder / "stdout", folder / "stderr"
    shown = Shown(process.returncode, stdout.read_bytes(), stderr.read_bytes(), b"\n".join(seen))
    stdout.unlink()
    stderr.unlink()
    return shown


def _command_lines(session: int) -> set[bytes]:
    """Return the command lines of all processes of a session."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.getsid(int(entry)) == session:
                    found.add(Path(f"/proc/{entry}/cmdline").read_bytes())
            except OSError:
                continue  # it has just ended
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
