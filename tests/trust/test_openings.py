"""What lies where a file is expected, and is a pipe, a socket, a device or a folder, keeps nobody waiting."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.trust.test_everything_ends import ENDLESS, Talk, keep_nothing, talking
from trendspark_cli.backtests.lines import read_lines
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import ConfigError, IntegrityError, OutputError, TrendSparkError, UpstreamError
from trendspark_cli.base.input_files import opened
from trendspark_cli.base.log_reading import Wanted, read_log
from trendspark_cli.base.regular_files import open_regular, read_regular
from trendspark_cli.briefs.writer import Task
from trendspark_cli.crontabs.installed import Machine, installed_crontabs
from trendspark_cli.services.local_folder import LocalFolder
from trendspark_cli.services.openai.requests import Wishes
from trendspark_cli.services.openai.writing import OpenAIModel
from trendspark_cli.services.s3 import S3Access, S3Bucket


def asked_model(url: str) -> OpenAIModel:
    """A model behind that address."""
    return OpenAIModel(Wishes("m"), ("responses",), api_key="k", base_url=url, record=keep_nothing)


def make_pipe(path: Path) -> None:
    """Put a pipe there that nobody opens."""
    os.mkfifo(path)


def make_silent_pipe(path: Path) -> None:
    """Put a pipe there whose writer says nothing; it stays open until this process ends."""
    os.mkfifo(path)
    os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def make_socket(path: Path) -> None:
    """Put a socket there."""
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket has at most 107 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def make_link_to_pipe(path: Path) -> None:
    """Put a link there that leads to a pipe."""
    os.mkfifo(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def make_link_to_device(path: Path) -> None:
    """Put a link there that leads to what never ends."""
    path.symlink_to("/dev/zero")


def make_folder(path: Path) -> None:
    """Put a folder there."""
    path.mkdir()


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": make_pipe,
    "a pipe whose writer says nothing": make_silent_pipe,
    "a socket": make_socket,
    "a link to a pipe": make_link_to_pipe,
    "a link to a device": make_link_to_device,
    "a folder": make_folder,
}
anything = pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())


@anything
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "it")

    for read in (open_regular, lambda path: read_regular(path, 9), sha256_of):
        with pytest.raises(OSError, match="it"):
            read(tmp_path / "it")


@anything
def test_crontab_check_waits_for_nothing(workplace: Installation, make: Callable[[Path], None]) -> None:
    path = workplace.home.parent / "it"
    make(path)

    done = workplace.command("crontab", "check", str(path), seconds=30)

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "cannot be read" in done.stderr


@anything
def test_logs_waits_for_nothing(workplace: Installation, make: Callable[[Path], None]) -> None:
    path = workplace.home.parent / "it"
    make(path)

    done = workplace.command("logs", environment={"LOG_FILE": str(path)}, seconds=30)

    assert done.exit_code == 74
    assert "there is no log at" in done.stderr


@anything
def test_a_rotated_log_that_is_none_is_left_out(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "log").write_text("2026-11-01T00:00:00.000Z INFO rank run=1 rank started\n")
    make(tmp_path / "log.1")

    found = read_log(tmp_path / "log", Wanted(), 5)

    assert [event.message for event in found] == ["rank started"]


@anything
def test_a_crontab_of_the_machine_that_is_none_is_left_out(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "cron.d").mkdir()
    make(tmp_path / "cron.d" / "trendspark")
    machine = Machine(etc=tmp_path, is_asked=False)

    assert installed_crontabs(os.getuid(), machine) == []


@anything
def test_an_archive_object_that_is_none_is_not_overwritten_nor_waited_for(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    (tmp_path / "archive").mkdir()
    make(tmp_path / "archive" / "part")
    (tmp_path / "file").write_bytes(b"rows")
    place = LocalFolder((tmp_path / "archive").as_uri(), tmp_path / "archive")

    with pytest.raises((IntegrityError, OutputError)):
        place.put("part", tmp_path / "file", "00")
    with pytest.raises((IntegrityError, OutputError)):
        place.fetch("part", tmp_path / "copy")


@anything
@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_settings_of_the_aws_sdk_are_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "it")
    monkeypatch.setenv(name, str(tmp_path / "it"))
    access = S3Access("AKIAAAAAAAAAAAAAAAAA", "s" * 30, region="us-east-1", endpoint_url="http://127.0.0.1:9")

    with suppress(ConfigError):  # a folder is passed over by the SDK itself
        S3Bucket("s3://bucket", access, keep_nothing, answer_seconds=0.4)


@pytest.mark.parametrize("make", [make_pipe, make_silent_pipe, make_link_to_pipe], ids=lambda make: make.__name__)
def test_a_pipe_that_says_nothing_is_given_up(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "it")

    with pytest.raises(OSError, match="nothing came out of it"), opened(str(tmp_path / "it"), silence_seconds=0.1):
        pass


def test_a_pipe_whose_writer_comes_late_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "it")
    late = threading.Timer(0.3, lambda: (tmp_path / "it").write_bytes(b"a\nb\n"))
    late.start()

    with opened(str(tmp_path / "it")) as stream:
        assert stream.readlines() == [b"a\n", b"b\n"]


def test_a_line_without_end_is_refused_where_observations_are_read() -> None:
    with pytest.raises(IntegrityError, match="a line has more than"):
        list(read_lines("/dev/zero"))


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("ask", ["write", "check"])
def test_no_answer_of_a_language_model_keeps_us_for_long(talk: Talk, ask: str) -> None:
    task = Task("trend_label", "say what it is", "posts", 50)
    began = time.monotonic()

    with talking(talk) as url:
        model = asked_model(f"{url}/v1")
        asking: Callable[[], object] = {"write": lambda: model.write(task, 0.5), "check": lambda: model.check(0.5)}[ask]
        with pytest.raises(UpstreamError):
            asking()

    assert time.monotonic() - began < 3


def test_the_proxy_of_a_language_model_keeps_us_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()

    with talking(ENDLESS["headers that drip"]) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        model = asked_model("https://model.invalid/v1")
        with pytest.raises(TrendSparkError):
            model.check(0.5)

    assert time.monotonic() - began < 3


def test_a_pipe_beside_the_database_keeps_nobody_waiting(workplace: Installation) -> None:
    make_pipe(workplace.database.with_name(f"{workplace.database.name}-journal"))

    done = workplace.command("ingest", "--from", "/dev/null", seconds=30)

    assert (done.exit_code, "is a pipe" in done.stderr) == (74, True), done
