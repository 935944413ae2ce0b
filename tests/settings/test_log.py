"""The log: one line an event, nothing secret, nothing that acts on a terminal, safe to rotate."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import re
import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import mode
from tests.installation import Installation
from tests.servers.ping_server import PingServer
from trendspark_cli.base import redaction
from trendspark_cli.base.log_setup import configure_logging, context, log_event
from trendspark_cli.services.http import BoundedAdapter, session

SECRET = "planted-secret-value"
log = logging.getLogger("trendspark_cli.test")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """A log that knows a secret."""
    redaction.install([SECRET])
    configure_logging(tmp_path / "trendspark.log", "text", job="ingest", verbose=False)
    yield tmp_path / "trendspark.log"
    context.run_id = None


def fail_with(message: str) -> None:
    """Log an exception with its traceback."""
    try:
        raise RuntimeError(message)
    except RuntimeError:
        log.exception("it failed: %s", message)


def test_a_line_names_time_level_job_and_run(log_file: Path) -> None:
    context.run_id = 12

    log.warning("slow answer")

    time, rest = log_file.read_text().rstrip("\n").split(" ", 1)
    assert (len(time), time[-1], rest) == (24, "Z", "WARNING ingest run=12 slow answer")


def test_secrets_reach_neither_lines_nor_tracebacks(log_file: Path) -> None:
    fail_with(f"https://x.example/?token={SECRET}")

    text = log_file.read_text()
    assert "Traceback" in text
    assert SECRET not in text


def test_secrets_reach_no_json_line_and_each_line_is_json(log_file: Path) -> None:
    configure_logging(log_file, "json", job="rank", verbose=False)

    fail_with(f'quotes " and \n lines and {SECRET}')
    log.info("жук %s", "\x1b[31m")

    lines = [json.loads(line) for line in log_file.read_text().splitlines()]
    assert [(line["level"], line["job"], line["run"]) for line in lines] == [
        ("error", "rank", "-"),
        ("info", "rank", "-"),
    ]
    assert SECRET not in log_file.read_text()
    assert "RuntimeError" in lines[0]["traceback"]


def test_control_characters_are_written_as_text(log_file: Path) -> None:
    log.warning("title: %s", "\x1b]0;owned\x07\x9b31m\x00\r")

    assert log_file.read_text().endswith("title: \\x1b]0;owned\\x07\\x9b31m\\x00\\x0d\n")


def test_foreign_text_cannot_forge_a_line_of_the_log(log_file: Path) -> None:
    log.warning("title: %s", "harmless\n2026-11-01T12:00:00.000Z INFO ingest run=1 all is well")

    assert len(log_file.read_text().splitlines()) == 1


def test_text_that_is_no_unicode_is_logged_all_the_same(log_file: Path) -> None:
    configure_logging(log_file, "text", job="ingest", verbose=False)  # and so away from pytest's own handler

    log.warning("file %s", "\udcff")

    assert "\\udcff" in log_file.read_text()


def test_after_a_rotation_the_next_line_goes_to_a_new_file(log_file: Path, tmp_path: Path) -> None:
    log.info("before")
    log_file.rename(tmp_path / "trendspark.log.1")

    log.info("after")

    assert "before" in (tmp_path / "trendspark.log.1").read_text()
    assert [line.split()[-1] for line in log_file.read_text().splitlines()] == ["after"]


def test_the_log_is_private_also_after_a_rotation(log_file: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    log.info("before")
    log_file.rename(tmp_path / "trendspark.log.1")
    log.info("after")
    os.umask(before)

    assert (mode(tmp_path / "trendspark.log.1"), mode(log_file)) == (0o600, 0o600)


def test_a_missing_folder_costs_the_log_and_nothing_else(tmp_path: Path) -> None:
    configure_logging(tmp_path / "missing" / "trendspark.log", "text", job="ingest", verbose=False)

    log.error("nobody reads this")

    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trendspark.log").mkdir()

    configure_logging(tmp_path / "trendspark.log", "text", job="ingest", verbose=False)
    log.error("nobody reads this")

    assert capsys.readouterr().err.count("\n") == 1


def test_the_lines_of_a_traceback_cannot_forge_an_event(log_file: Path) -> None:
    fail_with("harmless\n2026-11-01T12:00:00.000Z INFO ingest run=1 all is well")

    first, *rest = log_file.read_text().splitlines()
    assert first.startswith("20")
    assert all(line.startswith("    ") for line in rest)


def test_after_the_file_was_emptied_in_place_lines_follow_without_a_hole(log_file: Path) -> None:
    log.info("before")
    os.truncate(log_file, 0)

    log.info("after")

    assert [line.split()[-1] for line in log_file.read_text().splitlines()] == ["after"]


def test_lines_of_several_processes_never_mix(log_file: Path) -> None:
    processes = [multiprocessing.get_context("fork").Process(target=_write_lines, args=(name,)) for name in "abc"]
    for process in processes:
        process.start()
    log_file.rename(log_file.with_name("trendspark.log.1"))
    for process in processes:
        process.join(30)

    texts = [path.read_text() for path in log_file.parent.iterdir()]
    whole = Counter(line.split()[-1] for text in texts for line in text.splitlines())
    assert whole == {name * 10_000: 50 for name in "abc"}


def _write_lines(name: str) -> None:
    for _ in range(50):
        log.info(name * 10_000)


def test_after_a_disk_was_full_the_next_line_is_whole(log_file: Path) -> None:
    log.info("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log_file.stat().st_size + 30, limits[1]))
    log.info("lost")
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    log.info("after")

    assert re.fullmatch(r"\S{24} INFO ingest run=- after", log_file.read_text().splitlines()[-1])


@pytest.mark.parametrize("place", ["/dev/full", "a pipe that nobody reads"])
def test_a_log_that_takes_nothing_never_fails_a_job(workplace: Installation, place: str) -> None:
    if place != "/dev/full":
        place = str(workplace.home / "pipe")
        os.mkfifo(place)

    done = workplace.command("ingest", "--from", "/dev/null", "--json", environment={"LOG_FILE": place})

    assert done.json["status"] == "success"


def test_an_event_has_its_fields_in_text_and_in_json(log_file: Path) -> None:
    log_event(log, "request.completed", service="x", status=None, duration=0.25, request_id='a "b"\n')
    configure_logging(log_file, "json", job="ingest", verbose=False)
    log_event(log, "request.completed", service="x", status=None, duration=0.25)

    text, as_json = log_file.read_text().splitlines()
    assert text.endswith(r'request.completed service=x status=none duration=0.250 request_id="a \"b\"\n"')
    assert json.loads(as_json).items() >= {"event": "request.completed", "service": "x", "status": None}.items()


def test_a_secret_in_a_field_of_an_event_is_masked(log_file: Path) -> None:
    configure_logging(log_file, "json", job="ingest", verbose=False)

    log_event(log, "request.completed", request_id=f"id-{SECRET}")

    assert SECRET not in log_file.read_text()


def test_a_request_is_logged_with_the_name_its_service_gave_it(log_file: Path) -> None:
    with PingServer() as server, session(BoundedAdapter("x", lambda call: None)) as opened:
        opened.get(server.address)

    assert re.search(r"request.completed service=x endpoint=\S+ status=405 duration=\d\.\d{3} request_id=\w{16}\n",
                     log_file.read_text())  # fmt: skip


def test_a_step_of_a_pair_is_logged_under_its_own_name(workplace: Installation) -> None:
    workplace.command("jobs", "run", "ingest_rank")

    told = workplace.log_file.read_text()
    assert "INFO ingest_rank run=1 ingest_rank started" in told
    assert "INFO rank run=3 rank started" in told
