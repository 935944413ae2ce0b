"""Long messages are cut so that Telegram takes every part, and nothing of the text is lost."""

from __future__ import annotations

import html

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers.telegram_server import _Markup
from trendspark_cli.alerts.message_parts import message_parts, plain_text, text_units
from trendspark_cli.kinds.channels import CHANNELS

LIMIT = 200
FORM = CHANNELS["telegram"].form._replace(text_limit=LIMIT)
words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
pieces = st.one_of(
    words.map(lambda text: html.escape(text, quote=False)),
    words.map(lambda text: f"<b>{html.escape(text, quote=False)}</b>"),
    words.map(lambda text: f'<a href="https://example.org/?a=1&amp;b=2">{html.escape(text, quote=False)}</a>'),
    st.sampled_from(["\n", "&amp;&lt;&gt;", "😀" * 9, "👩‍👩‍👧", "<b>\nover two lines\n</b>", "x" * 300]),
)
markups = st.lists(pieces, min_size=1, max_size=40).map("".join)


def parsed(markup: str) -> str:
    """Return the text by an independent reader of the markup; fail when it is not well formed."""
    reader = _Markup()
    reader.feed(markup)
    reader.close()
    assert not reader.problem
    assert not reader.open_tags
    return reader.text


def utf16(text: str) -> int:
    """Return the length in UTF-16 units, counted independently."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


@settings(max_examples=300, deadline=None)
@given(markups)
def test_every_part_parses_and_fits(markup: str) -> None:
    parts = message_parts(markup, FORM)

    assert all(utf16(parsed(part)) <= LIMIT for part in parts)


@settings(max_examples=300, deadline=None)
@given(markups)
def test_the_parts_together_say_what_the_message_said(markup: str) -> None:
    parts = message_parts(markup, FORM)

    texts = [parsed(part) for part in parts]
    if len(parts) > 1:
        texts = [text.split("\n", 1)[1] for text in texts]
    assert "".join(texts).replace("\n", "") == parsed(markup).replace("\n", "")


@settings(max_examples=200, deadline=None)
@given(markups)
def test_the_length_is_what_an_independent_count_says(markup: str) -> None:
    assert text_units(markup, FORM) == utf16(parsed(markup))


def test_a_short_message_is_one_part_without_a_number() -> None:
    assert message_parts("<b>short</b>", FORM) == ["<b>short</b>"]


def test_parts_are_numbered() -> None:
    parts = message_parts("\n".join(["a line of twenty-four c."] * 20), FORM)

    assert [part.split("\n")[0] for part in parts] == [f"({n}/{len(parts)})" for n in range(1, len(parts) + 1)]


def test_parts_are_cut_between_lines() -> None:
    parts = message_parts("\n".join(["a line of twenty-four c."] * 20), FORM)

    assert all(line == "a line of twenty-four c." for part in parts for line in part.split("\n")[1:])


def test_plain_text_is_the_message_without_its_markup() -> None:
    assert plain_text('<b>1 &lt; 2</b> &amp; <a href="https://e.org">x</a>') == "1 < 2 & x"
