"""The page in a real browser, where there is one: it asks for nothing but itself, and hostile texts do nothing."""

from __future__ import annotations

import html
import json
import os
import random
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.report.reader import report
from tests.report.test_report import HOSTILE
from tests.tools.browser import BROWSER, DARK, SITE, browse, watched_site
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


AXE = Path(os.environ.get("AXE_CORE", "axe.min.js is not named"))
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LOOK = """
<script>%s</script>
<script>axe.run(document, {runOnly: %s}).then(found => {
  const wrong = found.violations.map(one => `${one.id}: ${one.help}: ${one.nodes[0].html}`);
  document.title = JSON.stringify({wrong, passes: found.passes.length});
})</script>
"""


@pytest.mark.skipif(not AXE.is_file(), reason="AXE_CORE does not name an axe.min.js (npm pack axe-core)")
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_to_mend_in_the_page(workplace: Installation, width: int, is_dark: bool) -> None:
    with closing(workplace.store()) as store, store.transaction():
        fill_week(store, workplace.now)
    page = (report(workplace).folder / "index.html").read_text(encoding="utf-8")
    open_page = re.sub(
        r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", page
    )  # it lets no script in, ours neither
    looked_at = open_page.replace("</body>", LOOK % (AXE.read_text(encoding="utf-8"), json.dumps(RULES)) + "</body>")

    with watched_site(looked_at.encode()) as (port, _asked):
        look = (f"--proxy-server=127.0.0.1:{port}", "--virtual-time-budget=20000", f"--window-size={width},900")
        seen = browse(*look, *(DARK if is_dark else ()), "--dump-dom", f"{SITE}/index.html")

    title = re.search(r"<title>(.*?)</title>", seen, re.DOTALL)
    assert title is not None
    found = json.loads(html.unescape(title[1]))
    assert found["wrong"] == []
    assert found["passes"] > 15
