"""`logs`: the last events, of whatever form and file, shown so that no text can act on a terminal."""

from __future__ import annotations

import gzip
import json
import logging
import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.installation import Installation
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import StoreError
from trendspark_cli.base.log_reading import BLOCK_BYTES, Wanted, read_log
from trendspark_cli.base.log_setup import configure_logging, in_run

log = logging.getLogger("trendspark_cli.test")


def line(n: int, *, run: int | str = 1, job: str = "ingest", level: str = "INFO", minutes: int = 0) -> str:
    """One event as text."""
    return f"{to_text(NOW + timedelta(minutes=minutes))} {level} {job} run={run} event {n}\n"


def json_line(n: int, **values: object) -> str:
    """One event as JSON."""
    fields = {"time": to_text(NOW), "level": "info", "job": "ingest", "run": 1, "message": f"event {n}", **values}
    return json.dumps(fields) + "\n"


def messages(path: Path, wanted: Wanted = Wanted(), most: int = 100) -> list[str]:  # noqa: B008
    """What the events say."""
    return [event.message for event in read_log(path, wanted, most)]


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "trendspark.log"


def test_the_last_events_come_oldest_first(log_file: Path) -> None:
    log_file.write_text("".join(line(n) for n in range(10)))

    assert messages(log_file, most=3) == ["event 7", "event 8", "event 9"]


def test_text_and_json_may_stand_in_one_file(log_file: Path) -> None:
    log_file.write_text(line(1) + json_line(2) + line(3))

    assert messages(log_file) == ["event 1", "event 2", "event 3"]


def test_rotated_files_are_read_as_far_as_needed(log_file: Path) -> None:
    for age, name in enumerate(
        ("trendspark.log", "trendspark.log.1", "trendspark.log.2.gz", "trendspark.log-20261030")
    ):
        text = line(-age, minutes=-age).encode()
        path = log_file.with_name(name)
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        os.utime(path, (1000 - age, 1000 - age))
    (log_file.parent / "trendspark.log.bak").write_text(line(99))

    assert messages(log_file) == ["event -3", "event -2", "event -1", "event 0"]
    assert messages(log_file, most=2) == ["event -1", "event 0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(job="rank"), ["event 2"]),
        (Wanted(run=12), ["event 3"]),
        (Wanted(level="warning"), ["event 4", "event 5"]),
        (Wanted(since=NOW + timedelta(minutes=4)), ["event 5"]),
        (Wanted(job="rank", level="error"), []),
    ],
)
def test_only_what_is_asked_for_is_shown(log_file: Path, wanted: Wanted, expected: list[str]) -> None:
    log_file.write_text(
        line(1)
        + line(2, job="rank")
        + line(3, run=12)
        + json_line(4, level="error")
        + line(5, level="WARNING", minutes=5)
    )

    assert messages(log_file, wanted) == expected


def test_events_longer_than_a_block_and_cut_by_one_are_whole(log_file: Path) -> None:
    long = f"{to_text(NOW)} ERROR ingest run=1 broken\n" + "    a line of a traceback\n" * (BLOCK_BYTES // 20)
    log_file.write_text(line(1) + long + line(2))

    found = read_log(log_file, Wanted(), 100)

    assert [event.message for event in found] == ["event 1", "broken", "event 2"]
    assert len(found[1].more["traceback"]) == len("a line of a traceback\n") * (BLOCK_BYTES // 20) - 1


def test_a_large_log_needs_no_memory_for_what_is_not_shown(log_file: Path) -> None:
    with log_file.open("w") as stream:
        for n in range(150):
            stream.write(line(n, run=n) * 1000)
    tracemalloc.start()

    found = messages(log_file, Wanted(run=3), most=5)

    assert tracemalloc.get_traced_memory()[1] < 3 * 2**20 < log_file.stat().st_size / 2
    tracemalloc.stop()
    assert found == ["event 3"] * 5


def test_holes_of_a_log_are_not_read(log_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with log_file.open("w") as stream:
        stream.write(line(1, run=7))
        stream.seek(2**32)  # where another writer went on when the log had been emptied
        stream.write("\n" + line(2, run=7))
        stream.seek(2**33)
        stream.truncate()  # and a hole at the end
    read: list[int] = []
    pread = os.pread

    def counted(file: int, size: int, place: int) -> bytes:
        read.append(size)
        return pread(file, size, place)

    monkeypatch.setattr(os, "pread", counted)

    assert messages(log_file, Wanted(run=7)) == ["event 1", "event 2"]
    assert sum(read) < 2**21


def test_the_search_for_a_run_ends_where_it_began(log_file: Path) -> None:
    text = f"{to_text(NOW)} INFO ingest run=7 ingest started\n" + line(1, run=7)
    log_file.with_name("trendspark.log.1").write_bytes(gzip.compress(b"x") + b"damaged")
    log_file.with_name("trendspark.log.1").rename(log_file.with_name("trendspark.log.1.gz"))
    os.utime(log_file.with_name("trendspark.log.1.gz"), (1, 1))
    log_file.write_text(line(0, run=6, minutes=-60) + text)

    assert messages(log_file, Wanted(run=7)) == ["ingest started", "event 1"]


def test_a_damaged_packed_file_is_told(log_file: Path) -> None:
    log_file.with_name("trendspark.log.1.gz").write_bytes(b"no gzip")

    with pytest.raises(StoreError, match=r"trendspark\.log\.1\.gz"):
        read_log(log_file, Wanted(), 10)


def test_what_the_log_writes_is_what_is_read(log_file: Path) -> None:
    hostile = "a\n2026-11-01T12:00:00.000Z ERROR rank run=9 forged \x1b[31m\u2028\u202e"
    for form in ("text", "json"):
        configure_logging(log_file, form, job="ingest", verbose=False)
        with in_run("ingest", 5):
            try:
                raise RuntimeError(hostile)
            except RuntimeError:
                log.exception("it failed: %s", hostile)

    found = read_log(log_file, Wanted(), 10)

    assert [(event.level, event.job, event.run) for event in found] == [("error", "ingest", 5)] * 2
    assert all("Traceback" in event.more["traceback"] for event in found)


def test_what_is_shown_cannot_act_on_a_terminal(workplace: Installation) -> None:
    workplace.log_file.write_text(
        json_line(1, message="red \x1b[31m\nnext", traceback="Traceback\n  \x1b]0;owned\x07") + line(2)
    )

    shown = workplace.command("logs").stdout

    assert shown.splitlines() == [
        "2026-11-01T12:00:00.000Z INFO ingest run=1 red  [31m next",
        "    Traceback",
        "       ]0;owned ",
        "2026-11-01T12:00:00.000Z INFO ingest run=1 event 2",
    ]


def test_scripts_get_events_with_their_fields(workplace: Installation) -> None:
    workplace.log_file.write_text(json_line(1, event="request.completed", service="x", status=200) + line(2, run="-"))

    found = workplace.command("logs", "--json").json["logs"]

    assert found[0]["service"] == "x"
    assert [(event["message"], event["run"]) for event in found] == [("event 1", 1), ("event 2", None)]


def test_the_log_of_a_run_is_found_by_its_id(workplace: Installation) -> None:
    workplace.command("ingest", "--from", "/dev/null")
    workplace.command("ingest", "--from", "/dev/null")

    found = workplace.command("logs", "--run", "2", "--json").json["logs"]

    assert {event["run"] for event in found} == {2}
    assert found[0]["message"] == "ingest started"


@pytest.mark.parametrize("arguments", [("--job", "ingst"), ("--level", "loud"), ("--since", "yesterday")])
def test_a_question_that_makes_no_sense_is_refused(workplace: Installation, arguments: tuple[str, ...]) -> None:
    done = workplace.command("logs", *arguments)

    assert done.exit_code == 2
    assert arguments[1] in done.stderr
