"""Views and questions for people with SQL: documented, and each gives what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import NOW, post, topic_trend
from tests.docs.project import page
from tests.ingest.operator import Operator
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Post
from trendspark_cli.store.rows.trend_history import TrendCount
from trendspark_cli.store.sqlite.views import VIEWS

DATABASE: dict[str, Any] = yaml.safe_load(page("docs/datasette.yaml"))["databases"]["trendspark"]
QUERIES: dict[str, dict[str, str]] = DATABASE["queries"]
ANY_TIME = re.compile(r"'now'")


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """An operator with one trend of two sources; its posts cost something, and are gone."""
    made = Operator(tmp_path_factory.mktemp("people") / "home")
    posts: Sequence[Post] = [post(str(n), text=f"the bridge {n}", created_at=to_text(NOW)) for n in range(3)]
    store = made.store()
    with store.transaction():
        store.posts.save(posts, NOW)
        trend = topic_trend(NOW, post_ids=(1, 2, 3))
        saved = store.trends.save(replace(trend, story=replace(trend.story, example_ids=(1, 2, 3))))
        ticks = [("x", 0, 4, 4, 0.5), ("x", 15, 6, 5, 0.5), ("reddit", 30, 2, 2, 0.25)]
        store.trend_history.save_counts(
            [
                TrendCount(saved.stored_id, to_text(NOW + timedelta(minutes=minutes)), source, n, people, usual)
                for source, minutes, n, people, usual in ticks
            ]
        )
        sql = "INSERT INTO ingest_audit (cycle_id, source, new, cost, created_at) VALUES (1, 'x', 100, 0.5, ?)"
        store.connection.execute(sql, (to_text(NOW),))
        store.connection.execute("DELETE FROM posts WHERE id > 1")
    run_id = store.job_runs.start("rank", NOW, 1, "host", "0.1.0")
    store.job_runs.finish(run_id, "success", 0, None, {}, NOW, 1.5)
    store.close()
    return made


def asked(operator: Operator, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Ask as of the operator's time."""
    store = operator.store(read_only=True)
    rows = store.connection.rows(ANY_TIME.sub(f"'{to_text(NOW)[:19]}'", sql), parameters or {})
    store.close()
    return rows


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_rows_and_each_of_its_columns_is_documented(operator: Operator, view: str) -> None:
    rows = asked(operator, f"SELECT * FROM {view}")

    [documented] = [line for line in page("docs/database.md").splitlines() if line.startswith(f"| `{view}`")]
    assert rows
    assert [name for name in rows[0] if name != "id" and f"`{name}`" not in documented] == []


@pytest.mark.parametrize("view", VIEWS)
def test_times_of_views_are_there_as_text_and_as_seconds(operator: Operator, view: str) -> None:
    [row, *_] = asked(operator, f"SELECT * FROM {view}")

    times = {name: name.removesuffix("at") + "epoch" for name in row if name == "at" or name.endswith("_at")}
    assert times
    for text, seconds in times.items():
        assert (row[text] is None) == (row[seconds] is None)
        assert row[text] is None or isinstance(row[seconds], int)


def test_views_speak_of_a_trend_in_words(operator: Operator) -> None:
    [trend] = asked(operator, "SELECT * FROM v_trends")

    assert (trend["state"], trend["first_post_epoch"] <= trend["detected_epoch"]) == ("open", True)
    assert "[" not in trend["terms"]
    assert "{" not in trend["sources"]


@pytest.mark.parametrize("name", QUERIES)
def test_every_question_for_datasette_has_a_title_and_an_answer(operator: Operator, name: str) -> None:
    question = QUERIES[name]

    rows = asked(operator, question["sql"], {"trend_id": "1"} if ":trend_id" in question["sql"] else None)

    assert question["title"]
    assert question.get("description") or question["description_html"]
    assert rows


def test_the_answers_are_right(operator: Operator) -> None:
    curve = asked(operator, QUERIES["curve_of_one_trend"]["sql"], {"trend_id": "1"})
    first = asked(operator, QUERIES["which_sources_first"]["sql"])
    drawn = asked(operator, QUERIES["seen_beside_usual"]["sql"], {"trend_id": "1"})
    [cost] = asked(operator, QUERIES["cost_per_trend"]["sql"])

    assert [(row["posts"], row["usual"]) for row in curve] == [(4, 0.5), (6, 0.5), (2, 0.25)]
    assert [row["posts"] for row in drawn if row["what"] == "seen"] == [0, 4, 6, 2, 0]
    assert [row["posts"] for row in drawn if row["what"] == "usual"] == [0.5, 0.5, 0.25]
    assert [(row["source"], row["minutes_later"]) for row in first] == [("x", 0), ("reddit", 30)]
    assert (cost["posts"], cost["usd"]) == (12, 0.05)


def test_datasette_shows_the_views_and_hides_what_they_are_made_of(operator: Operator) -> None:
    tables = asked(operator, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")

    hidden = {name for name, told in DATABASE["tables"].items() if told.get("hidden")}
    assert {name for name in hidden if not name.startswith("sqlite_")} == {row["name"] for row in tables}
    assert set(DATABASE["tables"]) - hidden == set(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_facets_and_orders_for_datasette_are_columns(operator: Operator, view: str) -> None:
    told = DATABASE["tables"][view]

    [row, *_] = asked(operator, f"SELECT * FROM {view}")

    assert {*told["facets"], told.get("sort") or told["sort_desc"]} <= set(row)


def test_the_recipes_for_sqlite_utils_work(operator: Operator, tmp_path: Path) -> None:
    recipes = re.findall(r"^sqlite-utils (.*)$", page("docs/how-to/history.md"), re.MULTILINE)

    for recipe in recipes:
        words = [str(operator.database) if word == "trendspark.db" else word for word in shlex.split(recipe)]
        done = subprocess.run(
            [sys.executable, "-m", "sqlite_utils", *words], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) > 1

    assert len(recipes) == 2
