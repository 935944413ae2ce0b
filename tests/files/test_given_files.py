"""Files as people really have them: each kind that once went wrong, and kinds beside it."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.builders import in_lines, listing, own_line, submission
from tests.files.reading import contents
from tests.installation import Installation

TWEET = {
    "id": "1404371205485498514",
    "author_id": "77",
    "created_at": "2021-06-14T09:32:42.000Z",
    "lang": "en",
    "text": "The harbour bridge is closed tonight",
}
OLD_TWEET = {
    "created_at": "Mon Jun 14 09:32:42 +0000 2021",
    "id": 1404371205485498514,
    "id_str": "1404371205485498514",
    "full_text": "harbour bridge closed",
    "source": '<a href="https://example.com">Web</a>',
    "user": {"id_str": "77", "screen_name": "anna_port"},
    "lang": "en",
    "retweet_count": 1,
    "favorite_count": 35,
}
FIRST, SECOND, THIRD = "1576994744955830371", "1576994786898870370", "1576995000000000000"


def version(place: int, **values: Any) -> dict[str, Any]:
    """One version of a tweet that was edited, as a look-up gives it after all edits were made."""
    chain = [FIRST, SECOND, THIRD]
    texts = ["the fery runs at nine", "the ferry runs at nine", "the ferry runs at eight"]
    created = ["2022-10-03T17:57:01.000Z", "2022-10-03T17:57:11.000Z", "2022-10-03T17:58:02.000Z"][place]
    likes = {"public_metrics": {"like_count": place * 10}}
    tweet = {"id": chain[place], "text": texts[place], "created_at": created, "edit_history_tweet_ids": chain}
    return {"data": {**tweet, **likes, **values}}


@pytest.mark.parametrize("source", ["Twitter for Android", "Twitter Web App", "IFTTT", "web", "x"])
def test_the_app_a_tweet_was_written_with_is_not_taken_for_its_source(tmp_path: Path, source: str) -> None:
    flat = {**TWEET, "source": source, "author": {"id": "77", "username": "anna_port"}}

    found = contents(tmp_path, in_lines(flat, {**TWEET, "id": "1404371205485498515", "source": source}))

    assert [(post.source, post.source_id, post.author, post.author_name) for post in found.posts] == [
        ("x", "1404371205485498514", "77", "anna_port"),
        ("x", "1404371205485498515", "77", None),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_edited_tweet_is_its_last_version_in_whatever_order_the_versions_come(
    workplace: Installation, order: tuple[int, ...]
) -> None:
    workplace.ingest_lines(*[version(place) for place in order])

    assert workplace.rows("SELECT source_id, text, likes, url, edits, created_at FROM posts") == [
        {
            "source_id": FIRST,
            "text": "the ferry runs at eight",
            "likes": 20,
            "url": f"https://x.com/i/status/{THIRD}",
            "edits": 2,
            "created_at": "2022-10-03T17:57:01.000Z",
        }
    ]


@pytest.mark.parametrize("order", list(permutations((False, 1714525200.0, 1714530000.0))))
def test_a_submission_edited_twice_is_its_last_version(workplace: Installation, order: tuple[Any, ...]) -> None:
    texts = {False: "one", 1714525200.0: "two", 1714530000.0: "three"}

    workplace.ingest_lines(*[submission(selftext=texts[edited], edited=edited) for edited in order])

    assert workplace.values("SELECT text FROM posts") == ["hello\nthree"]


def test_an_edited_submission_goes_on_counting(workplace: Installation) -> None:
    workplace.ingest_lines(submission(edited=1714525200.0, score=3))
    workplace.ingest_lines(submission(edited=1714525200.0, score=30, num_comments=4))

    assert workplace.rows("SELECT likes, replies FROM posts") == [{"likes": 30, "replies": 4}]


def test_a_page_in_which_all_is_gone_is_no_success(workplace: Installation) -> None:
    gone = {"errors": [{"title": "Not Found Error", "resource_type": "tweet"}], "__twarc": {"version": "2.8.0"}}

    alone, beside = workplace.ingest_lines(gone), workplace.ingest_lines(gone, {"data": [TWEET]})

    assert (alone.exit_code, "hold errors and no posts" in alone.stderr) == (65, True)
    assert (beside.exit_code, beside.json["counts"]["skipped_by_reason"]) == (0, {"error_page": 1})


def test_a_tweet_of_the_older_api_is_read(tmp_path: Path) -> None:
    post = contents(tmp_path, in_lines(OLD_TWEET)).post

    assert (post.source, post.source_id, post.author, post.author_name, post.text) == (
        "x",
        "1404371205485498514",
        "77",
        "anna_port",
        "harbour bridge closed",
    )
    assert (post.created_at, post.likes, post.reposts, post.lang) == ("2021-06-14T09:32:42.000Z", 35, 1, "en")


def test_a_retweet_of_the_older_api_is_the_tweet_it_spreads(tmp_path: Path) -> None:
    retweet = {**OLD_TWEET, "id_str": "1404371205485498999", "full_text": "RT @anna_port: harb…"}

    found = contents(tmp_path, in_lines({**retweet, "retweeted_status": OLD_TWEET}, {"statuses": [OLD_TWEET]}))

    assert [(post.source_id, post.text) for post in found.posts] == [
        ("1404371205485498514", "harbour bridge closed")
    ] * 2


@pytest.mark.parametrize("source", ["bluesky", "hackernews", "mastodon", "feeds", "my_forum-2", "a"])
def test_our_own_form_may_name_any_source(workplace: Installation, source: str) -> None:
    done = workplace.ingest_lines(own_line(source=source))

    assert (done.exit_code, workplace.values("SELECT source FROM posts")) == (0, [source])


@pytest.mark.parametrize("source", ["X", "2nd", "", "a" * 33, "my forum", "é"])
def test_a_name_that_can_be_no_source_is_refused(workplace: Installation, source: str) -> None:
    done = workplace.ingest_lines(own_line(source=source))

    assert (done.exit_code, done.json["counts"]["rejected_by_reason"]) == (3, {"unknown_source": 1})


ROUNDED = ["2.11237E+18", "2,11237E+18", "2E+18", "2.11237e+18"]


@pytest.mark.parametrize("rounded", ROUNDED)
def test_ids_that_a_spreadsheet_rounded_are_refused(workplace: Installation, rounded: str) -> None:
    lines = [own_line(rounded, created_at=f"2026-11-29T09:3{n}:00Z", text=f"post {n}") for n in range(5)]

    done = workplace.ingest_lines(*lines)

    assert (done.exit_code, done.json["counts"]["rejected_by_reason"]) == (3, {"bad_id": 5})
    assert "5 of 5 items refused: 5 bad_id (first in line 1)" in done.stderr


def test_two_different_posts_under_one_id_are_a_conflict(workplace: Installation) -> None:
    lines = [own_line("2112370000000000000", created_at=f"2026-11-29T09:3{n}:00Z", text=f"post {n}") for n in range(5)]

    done = workplace.ingest_lines(*lines)

    assert (done.exit_code, done.json["counts"]["new"]) == (3, 1)
    assert done.json["counts"]["rejected_by_reason"] == {"conflict": 4}
    assert workplace.values("SELECT text FROM posts") == ["post 0"]


def test_so_are_posts_of_different_people_of_a_file_that_tells_only_the_day(workplace: Installation) -> None:
    lines = [own_line(author=name, created_at="2026-10-29", text=f"{name} says so") for name in ("anna", "ben", "")]

    done = workplace.ingest_lines(*lines)

    assert (done.exit_code, done.json["counts"]["rejected_by_reason"]) == (3, {"conflict": 1})


def test_one_post_told_of_twice_is_no_conflict(workplace: Installation) -> None:
    done = workplace.ingest_lines(own_line(likes=1), own_line(likes=2, created_at="2026-11-01T11:00:00.250Z"))

    assert (done.exit_code, workplace.values("SELECT likes FROM posts")) == (0, [2])


BY_VALUE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("whole floats", {"likes": 35.0, "views": 1e3}, {"likes": 35, "views": 1000}),
    (
        "counters as text",
        {"likes": "35", "replies": " 4 ", "reposts": "5.0"},
        {"likes": 35, "replies": 4, "reposts": 5},
    ),
    (
        "counters that are not told",
        {"likes": None, "replies": "", "views": float("nan")},
        {"likes": None, "views": None},
    ),
    ("an id as a number", {"source_id": 1404371205485498514}, {"source_id": "1404371205485498514"}),
    ("an id as a whole float", {"source_id": 17.0}, {"source_id": "17"}),
    ("an id as pandas writes it", {"source_id": "17.0"}, {"source_id": "17"}),
    ("an id of Reddit that looks like a number", {"source_id": "1e5"}, {"source_id": "1e5"}),
    ("an author as a number", {"author": 77}, {"author": "77"}),
    ("a naive time", {"created_at": "2026-11-01 11:00:00"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("small letters", {"created_at": "2026-11-01t11:00:00z"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("a zone in letters", {"created_at": "2026-11-01 11:00:00 UTC"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("seconds", {"created_at": 1793530800}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("seconds as text", {"created_at": "1793530800"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("seconds as a float", {"created_at": 1793530800.5}, {"created_at": "2026-11-01T11:00:00.500Z"}),
    ("milliseconds", {"created_at": 1793530800250}, {"created_at": "2026-11-01T11:00:00.250Z"}),
    ("milliseconds as text", {"created_at": "1793530800250"}, {"created_at": "2026-11-01T11:00:00.250Z"}),
    ("microseconds", {"created_at": 1793530800250000}, {"created_at": "2026-11-01T11:00:00.250Z"}),
    ("microseconds as text", {"created_at": "1793530800250000"}, {"created_at": "2026-11-01T11:00:00.250Z"}),
    ("seconds as numpy writes them", {"created_at": "1.793530800000e+09"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("a time of a mail", {"created_at": "Sun, 01 Nov 2026 12:00:00 +0100"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("a time of a mail, GMT", {"created_at": "1 Nov 2026 11:00 GMT"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("a time of a mail, no zone", {"created_at": "1 Nov 2026 11:00 -0000"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
    ("a time in words", {"created_at": "Sun Nov 01 12:00:00 +0100 2026"}, {"created_at": "2026-11-01T11:00:00.000Z"}),
]


@pytest.mark.parametrize(("given", "stored"), [row[1:] for row in BY_VALUE], ids=[row[0] for row in BY_VALUE])
def test_values_count_and_not_how_they_are_written(
    tmp_path: Path, given: dict[str, Any], stored: dict[str, Any]
) -> None:
    found = contents(tmp_path, in_lines({**own_line(), **given}))

    assert {name: getattr(found.post, name) for name in stored} == stored


PLACEHOLDERS = [
    "[removed]", "[deleted]", "[ Removed by Reddit ]", "[deleted by user]", " [Removed] ", "[Removed by moderator]",
    "[ Removed by Reddit on account of violating the [content policy](/help/contentpolicy). ]",
]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["[removed] the bridge [video]", "[Removed](https://a.example) from sale", "[deleted", "removed"]
)
def test_a_text_that_only_begins_like_one_is_a_post(tmp_path: Path, text: str) -> None:
    assert contents(tmp_path, in_lines({**own_line(), "text": text})).post.text == text


@pytest.mark.parametrize(
    "given", [{"created_at": "1.79353E+09"}, {"likes": "3.55e1"}, {"likes": "1e99"}, {"likes": "3e"}]
)
def test_what_was_rounded_away_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    reason = "bad_time" if "created_at" in given else "bad_counter"

    assert contents(tmp_path, in_lines({**own_line(), **given})).refused == [reason]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_what_stands_in_place_of_a_post_is_no_post(workplace: Installation, text: str) -> None:
    gone = [submission("a1", title=text), own_line("2", text=text), {**OLD_TWEET, "full_text": text}]

    done = workplace.ingest_lines(*gone, submission("a2", title="kept", selftext=text))

    assert (done.exit_code, done.json["counts"]["skipped_by_reason"]) == (0, {"placeholder": 3})
    assert workplace.values("SELECT text FROM posts") == ["kept"]


SKIPPED: list[tuple[str, Any, str]] = [
    ("a comment of a listing", {"kind": "t1", "data": {"id": "c1", "body": "hi"}}, "comment"),
    (
        "a comment of a dump",
        {"id": "c1", "body": "hi", "link_id": "t3_abc", "subreddit": "s", "created_utc": 1},
        "comment",
    ),
    ("more comments", {"kind": "more", "data": {"count": 4, "children": ["c2"]}}, "comment"),
    ("an account of Reddit", {"kind": "t2", "data": {"name": "anna"}}, "account"),
    ("a subreddit", {"kind": "t5", "data": {"display_name": "port"}}, "other_kind"),
    ("a user of X", {"data": [{"id": "77", "name": "Anna", "username": "anna_port"}]}, "account"),
    ("a user of X, flat", {"id": "77", "name": "Anna", "username": "anna_port"}, "account"),
    ("a user of X's older API", {"id_str": "77", "screen_name": "anna_port", "followers_count": 3}, "account"),
    ("a deletion of X's older API", {"delete": {"status": {"id_str": "1"}}}, "deletion"),
    ("a deletion of X", {"data": {"delete": {"tweet": {"id": "1"}}}}, "deletion"),
    ("a notice of a stream", {"limit": {"track": 5}}, "other_kind"),
    ("counts of X", {"data": [{"start": "a", "end": "b", "tweet_count": 3}], "meta": {}}, "other_kind"),
    ("an error of X", {"title": "Unauthorized", "detail": "no", "status": 401}, "error_page"),
    ("an account of Mastodon", {"id": "1", "username": "anna", "acct": "anna", "url": "https://t.example"}, "account"),
    ("an account of Bluesky", {"did": "did:plc:a", "time_us": 1, "kind": "account", "account": {}}, "account"),
    (
        "a like of Bluesky",
        {"did": "did:plc:a", "time_us": 1, "kind": "commit", "commit": {"collection": "app.bsky.feed.like"}},
        "other_kind",
    ),
    (
        "a deletion of Bluesky",
        {
            "did": "did:plc:a",
            "time_us": 1,
            "kind": "commit",
            "commit": {"collection": "app.bsky.feed.post", "operation": "delete", "rkey": "3k"},
        },
        "deletion",
    ),
]


@pytest.mark.parametrize(("item", "reason"), [row[1:] for row in SKIPPED], ids=[row[0] for row in SKIPPED])
def test_what_is_no_post_by_its_nature_is_skipped_by_reason(tmp_path: Path, item: Any, reason: str) -> None:
    found = contents(tmp_path, in_lines(item, own_line()))

    assert (len(found.posts), found.skipped, found.refused, found.end) == (1, [reason], [], None)


def test_a_page_without_a_post_is_an_answer_as_any_other(workplace: Installation) -> None:
    done = workplace.ingest_lines({"meta": {"result_count": 0}})

    assert (done.exit_code, done.json["counts"].get("fetched", 0)) == (0, 0)


def test_the_counts_of_a_file_add_up(workplace: Installation) -> None:
    lines = [own_line("1"), own_line("1"), own_line("2", likes=1), own_line("2", likes=2), {"hello": 1}, "junk"]
    comment = {"kind": "t1", "data": {}}

    done = workplace.ingest_lines(*lines, comment, listing(submission("a1"), submission("?")))

    counts = done.json["counts"]
    parts = {name: counts[name] for name in ("new", "updated", "known", "skipped", "refused")}
    assert (done.exit_code, counts["fetched"], counts["rejected"]) == (3, 9, 3)
    assert parts == {"new": 3, "updated": 1, "known": 1, "skipped": 1, "refused": 3}


def test_a_dry_run_counts_and_ends_as_the_run_would(workplace: Installation) -> None:
    (workplace.home.parent / "posts").write_bytes(in_lines(own_line("1"), own_line(""), {"kind": "t1", "data": {}}))

    done = workplace.command("ingest", "--from", str(workplace.home.parent / "posts"), "--dry-run", "--json")

    counts = json.loads(done.stdout)["counts"]
    assert done.exit_code == 3
    assert {n: counts[n] for n in ("fetched", "new", "skipped", "refused")} == {
        "fetched": 3,
        "new": 1,
        "skipped": 1,
        "refused": 1,
    }


def test_a_run_says_in_one_line_what_was_refused_and_where_first(workplace: Installation) -> None:
    lines = [own_line("1"), own_line("2", likes=-1), own_line("3", created_at="?"), own_line("4", likes=-1)]
    (workplace.home.parent / "posts").write_bytes(in_lines(*lines))

    done = workplace.command("ingest", "--from", str(workplace.home.parent / "posts"))

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "3 of 4 items refused: 2 bad_counter (first in line 2), 1 bad_time (first in line 3)" in done.stderr
