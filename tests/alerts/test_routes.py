"""Which channels are told of what: profiles, scores, watchlists, and a channel for what is wrong with ourselves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.installation import move_in
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background, said
from trendspark_cli.base.models import Alert, AlertCategory
from trendspark_cli.store.open_store import open_store

ADDRESSES = {
    "ALERT_URL_DESK": "https://desk.example.org/x",
    "ALERT_URL_PHONE": "https://phone.example.org/x",
    "ALERT_URL_OPS": "https://ops.example.org/x",
}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an operator with three quiet days behind."""
    folder = tmp_path_factory.mktemp("quiet")
    here = Operator(folder / "home")
    here.ingest(file=str(write_posts(folder / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))))
    here.rank()
    return here.home


@pytest.fixture
def ranked(tmp_path: Path, quiet: Path) -> Operator:
    """An operator of three channels with three quiet days behind."""
    move_in(quiet, tmp_path / "home")
    return Operator(tmp_path / "home", ADDRESSES)


def burst(here: Operator, words: str = "volcano eruption", posts: int = 20) -> None:
    """Have people speak of something in the last half hour, and rank."""
    rows = said(words, posts, int((here.now - timedelta(minutes=30)).timestamp()), every=60, seed=posts)
    here.ingest(file=str(write_posts(here.home / "burst.ndjson", rows)))
    here.rank()


def told(here: Operator, kind: str = "open") -> set[str]:
    """The channels that the first trend's alert is stored for."""
    key = f"trend:1:{kind}"
    rows = here.rows("SELECT channel, dedupe_key FROM notifications")
    return {row["channel"] for row in rows if row["dedupe_key"].startswith(key)}


def profile(here: Operator, name: str, keywords: str, *more: str) -> None:
    """Add a profile."""
    assert here.command("profiles", "add", name, "--keywords", keywords, *more).exit_code == 0


def test_without_a_word_of_channels_all_are_told(ranked: Operator) -> None:
    burst(ranked)

    assert told(ranked) == {"desk", "phone", "ops"}


def test_a_trend_is_told_where_the_profile_it_belongs_to_says(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano", "--channels", "phone,desk")
    profile(ranked, "harbour", "harbour bridge", "--channels", "ops")

    burst(ranked)

    assert told(ranked) == {"phone", "desk"}


def test_a_profile_that_names_no_channel_has_its_trends_told_everywhere(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano")
    profile(ranked, "harbour", "harbour bridge", "--channels", "ops")

    burst(ranked)

    assert told(ranked) == {"desk", "phone", "ops"}


@pytest.mark.parametrize(("channels", "expected"), [("", {"desk", "phone", "ops"}), ("desk", {"desk"})])
def test_what_belongs_to_no_profile_is_told_as_the_default_one_says(
    ranked: Operator, channels: str, expected: set[str]
) -> None:
    profile(ranked, "harbour", "harbour bridge", "--channels", "ops")
    profile(ranked, "default", "lighthouse", "--channels", channels)

    burst(ranked)

    assert told(ranked) == expected


def test_how_a_trend_goes_on_is_told_where_it_was_opened(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano", "--channels", "desk")
    burst(ranked)
    ranked.command("profiles", "edit", "nature", "--channels", "phone")
    ranked.later(minutes=15)

    burst(ranked, posts=30)
    ranked.later(hours=11)
    ranked.rank()

    assert (told(ranked), told(ranked, "grown"), told(ranked, "closed")) == ({"desk"}, {"desk"}, {"desk"})


def test_a_channel_that_is_gone_is_told_of_and_the_others_go_on(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano", "--channels", "phone,desk")
    del ranked.environment["ALERT_URL_PHONE"]

    burst(ranked)
    found = ranked.command("config", "check", "--json")

    assert told(ranked) == {"desk"}
    assert "profile 'nature': channel 'phone' is not configured; the others are told" in found.json["problems"]


def test_a_profile_whose_only_channel_is_gone_is_told_everywhere(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano", "--channels", "phone")
    del ranked.environment["ALERT_URL_PHONE"]

    burst(ranked)

    assert told(ranked) == {"desk", "ops"}


@pytest.mark.parametrize("command", [("add", "two", "--keywords", "a"), ("edit", "nature")])
def test_a_channel_that_is_not_there_is_refused_when_it_is_named(ranked: Operator, command: tuple[str, ...]) -> None:
    profile(ranked, "nature", "volcano", "--channels", "Desk")

    done = ranked.command("profiles", *command, "--channels", "desk,nowhere")

    assert done.exit_code == 2
    assert "channel 'nowhere' is not configured: expected one of desk, ops, phone" in done.stderr
    assert ranked.values("SELECT channels FROM profiles") == ['["desk"]']


def test_a_profile_shows_its_channels_and_takes_them_back(ranked: Operator) -> None:
    profile(ranked, "nature", "volcano", "--channels", "desk")

    shown = ranked.command("profiles", "edit", "nature", "--channels", "", "--json")

    assert shown.json["profile"]["channels"] == []


def test_a_channel_hears_of_trends_from_its_least_score_on(ranked: Operator) -> None:
    ranked.environment["ALERT_MIN_SCORE_PHONE"] = "99"

    burst(ranked)

    assert told(ranked) == {"desk", "ops"}


def test_a_channel_hears_that_a_trend_opened_once_it_has_the_score(ranked: Operator) -> None:
    ranked.environment |= {"ALERT_MIN_SCORE_PHONE": "99", "ALERT_MIN_SCORE_OPS": "99"}
    burst(ranked)
    ranked.environment["ALERT_MIN_SCORE_PHONE"] = "1"
    ranked.later(minutes=15)

    burst(ranked, posts=30)

    assert told(ranked) == {"desk", "phone"}


def test_a_channel_may_hear_of_watched_terms_alone(ranked: Operator) -> None:
    ranked.environment |= {"ALERT_ONLY_WATCHLIST_PHONE": "true", "ALERT_ONLY_WATCHLIST_DESK": "true"}
    ranked.environment["ALERT_ONLY_WATCHLIST_OPS"] = "false"
    profile(ranked, "harbour", "harbour", "--watchlist", "ferry")

    burst(ranked)
    nobody = told(ranked)
    ranked.command("profiles", "edit", "harbour", "--watchlist", "Volcano")
    ranked.later(minutes=15)
    burst(ranked, posts=30)

    assert (nobody, told(ranked)) == ({"ops"}, {"desk", "ops", "phone"})


def test_a_trend_that_no_channel_wants_is_no_alert_and_still_a_trend(ranked: Operator) -> None:
    ranked.environment |= {f"ALERT_MIN_SCORE_{name}": "99" for name in ("DESK", "PHONE", "OPS")}

    burst(ranked)

    assert (told(ranked), ranked.values("SELECT count(*) FROM trends")) == (set(), [1])


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("job_alert", {"ops", "desk"}),
        ("api_alert", {"ops", "desk"}),
        ("budget_alert", {"ops", "desk"}),
        ("daily_ideas", {"desk", "phone", "ops"}),
    ],
)
def test_what_is_wrong_with_ourselves_goes_to_channels_of_its_own(
    tmp_path: Path, category: AlertCategory, expected: set[str]
) -> None:
    here = Operator(tmp_path / "home", {**ADDRESSES, "OPS_CHANNELS": "ops, Desk"})
    store = open_store(here.installation().settings)

    store.write(lambda: store.notifications.queue(Alert("a", category, "a", "a"), here.now, muted=False))
    store.close()

    assert set(here.values("SELECT channel FROM notifications")) == expected
