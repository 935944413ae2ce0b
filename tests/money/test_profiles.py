"""Profiles: topics with cursors, gaps, books and a part of the ceilings of their own; each post is paid for once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.ingest.operator import NOW, TOKEN, Operator
from tests.money.briefing import open_trend
from tests.money.conftest import budget_alerts
from tests.servers import XServer, faults, x_post
from tests.tools import books
from trendspark_cli.app.job_bodies import gaps_body, ingest_body, niches
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import problems_of, shares_problem
from trendspark_cli.services.x.query import queries_of

HARBOUR, CITY, MARKET = "harbour", "city", "market"
WORDS = {HARBOUR: "ferry", CITY: "bridge", MARKET: "bread"}


def posts_about(text: str, count: int, *, back: timedelta = timedelta(minutes=3)) -> list[dict[str, Any]]:
    """Posts of the last hours, a second apart."""
    return [
        x_post(
            NOW - back - timedelta(seconds=n), f"{text} {n}", author_id=str(n + 1), sequence=crc32(text.encode()) % 4096
        )
        for n in range(count)
    ]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """An operator with three profiles and what X has of each: 130 posts, and 40 about two of them."""
    with XServer(clock=lambda: NOW.timestamp(), bearer_token=TOKEN) as server:
        server.add(posts_about("the ferry", 130) + posts_about("the bridge", 130, back=timedelta(minutes=9)))
        server.add(posts_about("fresh bread", 130, back=timedelta(minutes=15)))
        server.add(posts_about("ferry under the bridge", 40, back=timedelta(minutes=21)))
        operator = Operator(
            tmp_path / "home",
            {"X_BEARER_TOKEN": TOKEN, "X_API_BASE_URL": server.url, "KEYWORDS": "museum", "NICHE": "local transport"},
        )
        yield Keeper(operator, server)


class Keeper:
    """An operator with profiles, and the X they read."""

    def __init__(self, operator: Operator, server: XServer) -> None:
        self.operator = operator
        self.server = server

    def add(self, *names: str, **shares: float) -> None:
        """Have profiles, those of *shares* with one; one that is there is replaced."""
        for name in (*names, *shares):
            self.save(Profile(name, (WORDS[name],), share=shares.get(name), created_at="t", updated_at="t"))

    def save(self, profile: Profile) -> None:
        """Store a profile as it is."""
        store = self.operator.store()
        with closing(store), store.transaction():
            store.profiles.save(profile)

    def edit(self, name: str, **values: Any) -> None:
        """Change a profile."""
        with closing(self.operator.store()) as store:
            profile = store.profiles.get(name)
        assert profile is not None
        self.save(replace(profile, **values))

    def command(self, *arguments: str) -> Any:
        """Run `profiles` with these arguments."""
        return self.operator.command("profiles", *arguments)

    def spent(self) -> dict[str, int]:
        """Reads by profile."""
        rows = self.operator.rows("SELECT profile, sum(used) AS used FROM spend GROUP BY profile ORDER BY profile")
        return {row["profile"]: row["used"] for row in rows if row["used"]}

    def open_gaps(self) -> set[str]:
        """The profiles with open gaps."""
        return {row["profile"] for row in self.operator.rows("SELECT profile FROM gaps WHERE state = 'open'")}


def test_without_a_profile_the_settings_make_one_called_default(keeper: Keeper) -> None:
    [profile] = keeper.command("list", "--json").json["profiles"]

    assert (profile["name"], profile["keywords"]) == ("default", ["museum"])
    assert profile["x_queries"] == ["(museum) -is:retweet"]


def test_every_enabled_profile_is_read_with_a_cursor_of_its_own(keeper: Keeper) -> None:
    keeper.add(HARBOUR, CITY, MARKET)
    keeper.edit(MARKET, is_enabled=False)

    result = keeper.operator.ingest()

    assert result.exit_code == 0
    rows = keeper.operator.rows("SELECT profile, query FROM cursors ORDER BY profile")
    assert [(row["profile"], row["query"]) for row in rows] == [
        (CITY, "(bridge) -is:retweet"),
        (HARBOUR, "(ferry) -is:retweet"),
    ]
    assert len(keeper.operator.stored_ids()) == 300


def test_a_named_profile_is_read_alone(keeper: Keeper) -> None:
    keeper.add(HARBOUR, CITY)

    keeper.operator.ingest(profiles=[HARBOUR])

    assert set(keeper.spent()) == {HARBOUR}
    assert {row["profile"] for row in keeper.operator.rows("SELECT profile FROM ingest_audit")} == {HARBOUR}


def test_a_post_of_two_profiles_is_stored_once_and_paid_for_once(keeper: Keeper, database: str) -> None:
    keeper.add(HARBOUR, CITY)

    result = keeper.operator.ingest()

    bill = keeper.server.billing
    assert (bill.delivered_posts, bill.billed_posts) == (340, 300)
    assert sum(keeper.spent().values()) == bill.billed_posts == len(keeper.operator.stored_ids())
    assert result.counts["reads"] == bill.billed_posts
    assert keeper.operator.values("SELECT sum(usd) FROM spend") == [pytest.approx(bill.cost_usd)]
    if database == "sqlite":
        assert books.broken_books(keeper.operator.home, keeper.operator.database) == []


def test_the_day_after_the_same_posts_cost_again_here_as_at_x(keeper: Keeper) -> None:
    keeper.add(HARBOUR)
    keeper.operator.ingest()
    keeper.operator.now = keeper.operator.now + timedelta(hours=13)
    keeper.server.clock = lambda: keeper.operator.now.timestamp()

    keeper.add(CITY)
    keeper.operator.ingest()

    assert sum(keeper.spent().values()) == keeper.server.billing.billed_posts
    assert keeper.server.billing.billed_posts > len(keeper.operator.stored_ids())


def test_a_profile_that_fails_does_not_stop_the_others(keeper: Keeper) -> None:
    keeper.add(HARBOUR, CITY)
    keeper.server.faults.add(faults.not_found(), times=1, endpoint="search_recent")

    result = keeper.operator.ingest()

    assert result.exit_code == 3
    assert set(keeper.spent()) == {HARBOUR}


def test_a_profile_whose_query_became_too_long_does_not_stop_the_others(keeper: Keeper) -> None:
    keeper.add(HARBOUR)
    keeper.save(Profile(CITY, ("bridge",), exclude_keywords=("toll",), created_at="t", updated_at="t"))
    keeper.operator.environment["EXCLUDE_KEYWORDS"] = "x" * 600

    result = keeper.operator.ingest()

    assert result.exit_code == 3
    assert "profile 'harbour'" in str(result.cause)
    assert set(keeper.spent()) == {CITY}


def test_a_share_stops_its_profile_and_nobody_else(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "1000", "X_MAX_READS_PER_MONTH": "100000"}
    keeper.add(harbour=0.1, city=0.5)

    results = [keeper.operator.ingest() for _ in range(2)]

    assert [result.exit_code for result in results] == [75, 75]
    assert "share of profile harbour of 100 reads" in str(results[0].cause)
    assert [result.cause.is_news for result in results] == [True, False]  # type: ignore[union-attr]
    assert keeper.spent()[HARBOUR] <= 100 < keeper.spent()[CITY]
    assert keeper.open_gaps() == {HARBOUR}


def test_the_operator_hears_of_a_share_once(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "1000", "X_MAX_READS_PER_MONTH": "100000"}
    keeper.add(harbour=0.1)

    for _ in range(2):
        keeper.operator.ingest()

    reached = [title for title in budget_alerts(keeper.operator) if "reached" in title]
    assert reached == ["x: the share of profile harbour for the day 2026-11-01 is reached"]


def test_a_raised_share_brings_what_was_left(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "1000", "X_MAX_READS_PER_MONTH": "100000"}
    keeper.add(harbour=0.1)
    keeper.operator.ingest()
    keeper.edit(HARBOUR, share=0.9)

    result = keeper.operator.fill_gaps()

    assert (result.exit_code, keeper.open_gaps()) == (0, set())
    assert len(keeper.operator.stored_ids()) == 170
    assert keeper.spent() == {HARBOUR: keeper.server.billing.billed_posts}


def test_a_share_and_the_ceiling_hold_whoever_buys_at_the_same_time(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "250", "X_MAX_READS_PER_MONTH": "100000"}
    keeper.add(MARKET, harbour=0.4, city=0.4)
    here = keeper.operator.installation()

    def run(job_id: str, body: Any) -> None:
        here.runner().run(job_id, lambda job: body(Wired(here.settings, job, here.clock)))

    jobs = [("ingest", ingest_body()), ("rank", ingest_body(profiles=[CITY])), ("brief", gaps_body())]
    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(keeper.spent().values()) == keeper.server.billing.billed_posts <= 250
    assert keeper.spent()[HARBOUR] <= 100
    assert keeper.spent()[CITY] <= 100


def test_the_query_of_before_an_edit_has_its_gaps_filled(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "100"}
    keeper.add(HARBOUR)
    keeper.operator.ingest()
    keeper.edit(HARBOUR, keywords=("bread",))
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "5000"}

    keeper.operator.ingest()

    assert keeper.open_gaps() == set()
    assert len(keeper.operator.stored_ids()) == 300


def test_a_removed_profile_keeps_its_posts_and_gives_up_its_gaps_on_record(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "100"}
    keeper.add(HARBOUR)
    keeper.operator.ingest()

    done = keeper.command("remove", HARBOUR, "--json")

    assert done.json == {"removed": HARBOUR, "gaps_lost": 1}
    assert len(keeper.operator.stored_ids()) == 100
    [gap] = keeper.operator.rows("SELECT state, reason FROM gaps")
    assert gap == {"state": "lost", "reason": "its profile was removed"}


def test_a_profile_that_comes_back_goes_on_where_it_was(keeper: Keeper) -> None:
    keeper.add(HARBOUR)
    keeper.operator.ingest()
    keeper.command("remove", HARBOUR)
    keeper.add(HARBOUR)
    bought = keeper.server.billing.delivered_posts

    keeper.operator.ingest(limit=100)

    assert keeper.server.billing.delivered_posts == bought


def problems(**values: Any) -> str:
    """What is said of a profile with these values."""
    profile = Profile(**{"name": HARBOUR, "keywords": ("ferry",), **values})
    try:
        queries_of(profile)
    except ConfigError as error:
        return str(error)
    return "; ".join(problems_of(profile))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "../etc"}, "name '../etc'"),
        ({"name": "Harbour"}, "name 'Harbour'"),
        ({"name": "h" * 33}, "at most 32"),
        ({"name": ""}, "name ''"),
        ({"keywords": ()}, "keywords: at least one"),
        ({"keywords": ("\x1b[31mferry",)}, "control character"),
        ({"keywords": ("()",)}, "no letter or digit"),
        ({"keywords": ("x" * 201,)}, "201 characters"),
        ({"keywords": tuple(f"w{n}" for n in range(201))}, "there are 201"),
        ({"exclude_keywords": tuple("y" * 150 + str(n) for n in range(4))}, "512"),
        ({"watchlist": ("a\nb",)}, "control character"),
        ({"languages": ("english",)}, "language 'english'"),
        ({"niche": "n" * 201}, "niche: it has 201"),
        ({"share": 1.5}, "share 1.5"),
        ({"share": float("nan")}, "share nan"),
        ({"share": -0.1}, "share -0.1"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_a_profile_is_said(values: dict[str, Any], says: str) -> None:
    assert says in problems(**values)


def test_a_good_profile_has_no_problem() -> None:
    assert problems(keywords=("ferry", "🚢", "'); DROP TABLE posts; --"), share=1.0, languages=("en",)) == ""


def test_shares_that_make_a_whole_are_good_and_those_of_disabled_profiles_do_not_count() -> None:
    tenths = [Profile(f"p{n}", ("a",), share=0.1) for n in range(10)]

    assert shares_problem([*tenths, Profile("off", ("a",), share=0.5, is_enabled=False)]) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", HARBOUR, "--keywords", "a", "--share", "0.6"), "add up to 1.2"),
        (("add", CITY, "--keywords", "a"), "is there already"),
        (("edit", CITY, "--keywords", '["a", 1]'), "--keywords: expected words"),
        (("edit", "ships", "--niche", "a"), "'ships' does not exist"),
    ],
    ids=["shares", "twice", "no list", "unknown"],
)
def test_what_cannot_be_is_refused_in_one_line_and_changes_nothing(
    keeper: Keeper, arguments: tuple[str, ...], says: str
) -> None:
    keeper.add(city=0.6)
    before = keeper.operator.rows("SELECT * FROM profiles")

    done = keeper.command(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert keeper.operator.rows("SELECT * FROM profiles") == before


def test_hostile_words_are_a_phrase_to_x_and_a_value_to_the_database(keeper: Keeper) -> None:
    text = "'); DROP TABLE posts; -- (a OR b) -is:reply"

    done = keeper.command("add", HARBOUR, "--keywords", f'["{text}"]', "--json")

    told = done.json
    assert told["profile"]["x_queries"] == [f'("{text}") -is:retweet']
    assert "KEYWORDS is not read any more" in told["note"]
    assert keeper.operator.ingest().exit_code == 0


def test_what_a_profile_leaves_open_is_as_the_settings_say(keeper: Keeper) -> None:
    keeper.operator.environment |= {"LANGUAGES": "en", "EXCLUDE_KEYWORDS": "toll", "NICHE": "transport"}
    keeper.add(HARBOUR)

    shown = keeper.command("show", HARBOUR, "--json").json["profile"]

    assert (shown["niche"], shown["x_queries"]) == ("transport", ["(ferry) -is:retweet -toll (lang:en)"])


def test_an_edit_changes_what_is_given_and_nothing_else(keeper: Keeper) -> None:
    keeper.add(harbour=0.25)

    done = keeper.command("edit", HARBOUR, "--niche", "ships", "--json")

    profile = done.json["profile"]
    assert (profile["niche"], profile["keywords"], profile["share"]) == ("ships", ["ferry"], 0.25)


def test_what_an_edit_tells_is_what_is_stored(keeper: Keeper) -> None:
    keeper.add(harbour=0.25)

    edited = keeper.command("edit", HARBOUR, "--share", "0.5", "--json")

    assert edited.stdout == keeper.command("show", HARBOUR, "--json").stdout


def test_config_check_shows_each_profiles_query_and_price(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "1000"}
    keeper.add(CITY, harbour=0.25)

    found = keeper.operator.command("config", "check", "--json").json

    assert [(query["profile"], query["length"]) for query in found["x_queries"]] == [(CITY, 20), (HARBOUR, 19)]
    prices = {row["name"]: row["first_run_usd_at_most"] for row in found["profiles"]}
    assert prices == {CITY: 5.0, HARBOUR: 1.25}


def test_budget_shows_what_each_profile_used_of_its_share(keeper: Keeper) -> None:
    keeper.operator.environment |= {"X_MAX_READS_PER_DAY": "1000"}
    keeper.add(harbour=0.25)

    rows = keeper.operator.command("budget", "--json").json["profiles"]

    assert [(row["profile"], row["period"], row["limit"]) for row in rows] == [
        (HARBOUR, "day", 250),
        (HARBOUR, "month", 12500),
    ]


def test_disabled_profiles_are_neither_read_nor_replaced_by_the_settings(keeper: Keeper) -> None:
    keeper.add(HARBOUR)
    keeper.edit(HARBOUR, is_enabled=False)

    result = keeper.operator.ingest()

    assert (result.exit_code, keeper.server.requests_of("search_recent")) == (78, [])


def test_ideas_are_for_the_fields_of_all_profiles(keeper: Keeper) -> None:
    keeper.save(Profile(HARBOUR, ("ferry",), niche="ships", created_at="t", updated_at="t"))
    keeper.add(CITY)
    here = keeper.operator.installation()
    found: list[str] = []

    here.runner().run("rank", lambda job: found.append(niches(Wired(here.settings, job))))

    assert found == ["; ".join(["local transport", "ships"])]


def test_counts_read_again_within_the_day_cost_nothing_at_x_and_in_our_books(keeper: Keeper) -> None:
    keeper.add(HARBOUR, CITY)
    keeper.operator.ingest()
    before = (keeper.server.billing.cost_usd, keeper.spent())
    keeper.operator.later(hours=1)
    keeper.server.clock = lambda: keeper.operator.now.timestamp()

    result = keeper.operator.ingest()

    assert result.counts["refreshed"] == 100
    assert (keeper.server.billing.cost_usd, keeper.spent()) == before


def test_posts_of_a_file_were_not_bought_so_their_counts_cost(keeper: Keeper) -> None:
    keeper.add(HARBOUR)
    file = keeper.operator.home / "posts.ndjson"
    post = posts_about("the ferry", 1)[0]
    line = {"source": "x", "source_id": post["id"], "created_at": post["created_at"], "text": post["text"]}
    file.write_text(json.dumps(line) + "\n")
    keeper.edit(HARBOUR, keywords=("museum",))
    keeper.operator.ingest(file=str(file))
    keeper.operator.later(hours=1)
    keeper.server.clock = lambda: keeper.operator.now.timestamp()

    keeper.operator.ingest()

    assert keeper.server.billing.billed_posts == 1
    assert sum(keeper.spent().values()) == 1


def test_trends_about_a_term_of_a_profiles_watchlist_are_marked(keeper: Keeper) -> None:
    open_trend(keeper.operator, "harbour ferry")
    open_trend(keeper.operator, "ferrying", ["The ferrying goes on."])
    keeper.save(Profile(HARBOUR, ("ferry",), watchlist=("Ferry",), created_at="t", updated_at="t"))

    listed = keeper.operator.command("trends", "list", "--json").json["trends"]
    table = keeper.operator.command("trends", "list").stdout

    assert {trend["label"]: trend["watched"] for trend in listed} == {"harbour ferry": True, "ferrying": False}
    assert table.count("★") == 1
    assert "★ harbour ferry" in table
