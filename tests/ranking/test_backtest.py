"""Past posts through `trendspark backtest`: what comes out, and that nothing of the future does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

import pytest

from tests.installation import Installation
from tests.ranking.streams import START_TICK, Desk, background, said
from trendspark_cli.base.clock import from_epoch
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY

BURST = (START_TICK + 2 * TICKS_PER_DAY) * TICK_SECONDS  # after two quiet days


def line(row: PostRow, **changes: Any) -> str:
    """Return one post in the form of the evaluation."""
    at = from_epoch(row.created_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"id": f"p{row.id}", "source": row.source, "created_at": at, "author": row.author, "text": row.text}
    return json.dumps({**fields, "community": row.community, **changes})


def lines(rows: Iterable[PostRow]) -> bytes:
    """Return posts as a file, sorted by time."""
    return "".join(line(row) + "\n" for row in sorted(rows, key=lambda row: row.created_at)).encode()


def ticks(written: str) -> dict[str, list[dict[str, Any]]]:
    """Return the trends of each tick that was written."""
    return {tick["tick"]: tick["trends"] for tick in map(json.loads, written.splitlines())}


@pytest.fixture(scope="module")
def quiet() -> list[PostRow]:
    return background(START_TICK, 2 * TICKS_PER_DAY + 8, per_tick=6)


@pytest.fixture(scope="module")
def burst() -> list[PostRow]:
    return said("volcano eruption", 12, BURST + 60)


def test_every_tick_from_the_first_post_on_is_one_line(workplace: Installation) -> None:
    rows = background(START_TICK, 1) + background(START_TICK + 3, 1)

    done = workplace.command("backtest", stdin=lines(rows))

    ends = [from_epoch((START_TICK + n) * TICK_SECONDS).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (1, 2, 3, 4)]
    assert list(ticks(done.stdout)) == ends


def test_a_burst_is_listed_with_its_posts_at_the_end_of_its_tick(
    workplace: Installation, quiet: list[PostRow], burst: list[PostRow]
) -> None:
    done = workplace.command("backtest", stdin=lines(quiet + burst))

    before, after = (from_epoch(BURST + n * TICK_SECONDS).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (0, 1))
    found = ticks(done.stdout)
    assert "volcano eruption" not in [term for trend in found[before] for term in trend["terms"]]
    assert found[after][0]["terms"][0] == "volcano eruption"
    assert set(found[after][0]["posts"]) <= {f"p{row.id}" for row in burst}


def test_later_posts_change_nothing_of_earlier_ticks(
    workplace: Installation, quiet: list[PostRow], burst: list[PostRow]
) -> None:
    whole = workplace.command("backtest", stdin=lines(quiet + burst)).stdout.splitlines()
    until = [row for row in quiet if row.created_at < BURST]

    part = workplace.command("backtest", stdin=lines(until)).stdout.splitlines()

    assert part == whole[: len(part)]


def test_the_score_is_the_one_rank_gives(workplace: Installation, quiet: list[PostRow], burst: list[PostRow]) -> None:
    end = BURST + TICK_SECONDS
    past = [row for row in quiet if row.created_at < end - LONGEST_WINDOW_SECONDS]
    desk = Desk()
    desk.learn(past)
    [topic] = desk.topics([row for row in quiet + burst if row.created_at >= end - LONGEST_WINDOW_SECONDS], end)

    done = workplace.command("backtest", stdin=lines(quiet + burst))

    strongest = ticks(done.stdout)[from_epoch(end).strftime("%Y-%m-%dT%H:%M:%SZ")][0]
    assert strongest["score"] == pytest.approx(topic.score, abs=0.001)


def test_a_gzip_file_of_our_own_form_is_read(workplace: Installation) -> None:
    file = workplace.home.parent / "posts.gz"
    row = background(START_TICK, 1)[0]
    own = json.loads(line(row))
    own["source_id"] = own.pop("id")
    file.write_bytes(gzip.compress(json.dumps(own).encode()))

    done = workplace.command("backtest", str(file))

    assert (done.exit_code, len(ticks(done.stdout))) == (0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        "not json",
        "[]",
        '{"id": "1"}',
        line(background(START_TICK, 1)[0], created_at="yesterday"),
        line(background(START_TICK, 1)[0], created_at="9999-12-31T23:59:59Z"),
        '{"id": "\\ud8',
        '{"a": ' * 100_000,
    ],
)
def test_a_line_that_is_no_post_ends_it_with_its_number(workplace: Installation, wrong: str) -> None:
    good = lines(background(START_TICK, 1)[:2])

    done = workplace.command("backtest", stdin=good + wrong.encode())

    assert done.exit_code == 65
    assert done.stderr.startswith("trendspark backtest: line 3 of standard input")


def test_a_post_of_the_year_9999_alone_is_refused(workplace: Installation) -> None:
    ahead = line(background(START_TICK, 1)[0], created_at="9999-12-31T23:59:59Z")

    done = workplace.command("backtest", stdin=ahead.encode())

    assert (done.exit_code, "expected a year from 1970 to 9000" in done.stderr) == (65, True)


def test_a_file_that_begins_with_a_byte_order_mark_is_read(workplace: Installation) -> None:
    done = workplace.command("backtest", stdin=b"\xef\xbb\xbf" + lines(background(START_TICK, 1)))

    assert (done.exit_code, len(ticks(done.stdout))) == (0, 1)


def test_a_file_of_ever_more_sources_is_refused(workplace: Installation) -> None:
    rows = background(START_TICK, 12)
    many = "".join(line(row, source=f"service{number}") + "\n" for number, row in enumerate(rows))

    done = workplace.command("backtest", stdin=many.encode())

    assert (done.exit_code, "line 101 of standard input names source 'service100', one more" in done.stderr) == (
        65,
        True,
    )


def test_a_clock_centuries_ahead_does_not_print_for_ever(workplace: Installation) -> None:
    now, ahead = background(START_TICK, 1)[:2]

    done = workplace.command(
        "backtest", stdin=f"{line(now)}\n{line(ahead, created_at='9999-12-31T23:00:00Z')}".encode()
    )

    assert (done.exit_code, done.stdout.count("\n")) == (65, 0)


def test_a_file_that_is_not_there_is_a_usage_error(workplace: Installation) -> None:
    done = workplace.command("backtest", "/no/such/file")

    assert (done.exit_code, done.stdout) == (2, "")


def test_a_reader_who_has_had_enough_is_no_error(workplace: Installation) -> None:
    rows = background(START_TICK, 2) + background(START_TICK + TICKS_PER_DAY * 100, 1)

    done = workplace.command("backtest", stdin=lines(rows), wrapped_in=["sh", "-c", '"$@" | head -n 1', "sh"])

    assert (done.exit_code, done.stdout.count("\n"), done.stderr) == (0, 1, "")


def test_a_text_that_was_taken_away_is_no_post_and_what_cannot_be_stored_no_part_of_a_word(
    workplace: Installation, quiet: list[PostRow], burst: list[PostRow]
) -> None:
    shown_instead = ("[deleted]", "[ Removed by Reddit ]", "[removed]")
    taken_away = [post._replace(text=text) for post, text in zip(burst, shown_instead, strict=False)]
    spoilt = [post._replace(text=f"{post.text[:3]}\x92{post.text[3:]}") for post in burst]

    def ranked(rows: list[PostRow]) -> str:
        return workplace.command("backtest", stdin=lines(rows)).stdout

    assert ranked(quiet + taken_away) == ranked(quiet)
    assert ranked(quiet + spoilt) == ranked(quiet + burst)
