"""A service outside hears of each run, and never costs one its result."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.installation import Installation
from tests.runner.conftest import Start
from tests.runner.test_a_run import failing, nothing
from tests.servers import Answer, faults
from tests.servers.ping_server import CHECK, PingServer, PushServer
from tests.tools.processes import wait_for
from trendspark_cli.app.run import run_steps
from trendspark_cli.base import log_setup
from trendspark_cli.base.errors import CeilingReachedError, ExitCode, StopRequest, UpstreamError
from trendspark_cli.base.models import RunResult
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.services import pings
from trendspark_cli.services.pings import LOG_BYTES, ping_url, refused_file, state_url, takes_states


@pytest.fixture
def outside() -> Iterator[PingServer]:
    """A service that is pinged."""
    with PingServer() as server:
        yield server


@pytest.fixture
def watched(workplace: Installation, outside: PingServer) -> Installation:
    """An installation whose ingest is watched from outside."""
    workplace.environment["HEARTBEAT_URL_INGEST"] = outside.address
    workplace.installation()
    log_setup.configure_logging(workplace.log_file, "text", job="ingest", verbose=False)
    return workplace


def run_impatiently(workplace: Installation) -> RunResult:
    """Run ingest with pings that give up soon."""
    runner = workplace.installation().runner()
    return replace(runner, pings=replace(runner.pings, answer_seconds=0.2)).run("ingest", nothing)


def test_a_good_run_pings_its_start_and_its_success_with_one_run_id(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", nothing)

    assert outside.kinds == ["/start", ""]
    assert len({ping.rid for ping in outside.pings}) == 1
    assert len(outside.pings[0].rid) == 36


def test_two_runs_have_two_run_ids(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", nothing)
    watched.run("ingest", nothing)

    assert len({ping.rid for ping in outside.pings}) == 2


def test_a_failed_run_pings_its_exit_code(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", failing(UpstreamError("x", "down")))

    assert outside.kinds == ["/start", "/69"]


def test_metrics_that_cannot_be_written_are_pinged_as_the_failure_they_are(
    watched: Installation, outside: PingServer
) -> None:
    watched.metrics_folder.write_text("a file where the folder should be")

    watched.run("ingest", nothing)

    assert outside.kinds == ["/start", "/73"]


def test_a_run_that_says_nothing_about_its_job_is_neither_success_nor_failure(
    watched: Installation, outside: PingServer
) -> None:
    watched.run("ingest", failing(CeilingReachedError("x: the ceiling is reached", key="k")))

    assert outside.kinds == ["/start", "/log"]


def test_the_end_carries_the_lines_of_this_run_and_no_others(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", nothing)
    watched.run("ingest", failing(UpstreamError("x", "the second run broke")))

    told = outside.pings[-1].body
    assert "INFO ingest run=2 ingest started" in told
    assert "the second run broke" in told
    assert "run=1" not in told
    assert (
        told.splitlines()[-1].split(" counts=")[0].endswith("INFO ingest run=2 ingest ended status=error exit_code=69")
    )


def test_the_lines_are_bounded_and_the_last_ones_are_kept(watched: Installation, outside: PingServer) -> None:
    def body(job: JobContext) -> None:
        for n in range(1000):
            pings.log.warning("line %d %s", n, "x" * 100)

    watched.run("ingest", body)

    told = outside.pings[-1].body
    assert LOG_BYTES - 300 < len(told) <= LOG_BYTES
    assert "line 999" in told


def test_no_secret_is_in_what_a_ping_carries(watched: Installation, outside: PingServer) -> None:
    watched.environment["X_BEARER_TOKEN"] = "planted-secret-value"

    watched.run("ingest", failing(UpstreamError("x", "refused planted-secret-value")))

    assert "refused ***" in outside.pings[-1].body
    assert "planted" not in outside.pings[-1].body


def test_a_paused_job_and_a_dry_run_and_a_job_without_an_address_ping_nothing(
    watched: Installation, outside: PingServer
) -> None:
    watched.command("jobs", "pause", "ingest")
    watched.run("ingest", nothing)
    watched.command("jobs", "resume", "ingest")
    watched.run("ingest", nothing, is_dry=True)
    watched.run("vacuum", nothing)

    assert outside.kinds == []


def test_a_run_that_finds_its_lock_held_leaves_the_pings_to_the_holder(
    watched: Installation, outside: PingServer
) -> None:
    def meanwhile(job: JobContext) -> None:
        assert watched.run("ingest", nothing).status == "skipped"

    watched.run("ingest", meanwhile)

    assert outside.kinds == ["/start", ""]


def test_a_killed_run_pings_no_end_so_that_the_outside_notices(
    watched: Installation, outside: PingServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTBEAT_URL_INGEST", outside.address)
    process = start("idle")
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert set(outside.kinds) <= {"/start"}


def test_each_step_of_a_pair_pings_its_own_address_within_that_of_the_pair(
    watched: Installation, outside: PingServer
) -> None:
    with PingServer() as of_pair:
        watched.environment["HEARTBEAT_URL_INGEST_RANK"] = of_pair.address
        down = failing(UpstreamError("x", "down"))
        run_steps(
            watched.installation(), "ingest_rank", {"ingest": lambda wired: down(wired.job), "rank": lambda _: None}
        )

        assert (outside.kinds, of_pair.kinds) == (["/start", "/69"], ["/start", "/69"])
        assert "run=2 ingest started" in of_pair.pings[-1].body


FAULTS = {
    "hang": faults.hang(),
    "500": faults.server_error(500),
    "reset": faults.connection_reset(),
    "redirect": faults.redirect_to_login(),
    "404": faults.not_found(),
    "endless": faults.slow_body(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_in_trouble_costs_a_run_nothing_but_a_line_of_log(
    watched: Installation, outside: PingServer, fault: str
) -> None:
    outside.faults.add(FAULTS[fault], times=None)
    began = time.monotonic()

    result = run_impatiently(watched)

    told = watched.log_file.read_text()
    assert (result.status, result.exit_code) == ("success", 0)
    assert time.monotonic() - began < 8
    assert "WARNING ingest run=1 the success ping of ingest" in told
    assert CHECK not in told


def test_a_blip_is_tried_once_more(watched: Installation, outside: PingServer) -> None:
    outside.faults.add(faults.server_error(502), endpoint="success")

    watched.run("ingest", nothing)

    assert outside.kinds == ["/start", "", ""]
    assert outside.log[-1].status == 200


def test_an_answer_that_the_check_is_unknown_is_logged(watched: Installation, outside: PingServer) -> None:
    outside.answer = Answer(body=b"OK (not found)")

    watched.run("ingest", nothing)

    assert "the success ping of ingest was not taken: 200 OK (not found)" in watched.log_file.read_text()


def test_a_host_nobody_knows_costs_a_run_nothing(watched: Installation) -> None:
    watched.environment["HEARTBEAT_URL_INGEST"] = f"https://no-such-host.invalid{CHECK}"

    result = watched.run("ingest", nothing)

    told = watched.log_file.read_text()
    assert result.exit_code == 0
    assert "ping of ingest did not get out" in told
    assert CHECK not in told


def test_the_address_of_a_ping_reaches_no_file(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", failing(UpstreamError("x", "down")))

    holders = [path.name for path in watched.home.rglob("*") if path.is_file() and CHECK.encode() in path.read_bytes()]
    assert holders == []


def test_a_ping_is_on_record_in_the_log_by_its_kind(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", nothing)

    assert "request.completed service=ping endpoint=success status=200" in watched.log_file.read_text()


@pytest.fixture
def monitor() -> Iterator[PushServer]:
    """A service that takes states."""
    with PushServer() as server:
        yield server


def test_an_address_with_a_state_hears_up_of_a_good_run_and_down_of_a_failed_one(
    workplace: Installation, monitor: PushServer
) -> None:
    workplace.environment["HEARTBEAT_URL_INGEST"] = monitor.address
    workplace.run("ingest", nothing)

    workplace.run("ingest", failing(UpstreamError("x", "down")))

    assert [(entry.request.method, entry.status) for entry in monitor.log] == [("GET", 200)] * 2
    assert monitor.states == [("up", "OK"), ("down", "exit code 69")]


def test_an_address_with_a_state_hears_nothing_of_a_run_that_says_nothing_of_its_job(
    workplace: Installation, monitor: PushServer
) -> None:
    workplace.environment["HEARTBEAT_URL_INGEST"] = monitor.address

    workplace.run("ingest", failing(CeilingReachedError("x: the ceiling is reached", key="k")))

    assert monitor.log == []


@pytest.mark.parametrize(
    ("address", "ending", "expected"),
    [
        ("https://up.example/api/push/key?status=up&msg=OK&ping=", "", "status=up&msg=OK&ping="),
        ("https://up.example/api/push/key?status=up&msg=OK&ping=", "69", "status=down&msg=exit+code+69&ping="),
        ("https://up.example/api/push/key?status=up", "1", "status=down&msg=exit+code+1"),
        ("https://up.example/api/push/key?team=a%26b&status=", "", "team=a%26b&status=up"),
    ],
)
def test_a_state_stands_in_its_place_of_the_query(address: str, ending: str, expected: str) -> None:
    assert state_url(address, ending) == f"https://up.example/api/push/key?{expected}"


@pytest.mark.parametrize("address", ["https://hc.example/uuid", "https://hc.example/status/uuid?create=1&mystatus=1"])
def test_other_addresses_take_no_state(address: str) -> None:
    assert not takes_states(address)


def test_a_ping_that_was_not_taken_is_noted_until_one_is(watched: Installation, outside: PingServer) -> None:
    note = refused_file(watched.home / "locks", "ingest")
    outside.answer = Answer(404, b"not found")
    watched.run("ingest", nothing)
    told = note.read_text()
    outside.answer = Answer(body=b"OK")

    watched.run("ingest", nothing)

    assert "the success ping was not taken: 404 not found" in told
    assert CHECK not in told
    assert not note.exists()


@pytest.mark.parametrize(
    ("address", "ending", "expected"),
    [
        ("https://hc.example/uuid", "start", "https://hc.example/uuid/start?rid=r"),
        ("https://hc.example/uuid/", "", "https://hc.example/uuid?rid=r"),
        ("https://hc.example/key/slug?create=1", "69", "https://hc.example/key/slug/69?create=1&rid=r"),
        ("https://me:word@hc.example:8443/uuid?a=b#part", "log", "https://me:word@hc.example:8443/uuid/log?a=b&rid=r"),
    ],
)
def test_what_is_pinged_keeps_all_of_the_address(address: str, ending: str, expected: str) -> None:
    assert ping_url(address, ending, "r") == expected


def test_a_run_without_an_end_says_now_and_then_that_it_is_well(watched: Installation, outside: PingServer) -> None:
    runner = watched.installation().runner()

    def body(job: JobContext) -> None:
        def has_said_it() -> bool:
            job.still_alive()
            return outside.kinds.count("") >= 3

        wait_for("it has said three times that it is well", has_said_it, seconds=5, pause=0.01)
        raise StopRequest(ExitCode.TERMINATED, "stopped by SIGTERM")

    replace(runner, pings=replace(runner.pings, alive_seconds=0.0)).run("ingest", body)

    assert outside.kinds[0] == "/start"
    assert set(outside.kinds[1:-1]) == {""}
    assert outside.kinds[-1] == "/log"


def test_signs_of_life_are_no_more_frequent_than_they_should_be(watched: Installation, outside: PingServer) -> None:
    watched.run("ingest", lambda job: job.still_alive())

    assert outside.kinds == ["/start", ""]
