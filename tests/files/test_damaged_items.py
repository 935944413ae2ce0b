"""What cannot be stored is refused alone, counted by reason and named; the rest is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import in_lines, listing, own_line, submission
from tests.installation import Installation
from trendspark_cli.base.metrics import REJECTION_REASONS
from trendspark_cli.base.models import Rejection
from trendspark_cli.services.post_files.json_scanning import LONGEST_VALUE as LONGEST_LINE
from trendspark_cli.services.post_files.reading import PostFile

GOOD = own_line("good")


def x_item(**values: Any) -> dict[str, Any]:
    """A post of X in a page."""
    return {"data": [{"id": "17", "text": "hi", "created_at": "2026-11-01T11:00:00.000Z", **values}]}


def rejected(folder: Path, content: bytes) -> tuple[Rejection, ...]:
    """Return what was refused beside one good post."""
    (folder / "posts").write_bytes(content + in_lines(GOOD))
    pages = list(PostFile(str(folder / "posts")).pages())
    assert [p.source_id for page in pages for p in page.posts] == ["good"]
    assert sum(page.fetched for page in pages) == 1 + sum(len(page.rejections) for page in pages)
    return tuple(rejection for page in pages for rejection in page.rejections)


DAMAGED: list[tuple[str, Any, str]] = [
    ("half a line", b'{"source": "x", "sour\n', "not_json"),
    ("binary", b"\x00\xff\xfe\n", "not_json"),
    ("very deep", b"[" * 100_000 + b"]" * 100_000 + b"\n", "not_json"),
    ("very deep, of objects", b'{"a":' * 50_000 + b"\n", "not_json"),
    ("very deep, and no post", b'{"source":"x","text":"t","more":' + b'{"a":' * 50_000 + b"\n", "not_json"),
    ("a number of 5,000 digits", b'{"likes": ' + b"9" * 5_000 + b"}\n", "not_json"),
    ("lists in lists", b"[" * 980 + b"1" + b"]" * 980 + b"\n", "not_json"),
    ("X: a post with a deep thing", b'{"id":"17","text":"t","more":' + b"[" * 900 + b"]" * 900 + b"}\n", "not_a_post"),
    ("a word", "word", "not_a_post"),
    ("a number", 17, "not_a_post"),
    ("nothing", None, "not_a_post"),
    ("an empty object", {}, "not_a_post"),
    ("another object", {"hello": "world"}, "not_a_post"),
    ("no text", {"source": "x", "source_id": "1", "created_at": "2026-11-01T11:00:00Z"}, "missing_field"),
    ("no id", {"source": "x", "text": "t", "created_at": "2026-11-01T11:00:00Z"}, "missing_field"),
    ("empty id", own_line(""), "bad_id"),
    ("blank id", own_line("  "), "bad_id"),
    ("id with control characters", own_line("a\u0000b"), "bad_id"),
    ("id that a spreadsheet rounded", own_line("1.23457E+18"), "bad_id"),
    ("id that a German spreadsheet rounded", own_line("1,23457E+18"), "bad_id"),
    ("id that pandas rounded", own_line() | {"source_id": 1.404371205485498e18}, "bad_id"),
    ("id that is true", own_line() | {"source_id": True}, "bad_id"),
    ("a source with blanks", own_line(source="Twitter for Android"), "unknown_source"),
    ("a source that is a number", own_line() | {"source": 5}, "unknown_source"),
    ("no time", own_line(created_at="yesterday"), "bad_time"),
    ("time before time", own_line(created_at="1969-12-31T23:59:59Z"), "bad_time"),
    ("time after time", own_line(created_at="9999-12-31T23:59:59-05:00"), "bad_time"),
    ("odd observation", own_line(observed_at="soon"), "bad_time"),
    ("negative likes", own_line(likes=-1), "bad_counter"),
    ("half a like", own_line(likes=0.5), "bad_counter"),
    ("yes as likes", own_line(likes=True), "bad_counter"),
    ("rounded likes", own_line(likes="1.2E+06"), "bad_counter"),
    ("too many views", own_line(views=9 * 10**15), "bad_counter"),
    ("counter in words", own_line(replies="many"), "bad_counter"),
    ("X: likes beyond belief", x_item(public_metrics={"like_count": 10**40}), "bad_counter"),
    ("X: no text", {"data": [{"id": "17"}]}, "missing_field"),
    ("X: empty id", x_item(id=""), "bad_id"),
    ("X: time in words", x_item(created_at="yesterday"), "bad_time"),
    ("X: time after time", x_item(created_at="9999-12-31T23:59:59-05:00"), "bad_time"),
    ("X: no time and an id of no time", {"data": [{"id": "17", "text": "hi"}]}, "bad_time"),
    ("X: no time and an id beyond time", {"data": [{"id": "9" * 40, "text": "hi"}]}, "bad_time"),
    ("Reddit: odd id", submission("t3_abc"), "bad_id"),
    ("Reddit: no title", {"id": "abc", "created_utc": 1793530800, "subreddit": "s"}, "missing_field"),
    ("Reddit: time in words", submission(created_utc="soon"), "bad_time"),
    ("Reddit: endless time", submission(created_utc=float("inf")), "bad_time"),
    ("Reddit: time before time", submission(created_utc=-5), "bad_time"),
    ("Reddit: too many comments", submission(num_comments=10**30), "bad_counter"),
    ("Reddit: fewer than no comments", submission(num_comments=-1), "bad_counter"),
    ("Reddit: comments in words", submission(num_comments="many"), "bad_counter"),
    ("Reddit: in a listing", listing(submission("?")), "bad_id"),
]


@pytest.mark.parametrize(("item", "reason"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_a_damaged_item_is_refused_alone_with_its_reason(tmp_path: Path, item: Any, reason: str) -> None:
    content = item if isinstance(item, bytes) else in_lines(item)

    assert [rejection.reason for rejection in rejected(tmp_path, content)] == [reason]


def test_every_reason_there_is_has_a_series_from_the_start(tmp_path: Path) -> None:
    assert {row[2] for row in DAMAGED} | {"too_large"} <= set(REJECTION_REASONS)


def test_a_line_of_endless_length_is_refused_without_being_kept_in_memory(tmp_path: Path) -> None:
    huge = b'{"source": "x", "text": "' + b"a" * (LONGEST_LINE + 10) + b'"}\n'

    found = rejected(tmp_path, huge)

    assert found == (Rejection("too_large", "line 1"),)


def test_a_bad_post_in_a_page_does_not_spoil_the_others(tmp_path: Path) -> None:
    good = {"id": "18", "text": "hi", "created_at": "2026-11-01T11:00:00.000Z"}
    (tmp_path / "posts").write_bytes(in_lines({"data": [{"id": "17"}, good, 5]}))

    page = next(iter(PostFile(str(tmp_path / "posts")).pages()))

    assert [p.source_id for p in page.posts] == ["18"]
    assert [(r.reason, "17" in r.item or "3 of line 1" in r.item) for r in page.rejections] == [
        ("missing_field", True),
        ("not_a_post", True),
    ]


UNSTORABLE = [
    ("NUL", "a\u0000b", "ab"),
    ("lone surrogate", "a\ud800b", "ab"),
    ("escape", "\u001b[31mred\u009b0m", "[31mred0m"),
    ("bell and delete", "a\u0007\u007fb", "ab"),
    ("carriage return", "one\r\ntwo", "one\ntwo"),
    ("tab and newline stay", "a\tb\nc", "a\tb\nc"),
    ("emoji stay", "🙂👩‍👩‍👧", "🙂👩‍👩‍👧"),
]


@pytest.mark.parametrize(("text", "stored"), [row[1:] for row in UNSTORABLE], ids=[row[0] for row in UNSTORABLE])
@pytest.mark.parametrize("form", ["own", "x", "reddit"])
def test_characters_that_cannot_be_stored_are_left_out_of_texts(
    tmp_path: Path, text: str, stored: str, form: str
) -> None:
    item = {"own": own_line(text=text), "x": x_item(text=text), "reddit": submission(title=text)}[form]
    (tmp_path / "posts").write_bytes(in_lines(item))

    pages = list(PostFile(str(tmp_path / "posts")).pages())

    assert [p.text for page in pages for p in page.posts] == [stored]


def test_odd_characters_in_every_field_are_stored_without_them(workplace: Installation) -> None:
    odd = "a\ud800\u0000\u001bb"
    line = own_line(text=odd, author=odd, community=odd, url="https://e.example/" + odd, lang=odd)

    done = workplace.ingest_lines(line)

    row = workplace.rows("SELECT text, author, community, url, lang FROM posts")[0]
    assert (done.exit_code, set(row.values())) == (0, {"ab", "https://e.example/ab"})


def test_refused_items_are_counted_by_reason_and_named_in_the_audit(workplace: Installation) -> None:
    done = workplace.ingest_lines(GOOD, own_line("a", likes=-1), own_line("b", likes=-1), own_line("c", created_at="?"))

    audit = json.loads(workplace.values("SELECT rejected FROM ingest_audit")[0])
    assert done.json["counts"]["rejected_by_reason"] == {"bad_counter": 2, "bad_time": 1}
    assert audit == {
        "bad_counter": 2,
        "bad_time": 1,
        "items": ["line 2: bad_counter", "line 3: bad_counter", "line 4: bad_time"],
    }
    assert workplace.series()['trendspark_ingest_rejected_total{reason="bad_counter",source="file"}'] == 2


def test_a_file_of_nothing_but_junk_is_told_as_such(workplace: Installation) -> None:
    done = workplace.ingest_lines("junk", {}, 5)

    assert (done.exit_code, done.json["counts"]["refused"], done.json["counts"]["new"]) == (65, 3, 0)
