"""Keywords looked for by ourselves: what an operator writes finds what people write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.matching import Matcher

FOUND = [
    ("ferry", "The FERRY is late"),
    ("ferry", "#ferry"),
    ("Ferry", "no ferry's here, ferry-boat aside: ferry"),
    ("harbour ferry", "a new Harbour  ferry!"),
    ('"harbour ferry"', "a new harbour\nferry"),
    ("#ferry", "late again #Ferry"),
    ("café", "Cafe\u0301 closed"),
    ("e-mail", "an email came"),
    ("$TSLA", "buy $tsla now"),
    ("C++", "I write C++ all day"),
    ("⛴", "here it comes ⛴!"),
    ("東京", "今日は東京です"),
    ("паром", "Паром опаздывает"),
]
NOT_FOUND = [
    ("ferry", "ferryman"),
    ("harbour ferry", "the ferry in the harbour"),
    ("harbour ferry", "harbour ferrying"),
    ("#ferry", "the ferry is late"),
    ("tea", "a team of teachers"),
    ("⛴", "no sign of it"),
    ("東京", "京東"),
]


@pytest.mark.parametrize(("keyword", "text"), FOUND)
def test_a_keyword_is_found_however_it_is_spelled(keyword: str, text: str) -> None:
    assert Matcher([Profile("p", (keyword,))]).matches(text)


@pytest.mark.parametrize(("keyword", "text"), NOT_FOUND)
def test_what_only_looks_like_a_keyword_is_none(keyword: str, text: str) -> None:
    assert not Matcher([Profile("p", (keyword,))]).matches(text)


def test_tags_beside_a_text_count_as_tags_of_it() -> None:
    matcher = Matcher([Profile("p", ("#ferry",))])

    assert matcher.matches("late again", tags=["Ferry"])


def test_an_excluded_word_keeps_a_text_from_its_own_profile_only() -> None:
    harbour = Profile("harbour", ("ferry",), exclude_keywords=("giveaway",))

    assert not Matcher([harbour]).matches("ferry giveaway")
    assert Matcher([harbour, Profile("travel", ("ferry",))]).matches("ferry giveaway")


@pytest.mark.parametrize(
    ("spoken", "is_wanted"), [(["en"], True), (["en-GB", "fr"], True), (["de"], False), ([], True)]
)
def test_a_profile_wants_texts_in_its_languages_and_those_that_name_none(spoken: list[str], is_wanted: bool) -> None:
    matcher = Matcher([Profile("p", ("ferry",), languages=("en",))])

    assert matcher.matches("ferry", spoken) is is_wanted


EXPRESSIONS = [
    ("/ferr(y|ies)/", "two Ferries are late", True),
    ("/colou?r of the quay/", "the COLOR of the quay", True),
    (r"/v\d{1,3}\.\d{1,3}/i", "out now: V12.4", True),
    (r"/\bmac\b/", "a machine", False),
    ("/bridge .* closed/", "the bridge is now closed", True),
]


@pytest.mark.parametrize(("expression", "text", "is_found"), EXPRESSIONS)
def test_a_regular_expression_is_looked_for(expression: str, text: str, is_found: bool) -> None:
    assert Matcher([Profile("p", (expression,))]).matches(text) is is_found


REFUSED = {
    "/(a+)+$/": "only \\? may follow a bracket",
    "/a*a*b/": "too long",
    "/(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b/": "too long",
    "/(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)(a?)aaaaaaaaaaa/": "too long",
    r"/(a)\1/": "is not taken",
    "/(?=a)b/": "only \\? may follow a bracket",
    "/(ab/": "is not closed",
    "/ab)/": "that was not opened",
    "/a*/": "found in every text",
    "/a/x": "only i is known",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_a_regular_expression_that_a_text_could_keep_busy_is_refused_in_words(expression: str) -> None:
    with pytest.raises(ConfigError, match=REFUSED[expression]):
        Matcher([Profile("p", (expression,))])


@pytest.mark.parametrize("expression", [r"/\w+@/", "/a{0,43}a{0,43}b/", "/[a-z]+[0-9]x/"])
def test_the_worst_text_keeps_an_expression_busy_for_milliseconds(expression: str) -> None:
    matcher = Matcher([Profile("p", (expression,))])
    began = time.process_time()

    matcher.matches("a" * 100_000)

    assert time.process_time() - began < 1.0


def test_x_is_not_asked_for_regular_expressions(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "home", {"X_BEARER_TOKEN": "token", "KEYWORDS": "ferry,/fer+y/"})

    done = operator.command("config", "check", "--json")

    assert [query["query"] for query in done.json["x_queries"]] == ["(ferry) -is:retweet"]


def test_three_thousand_keywords_are_looked_for_many_times_faster_than_the_network_speaks() -> None:
    profiles = [
        Profile(f"p{n}", tuple(f"word{n}x{m} {'ferry' if m % 2 else 'late'}" for m in range(200))) for n in range(15)
    ]
    matcher = Matcher(profiles)
    text = "The ferry to the island is late again, says everybody in the harbour; nobody knows when it comes. " * 2

    began = time.process_time()
    for _ in range(3000):
        matcher.matches(text, ["en"])
    used = time.process_time() - began

    assert 3000 / used > 1500  # posts a second: ten times what all of Bluesky writes


def test_config_check_says_which_keyword_cannot_be_looked_for(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "home", {"BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "ferry,/(f+)+y/"})

    done = operator.command("config", "check")

    assert done.exit_code == 78
    assert "'/(f+)+y/' is a regular expression" in " ".join((done.stdout + done.stderr).split())
