"""`demo --live`: a while of Bluesky without a key, and which words more people use now than some minutes ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.installation import Done, Installation
from tests.servers import JetstreamServer, post_event
from trendspark_cli.demo.live import heard
from trendspark_cli.ranking.baseline.baseline_posts import PostRow


def said(minutes_ago: float, author: int, text: str) -> PostRow:
    """A post of so long ago."""
    at = 1_800_000_000 - int(minutes_ago * 60)
    return PostRow(author, "bluesky", f"did:plc:{author}", None, at, text)


SMALL_TALK = [said(n / 20, n % 150, "good morning coffee everybody") for n in range(360)]


@pytest.fixture
def host() -> Iterator[JetstreamServer]:
    """A host on which twelve people speak of a bridge, and many of coffee, for a quarter of an hour."""
    now = datetime.now(UTC)
    talk = [post_event(now - timedelta(seconds=4 * n), f"coffee {n}", did=f"did:plc:c{n}") for n in range(1, 225)]
    bridge = [
        post_event(now - timedelta(seconds=9 * n), f"the bridge is shut {n}", did=f"did:plc:b{n}") for n in range(12)
    ]
    with JetstreamServer([*talk, *bridge]) as server:
        yield server


def live(folder: Path, *arguments: str, hosts: str) -> Done:
    """Run it for five seconds."""
    place = Installation(folder / "home")
    settings = {"BLUESKY_HOSTS": hosts, "X_BEARER_TOKEN": "must-not-be-used", "HTTP_TIMEOUT": "2s"}
    return place.command(
        "demo", "--live", "--seconds", "5", "--dir", str(folder / "live"), *arguments, environment=settings
    )


def test_a_word_that_more_people_use_now_is_named_first() -> None:
    found = heard([*SMALL_TALK, *(said(n / 10, 1000 + n, "the bridge is closed") for n in range(12))])

    assert (found.posts, found.people) == (372, 162)
    assert [one.word for one in found.rising][:2] in (["closed", "bridge"], ["bridge", "closed"])
    assert "coffee" not in {one.word for one in found.rising}


def test_one_person_who_repeats_a_word_raises_nothing() -> None:
    found = heard([*SMALL_TALK, *(said(n / 10, 77, "voucher jackpot") for n in range(40))])

    assert found.rising == ()


def test_nothing_heard_is_no_error() -> None:
    assert heard([]).posts == 0


def test_what_rises_on_a_live_stream_is_shown_without_a_key(tmp_path: Path, host: JetstreamServer) -> None:
    done = live(tmp_path, hosts=host.url)

    assert (done.exit_code, done.stderr) == (0, "")
    assert "posts by" in done.stdout
    [row] = [line for line in done.stdout.splitlines() if line.startswith("bridge")]
    assert row.split() == ["bridge", "12", "0.0"]


def test_without_a_network_it_says_so_at_once(tmp_path: Path) -> None:
    done = live(tmp_path, hosts="ws://127.0.0.1:9")

    assert done.exit_code == 69
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be reached" in done.stderr
    assert "next run" not in done.stderr
