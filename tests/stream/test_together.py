"""Stream, `ingest` and `rank` at work at the same time: one database, one alert for one trend."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.ranking.streams import background
from tests.servers import TelegramServer, x_post
from tests.stream.listening import Listener, now, x_stream
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS


def with_history(x: Listener) -> None:
    """Three days of everyday posts on X, ranked."""
    tick = int(now().timestamp()) // TICK_SECONDS
    lines = [
        {"source": "x", "source_id": f"9{row[0]}", "created_at": to_text(from_epoch(row[4])), "text": row[5]}
        for row in background(tick - 3 * 96, 3 * 96, per_tick=4, source="x")
    ]
    file = x.operator.home / "history.ndjson"
    file.write_text("".join(json.dumps({**line, "author": line["source_id"]}) + "\n" for line in lines))
    assert x.operator.command("ingest", "--from", str(file)).exit_code == 0
    assert x.operator.command("rank").exit_code == 0


def in_own_words(number: int) -> str:
    """What one of many people says: copies of one text would count as one voice."""
    return " ".join(f"word{number * 7 + place}" for place in range(7))


def test_an_alert_leaves_within_seconds_and_only_once_while_cron_goes_on(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        settings = {
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_CHAT_ID": str(telegram.chat_id),
            "TELEGRAM_API_BASE_URL": telegram.url,
        }
        with x_stream(tmp_path / "home", **settings) as x:
            with_history(x)
            with x.listening():
                burst = [
                    x_post(now(), f"volcano eruption {in_own_words(n)}", author_id=str(n + 1), sequence=n)
                    for n in range(40)
                ]
                x.server.publish(burst)
                decided = time.monotonic()
                ended = [
                    x.operator.command(*command)
                    for command in (["ingest"], ["rank"], ["deliver"], ["ingest"], ["rank"], ["deliver"])
                ]
                wait_for("the alert has left", lambda: telegram.texts, seconds=30, pause=0.05)
                seconds = time.monotonic() - decided
                ended += [x.operator.command(*command) for command in (["rank"], ["deliver"])]

    assert [done.exit_code for done in ended if done.exit_code not in (0, 75)] == []
    assert not [done.stderr for done in ended if "stayed locked" in done.stderr]
    assert len([text for text in telegram.texts if "volcano" in text]) == 1
    assert seconds < 30
    log = (x.operator.home / "trendspark.log").read_text()
    assert "stayed locked" not in log
