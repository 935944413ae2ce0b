"""`posts why`: what became of one post, and which rule kept it from being told of."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.rank.conftest import NOW
from tests.rank.test_rank_job import burst, write_posts
from tests.rank.viral import ingest, line, observe, quiet_days
from tests.ranking.streams import background
from trendspark_cli.base.errors import UsageError
from trendspark_cli.screens.posts import reasons_json
from trendspark_cli.trends.post_places import place_of
from trendspark_cli.trends.post_reasons import Asked, reasons
from trendspark_cli.trends.rank_rules import experience, lifecycle_rules

TICK = int(NOW.timestamp()) // 900


@pytest.fixture(scope="module")
def experienced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an operator with three days of ordinary talk and ten of ordinary posts behind them."""
    folder = tmp_path_factory.mktemp("why")
    here = Operator(folder / "home", now=NOW)
    here.ingest(file=str(write_posts(folder / "talk.ndjson", background(TICK - 3 * 96, 3 * 96, per_tick=3))))
    ingest(here, quiet_days(NOW))
    here.rank()
    return here.home


def why(operator: Operator, told: str) -> dict[str, Any]:
    """Ask what became of a post."""
    store = operator.store()
    settings = operator.installation().settings
    rules = lifecycle_rules(settings, experience(store))
    try:
        return reasons_json(reasons(Asked(store, rules, timedelta(minutes=30), operator.now), told))
    finally:
        store.close()


def rules_of(found: dict[str, Any]) -> list[str]:
    return [held["rule"] for held in found["held_back_by"]]


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("https://x.com/someone/status/1853412345678901234", ("x", "1853412345678901234")),
        ("https://mobile.twitter.com/i/status/20?s=20", ("x", "20")),
        ("https://www.reddit.com/r/ferries/comments/1gabc2/the_ferry/", ("reddit", "1gabc2")),
        ("https://redd.it/1GABC2", ("reddit", "1gabc2")),
        ("reddit:t3_1gabc2", ("reddit", "1gabc2")),
        ("X:20", ("x", "20")),
    ],
)
def test_a_post_is_known_by_its_address_or_source_and_id(told: str, place: tuple[str, str]) -> None:
    assert place_of(told) == place


@pytest.mark.parametrize("told", ["", "20", "https://example.org/status/20", "nosuch:20", "x:"])
def test_what_is_no_post_is_refused(told: str) -> None:
    with pytest.raises(UsageError, match="is no post"):
        place_of(told)


def test_a_post_that_was_never_read_is_told_as_not_seen(operator: Operator) -> None:
    assert rules_of(why(operator, "x:777")) == ["not seen"]


def test_a_post_that_was_forgotten_is_told_as_forgotten(operator: Operator) -> None:
    operator.command("posts", "forget", "--source", "x", "--id", "400")

    assert rules_of(why(operator, "x:400")) == ["forgotten"]


def test_an_ordinary_post_says_what_would_have_been_enough(operator: Operator) -> None:
    observe(operator, "9001", 10, 12)
    operator.rank()

    found = why(operator, "x:9001")

    assert found["seen"]
    assert found["matched"][0]["query"].endswith("looks.ndjson")
    assert found["forecast"]["forecast"] < found["forecast"]["enough"]
    assert [(held["about"], held["rule"]) for held in found["held_back_by"]] == [
        ("topic", "below threshold"),
        ("forecast", "below threshold"),
    ]


def test_a_post_in_a_trend_names_the_trend_and_what_became_of_its_alert(operator: Operator) -> None:
    observe(operator, "9001", 40, 900)
    operator.rank()

    found = why(operator, "x:9001")

    [trend] = found["trends"]
    assert (trend["kind"], trend["alerts"][0]["status"]) == ("post", "muted")
    assert "muted" in rules_of(found)


def test_a_post_of_a_topic_names_that_trend(operator: Operator) -> None:
    burst(operator)
    operator.rank()
    [trend] = operator.rows("SELECT id, examples FROM trends WHERE kind = 'topic'")
    first = json.loads(trend["examples"])[0]
    [post] = operator.rows(f"SELECT source, source_id FROM posts WHERE id = {first}")

    found = why(operator, f"{post['source']}:{post['source_id']}")

    assert [one["id"] for one in found["trends"]] == [trend["id"]]


def test_a_post_whose_topic_is_a_tag_or_a_date_says_so(operator: Operator) -> None:
    burst(operator, "[Megathread] friday")
    operator.rank()
    [post] = operator.rows("SELECT source, source_id FROM posts WHERE text LIKE '%Megathread%' LIMIT 1")

    [held, *_] = why(operator, f"{post['source']}:{post['source_id']}")["held_back_by"]

    assert (held["about"], held["rule"]) == ("topic", "not news")
    assert "only says when, or how posts are filed" in held["why"]


@pytest.mark.parametrize(
    ("age_minutes", "likes", "rule"),
    [(26 * 60, 90_000, "too old"), (12, 0, "below the least engagement"), (50 * 60, 90_000, "too old")],
)
def test_each_rule_that_holds_a_post_back_is_named(
    operator: Operator, age_minutes: float, likes: int, rule: str
) -> None:
    observe(operator, "9001", age_minutes, likes)
    operator.rank()

    assert rule in rules_of(why(operator, "x:9001"))


def test_another_post_of_the_same_author_is_held_back_by_the_cooldown(operator: Operator) -> None:
    for name in ("9001", "9002"):
        observe(operator, name, 40, 900, author="famous")
        operator.rank()

    assert "cooldown" in rules_of(why(operator, "x:9002"))


def test_a_young_installation_says_warm_up(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    ingest(here, [line("1", NOW - timedelta(minutes=20), NOW, 5)])
    not_ranked = rules_of(why(here, "x:1"))
    here.rank()

    assert not_ranked[0] == "not ranked yet"
    assert set(rules_of(why(here, "x:1"))) == {"warm-up"}


def test_the_command_says_it_in_words_and_as_json(operator: Operator) -> None:
    words, as_json = (operator.command("posts", "why", "x:1", *options) for options in ((), ("--json",)))

    assert words.exit_code == 0, words.stderr
    assert "held back by: too old (" in words.stdout
    assert json.loads(as_json.stdout)["seen"] is True
