"""A job runs on one host at a time; its lock belongs to the session that writes, and a lost one is a lost run."""

from __future__ import annotations

import os
import socket
from contextlib import closing

import psycopg
import pytest

from tests.builders import NOW, post
from tests.hosts.conftest import MakeHost
from tests.installation import Installation
from tests.servers.pgbouncer import NEEDS_PGBOUNCER, pgbouncer
from tests.servers.postgres import Databases
from trendspark_cli.base.errors import ConfigError, LockHeldError, StoreBusyError
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.database import Database


def end_sessions(url: str, of: str) -> int:
    """End the sessions whose name has this in it, as a server that restarts does; return how many there were."""
    sql = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE %s AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as other:
        return int((other.execute(sql, (f"%{of}%",)).fetchone() or (0,))[0])


def database_of(host: Installation) -> Database:
    """Its database, as jobs take it."""
    return host.installation().database


def test_a_job_that_runs_on_one_host_is_refused_on_another_and_says_where_it_runs(host: MakeHost) -> None:
    one, two = host("one"), host("two")

    with database_of(one).locked(("rank",), NOW):
        with pytest.raises(LockHeldError) as refused, database_of(two).locked(("rank",), NOW):
            pass
        with database_of(two).locked(("vacuum",), NOW):
            pass

    assert f"pid {os.getpid()} on {socket.gethostname()} since 20" in str(refused.value)
    with database_of(two).locked(("rank",), NOW):
        pass


def test_the_refused_run_is_on_record_and_ends_with_75(host: MakeHost) -> None:
    one, two = host("one"), host("two")

    with database_of(one).locked(("rank",), NOW):
        result = two.run("rank", lambda job: None)

    assert (result.status, result.exit_code) == ("skipped", 75)
    assert "rank is already running" in two.values("SELECT error FROM job_runs")[0]


def test_all_locks_of_a_run_are_free_when_one_was_held(host: MakeHost) -> None:
    one, two = host("one"), host("two")

    with database_of(one).locked(("rank",), NOW):
        with pytest.raises(LockHeldError), database_of(two).locked(("ingest", "rank"), NOW):
            pass
        with database_of(two).locked(("ingest",), NOW):
            pass


def test_another_database_of_the_same_server_has_locks_of_its_own(
    host: MakeHost, postgres: tuple[Databases, str]
) -> None:
    databases, template = postgres
    one, two = host("one"), host("two")
    two.environment["DATABASE_URL"] = databases.create("of_somebody_else", template)
    try:
        with database_of(one).locked(("rank",), NOW), database_of(two).locked(("rank",), NOW):
            pass
    finally:
        databases.drop("of_somebody_else")


def test_a_run_whose_session_was_ended_writes_no_more_and_ends_with_75(host: MakeHost, postgres_url: str) -> None:
    one, two = host("one"), host("two")

    def body(job: JobContext) -> None:
        assert end_sessions(postgres_url, "trendspark rank") == 1
        with database_of(two).locked(("rank",), NOW):  # its lock went with it
            pass
        job.write(lambda: job.store.posts.save([post("1")], NOW))

    result = one.run("rank", body)

    assert (result.exit_code, result.status) == (75, "error")
    with closing(two.store()) as store:
        assert (store.posts.count(), [run.status for run in store.job_runs.history(5)]) == (0, ["running"])


def test_a_run_that_lost_its_lock_is_fenced_while_it_is_seen_to_live(host: MakeHost, postgres_url: str) -> None:
    """Its heartbeat has a session of its own; another host waits until that is silent."""
    one, two = host("one"), host("two")

    def body(job: JobContext) -> None:
        end_sessions(postgres_url, "trendspark rank")
        with closing(two.store()) as store, store.transaction():
            store.connection.execute("UPDATE job_runs SET host = 'another', pid = 1")  # as seen from another host
        second = two.run("rank", lambda job: None)
        two.later(minutes=2)
        third = two.run("rank", lambda job: None)
        assert [(run.status, run.exit_code) for run in (second, third)] == [("skipped", 75), ("success", 0)]

    assert one.run("rank", body).exit_code in (0, 75)


def test_a_run_that_waits_for_the_network_keeps_its_lock(host: MakeHost, postgres_url: str) -> None:
    one, two = host("one"), host("two")

    def body(job: JobContext) -> None:
        with pytest.raises(LockHeldError), database_of(two).locked(("ingest",), NOW):
            pass

    assert one.run("ingest", body).exit_code == 0


@NEEDS_PGBOUNCER
def test_a_pooler_that_keeps_sessions_is_as_good_as_the_server(host: MakeHost, postgres_url: str) -> None:
    with pgbouncer(postgres_url, "session") as through:
        one, two = host("one", DATABASE_URL=through), host("two", DATABASE_URL=through)
        with database_of(one).locked(("rank",), NOW):
            second = two.run("rank", lambda job: None)

    assert second.exit_code == 75


@NEEDS_PGBOUNCER
@pytest.mark.parametrize(("mode", "pool_size"), [("transaction", 20), ("transaction", 1), ("session", 1)])
def test_a_pooler_that_shares_sessions_is_refused(host: MakeHost, postgres_url: str, mode: str, pool_size: int) -> None:
    with (
        pgbouncer(postgres_url, mode, pool_size=pool_size) as through,
        pytest.raises(ConfigError) as refused,
        database_of(host("one", DATABASE_URL=through)).locked(("rank",), NOW),
    ):
        pass

    assert "pooler" in str(refused.value)
    assert "pool_mode = session" in refused.value.hint


def test_a_server_that_is_gone_is_for_the_next_run(host: MakeHost, postgres_url: str) -> None:
    nowhere = host("one", DATABASE_URL=postgres_url.rpartition(":")[0] + ":1/trends")

    with pytest.raises(StoreBusyError) as refused:
        database_of(nowhere).open()

    assert refused.value.exit_code == 75


def test_a_replica_to_which_an_address_leads_after_a_failover_is_for_the_next_run(
    host: MakeHost, postgres_url: str
) -> None:
    one = host("one")
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    done = one.command("rank")

    assert done.exit_code == 75, done.stderr
    assert "it can only be read" in done.stderr
