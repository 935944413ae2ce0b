"""What of a feed's address is told: enough to know which one is meant, and nothing that opens it."""

from __future__ import annotations

import pytest

from trendspark_cli.base.feed_addresses import name_of, names_of, secrets_of

TOLD = {
    "https://www.reddit.com/.rss?feed=0123456789abcdef&user=anna_p": "www.reddit.com/.rss?feed=***&user=***",
    "https://www.youtube.com/feeds/videos.xml?channel_id=UC1234567890abcdefghijkl": (
        "www.youtube.com/feeds/videos.xml?channel_id=UC1234567890abcdefghijkl"
    ),
    "https://lemmy.example/feeds/c/ferries.xml?sort=New": "lemmy.example/feeds/c/ferries.xml?sort=New",
    "https://me:pass1234@news.example/rss": "news.example/rss",
    "https://forum.example/u/3f9ac0d1b2e4f5a6978812345/rss.xml": "forum.example/u/***/rss.xml",
    "https://search.example/rss?keywords=ferry&api_key=sesame99": "search.example/rss?keywords=ferry&api_key=***",
    "http://[::1]:8080/Feed": "[::1]:8080/Feed",
}


@pytest.mark.parametrize("address", TOLD)
def test_an_address_is_told_without_what_is_secret_in_it(address: str) -> None:
    assert name_of(address) == TOLD[address]
    assert [secret for secret in secrets_of(address) if secret in name_of(address)] == []


def test_addresses_that_differ_only_in_what_is_secret_are_counted() -> None:
    addresses = ["https://a.example/rss?token=one-of-them", "https://a.example/rss?token=the-other"]

    assert list(names_of(addresses).values()) == ["a.example/rss?token=***", "a.example/rss?token=*** (2)"]
