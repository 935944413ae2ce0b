"""The demo: it names what is planted, and nothing else, wherever it is run."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

import trendspark_cli
from tests.builders import fingerprint
from tests.installation import Done, Installation
from trendspark_cli.base.console import Output
from trendspark_cli.screens.trends import explain_trend
from trendspark_cli.store.sqlite.store import SqliteStore

PLANTED = json.loads((Path(trendspark_cli.__file__).parent / "demo" / "sample.json").read_text(encoding="utf-8"))
DISTURBANCES = {
    "TRENDSPARK_HOME": "/nowhere/at/all",
    "DATABASE_URL": "sqlite:////nowhere/at/all.db",
    "X_BEARER_TOKEN": "a-token-the-demo-must-not-use",
    "X_MAX_READS_PER_DAY": "many",
    "KEYWORDS": "something else",
    "LOG_FILE": "/nowhere/at/all.log",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A folder in which the demo is run amid settings it must not read."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / ".env").write_text("KEYWORDS=unrelated\nX_MAX_READS_PER_DAY=many\n")
    return Installation(folder / "home")


@pytest.fixture(scope="module")
def shown(place: Installation) -> Done:
    """The demo as a person sees it in a pipe."""
    return place.command("demo", "--dir", str(place.home.parent / "demo"), environment=DISTURBANCES)


@pytest.fixture(scope="module")
def trends(place: Installation, shown: Done) -> list[dict[str, Any]]:
    """The trends of that demo."""
    done = place.command("trends", "list", "--json", environment={"TRENDSPARK_HOME": str(place.home.parent / "demo")})
    found: list[dict[str, Any]] = done.json["trends"]
    return found


def test_the_demo_runs_whatever_is_set_around_it(shown: Done) -> None:
    assert (shown.exit_code, shown.stderr) == (0, "")


@pytest.fixture(scope="module")
def topics(trends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of them that are topics."""
    return [trend for trend in trends if trend["kind"] == "topic"]


@pytest.fixture(scope="module")
def viral(trends: list[dict[str, Any]]) -> dict[str, Any]:
    """The one that is a single post."""
    [trend] = [trend for trend in trends if trend["kind"] == "post"]
    return trend


def test_each_planted_topic_is_one_trend(topics: list[dict[str, Any]]) -> None:
    named = [[t["id"] for t in topics if t["label"].lower() == topic["label"]] for topic in PLANTED["planted"]]

    assert sorted(ids for found in named for ids in found) == sorted(t["id"] for t in topics)
    assert [len(ids) for ids in named] == [1, 1]


def test_the_post_that_goes_far_is_the_one_that_was_planted(viral: dict[str, Any]) -> None:
    assert viral["label"] == PLANTED["viral"]["label"]
    assert viral["sources"] == PLANTED["viral"]["sources"]


def test_the_demo_says_what_is_expected_of_that_post_and_what_is_usual(viral: dict[str, Any], shown: Done) -> None:
    [line] = [line for line in shown.stdout.splitlines() if line.startswith(f"{viral['label']}: ")]

    assert line.endswith(viral["why"])
    assert f"{viral['forecast']:,.0f} expected, this author's usual is {viral['expected']:,.0f}; " in line
    assert line.endswith("points on reddit")
    assert viral["forecast"] > 3 * viral["observed"] > 100 * viral["expected"]


def test_nothing_else_of_the_sample_comes_near_to_what_would_be_enough(place: Installation, shown: Done) -> None:
    sql = """SELECT p.text, max(f.forecast / f.enough) FROM post_forecasts f JOIN posts p ON p.id = f.post_id
             WHERE f.enough > 0 AND f.forecast >= 1.1 * p.likes AND p.text <> ?"""
    database = sqlite3.connect(place.home.parent / "demo" / "trendspark.db")
    _, nearest = database.execute(sql, (PLANTED["viral"]["label"],)).fetchone()
    database.close()

    assert shown.exit_code == 0
    assert nearest < 0.9


@pytest.mark.parametrize("decoy", PLANTED["decoys"], ids=[decoy["kind"] for decoy in PLANTED["decoys"]])
def test_no_decoy_is_taken_for_a_trend(trends: list[dict[str, Any]], decoy: dict[str, Any]) -> None:
    words = {word for trend in trends for term in (*trend["terms"], trend["label"].lower()) for word in term.split()}

    assert words & set(decoy["key_words"]) == set()


def test_a_trend_tells_why_it_is_one(trends: list[dict[str, Any]]) -> None:
    keys = {"id", "label", "terms", "kind", "state", "score", "observed", "expected", "authors", "sources"}
    keys |= {"first_seen", "last_seen", "posts"}

    assert [keys - set(trend) for trend in trends] == [set()] * 3
    assert all({"source", "source_id", "url", "text"} <= set(post) for trend in trends for post in trend["posts"])


def test_the_demo_says_where_its_things_are(shown: Done, place: Installation) -> None:
    folder = str(place.home.parent / "demo")

    assert all(f"{folder}/{name}" in shown.stdout for name in ("trendspark.db", "textfile_collector", "trendspark.log"))


def test_the_demo_says_when_cron_would_have_told_and_how_early_that_was(shown: Done) -> None:
    lines = [line for line in shown.stdout.splitlines() if line.startswith("Cron would have told you")]

    assert lines[0] == "Cron would have told you at 10:30Z, 6 min in, at 3 posts: Harbour Bridge"
    assert len(lines) == 3


def test_no_trend_of_the_demo_is_dated_after_its_end(trends: list[dict[str, Any]]) -> None:
    assert all(trend["first_seen"] <= trend["detected_at"] <= PLANTED["ends_at"] for trend in trends)


def test_the_demo_names_what_it_keeps_quiet_about(shown: Done) -> None:
    [line] = [line for line in shown.stdout.splitlines() if line.startswith("No trend: ")]

    assert all(decoy["label"] in line for decoy in PLANTED["decoys"])


def test_the_commands_the_demo_names_explain_a_topic_and_a_post(shown: Done, place: Installation) -> None:
    lines = [line.split() for line in shown.stdout.splitlines() if line.startswith("why ")]

    home = place.environment.pop("TRENDSPARK_HOME")  # the file says where the demo is
    told = [place.command(*words[words.index("--env-file") :]) for words in lines]
    place.environment["TRENDSPARK_HOME"] = home

    assert [done.exit_code for done in told] == [0, 0]
    assert "usual posts" in told[0].stdout
    assert "usual for its author" in told[1].stdout


def test_a_score_follows_from_the_lift_that_explain_tells(place: Installation, topics: list[dict[str, Any]]) -> None:
    explain = ("trends", "explain", str(topics[0]["id"]))
    home = {"TRENDSPARK_HOME": str(place.home.parent / "demo")}

    told, as_json = (place.command(*explain, *more, environment=home) for more in ((), ("--json",)))

    trend = json.loads(as_json.stdout)
    strongest = trend["evidence"][0]
    assert strongest["score"] == pytest.approx(6.2 + 10 * math.log10(strongest["lift"]), abs=0.01)
    assert f"{strongest['lift']:.1f} in 1 h" in told.stdout
    more = trend["score"] - strongest["score"]
    assert f"{strongest['score']:.1f}, and {more:.1f} for the authors that further terms bring" in told.stdout


def test_a_demo_over_a_demo_prints_the_same(shown: Done, place: Installation) -> None:
    again = place.command("demo", "--dir", str(place.home.parent / "demo"))

    assert (again.exit_code, again.stdout) == (0, shown.stdout)


@pytest.fixture
def narrow(place: Installation, shown: Done, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """The database of that demo, and a terminal of 80 columns to look at it."""
    assert shown.exit_code == 0
    monkeypatch.setenv("COLUMNS", "80")
    with closing(Installation(place.home.parent / "demo").store(read_only=True)) as store:
        yield store


def explain(store: SqliteStore, trend_id: int) -> None:
    """Explain a trend on that terminal."""
    trend = store.trends.get(trend_id)
    assert trend is not None
    explain_trend(store, Output(is_terminal=True), trend, "the default")


def test_a_narrow_terminal_shows_each_term_with_what_was_seen_and_what_would_be_enough(
    narrow: SqliteStore, topics: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    explain(narrow, topics[0]["id"])

    lines = capsys.readouterr().out.splitlines()
    [heading] = [line.split() for line in lines if line.startswith("term ")]
    assert {"term", "score", "seen", "expected", "enough"} <= set(heading)
    assert all(any(line.startswith(f"{term} ") for line in lines) for term in topics[0]["terms"][:3])
    assert max(map(cell_len, lines)) <= 80


def test_a_narrow_terminal_breaks_no_word_of_what_is_said_of_a_post(
    narrow: SqliteStore, viral: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    explain(narrow, viral["id"])

    shown = capsys.readouterr().out
    assert viral["why"] in " ".join(shown.split())
    assert max(map(cell_len, shown.splitlines())) <= 80


def test_a_post_tells_what_is_expected_of_it_and_what_became_of_its_alert(
    place: Installation, viral: dict[str, Any]
) -> None:
    post = f"reddit:{viral['posts'][0]['source_id']}"
    home = {"TRENDSPARK_HOME": str(place.home.parent / "demo")}

    told, as_json = (place.command("posts", "why", post, *more, environment=home) for more in ((), ("--json",)))

    assert "so far; " in told.stdout
    assert "is enough; points on reddit" in told.stdout
    assert "alert held back by: muted (" in told.stdout
    assert [rule["about"] for rule in as_json.json["held_back_by"]] == ["topic", "alert"]


def test_the_demo_touches_nothing_outside_its_folder(shown: Done, place: Installation) -> None:
    assert shown.exit_code == 0
    assert not place.home.exists()


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")
    before = fingerprint(tmp_path / "precious")

    done = Installation(tmp_path / "home").command("demo", "--dir", str(tmp_path / "precious"))

    assert (done.exit_code, fingerprint(tmp_path / "precious")) == (73, before)


def test_a_folder_that_cannot_be_made_is_73(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    done = Installation(tmp_path / "home").command("demo", "--dir", str(tmp_path / "file" / "demo"), "--json")

    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (73, 73)
