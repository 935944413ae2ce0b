"""What a program gets that takes alerts: a body and headers that are fixed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background, said
from tests.servers.hook_servers import WebhookServer
from tests.servers.messages import Answer
from trendspark_cli.base.clock import from_text

SECRET = "a-secret-of-both-sides"


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    """A program that takes alerts."""
    with WebhookServer() as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path, server: WebhookServer) -> ChannelDesk:
    """An operator who has it told."""
    return ChannelDesk(tmp_path / "home", server.address, ALERT_SECRET_DESK=SECRET)


def body_of(server: WebhookServer) -> dict[str, Any]:
    """What came last."""
    found: dict[str, Any] = json.loads(server.log[-1].request.body)
    return found


EVENTS = {
    "trend:7:open": ("trending_alert", "opened"),
    "trend:7:grown:40": ("trending_alert", "grown"),
    "trend:7:closed:2026": ("trending_alert", "closed"),
    "digest:1-2": ("trending_alert", "digest"),
    "daily_ideas:2026-11-29": ("daily_ideas", "digest"),
    "job:ingest:1": ("job_alert", "ops"),
    "manual_test:run 1": ("manual_test", "test"),
}


@pytest.mark.parametrize("key", EVENTS)
def test_each_alert_names_its_event(desk: ChannelDesk, server: WebhookServer, key: str) -> None:
    category, event = EVENTS[key]
    desk.queue(key, category=category)

    desk.deliver()

    body, [row] = body_of(server), desk.rows("SELECT id FROM notifications")
    assert from_text(body.pop("sent_at"))
    assert body == {
        "id": row["id"],
        "event": event,
        "category": category,
        "title": f"title of {key}",
        "text": f"text of {key}",
        "trend": None,
    }
    assert server.log[-1].headers["idempotency-key"] == f"{row['id']}:{event}"


def test_an_alert_that_comes_again_has_the_key_it_had(desk: ChannelDesk, server: WebhookServer) -> None:
    server.lost_answers = 1
    desk.queue("a")

    desk.every_minute(3)

    assert [entry.headers["idempotency-key"] for entry in server.log] == ["1:ops", "1:ops"]


def test_a_body_is_signed_with_the_secret_of_its_channel(desk: ChannelDesk, server: WebhookServer) -> None:
    desk.queue("a")

    desk.deliver()

    request = server.log[-1].request
    signature = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-trendspark-signature"] == f"sha256={signature}"


def test_without_a_secret_nothing_is_signed(tmp_path: Path, server: WebhookServer) -> None:
    desk = ChannelDesk(tmp_path / "home", server.address)
    desk.queue("a")

    desk.deliver()

    assert "x-trendspark-signature" not in server.log[-1].headers


def test_a_page_of_a_portal_is_no_program_that_took_the_alert(desk: ChannelDesk, server: WebhookServer) -> None:
    server.answer_next(Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"}))
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)


def test_a_trend_comes_as_the_list_of_trends_prints_it(desk: ChannelDesk, server: WebhookServer) -> None:
    write = desk.home.parent / "posts.ndjson"
    desk.ingest(file=str(write_posts(write, background(TICK - 3 * 96, 3 * 96))))
    rows = said("volcano eruption", 20, int((desk.now - timedelta(minutes=30)).timestamp()), every=60, seed=20)
    desk.ingest(file=str(write_posts(write, rows)))
    desk.rank()

    desk.deliver()

    [listed] = desk.command("trends", "list", "--json").json["trends"]
    listed.pop("watched")
    assert (body_of(server)["event"], body_of(server)["trend"]) == ("opened", listed)
