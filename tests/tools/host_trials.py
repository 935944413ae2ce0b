"""Two hosts and one server, in trouble: kills, cut links, processes that stand still, sessions that are ended, poolers,
a replica that takes over, restarts. Whatever happens, each post is stored once, and a run ends with 0 or 75.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.builders import in_lines, own_line
from tests.servers.pgbouncer import PROGRAM, pgbouncer
from tests.servers.postgres import ADMIN, ADMIN_PASSWORD, Databases, PostgresServer
from tests.tools.host_machines import HostMachine, at, hosts, reachable_server
from tests.tools.host_steps import ARCHIVE_STEPS, DELIVERY_STEPS, archive_steps, delivery_steps
from tests.tools.processes import free_port, kill_group, wait_for
from trendspark_cli.base.clock import to_text, utc_now

POSTS_OF_A_FILE = 4000
NOT_EMPTY = 78  # what a second copy onto a database ends with
PATIENCE_SECONDS = 150.0  # until a server frees what a host held that cannot be reached any more
DONE, LATER = 0, 75


@dataclass
class Trial:
    """What came of one kind of trouble."""

    name: str
    runs: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    note: str = ""

    def ended(self, code: int, said: str) -> int:
        """Count a run; whatever ends with something else than 0 and 75 is wrong."""
        self.runs += 1
        self.codes[code] += 1
        if code not in (DONE, LATER, -signal.SIGKILL, 128 + signal.SIGKILL):
            self.wrong.append(f"a run ended with {code}: {said[:300]}")
        return code


def post_file(folder: Path, number: int, posts: int = POSTS_OF_A_FILE) -> Path:
    """Write a file of posts with ids of its own."""
    path = folder / f"posts-{number}.ndjson"
    now = to_text(utc_now())
    path.write_bytes(in_lines(*(own_line(f"{number}-{n}", created_at=now, text=f"bridge {n}") for n in range(posts))))
    return path


def stored(url: str) -> tuple[int, int]:
    """Return how many posts there are, and how many with different ids."""
    with psycopg.connect(url) as server:
        row = server.execute("SELECT count(*), count(DISTINCT source_id) FROM trendspark.posts").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def sessions(url: str, which: str, what: str = "count(*)") -> int:
    """Ask about sessions of jobs: how many there are, or what becomes of each."""
    sql = (
        f"SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        f"AND application_name LIKE 'trendspark %' AND {which}"
    )
    with psycopg.connect(url, autocommit=True) as server:
        row = server.execute(sql).fetchone()
    return int((row or (0,))[0] or 0)


@dataclass
class Ground:
    """A server with a database of ours, and two hosts."""

    server: PostgresServer
    url: str  # from here
    machines: list[HostMachine]
    folder: Path
    files: int = 0

    def next_file(self) -> Path:
        """Return a file that nobody has read."""
        self.files += 1
        return post_file(self.folder, self.files)

    def until_done(self, trial: Trial, machine: HostMachine, *arguments: str) -> None:
        """Run a command as cron would, again and again, until it is done."""
        end = time.monotonic() + PATIENCE_SECONDS
        while trial.ended(*machine.run(*arguments)) != DONE:
            if time.monotonic() > end:
                trial.wrong.append(f"{' '.join(arguments[:1])} could not be done in {PATIENCE_SECONDS:.0f} s")
                return
            time.sleep(0.5)

    def check(self, trial: Trial) -> Trial:
        """Compare what is stored with what was read."""
        wanted = self.files * POSTS_OF_A_FILE
        found = stored(self.url)
        if found != (wanted, wanted):
            trial.wrong.append(f"{wanted} posts were read, and {found[0]} are stored, {found[1]} of them different")
        return trial


@contextmanager
def ground(folder: Path, server: PostgresServer, name: str, **settings: str) -> Iterator[Ground]:
    """Yield a new database of a server with two hosts."""
    with closing(Databases(server.url)) as databases:
        url = databases.create(name)
    with hosts(folder / name, url, settings=settings) as machines:
        for machine in machines:
            code, said = machine.run("db", "init")
            assert code == DONE, said
        yield Ground(server, url, machines, folder / name)


def kills(on: Ground, rounds: int) -> Trial:
    """Kill ingest and rank with -9 on one host at moments of their run; the other host goes on."""
    trial = Trial("kill -9 at moments of ingest and rank")
    one, two = on.machines
    began = time.monotonic()
    on.until_done(trial, one, "ingest", "--from", str(on.next_file()))
    on.until_done(trial, one, "rank")
    usual = (time.monotonic() - began) / 2
    for number in range(rounds):
        file = on.next_file()
        for arguments in (("ingest", "--from", str(file)), ("rank",)):
            process = one.start(*arguments)
            time.sleep(usual * (number + 1) / (rounds + 1))
            kill_group(process)
            process.communicate()
            trial.ended(-signal.SIGKILL, "")
            on.until_done(trial, two, *arguments)
    return on.check(trial)


def cut_link(on: Ground) -> Trial:
    """Cut the link of a host in the middle of a run; the other one waits for no more than a minute or two."""
    trial = Trial("a link that is cut while posts are read")
    one, two = on.machines
    file = on.next_file()
    process = one.start("ingest", "--from", str(file))
    wait_for(
        "the run has its lock", lambda: sessions(on.url, "application_name LIKE '%ingest%'"), seconds=60, pause=0.02
    )
    one.cut()
    began = time.monotonic()
    try:
        on.until_done(trial, two, "ingest", "--from", str(file))
        trial.note = f"the other host went on after {time.monotonic() - began:.0f} s"
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        trial.ended(process.returncode, said.decode(errors="replace"))
    finally:
        one.mend()
        kill_group(process)
    return on.check(trial)


def stand_still(on: Ground) -> Trial:
    """Stop a process inside a transaction: the server ends it, and the run ends with 75 when it goes on."""
    trial = Trial("SIGSTOP inside a transaction")
    one, two = on.machines
    file = on.next_file()
    while True:
        process = one.start("ingest", "--from", str(file))
        group = os.getpgid(process.pid)
        is_inside = False
        while process.poll() is None and not is_inside:
            if sessions(on.url, "state LIKE 'idle in transaction%' OR xact_start IS NOT NULL"):
                os.killpg(group, signal.SIGSTOP)
                time.sleep(0.2)  # a statement that is under way ends
                is_inside = sessions(on.url, "state LIKE 'idle in transaction%'") > 0
                if not is_inside:
                    os.killpg(group, signal.SIGCONT)
        if is_inside:
            break
        process.communicate()
        file = on.next_file()
    began = time.monotonic()
    on.until_done(trial, two, "ingest", "--from", str(file))
    trial.note = f"the other host went on after {time.monotonic() - began:.0f} s"
    os.killpg(group, signal.SIGCONT)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    if trial.ended(process.returncode, said.decode(errors="replace")) != LATER:
        trial.wrong.append("the run that was stopped did not end with 75")
    for number in range(1, on.files + 1):  # files of runs that were quicker than we
        on.until_done(trial, two, "ingest", "--from", str(on.folder / f"posts-{number}.ndjson"))
    return on.check(trial)


def ended_sessions(on: Ground, rounds: int) -> Trial:
    """End the session that holds the lock at moments of a run."""
    trial = Trial("pg_terminate_backend of the lock's session")
    one, two = on.machines
    for number in range(rounds):
        file = on.next_file()
        process = one.start("ingest", "--from", str(file))
        _wait_for_session(on, process)
        time.sleep(0.1 * number)
        sessions(on.url, "true", "count(pg_terminate_backend(pid))")
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        trial.ended(process.returncode, said.decode(errors="replace"))
        on.until_done(trial, two, "ingest", "--from", str(file))
    return on.check(trial)


def _wait_for_session(on: Ground, process: subprocess.Popen[bytes]) -> None:
    """Wait until a run has a session of the server, or has ended."""
    wait_for("a run", lambda: sessions(on.url, "true") or process.poll() is not None, seconds=60, pause=0.01)


def poolers(on: Ground) -> Trial:
    """Behind pgbouncer in session mode all is as usual; in transaction mode every job is refused."""
    trial = Trial("pgbouncer, session and transaction mode")
    if PROGRAM is None:
        trial.note = "skipped: there is no pgbouncer on this machine"
        return trial
    here = on.machines[0].here  # without its namespace: the pooler listens on 127.0.0.1
    for mode, wanted in (("session", DONE), ("transaction", 78)):
        with pgbouncer(on.url, mode) as through:
            here.environment["DATABASE_URL"] = through
            for arguments in (("ingest", "--from", str(on.next_file())), ("rank",), ("db", "upgrade")):
                done = here.command(*arguments, seconds=180.0)
                trial.runs += 1
                if done.exit_code != wanted:
                    trial.wrong.append(f"{mode}: {arguments[0]} ended with {done.exit_code}: {done.stderr[:200]}")
    on.files -= 1  # of the mode that is refused
    return on.check(trial)


def restarts(on: Ground, seconds: float, seed: int = 20261101) -> Trial:
    """Restart the server at random while both hosts read and rank."""
    trial = Trial(f"restarts for {seconds:.0f} s")
    chance = random.Random(seed)
    end, count = time.monotonic() + seconds, 0
    work: dict[str, tuple[subprocess.Popen[bytes], Path | None]] = {}
    left: list[Path] = []
    next_restart = time.monotonic() + chance.uniform(2, 8)
    while time.monotonic() < end:
        for machine in on.machines:
            running = work.get(machine.name)
            if running is not None and running[0].poll() is None:
                continue
            if running is not None:
                _, said = running[0].communicate()
                if trial.ended(running[0].returncode, said.decode(errors="replace")) != DONE and running[1] is not None:
                    left.append(running[1])
            file = (
                (left.pop(0) if left and chance.random() < 0.5 else on.next_file()) if chance.random() < 0.7 else None
            )
            work[machine.name] = machine.start(*(("ingest", "--from", str(file)) if file else ("rank",))), file
        if time.monotonic() > next_restart:
            on.server.restart(chance.choice((signal.SIGINT, signal.SIGQUIT)))
            count += 1
            next_restart = time.monotonic() + chance.uniform(2, 8)
        time.sleep(0.05)
    for process, file in work.values():
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        if trial.ended(process.returncode, said.decode(errors="replace")) != DONE and file is not None:
            left.append(file)
    for file in left:
        on.until_done(trial, on.machines[0], "ingest", "--from", str(file))
    trial.note = f"{count} restarts"
    return on.check(trial)


def failover(on: Ground, folder: Path) -> Trial:
    """Promote a replica in the middle of a run; hosts know both addresses, and take the one that can be written."""
    trial = Trial("a replica that takes over")
    server = on.server
    replica = PostgresServer(folder / "replica", server.binaries, free_port(), options=dict(server.options))
    replica.folder.mkdir(parents=True)
    if os.geteuid() == 0:
        from tests.servers.postgres import NOBODY

        for path in (folder, replica.folder):
            path.chmod(0o711)
            os.chown(path, NOBODY, NOBODY)
    source = f"host=127.0.0.1 port={server.port} user={ADMIN} password={ADMIN_PASSWORD}"
    server.program("pg_basebackup", "-D", str(replica.data), "-d", source, "-R", "-X", "stream", "--checkpoint=fast")
    replica.start()
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")  # what was committed is on both
        admin.execute("SELECT pg_reload_conf()")
    for machine in on.machines:
        url = machine.here.environment["DATABASE_URL"]
        both = f"{machine.server_address}:{server.port},{machine.server_address}"
        both_ports = at(url, both).rpartition("@")
        place = f"{both}:{replica.port}/{url.rpartition('/')[2]}"
        machine.here.environment["DATABASE_URL"] = f"{both_ports[0]}@{place}?target_session_attrs=read-write"
    try:
        one, two = on.machines
        on.until_done(trial, one, "ingest", "--from", str(on.next_file()))
        file = on.next_file()
        process = one.start("ingest", "--from", str(file))
        _wait_for_session(on, process)
        time.sleep(0.3)
        server.stop()
        replica.program("pg_ctl", "promote", "-D", str(replica.data), "-w")
        with psycopg.connect(replica.admin_url, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        trial.ended(process.returncode, said.decode(errors="replace"))
        on.until_done(trial, two, "ingest", "--from", str(file))
        on.until_done(trial, two, "rank")
        on.url = at(on.url, "127.0.0.1").replace(f":{server.port}/", f":{replica.port}/")
        return on.check(trial)
    finally:
        replica.stop()


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def copies(on: Ground, kills_wanted: int) -> Trial:
    """Kill `db copy` again and again; what comes back in the end is what was there."""
    trial = Trial("db copy to a file, killed again and again")
    one = on.machines[0]
    on.until_done(trial, one, "ingest", "--from", str(on.next_file()))
    target = on.folder / "copy.db"
    arguments = ("db", "copy", "--to", f"sqlite:///{target}")
    began = time.monotonic()
    on.until_done(trial, one, *arguments)
    whole = time.monotonic() - began
    _remove(target)
    kills = 0
    while kills < kills_wanted:
        process = one.start(*arguments)
        try:  # at another moment each time, the start of the program aside
            process.communicate(timeout=0.4 + whole * (kills + 1) / (kills_wanted + 1))
        except subprocess.TimeoutExpired:
            kill_group(process)
            process.communicate()
            trial.ended(-signal.SIGKILL, "")
            kills += 1
        else:  # it was done by then, or when the one before was killed
            if process.returncode != NOT_EMPTY:
                trial.ended(process.returncode, "")
            _remove(target)
            whole *= 0.9
    on.until_done(trial, one, *arguments)
    code, said = one.run(*arguments)
    if code != NOT_EMPTY:
        trial.wrong.append(f"a second copy onto it ended with {code}: {said[:200]}")
    return on.check(trial)


def trials(folder: Path, *, is_quick: bool, only: Sequence[str] = ()) -> Iterator[Callable[[], Trial]]:
    """Yield each kind of trouble, or *only* some of them, on hosts and a database of its own."""
    short = is_quick
    with reachable_server() as server:
        kinds: dict[str, Callable[[Ground], Trial]] = {
            "kills": lambda on: kills(on, 3 if short else 12),
            "sessions": lambda on: ended_sessions(on, 2 if short else 8),
            "poolers": poolers,
            "copies": lambda on: copies(on, 3 if short else 20),
            "link": cut_link,
            "still": stand_still,
            "restarts": lambda on: restarts(on, 30.0 if short else 600.0),
            "archive": lambda on: archive_steps(
                on, Trial("kill -9 at each step of archive"), ("exported", "deleting") if short else ARCHIVE_STEPS
            ),
            "deliver": lambda on: delivery_steps(
                on, Trial("kill -9 at each step of deliver"), ("sent",) if short else DELIVERY_STEPS
            ),
            "failover": lambda on: failover(on, folder / "failover-server"),
        }
        if unknown := set(only) - set(kinds):
            raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; expected {', '.join(kinds)}")
        for name, kind in kinds.items():
            if only and name not in only:
                continue
            yield lambda name=name, kind=kind: _tried(folder, server, name, kind)  # type: ignore[misc]


def _tried(folder: Path, server: PostgresServer, name: str, kind: Callable[[Ground], Trial]) -> Trial:
    with ground(folder, server, name) as on:
        return kind(on)
