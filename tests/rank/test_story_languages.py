"""Stories in ten languages open the same trends at the same ticks however they are spelled, live and in a backtest."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import language_streams
import pytest

from tests.ingest.operator import Operator
from tests.ranking.test_small_talk import SENTENCES
from trendspark_cli.backtests.post_lines import read_past_posts
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.replay import Replay, ticks_of
from trendspark_cli.ranking.past.simulation import TrendSimulation

DAYS = 2
OPENED = {
    code: language_streams.START + (DAYS * language_streams.TICKS_PER_DAY + number + 1) * language_streams.TICK
    for number, code in enumerate(language_streams.LANGUAGES)
}
COUNTS = {
    code: Counter(word for text in SENTENCES[code] for word in re.findall(r"\S+", text))
    for code in language_streams.LANGUAGES
}


@pytest.fixture(scope="module", params=["one spelling", "all spellings"])
def stream(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream with a story and three decoys in each language."""
    target = tmp_path_factory.mktemp("stream") / "posts.ndjson"
    return language_streams.write_stream(target, COUNTS, is_control=request.param == "one spelling", days=DAYS)


def test_live_each_story_opens_a_trend_at_its_first_tick_and_no_decoy_does(stream: Path, tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=min(OPENED.values()) - language_streams.TICK)
    waiting = stream.read_text(encoding="utf-8").splitlines(keepends=True)

    while here.now < max(OPENED.values()) + 2 * language_streams.TICK:
        arrived = [line for line in waiting if json.loads(line)["created_at"] < to_text(here.now)]
        waiting = waiting[len(arrived) :]
        (tmp_path / "arrived.ndjson").write_text("".join(arrived), encoding="utf-8")
        assert here.ingest(file=str(tmp_path / "arrived.ndjson")).exit_code == 0
        assert here.rank().exit_code == 0
        here.now += language_streams.TICK

    rows = here.rows("SELECT terms, opened_at FROM trends ORDER BY opened_at")
    found = language_streams.found([{**row, "terms": json.loads(row["terms"])} for row in rows])
    assert {code: from_text(opened) for code, opened in found.items()} == OPENED


def test_in_a_backtest_too(stream: Path) -> None:
    replayed, simulation = Replay(), TrendSimulation(LifecycleRules(DEFAULT_THRESHOLD))
    with stream.open("rb") as lines:
        for tick, posts in ticks_of(read_past_posts(lines, str(stream))):
            replayed.advance(tick, posts)
            simulation.advance(replayed, tick, simulation.topics(replayed, tick))

    fired = [one.trend for one in simulation.fired.values()]
    found = language_streams.found(
        [{"terms": trend.story.terms, "opened_at": to_text(trend.opened_at)} for trend in fired]
    )
    assert {code: from_text(opened) for code, opened in found.items()} == OPENED
