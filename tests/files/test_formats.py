"""Files of posts: every format that is out there becomes posts, once."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, in_lines, listing, own_line, submission
from tests.installation import Installation
from tests.servers import edit_of, reddit_post, retweet_of, x_post
from trendspark_cli.base.errors import InputError
from trendspark_cli.base.models import Page, Post
from trendspark_cli.services.post_files.reading import PostFile


def read(folder: Path, content: bytes, limit: int | None = None) -> list[Page]:
    """Return the pages of a file."""
    (folder / "posts").write_bytes(content)
    return list(PostFile(str(folder / "posts")).pages(limit))


def posts_in(folder: Path, content: bytes) -> list[Post]:
    """Return the posts of a file in which nothing is wrong."""
    pages = read(folder, content)
    assert [rejection for page in pages for rejection in page.rejections] == []
    return [post for page in pages for post in page.posts]


def x_page(posts: Sequence[Any], *originals: Any, users: Sequence[Any] = ()) -> dict[str, Any]:
    """A page as twarc2 writes it."""
    return {
        "data": list(posts),
        "includes": {"tweets": list(originals), "users": list(users)},
        "meta": {"result_count": len(posts), "newest_id": "9", "oldest_id": "1"},
        "__twarc": {"url": "https://api.twitter.com/2/tweets/search/recent", "version": "2.14.0"},
    }


def test_our_own_format_keeps_every_field(tmp_path: Path) -> None:
    line = own_line(
        author="ada",
        community="c",
        url="https://example.com/1",
        lang="en",
        likes=1,
        replies=2,
        reposts=3,
        quotes=4,
        views=5,
        observed_at="2026-11-01T13:30:00+01:00",
    )

    stored = posts_in(tmp_path, in_lines(line))

    assert stored == [
        Post("x", "1", None, "c", "hello", "https://example.com/1", "en", "2026-11-01T11:00:00.000Z",
             1, 2, 3, 4, 5, 0, "2026-11-01T12:30:00.000Z", "ada")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T11:00:00Z",
        "2026-11-01T11:00:00.000Z",
        "2026-11-01 12:00:00+01:00",
        "2026-11-01T11:00:00.000999+00:00",
    ],
)
def test_times_have_one_stored_form(tmp_path: Path, text: str) -> None:
    assert posts_in(tmp_path, in_lines(own_line(created_at=text)))[0].created_at == "2026-11-01T11:00:00.000Z"


def test_a_page_of_x_as_twarc_writes_it_is_read(tmp_path: Path) -> None:
    posts = [x_post(NOW, "the bridge & the ferry", author_id="7"), x_post(NOW - timedelta(hours=1), "older")]

    stored = posts_in(tmp_path, in_lines(x_page(posts)))

    assert [(p.source, p.source_id) for p in stored] == [("x", posts[0]["id"]), ("x", posts[1]["id"])]
    assert (stored[0].text, stored[0].author) == ("the bridge & the ferry", "7")


def test_names_of_authors_are_taken_from_the_page(tmp_path: Path) -> None:
    page = x_page([x_post(NOW, "hi", author_id="7")], users=[{"id": "7", "username": "ada", "name": "Ada"}])

    [stored] = posts_in(tmp_path, in_lines(page))

    assert (stored.author, stored.author_name) == ("7", "ada")


def test_one_post_a_line_as_twarc_flattens_it_is_read(tmp_path: Path) -> None:
    tweet = {**x_post(NOW, "flat", author_id="7"), "author": {"id": "7", "username": "ada"}, "__twarc": {}}

    stored = posts_in(tmp_path, in_lines(tweet))

    assert [(p.text, p.author, p.author_name) for p in stored] == [("flat", "7", "ada")]


def test_a_look_up_of_one_post_is_read(tmp_path: Path) -> None:
    assert len(posts_in(tmp_path, in_lines({"data": x_post(NOW, "alone")}))) == 1


def test_a_retweet_is_stored_as_the_post_it_spreads(tmp_path: Path) -> None:
    original = x_post(NOW - timedelta(hours=1), "the bridge is closed", author_id="77")

    stored = posts_in(tmp_path, in_lines(x_page([retweet_of(original, NOW)], original)))

    assert [(p.source_id, p.author, p.text) for p in stored] == [(original["id"], "77", "the bridge is closed")]


def test_a_retweet_whose_original_is_not_at_hand_points_to_it_all_the_same(tmp_path: Path) -> None:
    original = x_post(NOW - timedelta(hours=1), "the bridge is closed", author_id="77")

    stored = posts_in(tmp_path, in_lines(x_page([retweet_of(original, NOW)])))

    assert [(p.source_id, p.created_at) for p in stored] == [(original["id"], "2026-11-01T11:00:00.000Z")]


def test_a_flattened_retweet_is_its_original(tmp_path: Path) -> None:
    original = x_post(NOW - timedelta(hours=1), "the bridge is closed", author_id="77")
    flat = retweet_of(original, NOW)
    flat["referenced_tweets"] = [{"type": "retweeted", **original}]

    assert [(p.source_id, p.author) for p in posts_in(tmp_path, in_lines(flat))] == [(original["id"], "77")]


def test_a_long_post_is_read_whole(tmp_path: Path) -> None:
    text = "word " * 200 + "end"

    assert posts_in(tmp_path, in_lines(x_page([x_post(NOW, text)])))[0].text == text


def test_a_listing_of_reddit_is_read(tmp_path: Path) -> None:
    item = submission(title="The bridge &amp; me", selftext="is closed", author="ada", score=3, num_comments=2)

    stored = posts_in(tmp_path, in_lines(listing(item)))

    assert [(p.source, p.source_id, p.community, p.text, p.likes, p.replies) for p in stored] == [
        ("reddit", "abc1", "cityscience", "The bridge & me\nis closed", 3, 2)
    ]


def test_submissions_one_a_line_as_dumps_have_them_are_read(tmp_path: Path) -> None:
    assert [p.source_id for p in posts_in(tmp_path, in_lines(submission("a1"), submission("a2")))] == ["a1", "a2"]


def test_a_deleted_authors_name_is_not_an_author(tmp_path: Path) -> None:
    stored = posts_in(tmp_path, in_lines(submission(author="[deleted]", selftext="[removed]")))

    assert (stored[0].author, stored[0].text) == (None, "hello")


def test_a_score_below_zero_is_no_likes(tmp_path: Path) -> None:
    assert posts_in(tmp_path, in_lines(submission(score=-12)))[0].likes == 0


def test_submissions_as_the_api_really_gives_them_are_read(tmp_path: Path) -> None:
    item = reddit_post(created_at=NOW, title="hello", subreddit="cityscience")

    assert len(posts_in(tmp_path, in_lines(listing(item)))) == 1


@pytest.mark.parametrize("indent", [1, 4])
def test_a_pretty_printed_document_is_read(tmp_path: Path, indent: int) -> None:
    document = json.dumps(x_page([x_post(NOW, "pretty")]), indent=indent).encode()

    assert [p.text for p in posts_in(tmp_path, document)] == ["pretty"]


def test_a_pretty_printed_list_is_read(tmp_path: Path) -> None:
    assert len(posts_in(tmp_path, json.dumps([own_line("1"), own_line("2")], indent=2).encode())) == 2


@pytest.mark.parametrize("document", [in_lines(own_line()), json.dumps([own_line()], indent=2).encode()])
def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path, document: bytes) -> None:
    assert len(posts_in(tmp_path, b"\xef\xbb\xbf" + document)) == 1


def test_windows_line_ends_blank_lines_and_a_missing_last_line_end_are_read(tmp_path: Path) -> None:
    lines = [json.dumps(own_line(str(number))).encode() for number in range(3)]

    assert len(posts_in(tmp_path, b"\r\n\r\n".join(lines))) == 3


def test_a_packed_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    assert len(posts_in(tmp_path, gzip.compress(in_lines(own_line("1"))) + gzip.compress(in_lines(own_line("2"))))) == 2


def test_a_file_that_ends_in_the_middle_is_an_error_after_what_could_be_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(in_lines(own_line(str(n), text=str(n) * 50)) for n in range(3000)))
    (tmp_path / "posts").write_bytes(packed[: len(packed) // 2])
    pages = PostFile(str(tmp_path / "posts")).pages()

    assert len(next(pages).posts) == 1000
    with pytest.raises(InputError, match="cannot be read"):
        list(pages)


def test_a_large_file_comes_in_pages_of_one_transaction(tmp_path: Path) -> None:
    pages = read(tmp_path, in_lines(*[own_line(str(number)) for number in range(2500)]))

    assert [len(page.posts) for page in pages] == [1000, 1000, 500]


def test_a_limit_is_kept(tmp_path: Path) -> None:
    pages = read(tmp_path, in_lines(*[own_line(str(number)) for number in range(20)]), limit=7)

    assert [len(page.posts) for page in pages] == [7]


def test_an_empty_file_is_no_posts_and_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []


def test_posts_come_in_through_stdin(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "-", "--json", stdin=in_lines(own_line("1"), own_line("2")))

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 2)


def test_reading_a_file_again_stores_nothing_twice(workplace: Installation) -> None:
    lines = [own_line("1", likes=1), submission("a1"), x_page([x_post(NOW, "x")])]
    workplace.ingest_lines(*lines)

    again = workplace.ingest_lines(*lines).json["counts"]

    assert (again["fetched"], again["new"], again["updated"]) == (3, 0, 0)
    assert workplace.values("SELECT count(*) FROM posts") == [3]


def test_a_chain_of_edits_is_one_post_with_its_last_text(workplace: Installation) -> None:
    first = x_post(NOW - timedelta(minutes=20), "tomorow")
    second = edit_of(first, NOW - timedelta(minutes=10), "tomorrow")
    third = edit_of(second, NOW, "tomorrow!")

    workplace.ingest_lines(x_page([third, first, second]))

    assert workplace.rows("SELECT source_id, text, edits FROM posts") == [
        {"source_id": first["id"], "text": "tomorrow!", "edits": 2}
    ]


def test_later_lines_about_a_post_update_its_counters_and_its_history(workplace: Installation) -> None:
    times = [f"2026-11-01T1{hour}:00:00Z" for hour in (1, 2, 3)]

    workplace.ingest_lines(*[own_line(likes=n, observed_at=time) for n, time in enumerate(times, 1)])

    assert workplace.values("SELECT likes FROM posts") == [3]
    assert workplace.values("SELECT likes FROM post_metrics ORDER BY observed_at") == [1, 2, 3]


def test_a_file_that_does_not_exist_is_told_by_name(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "/nowhere/posts.ndjson")

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "/nowhere/posts.ndjson" in done.stderr


def test_a_file_whose_name_is_no_unicode_is_read_all_the_same(workplace: Installation) -> None:
    folder = os.fsencode(workplace.home.parent)
    with open(folder + b"/\xff.ndjson", "wb") as stream:
        stream.write(in_lines(own_line()))

    done = workplace.command("ingest", "--from", os.fsdecode(folder + b"/\xff.ndjson"), "--json")

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 1)
