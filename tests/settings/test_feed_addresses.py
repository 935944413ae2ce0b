"""What of a feed's address is told: enough to know which one is meant, and nothing that opens it."""

from __future__ import annotations

import pytest

from trendspark_cli.base.feed_addresses import name_of, names_of, secrets_of, without_secrets

TOLD = {
    "https://www.reddit.com/.rss?feed=0123456789abcdef&user=anna_p": "www.reddit.com/.rss?feed=***&user=anna_p",
    "https://www.youtube.com/feeds/videos.xml?channel_id=UC1234567890abcdefghijkl": (
        "www.youtube.com/feeds/videos.xml?channel_id=UC1234567890abcdefghijkl"
    ),
    "https://lemmy.example/feeds/c/ferries.xml?sort=New": "lemmy.example/feeds/c/ferries.xml?sort=New",
    "https://me:pass1234@news.example/rss": "news.example/rss",
    "https://forum.example/u/3f9ac0d1b2e4f5a6978812345/rss.xml": "forum.example/u/***/rss.xml",
    "https://search.example/rss?keywords=ferry&api_key=sesame99": "search.example/rss?keywords=ferry&api_key=***",
    "https://a.example/?feed=comments-rss2&user=guardian": "a.example/?feed=comments-rss2&user=guardian",
    "http://[::1]:8080/Feed": "[::1]:8080/Feed",
}


@pytest.mark.parametrize("address", TOLD)
def test_an_address_is_told_without_what_is_secret_in_it(address: str) -> None:
    assert name_of(address) == TOLD[address]
    assert [secret for secret in secrets_of(address) if secret in name_of(address)] == []


def test_addresses_that_differ_only_in_what_is_secret_are_counted() -> None:
    addresses = ["https://a.example/rss?token=one-of-them", "https://a.example/rss?token=the-other"]

    assert list(names_of(addresses).values()) == ["a.example/rss?token=***", "a.example/rss?token=*** (2)"]


TOKEN = "f00dfeed5ecret0f7ests"
LINKS = {
    "https://news.example/atomic-energy": "https://news.example/atomic-energy",
    "https://news.example/atom/1?format=atom&x=atoms": "https://news.example/***/1?format=***&x=atoms",
    "https://other.example/atom?format=atom": "https://other.example/atom?format=atom",
    f"https://other.example/{TOKEN}.mp3?t={TOKEN}": "https://other.example/***.mp3?t=***",
    "http://[::1": "http://[::1",
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_loses_the_secrets_of_its_feed_and_nothing_else(link: str) -> None:
    secrets = secrets_of(f"https://news.example/rss?key=atom&token={TOKEN}")

    assert without_secrets(link, secrets, "news.example") == LINKS[link]
