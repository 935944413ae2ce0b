"""The page in a real browser, where there is one: it asks for nothing but itself, and hostile texts do nothing."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace

import pytest

from tests.installation import Installation
from tests.report.reader import report
from tests.report.test_report import HOSTILE
from tests.tools.browser import BROWSER, SITE, browse, watched_site
from tests.tools.made_week import STORIES, fill_week, save_topic

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")


def test_the_page_asks_for_nothing_but_itself_whatever_stands_in_it(workplace: Installation) -> None:
    with closing(workplace.store()) as store, store.transaction():
        fill_week(store, workplace.now)
        for number, text in enumerate(HOSTILE):
            story = replace(STORIES[0], label=text, terms=(text,), communities=(text,), texts=(text,))
            save_topic(store, workplace.now, story, f"hostile{number}", random.Random(1))
    page = (report(workplace).folder / "index.html").read_bytes()

    with watched_site(page) as (port, asked):
        seen = browse(
            f"--proxy-server=127.0.0.1:{port}", "--virtual-time-budget=3000", "--dump-dom", f"{SITE}/index.html"
        )

    assert asked == [f"{SITE}/index.html"]
    assert "<title>What is trending</title>" in seen
    assert "evil.invalid" in seen  # as text
    assert "<img" not in seen
