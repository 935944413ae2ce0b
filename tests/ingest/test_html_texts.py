"""HTML that nobody would write, as text: always some, and soon."""

from __future__ import annotations

import time

import pytest

from trendspark_cli.services.html_texts import text_of_html

BROKEN = {
    "<p>late</p><![<b>still</b>": "latestill",
    "late <![1 still": "late <! 1 still",
    "late <![ ]>still": "late still",
    "late <![foo[ still": "late <! foo[ still",
    "late <b": "late <b",
    "late &#" + "9" * 5000 + "; still": "late &#" + "9" * 5000 + "; still",
    "late <!-- <b>still</b> &amp; now": "late <!-- still & now",
    "<script>no": "",
}


@pytest.mark.parametrize("html", BROKEN, ids=range(len(BROKEN)))
def test_html_that_makes_no_sense_is_text_all_the_same(html: str) -> None:
    assert text_of_html(html) == BROKEN[html]


@pytest.mark.parametrize("part", ["<a ", "<!--", "<![", "</a ", '<a b="'])
def test_html_of_any_length_is_read_in_a_moment(part: str) -> None:
    began = time.process_time()

    text_of_html(part * 200_000)

    assert time.process_time() - began < 1
