"""Texts of Reddit are what their authors typed: decoded once where Reddit escaped them, else not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import in_lines, listing, own_line, submission
from tests.files.reading import contents
from tests.installation import Installation

TYPED = [
    "How to write <div>",
    "How to write &lt;div&gt;",
    "?a=1&copy=2&notify=3",
    "AT&T > you & me",
    "&amp;amp;",
    "plain",
]


def escaped(text: str) -> str:
    """What Reddit makes of a text unless it is asked with raw_json=1."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def submissions(texts: list[str]) -> list[dict[str, Any]]:
    return [submission(f"a{n}", title=text, selftext=text) for n, text in enumerate(texts)]


def in_a_listing(items: list[dict[str, Any]]) -> bytes:
    return json.dumps(listing(*items)).encode()


def in_a_dump(items: list[dict[str, Any]]) -> bytes:
    return in_lines(*items)


@pytest.mark.parametrize("form", [in_a_listing, in_a_dump])
@pytest.mark.parametrize("is_raw", [True, False])
@pytest.mark.parametrize("turn", range(len(TYPED)))
def test_a_text_is_read_as_it_was_typed(tmp_path: Path, form: Any, is_raw: bool, turn: int) -> None:
    typed = TYPED[turn:] + TYPED[:turn]

    found = contents(tmp_path, form(submissions(typed if is_raw else [escaped(text) for text in typed])))

    assert found.texts == [f"{text}\n{text}" for text in typed]


@pytest.mark.parametrize("is_raw", [True, False])
def test_a_pipe_is_read_as_a_file_is(workplace: Installation, is_raw: bool) -> None:
    typed = TYPED[1:] + TYPED[:1]
    items = submissions(typed if is_raw else [escaped(text) for text in typed])

    done = workplace.command("ingest", "--from", "-", "--json", stdin=in_lines(*items))

    assert (done.exit_code, done.json["counts"]["new"]) == (0, len(typed))
    assert workplace.values("SELECT text FROM posts ORDER BY id") == [f"{text}\n{text}" for text in typed]


def test_a_text_in_the_last_line_of_a_pipe_says_how_the_first_is_read(workplace: Installation) -> None:
    items = [
        submission("a1", title="&lt;b&gt;"),
        *[own_line(str(n)) for n in range(3000)],
        submission("a2", title="R&D"),
    ]

    done = workplace.command("ingest", "--from", "-", "--json", stdin=in_lines(*items))

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 3002)
    assert workplace.values("SELECT text FROM posts WHERE source = 'reddit'") == ["&lt;b&gt;", "R&D"]


def test_a_comment_tells_how_the_posts_beside_it_are_written(tmp_path: Path) -> None:
    comment = {"kind": "t1", "data": {"id": "c1", "body": "> quoted"}}

    found = contents(tmp_path, in_lines(submission(title="&lt;b&gt;"), comment))

    assert found.texts == ["&lt;b&gt;"]


def test_characters_that_json_escapes_tell_it_too(tmp_path: Path) -> None:
    as_go_writes_it = in_lines(submission(title="&lt;b&gt;"), submission("b", title="a < b")).replace(b"<", b"\\u003c")

    assert contents(tmp_path, as_go_writes_it).texts == ["&lt;b&gt;", "a < b"]


def test_texts_of_other_forms_say_nothing_about_reddits(tmp_path: Path) -> None:
    found = contents(tmp_path, in_lines(own_line(text="a < b"), submission(title="&lt;b&gt;")))

    assert found.texts == ["a < b", "<b>"]


def test_texts_of_x_are_decoded_once(tmp_path: Path) -> None:
    tweet = {"id": "1404371205485498514", "text": escaped("&lt;div&gt; ?a=1&copy=2 <b>")}

    assert contents(tmp_path, in_lines({"data": [tweet]})).texts == ["&lt;div&gt; ?a=1&copy=2 <b>"]


def test_our_own_texts_are_left_as_they_are(tmp_path: Path) -> None:
    assert contents(tmp_path, in_lines(own_line(text="&lt;b&gt; &amp;"))).texts == ["&lt;b&gt; &amp;"]
