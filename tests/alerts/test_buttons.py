"""Buttons under a trend in Telegram: who may say by them what it was worth does, once, and sees it there."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.installation import move_in
from tests.rank.test_rank_job import TICK, write_posts
from tests.ranking.streams import background, said
from tests.servers import TelegramServer
from tests.settings.test_channel_settings import settings_of
from trendspark_cli.app.job_bodies import deliver_body

ANNA, STRANGER = 4242, 666
PLAIN, GOOD, NOISE = ("👍 good", "👎 noise"), ("✓ 👍 good", "👎 noise"), ("👍 good", "✓ 👎 noise")


@pytest.fixture(scope="module")
def trending(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an operator whose trend waits to be told."""
    folder = tmp_path_factory.mktemp("trending")
    with TelegramServer() as server:
        here = Desk(folder / "home", server)
        here.ingest(file=str(write_posts(folder / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))))
        rows = said("volcano eruption", 20, int((here.now - timedelta(minutes=30)).timestamp()), every=60, seed=20)
        here.ingest(file=str(write_posts(folder / "burst.ndjson", rows)))
        here.rank()
    return here.home


@pytest.fixture
def told(tmp_path: Path, trending: Path, telegram: TelegramServer) -> Desk:
    """A desk whose trend was told, with buttons for Anna."""
    move_in(trending, tmp_path / "home")
    here = Desk(tmp_path / "home", telegram, {"TELEGRAM_MARKERS": str(ANNA)})
    deliver(here)
    return here


def deliver(here: Desk) -> int:
    """Run `deliver` as cron does."""
    here.later(minutes=1)
    return int(here.run_body("deliver", deliver_body()).exit_code)


def marks(here: Desk) -> list[tuple[str, str]]:
    """What was said of the trend, by whom."""
    rows = here.rows("SELECT mark, marked_by FROM trend_marks ORDER BY id")
    return [(row["mark"], row["marked_by"]) for row in rows]


def test_a_trend_has_buttons_and_what_is_marked_is_kept_and_shown(told: Desk, telegram: TelegramServer) -> None:
    before = telegram.messages[0].buttons
    telegram.press("noise:1", user=ANNA)

    exit_code = deliver(told)

    assert (exit_code, before, telegram.messages[0].buttons) == (0, PLAIN, NOISE)
    assert (marks(told), telegram.answered) == ([("noise", "Anna")], ["1001"])


def test_a_press_counts_once_and_is_confirmed_after_it_was_kept(told: Desk, telegram: TelegramServer) -> None:
    telegram.press("good:1", user=ANNA)
    deliver(told)
    left = len(telegram.updates)

    deliver(told)

    assert (left, telegram.updates, marks(told)) == (1, [], [("good", "Anna")])


def test_who_thinks_again_presses_the_other_button(told: Desk, telegram: TelegramServer) -> None:
    telegram.press("noise:1", user=ANNA)
    deliver(told)
    telegram.press("good:1", user=ANNA)

    deliver(told)

    assert (marks(told)[-1], telegram.messages[0].buttons) == (("good", "Anna"), GOOD)


@pytest.mark.parametrize(
    "press",
    [
        {"data": "noise:1", "user": STRANGER},
        {"data": "noise:1", "user": ANNA, "chat": -100999},  # forwarded
        {"data": "noise:1", "user": ANNA, "message": 7},
        {"data": "noise:2", "user": ANNA},
        {"data": "delete:1", "user": ANNA},
        {"data": "noise:1; drop", "user": ANNA},
        {"data": "noise:" + "9" * 40, "user": ANNA},
    ],
)
def test_what_others_press_or_elsewhere_is_ignored(told: Desk, telegram: TelegramServer, press: dict[str, int]) -> None:
    telegram.press(**press)  # type: ignore[arg-type]

    exit_code = deliver(told)

    assert (exit_code, marks(told), telegram.messages[0].buttons) == (0, [], PLAIN)
    deliver(told)
    assert telegram.updates == []


def test_a_press_that_is_too_old_to_be_answered_counts(told: Desk, telegram: TelegramServer) -> None:
    telegram.press("noise:1", user=ANNA)
    telegram.old_presses = {"1001"}

    exit_code = deliver(told)

    assert (exit_code, marks(told), telegram.messages[0].buttons) == (0, [("noise", "Anna")], NOISE)


def test_the_end_of_a_trend_keeps_its_buttons_and_what_was_marked(told: Desk, telegram: TelegramServer) -> None:
    telegram.press("good:1", user=ANNA)
    deliver(told)
    told.later(hours=11)
    told.rank()

    deliver(told)

    assert "over after" in telegram.texts[0]
    assert telegram.messages[0].buttons == GOOD


def test_numbers_that_begin_anew_after_a_quiet_week_are_read(told: Desk, telegram: TelegramServer) -> None:
    telegram.press("noise:1", user=ANNA)
    deliver(told)
    deliver(told)
    told.later(hours=8 * 24)
    telegram.press("good:1", user=ANNA, number=3)

    deliver(told)

    assert marks(told)[-1] == ("good", "Anna")


def test_a_clock_that_was_a_year_ahead_keeps_no_button_from_being_read(told: Desk, telegram: TelegramServer) -> None:
    told.later(days=365)
    telegram.press("noise:1", user=ANNA)
    deliver(told)
    deliver(told)
    told.later(days=-365)
    telegram.press("good:1", user=ANNA, number=3)

    deliver(told)

    assert marks(told)[-1] == ("good", "Anna")


def test_another_owner_of_the_bots_updates_is_told_of_and_left_alone(
    told: Desk, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.is_polled_by_another = True
    told.queue("broken")

    codes = [deliver(told), deliver(told)]

    assert (codes, telegram.texts[-1]) == ([0, 0], "text of broken")
    assert caplog.text.count("another program reads the updates of the bot") == 1
    assert not telegram.requests_of("deleteWebhook")


def test_without_people_who_may_mark_there_are_no_buttons_and_nothing_is_read(
    tmp_path: Path, trending: Path, telegram: TelegramServer
) -> None:
    move_in(trending, tmp_path / "home")
    here = Desk(tmp_path / "home", telegram)

    deliver(here)

    assert (len(telegram.messages), telegram.messages[0].buttons) == (1, ())
    assert not telegram.requests_of("getUpdates")


def test_a_further_chat_has_buttons_of_its_own(tmp_path: Path, trending: Path, telegram: TelegramServer) -> None:
    move_in(trending, tmp_path / "home")
    telegram.more_chats = {-1005}
    here = Desk(tmp_path / "home", telegram, {"TELEGRAM_MARKERS": str(ANNA), "ALERT_URL_TEAM": "telegram://-1005"})
    with closing(here.store()) as store, store.transaction():
        store.connection.execute("UPDATE notifications SET channel = 'team', dedupe_key = dedupe_key || '#team'")
    deliver(here)
    telegram.press("noise:1", user=ANNA, chat=-1005)

    deliver(here)

    assert (marks(here), telegram.messages[0].chat_id) == ([("noise", "Anna")], -1005)


@pytest.mark.parametrize("value", ["anna", "-5", "1,,2", "0"])
def test_markers_that_are_no_users_are_refused(tmp_path: Path, value: str) -> None:
    found = settings_of(tmp_path, TELEGRAM_MARKERS=value)

    assert len(found.problems) == 1
    assert "expected ids of Telegram users such as 123456789" in found.problems[0]
