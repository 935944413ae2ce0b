"""Posts that want to be a trend, or to break the ranking: through a file, `ingest` and `rank`, to no alert."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, burst, write_posts
from tests.ranking.streams import background, post, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.evidence import BEST_TERMS
from trendspark_cli.ranking.text.words import LONGEST_TEXT

HALF_AN_HOUR_AGO = int((NOW - timedelta(minutes=30)).timestamp())
MOST_BYTES_OF_A_POST = 1_200  # numbers of the window; 200 words at most, whatever the length of its text


@pytest.fixture(scope="module")
def experienced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with three quiet days, ranked."""
    here = Operator(tmp_path_factory.mktemp("quiet") / "home", now=NOW)
    here.ingest(file=str(write_posts(here.home / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))))
    here.rank()
    return here.home


def ranked(operator: Operator, rows: Sequence[PostRow]) -> list[str]:
    """Return the labels of the trends that opened after these posts came in."""
    operator.ingest(file=str(write_posts(operator.home / "posts.ndjson", rows)))
    result = operator.rank()
    assert result.exit_code == 0
    return [row["label"] for row in operator.rows("SELECT label FROM trends ORDER BY id")]


def bytes_of_segments(operator: Operator) -> int:
    sizes = "length(post_ids) + length(created) + length(authors) + length(words) + length(sources) + length(codes)"
    return int(operator.rows(f"SELECT coalesce(sum({sizes}), 0) AS n FROM ranking_segments")[0]["n"])


def copies(text: str, times: int, authors: int, at: int = HALF_AN_HOUR_AGO) -> list[PostRow]:
    """One text, by so many authors, spread over twenty minutes."""
    return [post(text, at + n * 1200 // times, f"new{n % authors}") for n in range(times)]


def with_one_word_changed(text: str, times: int) -> list[PostRow]:
    """One text by as many authors, each with another word at its end."""
    return [post(f"{text} variant{n}", row.created_at, row.author) for n, row in enumerate(copies("", times, times))]


def test_real_people_in_their_own_words_are_found_here_too(operator: Operator) -> None:
    assert ranked(operator, said("volcano eruption", 12, HALF_AN_HOUR_AGO, every=60)) == ["volcano eruption"]


def test_a_flood_by_one_author_is_no_trend(operator: Operator) -> None:
    flood = said("volcano eruption", 600, HALF_AN_HOUR_AGO, ["flooder"], every=2)

    assert ranked(operator, flood) == []


def test_two_thousand_new_authors_with_one_text_are_no_trend(operator: Operator) -> None:
    assert ranked(operator, copies("win a volcano eruption trip to iceland today", 2_000, 2_000)) == []


def test_new_authors_who_change_one_word_of_a_text_are_no_trend(operator: Operator) -> None:
    assert ranked(operator, with_one_word_changed("win a volcano eruption trip to iceland today", 300)) == []


def test_a_story_beside_a_flood_of_copies_is_found(operator: Operator) -> None:
    flood = copies("win a volcano eruption trip to iceland today", 500, 500)

    assert ranked(operator, [*flood, *said("harbour bridge", 12, HALF_AN_HOUR_AGO, every=60)]) == ["harbour bridge"]


def test_posts_without_a_word_are_no_trend(operator: Operator) -> None:
    empty = [post(text, HALF_AN_HOUR_AGO + n, f"a{n}") for n, text in enumerate(["", " ", "\u200b", "!!!", "🎉"] * 40)]

    assert ranked(operator, empty) == []


def test_posts_of_100_000_characters_are_read_to_a_bound(operator: Operator) -> None:
    random = Random(3)
    before = bytes_of_segments(operator)
    long = [
        post(" ".join(f"word{random.randrange(10**6)}" for _ in range(9_000)), HALF_AN_HOUR_AGO + n, f"a{n}")
        for n in range(40)
    ]
    assert min(len(row.text) for row in long) > 90_000

    assert ranked(operator, [*long, post("x" * 100_000, HALF_AN_HOUR_AGO, "b")]) == []
    with closing(operator.store()) as store:
        assert max(len(post.text) for post in store.posts.arrived(0, 10_000, 10_000)) == LONGEST_TEXT
    assert (bytes_of_segments(operator) - before) / len(long) < 4 * MOST_BYTES_OF_A_POST


def test_a_word_that_is_in_every_post_is_no_trend(experienced: Path, tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    rows = [row._replace(text=f"breaking {row.text}") for row in background(TICK - 3 * 96, 3 * 96)]

    assert (
        ranked(here, [*rows, *(row._replace(text=f"breaking {row.text}") for row in background(TICK - 2, 2, 60))]) == []
    )


def test_a_signature_that_every_post_has_from_now_on_is_told_once_at_most(operator: Operator) -> None:
    signed = [row._replace(text=f"{row.text} sent from newsbot app") for row in background(TICK - 2, 2, 40, seed=7)]

    assert len(ranked(operator, signed)) <= 1


def test_posts_dated_in_the_future_are_no_trend_and_leave_no_trace_in_the_window(operator: Operator) -> None:
    before = bytes_of_segments(operator)
    ahead = int((NOW + timedelta(days=400)).timestamp())

    assert ranked(operator, said("volcano eruption", 60, ahead)) == []
    assert bytes_of_segments(operator) == before


def test_a_clock_that_was_a_month_ahead_leaves_the_ranking_as_it_was(operator: Operator) -> None:
    operator.later(days=30)
    operator.rank()
    operator.later(days=-30)

    operator.later(hours=8)
    burst(operator, ends=operator.now)
    found = ranked(operator, background(TICK, 32, 10, seed=4))

    assert found == ["volcano eruption"]


def test_a_quarter_of_an_hour_of_6_000_posts_is_no_trend_and_costs_by_the_post(operator: Operator) -> None:
    before = operator.rows("SELECT count(*) AS n FROM ranking_segments")[0]["n"]
    crowd = [row._replace(created_at=HALF_AN_HOUR_AGO + row.id % 600) for row in background(TICK - 2, 1, 6_000, seed=8)]

    found = ranked(operator, crowd)

    [run] = operator.rows("SELECT counts FROM job_runs WHERE job_id = 'rank' ORDER BY id DESC LIMIT 1")
    segments = operator.rows("SELECT count(*) AS n FROM ranking_segments")[0]["n"] - before
    assert found == []
    assert '"posts_seen": 6000' in run["counts"]
    assert segments == 2  # of at most 5,000 posts
    assert BEST_TERMS == 1_000  # judged by their authors and texts, however many there are
