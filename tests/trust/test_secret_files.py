"""NAME_FILE reads one line of a regular file that nobody but root and this user may write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.tools.other_user import NEEDS_ROOT, UID
from trendspark_cli.base.settings import Settings, load_settings


def loaded(path: Path) -> Settings:
    """The settings with a token in that file."""
    return load_settings({"XDG_CONFIG_HOME": str(path.parent), "X_BEARER_TOKEN_FILE": str(path)})


def written(path: Path, content: bytes, *, mode: int = 0o600, uid: int = -1, gid: int = -1) -> None:
    """Write the file."""
    path.write_bytes(content)
    os.chown(path, uid, gid)
    path.chmod(mode)


def link_to_another_users(path: Path) -> None:
    """Make the file a link to that of another user."""
    written(path.with_name("theirs"), b"a-token\n", uid=UID)
    path.symlink_to(path.with_name("theirs"))


GOOD: dict[str, bytes] = {
    "with an end of line": b"a-token\n",
    "without": b"a-token",
    "of Windows": b"a-token\r\n",
    "with empty lines at its end": b"  a-token \n\n",
}
BAD: dict[str, Callable[[Path], object]] = {
    "a pipe": lambda path: os.mkfifo(path),
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "two lines": lambda path: written(path, b"-----BEGIN KEY-----\nabc\n"),
    "two lines of an old Mac": lambda path: written(path, b"one\rtwo\r"),
    "a separator of lines": lambda path: written(path, "one\u2028two".encode()),
    "more than 4 KiB": lambda path: written(path, b"x" * 4097),
    "no text": lambda path: written(path, b"\xff\xfe\x00"),
    "everybody may write it": lambda path: written(path, b"a-token\n", mode=0o666),
    "a group may write it": lambda path: written(path, b"a-token\n", mode=0o660, gid=UID),
    "another user's": lambda path: written(path, b"a-token\n", uid=UID),
    "a link to another user's": link_to_another_users,
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_line_is_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "token").write_bytes(GOOD[kind])

    assert loaded(tmp_path / "token").x_bearer_token == "a-token"


def test_a_line_of_4096_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"x" * 4096 + b"\r\n")

    assert loaded(tmp_path / "token").x_bearer_token == "x" * 4096


def test_a_secret_of_a_container_is_read_through_its_links(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_01").mkdir()
    (tmp_path / "..2026_11_01" / "token").write_text("a-token")
    (tmp_path / "..data").symlink_to("..2026_11_01")
    (tmp_path / "token").symlink_to("..data/token")

    assert loaded(tmp_path / "token").x_bearer_token == "a-token"


@NEEDS_ROOT
@pytest.mark.parametrize("kind", BAD)
def test_anything_else_is_refused_by_its_name_and_not_by_what_is_in_it(tmp_path: Path, kind: str) -> None:
    BAD[kind](tmp_path / "token")

    found = loaded(tmp_path / "token")

    assert (found.x_bearer_token, len(found.problems)) == ("", 1)
    assert found.problems[0].startswith(f"X_BEARER_TOKEN_FILE={str(tmp_path / 'token')!r}")
    assert not any(text in found.problems[0] for text in ("BEGIN", "one\\", "a-token", "xxxx"))


def test_a_secret_that_others_may_read_is_used_and_told_by_doctor(workplace: Installation) -> None:
    (workplace.home / "token").write_text("a-token\n")
    (workplace.home / "token").chmod(0o644)
    around = {"X_BEARER_TOKEN_FILE": str(workplace.home / "token")}

    doctor = workplace.command("doctor", "--offline", environment=around)

    assert workplace.command("config", "check", environment=around).exit_code == 0
    assert f"'{workplace.home / 'token'}' has mode 0644" in doctor.stdout
