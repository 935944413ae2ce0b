"""`scripts/eval --tasks further`: an event counts that ten posts of its day name, three times the usual."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import further_events
import pytest


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(further_events, "EVENTS", "04-03 17:30|lucasarts;lucas arts\n04-10 16:00|bitcoin\n")


def written(folder: Path, posts: Sequence[tuple[str, str]]) -> Path:
    """Return a file of posts: (time, text) each."""
    file = folder / "posts.ndjson.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"created_at": at, "text": text}) + "\n" for at, text in sorted(posts))
    return file


def test_an_event_has_ten_posts_and_three_times_the_usual(listed: None, tmp_path: Path) -> None:
    usual = [(f"2013-04-{day:02}T12:00:00Z", "Bitcoin again") for day in range(4, 10) for _ in range(5)]
    posts = [
        *[(f"2013-04-03T18:{minute:02}:00Z", "RIP 'LucasArts'.") for minute in range(5)],
        *[(f"2013-04-04T10:{minute:02}:00Z", "Lucas Arts, closed") for minute in range(5)],
        ("2013-04-03T17:00:00Z", "LucasArts before it"),
        ("2013-04-03T19:00:00Z", "lucasartsy is another word"),
        *usual,
        *[(f"2013-04-10T17:{minute:02}:00Z", "bitcoin falls") for minute in range(12)],
    ]

    found = further_events.further_events(written(tmp_path, posts), "2013-04-01", "2013-05-06")

    [event] = found  # bitcoin had 12 where 4.3 are usual
    assert (event["id"], event["start"], event["keywords"]) == (
        "lucasarts",
        "2013-04-03T17:30:00Z",
        ["lucasarts", "lucas arts"],
    )
    assert (event["posts_6h"], event["posts_24h"], event["size"]) == (5, 10, "small")
    assert event["base_per_day"] == 1 / 7


def test_events_of_other_weeks_are_left_out(listed: None, tmp_path: Path) -> None:
    posts = [(f"2013-04-03T18:{minute:02}:00Z", "lucasarts") for minute in range(20)]

    assert further_events.further_events(written(tmp_path, posts), "2013-05-06", "9999") == []


def test_the_list_has_nothing_that_is_no_time_or_no_word() -> None:
    for start, words in further_events._listed():
        assert start.year == 2013
        assert words
        assert all(word == word.strip().lower() and word for word in words)
