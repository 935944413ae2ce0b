"""A file is ranked as its posts came about, whatever the order of its lines and the form they are in."""

from __future__ import annotations

import bz2
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.ranking.streams import START_TICK, background, said
from trendspark_cli.backtests import sorted_posts as sorting
from trendspark_cli.backtests.sorted_posts import sorted_posts
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.models import Post
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY

BURST = (START_TICK + 2 * TICKS_PER_DAY) * TICK_SECONDS


def line(row: PostRow, **changes: Any) -> bytes:
    """One post in our own form."""
    number, source, author, community, created, text, _ = row
    fields = {"source": source, "source_id": f"p{number}", "created_at": to_text(from_epoch(created)), "text": text}
    return json.dumps({**fields, "author": author, "community": community, **changes}).encode() + b"\n"


@pytest.fixture(scope="module")
def in_order() -> list[bytes]:
    rows = background(START_TICK, 2 * TICKS_PER_DAY + 8, per_tick=4) + said("volcano eruption", 12, BURST + 60)
    return [line(row) for row in sorted(rows, key=lambda row: row[4])]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:100], lines[-1], *lines[101:-1], lines[100]]


def shuffled(lines: list[bytes]) -> list[bytes]:
    return random.Random(1).sample(lines, len(lines))


ORDERS = {"newest first": lambda lines: lines[::-1], "two lines swapped": swapped, "shuffled": shuffled}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("options", [(), ("--summary", "--json")])
def test_the_order_of_a_file_makes_no_difference(
    workplace: Installation, in_order: list[bytes], order: str, options: tuple[str, ...]
) -> None:
    given, sorted_file = workplace.home.parent / "given", workplace.home.parent / "sorted"
    given.write_bytes(b"".join(ORDERS[order](in_order)))
    sorted_file.write_bytes(b"".join(in_order))

    done = workplace.command("backtest", str(given), *options)

    expected = workplace.command("backtest", str(sorted_file), *options)
    assert (done.exit_code, done.stdout, done.stderr) == (0, expected.stdout, "")
    assert "volcano" in done.stdout


@pytest.mark.parametrize("order", ["newest first", "two lines swapped"])
def test_a_pipe_that_is_not_sorted_is_refused_with_its_line(
    workplace: Installation, in_order: list[bytes], order: str
) -> None:
    done = workplace.command("backtest", stdin=b"".join(ORDERS[order](in_order)))

    assert (done.exit_code, done.stderr.count("\n")) == (65, 1)
    assert "of standard input is of" in done.stderr
    assert "before another above it; sort the lines" in done.stderr


def test_a_post_that_is_a_little_late_in_a_pipe_is_taken(workplace: Installation, in_order: list[bytes]) -> None:
    done = workplace.command("backtest", stdin=b"".join([*in_order[:40], in_order[50], *in_order[40:50]]))

    assert (done.exit_code, done.stderr) == (0, "")


def test_a_file_may_be_a_packed_list_of_another_form(workplace: Installation) -> None:
    tweets = [
        {"id": str(1404371205485498514 + n), "text": "hello", "created_at": f"2021-06-14T09:{n:02}:42.000Z"}
        for n in range(40)
    ]
    (workplace.home.parent / "given").write_bytes(bz2.compress(json.dumps([{"data": tweets}], indent=1).encode()))

    done = workplace.command("backtest", str(workplace.home.parent / "given"))

    assert (done.exit_code, done.stdout.count("\n"), done.stderr) == (0, 3, "")


def test_lines_that_were_refused_are_told_after_the_rest_was_ranked(
    workplace: Installation, in_order: list[bytes]
) -> None:
    (workplace.home.parent / "given").write_bytes(b"".join([*in_order[:9], b"junk\n", *in_order[9:20]]))

    done = workplace.command("backtest", str(workplace.home.parent / "given"))

    assert (done.exit_code, done.stdout.count("\n") > 0) == (3, True)
    assert "1 of 21 items refused: 1 not_json (first in line 10)" in done.stderr


def post(number: int, **values: Any) -> Post:
    created = to_text(from_epoch(1_793_530_800 + number * 37 % 100_000))
    empty = Post("x", str(number), None, None, "hello", None, None, created, None, None, None, None, None, 0, None)
    return empty._replace(**values)


def test_more_posts_than_are_sorted_in_memory_come_in_the_order_of_time() -> None:
    posts = [post(number) for number in range(2 * sorting.RUN + 7)]

    found = list(sorted_posts(posts))

    assert len(found) == len(posts)
    assert [one.second for one in found] == sorted(one.created_at[:19] for one in posts)


def test_a_post_comes_once_in_its_last_version() -> None:
    versions = [post(1, text="first"), post(1, text="third", edits=2), post(1, text="second", edits=1), post(2)]

    assert [one.text for one in sorted_posts(versions)] == ["third", "hello"]


def test_nothing_is_left_of_the_file_that_posts_are_sorted_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    first = next(sorted_posts([post(number) for number in range(sorting.RUN + 1)]))

    assert (first.source_id, list(tmp_path.iterdir())) == ("0", [])
