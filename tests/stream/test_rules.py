"""`rules`: what is wanted and what X has; only rules of ours are touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.operator import TOKEN, Operator
from tests.servers import XServer
from tests.servers.x_stream_server import XStreamServer
from trendspark_cli.services.x.rules import rule_problems


@pytest.fixture
def server() -> Iterator[XStreamServer]:
    """X, with a rule of another program."""
    with XServer(bearer_token=TOKEN) as search, XStreamServer(search) as running:
        running.add_rule("cats", "another program")
        yield running


@pytest.fixture
def operator(tmp_path: Path, server: XStreamServer) -> Operator:
    """An operator with two keywords."""
    settings = {"X_BEARER_TOKEN": TOKEN, "X_API_BASE_URL": server.url, "KEYWORDS": "bridge,ferry"}
    return Operator(tmp_path / "home", settings)


FROM_KEYWORDS = "(bridge OR ferry) -is:retweet"


def values(server: XStreamServer) -> set[str]:
    """The rules X has."""
    return {str(rule["value"]) for rule in server.rules.values()}


def test_rules_are_made_from_keywords_unless_others_are_given(operator: Operator, server: XStreamServer) -> None:
    first = operator.command("rules", "sync")
    made = values(server)
    operator.environment["X_STREAM_RULES"] = '["#ferry lang:en", "bridge"]'
    second = operator.command("rules", "sync")

    assert (first.exit_code, first.stdout) == (0, "1 added, 0 removed, 1 wanted\n")
    assert made == {"cats", FROM_KEYWORDS}
    assert second.stdout == "2 added, 1 removed, 2 wanted\n"
    assert values(server) == {"cats", "#ferry lang:en", "bridge"}


def test_syncing_again_changes_nothing(operator: Operator, server: XStreamServer) -> None:
    operator.command("rules", "sync")
    before = dict(server.rules)

    done = operator.command("rules", "sync")

    assert (done.stdout, server.rules) == ("0 added, 0 removed, 1 wanted\n", before)


def test_a_dry_sync_changes_nothing(operator: Operator, server: XStreamServer) -> None:
    done = operator.command("rules", "sync", "--dry-run")

    assert done.stdout == "1 would be added, 0 would be removed, 1 wanted\n"
    assert values(server) == {"cats"}


def test_the_list_shows_both_sides(operator: Operator, server: XStreamServer) -> None:
    before = operator.command("rules", "list")
    rows = operator.command("rules", "list", "--json").json["rules"]

    assert before.stdout.splitlines()[-1] == "they differ: run `trendspark rules sync`"
    assert rows == [
        {"rule": FROM_KEYWORDS, "wanted": True, "at_x": False, "tag": None},
        {"rule": "cats", "wanted": False, "at_x": True, "tag": "another program"},
    ]
    operator.command("rules", "sync")
    assert "they differ" not in operator.command("rules", "list").stdout


def test_rules_of_your_own_replace_those_of_the_keywords(operator: Operator, server: XStreamServer) -> None:
    operator.command("rules", "sync")
    added = operator.command("rules", "add", "harbour -is:retweet")
    with_own = values(server)
    removed = operator.command("rules", "remove", "harbour -is:retweet")

    assert (added.exit_code, removed.exit_code) == (0, 0)
    assert with_own == {"cats", "harbour -is:retweet"}
    assert values(server) == {"cats", FROM_KEYWORDS}


def test_a_dry_add_asks_x_and_changes_nothing(operator: Operator, server: XStreamServer) -> None:
    done = operator.command("rules", "add", "harbour", "--dry-run")

    assert (done.exit_code, done.stdout) == (0, "X accepts it; nothing was changed\n")
    assert (server.dry_runs, values(server)) == (1, {"cats"})
    assert operator.rows("SELECT * FROM stream_rules") == []


def test_what_x_refuses_is_told_in_its_words_and_not_kept(operator: Operator, server: XStreamServer) -> None:
    done = operator.command("rules", "add", "bridge lang:klingon")

    assert done.exit_code == 78
    assert "x refused the rule 'bridge lang:klingon'" in done.stderr
    assert "'klingon' is no language of X" in done.stderr
    assert operator.rows("SELECT * FROM stream_rules") == []


def test_a_rule_that_was_not_added_here_is_not_removed(operator: Operator, server: XStreamServer) -> None:
    done = operator.command("rules", "remove", "cats")

    assert (done.exit_code, values(server)) == (2, {"cats"})
    assert "rule 'cats' was not added here" in done.stderr


def test_without_a_token_it_is_a_setting_that_is_missing(tmp_path: Path) -> None:
    done = Operator(tmp_path / "home").command("rules", "list")

    assert done.exit_code == 78
    assert "X_BEARER_TOKEN is not set" in done.stderr


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("  ", "it is empty"),
        ("x" * 1025, "it has 1025 characters; X accepts 1024"),
        ('"open', "a quote is not closed"),
        ("(a OR b", "brackets do not match"),
        ("a) OR (b", "brackets do not match"),
        ("cats AND dogs", "AND is no operator: a space is enough"),
        ("cats form:someone", "form: is no operator of X"),
        ("OR cats", "OR stands between two terms"),
        ("lang:en -is:retweet", "it needs a word, phrase, hashtag or account: what narrows cannot stand alone"),
    ],
)
def test_what_x_would_refuse_is_told_beforehand(rule: str, problem: str) -> None:
    assert problem in rule_problems(rule)


@pytest.mark.parametrize(
    "rule", ['(bridge OR "two words") -is:retweet lang:en', "#tag", 'from:someone -url:"example.org"', "@someone"]
)
def test_a_good_rule_has_no_problem(rule: str) -> None:
    assert rule_problems(rule) == []
