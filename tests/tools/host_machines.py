"""Hosts as network namespaces: each with an address, a name and a link of its own to the server of PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.installation import Installation, make_folders
from tests.servers.postgres import FOR_TESTS, PostgresServer, find_binaries
from tests.tools.processes import COMMAND

NETWORK = "10.87"  # two numbers of the addresses; the third is the host's
_NAMED = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"')


def why_no_hosts() -> str | None:
    """Return why no namespaces can be made here, None when they can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return "there is no `ip` (iproute2) or `unshare` on this machine"
    if find_binaries() is None:
        return "there is no PostgreSQL: install the extra `test`"
    tried = subprocess.run(["ip", "netns", "add", f"ts-try-{os.getpid()}"], capture_output=True, text=True)
    if tried.returncode:
        return f"network namespaces cannot be made: {tried.stderr.strip()}"
    _ip("netns", "del", f"ts-try-{os.getpid()}")
    return None


@dataclass(frozen=True)
class HostMachine:
    """One host. Its commands run in its namespace, under its name."""

    name: str
    namespace: str
    link: str
    server_address: str
    here: Installation

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command as a session of its own, and return at once."""
        return subprocess.Popen(
            [*self.words, *COMMAND, *arguments],
            env=self.here.surroundings(),
            cwd=self.here.home.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *arguments: str, seconds: float = 180.0) -> tuple[int, str]:
        """Run a command to its end; return its exit code and what it said on stderr."""
        process = self.start(*arguments)
        _, said = process.communicate(timeout=seconds)
        return process.returncode, said.decode(errors="replace").strip()

    @property
    def words(self) -> tuple[str, ...]:
        """What enters the host."""
        return ("ip", "netns", "exec", self.namespace, *_NAMED, self.name)

    def cut(self) -> None:
        """Take its link down: nobody is told."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Put its link up again."""
        _ip("link", "set", self.link, "up")


@contextmanager
def hosts(
    folder: Path, url: str, *, count: int = 2, settings: Mapping[str, str] | None = None
) -> Iterator[list[HostMachine]]:
    """Yield hosts that reach the server of *url*, each by an address of its own."""
    with ExitStack() as made:
        machines = []
        for number in range(1, count + 1):
            namespace, link, inside = f"ts{os.getpid()}-{number}", f"ts{os.getpid() % 100000}h{number}", f"tsin{number}"
            ours, theirs = f"{NETWORK}.{number}.1", f"{NETWORK}.{number}.2"
            _ip("netns", "add", namespace)
            made.callback(_ip_quietly, "netns", "del", namespace)
            _ip("link", "add", link, "type", "veth", "peer", "name", inside, "netns", namespace)
            made.callback(_ip_quietly, "link", "del", link)
            _ip("addr", "add", f"{ours}/24", "dev", link)
            _ip("link", "set", link, "up")
            for words in (
                ("addr", "add", f"{theirs}/24", "dev", inside),
                ("link", "set", inside, "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("-n", namespace, *words)
            home = folder / f"worker-{number}" / "home"
            make_folders(home)
            here = Installation(home, {"DATABASE_URL": at(url, ours), **(settings or {})})
            machines.append(HostMachine(f"worker-{number}", namespace, link, ours, here))
        yield machines


@contextmanager
def reachable_server(
    binaries: Path | None = None, options: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Yield a server that hosts reach, and that keeps what it has when it is killed."""
    from tempfile import mkdtemp

    found = binaries or find_binaries()
    assert found is not None
    folder = Path(mkdtemp(prefix="trendspark-pg-"))
    folder.chmod(0o711)
    kept = {**FOR_TESTS, "wal_level": "replica", "max_wal_senders": "5", "autovacuum": "on", **(options or {})}
    server = PostgresServer(folder, found, options={**kept, "listen_addresses": "*"})
    try:
        server.create()
        allow_hosts(server)
        server.start()
        server.add_user()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def allow_hosts(server: PostgresServer) -> None:
    """Let hosts in, and replicas."""
    with (server.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0.0/16 scram-sha-256\n")


def at(url: str, host: str) -> str:
    """Return an address with another host, or hosts, and the same port."""
    parts = urlsplit(url)
    account, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{account}@{host}:{place.rpartition(':')[2]}"))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _ip_quietly(*words: str) -> None:
    with suppress(subprocess.CalledProcessError):
        _ip(*words)
