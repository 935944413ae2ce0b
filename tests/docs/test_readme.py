"""The README's numbers, and its picture, are what the demo and the settings say."""

from __future__ import annotations

import html
import re

import pytest

from tests.docs.project import PROJECT, page
from tests.installation import Done, Installation
from trendspark_cli.base.settings import load_settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A folder to run the demo in."""
    return Installation(tmp_path_factory.mktemp("readme") / "home")


@pytest.fixture(scope="module")
def demo(home: Installation) -> Done:
    """The demo, as a person sees it in a pipe."""
    return home.command("demo", "--dir", str(home.home.parent / "demo"))


def test_the_readme_shows_what_the_demo_says(demo: Done) -> None:
    block = page("README.md").partition("then seconds:\n\n")[2].partition("\n\n")[0]
    told = [re.sub(r" +", " ", line) for line in demo.stdout.splitlines()]

    for line in block.splitlines():
        beginning, cut, _ = re.sub(r" +", " ", line.strip()).partition("...")
        assert any(one == beginning or (cut and one.startswith(beginning.rstrip())) for one in told), line


def test_the_picture_shows_what_the_demo_says(demo: Done) -> None:
    drawn = re.findall(r"<text[^>]*>(.*?)</text>", (PROJECT / "docs/demo.svg").read_text(encoding="utf-8"))
    shown = squeezed(html.unescape("".join(drawn)))

    sentences = [
        line for line in demo.stdout.partition("\ndatabase")[0].splitlines() if ": " in line or "posts of" in line
    ]
    assert len(sentences) >= 7
    assert [line for line in sentences if squeezed(line) not in shown] == []


def test_the_picture_fetches_nothing_from_elsewhere() -> None:
    assert "url(" not in (PROJECT / "docs/demo.svg").read_text(encoding="utf-8").replace("url(#", "")


def test_what_a_month_costs_follows_from_the_ceilings() -> None:
    settings = load_settings({"HOME": "/nowhere"})
    price = settings.x_price_per_read_usd
    told = page("README.md")

    assert f"${settings.x_max_reads_per_month * price:.0f} at most" in told
    assert f"({settings.x_max_reads_per_month:,} posts at ${price:g})" in told
    assert f"${30 * 1000 * price:.0f} with 1,000 posts a day" in told
    assert f"${settings.openai_max_usd_per_month:.0f} at most (`OPENAI_MAX_USD_PER_MONTH`)" in told


def test_the_disk_it_needs_is_about_what_it_says(home: Installation, demo: Done) -> None:
    posts = int(demo.stdout.split()[0])

    size = (home.home.parent / "demo" / "trendspark.db").stat().st_size

    assert 30e6 < size / posts * 100_000 < 70e6


def test_settings_come_before_the_crontab_and_are_private() -> None:
    told = page("README.md")

    assert told.index("chmod 600") < told.index("trendspark crontab print")


def squeezed(text: str) -> str:
    """Return a text without blanks: the picture folds what a pipe does not."""
    return re.sub(r"\s+", "", text)
