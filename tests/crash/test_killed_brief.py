"""kill -9 in the middle of a brief: the message goes out once, and no answer that came is paid twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.test_killed_runs import broken
from tests.ingest.operator import NOW, Operator
from tests.money.briefing import open_trend
from tests.servers import OpenAIServer
from tests.servers.openai_server import API_KEY
from tests.tools import books
from tests.tools.crash_scenes import Scene, Stage, job_at
from tests.tools.crash_trials import kill_at_calls, undisturbed
from tests.tools.kills import why_no_kills

KILLS = 6
CALLS = 3  # of an undisturbed run: two trends, and the ideas
WRITTEN = (
    "SELECT trend_id, label, summary, post_ids, model, observed FROM trend_briefs ORDER BY trend_id",
    "SELECT key, kind, outcome, answer FROM model_answers ORDER BY key",
    "SELECT dedupe_key, title, body, status FROM notifications ORDER BY dedupe_key",
)


def brief_scene(folder: Path) -> Scene:
    """Two open trends, an operator with a field, and a model that answers."""
    template = Operator(folder / "template-brief")
    open_trend(template, "bridge", ["The bridge is closed.", "No trains over the bridge."])
    open_trend(template, "ferry", ["The ferry is full.", "Ferry late again."])

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = place / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(template.home, home)
        with OpenAIServer() as model:
            settings = {"OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": model.base_url, "NICHE": "local transport"}

            database = home / "trendspark.db"
            at_kill = {"calls": 0, "kept": 0}

            def after_kill() -> list[str]:
                kept = int(books.value(database, "SELECT count(*) FROM model_answers"))
                at_kill.update(calls=len(model.bodies), kept=kept)
                return []

            def broken_at_end() -> list[str]:
                used = int(books.value(database, "SELECT coalesce(sum(used), 0) FROM spend"))
                billed, calls = model.input_tokens + model.output_tokens, len(model.bodies) - at_kill["calls"]
                found = [f"{billed} tokens are billed, {used} in our books"] if billed > used else []
                if calls != CALLS - at_kill["kept"]:
                    found.append(f"{calls} calls were made, with {at_kill['kept']} of {CALLS} answers at hand")
                if books.value(database, "SELECT count(*) FROM spend_reservations"):
                    found.append("tokens are still reserved")
                return found

            environment = {"TRENDSPARK_HOME": str(home), **settings}
            argv = job_at(NOW, "brief")  # its posts came from nowhere: no audit row tells of them
            yield Stage(home, environment, argv, WRITTEN, after_kill, broken_at_end, has_all_rows=False)

    return scene


@pytest.mark.skipif(why_no_kills() is not None, reason=why_no_kills() or "")
def test_a_brief_killed_at_a_write_is_completed_and_paid_once(tmp_path: Path) -> None:
    scene = brief_scene(tmp_path)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=7)

    assert broken(trials) == []
