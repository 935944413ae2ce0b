"""Trends of volume and of silence: told when they are rare, and never of what is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.rank.volumes import HOUR, QUARTER, Scene
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.ranking.lifecycle.trends import TrendState
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.reports.trend_words import why
from trendspark_cli.store.sqlite.store import SqliteStore


@pytest.fixture
def scene(store: SqliteStore) -> Scene:
    here = Scene(store)
    here.days(4)
    assert here.open == []
    return here


def evening(scene: Scene) -> Scene:
    """Go on until the busiest hour of the day is over."""
    scene.days(20 / 24)
    return scene


def test_a_keyword_beyond_its_usual_daily_peak_opens_a_trend_that_says_so(scene: Scene) -> None:
    evening(scene).hour(60)

    [trend] = scene.open
    assert scene.labels() == ["volume ferry"]
    assert why(trend, in_utc=True) == "60 posts in 1 h; its usual daily peak is 11; bluesky 60"
    assert isinstance(trend.story, VolumeStory)
    assert (trend.story.authors, len(trend.story.post_ids), len(trend.story.example_ids)) == (60, 60, 3)


def test_the_peak_of_a_usual_day_is_none_nor_are_a_few_posts_of_a_rare_word(scene: Scene) -> None:
    scene.days(2)
    scene.hour(9, "the quay is closed")

    assert scene.open == []


def test_what_one_account_floods_is_no_news_and_silences_nothing(scene: Scene) -> None:
    evening(scene).publish(300, author="flood")
    assert scene.hour(0) == []

    scene.hour(90)

    assert scene.labels() == ["volume ferry"]


def test_alerts_tell_of_opening_growing_and_closing(scene: Scene) -> None:
    evening(scene).hour(60)
    scene.hour(150)
    for _ in range(7):
        scene.hour(1)

    opened, grown, closed = alerts(scene)
    assert "<b>ferry</b>\n60 posts in 1 h; its usual daily peak is 11" in opened
    assert grown.startswith("📈 grown: twice as large")
    assert "over after" in closed
    assert "at its peak 150 posts in 1 h" in closed


def alerts(scene: Scene) -> list[str]:
    """The alerts that were queued, oldest first."""
    return [row["body"] for row in scene.store.connection.rows("SELECT body FROM notifications ORDER BY id")]


def test_nothing_opens_on_the_first_day(store: SqliteStore) -> None:
    scene = Scene(store)
    scene.days(0.5)

    assert scene.hour(90) == []


def test_a_profile_opens_when_none_of_its_keywords_says_it_alone(store: SqliteStore) -> None:
    words = ("ferry", "quay", "crane", "buoy")
    scene = Scene(store, [Profile("harbour", words)])
    for hour in range(4 * 24):
        for word in words:
            scene.publish(12 if hour % 24 == 3 + words.index(word) else 0, f"the {word} is here")
        scene.hour(0)

    for word in words:
        scene.publish(11, f"the {word} is here")
    scene.hour(0)

    assert scene.labels() == ["volume harbour"]
    [trend] = scene.open
    assert trend.story.terms == words


def test_a_keyword_that_bursts_is_told_once_though_its_profile_does_too(scene: Scene) -> None:
    evening(scene).hour(80)
    scene.hour(90)

    assert scene.labels() == ["volume ferry"]
    assert scene.store.trends.count_open() == 1


def test_a_trend_grows_closes_six_hours_later_and_is_quiet_for_a_day(scene: Scene) -> None:
    evening(scene).hour(60)
    scene.hour(150)
    [grown] = scene.open
    for _ in range(8):
        scene.hour(1)
    again = scene.hour(70)

    trend = scene.store.trends.get(grown.stored_id)
    assert trend is not None
    assert (trend.state, trend.posts_peak, trend.posts_total) == (TrendState.CLOSED, 150, 216)
    assert again == []


def test_the_same_run_again_changes_nothing(scene: Scene) -> None:
    evening(scene).hour(60)
    before = scene.store.connection.rows("SELECT * FROM volume_series"), scene.store.trends.listing(9)

    scene.look()

    assert (scene.store.connection.rows("SELECT * FROM volume_series"), scene.store.trends.listing(9)) == before


def test_a_curve_says_how_many_wrote_in_each_quarter_and_what_is_usual(scene: Scene) -> None:
    evening(scene).hour(60)

    counts = scene.store.trend_history.counts(scene.open[0].stored_id)

    assert [(count.source, count.posts, count.people) for count in counts] == [("bluesky", 15, 15)] * 4
    assert all(0.5 < (count.expected or 0) < 3 for count in counts)


def test_an_hour_that_was_read_late_is_no_news(scene: Scene) -> None:
    evening(scene)
    scene.hour(60, is_read=False)
    scene.hour(0, is_read=False)
    scene.hour(1, is_read=True)

    assert scene.open == []


def test_a_day_of_outage_is_neither_silence_nor_learned_from(scene: Scene) -> None:
    evening(scene)
    [before] = (one.peaks for one in scene.store.volumes.series(["keyword:ferry"]).values())
    for _ in range(26):
        assert scene.hour(0, is_read=False) == []

    scene.publish(3)
    scene.hour(0)

    [after] = (one.peaks for one in scene.store.volumes.series(["keyword:ferry"]).values())
    assert scene.open == []
    assert after.level == pytest.approx(before.level, abs=0.3)


@pytest.mark.parametrize("state", ["open", "lost"])
def test_what_lies_around_an_unread_range_is_unknown_until_all_is_known_again(scene: Scene, state: str) -> None:
    evening(scene)
    for _ in range(12):
        scene.hour(0, is_read=False)
    with scene.store.transaction():
        gap = scene.store.gaps.open(
            profile=DEFAULT,
            source="bluesky",
            query=scene.query,
            since_id="1",
            until_id="2",
            reason="spending ceiling reached",
            estimated_reads=1,
            run_id=None,
            now=scene.now,
        )
        if state == "lost":
            scene.store.gaps.close(gap, state, scene.now)

    assert scene.look() == []
    assert scene.hour(0) == []
    [read] = scene.store.volumes.reads()
    assert read.whole_since >= scene.now - HOUR


def test_a_silence_opens_when_it_is_longer_than_the_longest_of_usual_days(scene: Scene) -> None:
    scene.days(10 / 24)
    found = [scene.hour(0) for _ in range(9)]

    opened = next(trends for trends in found if trends)
    story = opened[0].story
    assert isinstance(story, SilenceStory)
    assert timedelta(hours=3) < story.gap < timedelta(hours=7)
    assert why(opened[0]).startswith("no post of ferry for ")
    assert "usual gap" in why(opened[0])
    assert len(found[-1]) == 1  # told once: its profile is silent too


def test_the_nights_of_every_day_are_no_silence(scene: Scene) -> None:
    scene.days(3)

    assert scene.store.trends.listing(9) == []


@pytest.mark.parametrize("hours", [1, -1])
def test_people_who_change_their_clocks_make_no_news(scene: Scene, hours: int) -> None:
    scene.hours_earlier = hours
    scene.days(3)

    assert scene.store.trends.listing(9) == []


def test_what_was_read_after_a_pause_was_no_silence(scene: Scene) -> None:
    evening(scene)
    for _ in range(9):
        scene.publish(5)
        scene.now += HOUR

    assert scene.look() == []


def test_a_burst_at_night_below_the_peak_of_a_usual_day_is_not_seen(scene: Scene) -> None:
    scene.days(2 / 24)

    assert scene.hour(9) == []


def test_a_silence_is_over_with_the_next_post(scene: Scene) -> None:
    scene.days(10 / 24)
    for _ in range(9):
        scene.hour(0)
    [silence] = scene.open

    scene.hour(4)

    trend = scene.store.trends.get(silence.stored_id)
    assert scene.open == []
    assert trend is not None
    assert trend.closed_at is not None


def test_while_one_of_several_queries_is_not_read_nothing_is_silent(scene: Scene) -> None:
    with scene.store.transaction():
        scene.store.volumes.note_read("harbour", "x", "(ferry)", scene.now - timedelta(days=2))
    scene.days(10 / 24)

    assert not any(scene.hour(0) for _ in range(12))


def test_silence_is_told_only_on_request(scene: Scene) -> None:
    scene.rules = scene.rules._replace(kinds=("topic", "post", "volume"))
    scene.days(10 / 24)

    assert not any(scene.hour(0) for _ in range(12))


def test_a_place_that_is_read_whole_falls_silent(store: SqliteStore) -> None:
    scene = Scene(store, [])
    for hour in range(5 * 24 + 12):
        scene.publish(2 if hour % 24 > 7 else 0, "a ship", source="reddit", community="ports")
        with store.transaction():
            store.volumes.note_read(DEFAULT, "reddit", "r/ports/new", scene.now + HOUR)
        scene.hour(0)
    for _ in range(12):
        with store.transaction():
            store.volumes.note_read(DEFAULT, "reddit", "r/ports/new", scene.now + HOUR)
        scene.hour(0)

    assert scene.labels() == ["silence r/ports"]


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(hours=-5)])
def test_a_clock_that_jumps_for_an_hour_opens_nothing_and_does_not_silence_a_series(
    scene: Scene, ahead: timedelta
) -> None:
    evening(scene)
    scene.now += ahead
    scene.hour(3)
    scene.now -= ahead + HOUR
    for _ in range(3):
        scene.hour(3)
    assert scene.open == []

    scene.hour(70)

    assert scene.labels() == ["volume ferry"]


def test_the_trend_of_a_profile_that_is_removed_closes(scene: Scene) -> None:
    evening(scene).hour(60)
    [trend] = scene.open
    scene.profiles = ()

    scene.look()

    closed = scene.store.trends.get(trend.stored_id)
    assert scene.open == []
    assert closed is not None
    assert closed.state is TrendState.CLOSED


@pytest.mark.parametrize(
    "word", ["<b>ferry</b>", "ferry' OR 1=1 --", "ferry\u202eyrref", "/f(e+)+rry/", "🛳", "f" * 200]
)
def test_a_keyword_may_look_like_anything(store: SqliteStore, word: str) -> None:
    scene = Scene(store, [Profile("harbour", (word, "quay"))])
    scene.days(1.2)

    scene.hour(50, f"look {word.strip('/')} there")

    assert all(len(trend.label) <= 80 for trend in scene.open)
    assert not any("<b><b>" in body or "\u202e" in body for body in alerts(scene))


def test_when_many_series_are_rare_at_once_the_three_strongest_are_told(store: SqliteStore) -> None:
    words = tuple(f"pier{number}" for number in range(9))
    scene = Scene(store, [Profile("harbour", words)])
    scene.days(1.2)

    for number, word in enumerate(words):
        scene.publish(20 + number, f"{word} is here")
    scene.hour(0)
    scene.look()

    assert scene.labels() == ["volume pier6", "volume pier7", "volume pier8"]


def test_a_dry_run_says_the_same_and_keeps_nothing(scene: Scene) -> None:
    evening(scene).publish(60)
    scene.now += HOUR
    before = scene.store.connection.rows("SELECT * FROM volume_series")

    trends = scene.look(is_dry=True)

    assert [trend.label for trend in trends] == ["ferry"]
    assert scene.store.connection.rows("SELECT * FROM volume_series") == before
    assert scene.store.trends.listing(9) == []


def test_a_query_that_is_only_counted_stands_in_for_its_posts(store: SqliteStore) -> None:
    scene = Scene(store, [Profile("harbour", ("ferry",))])
    start = int(scene.now.timestamp())
    hours = [(start + 3600 * number, start + 3600 * (number + 1), 5 + number % 24) for number in range(96)]
    scene.query = "unused"
    for number in range(24, 96):
        count(scene, hours[max(0, number - 48) : number])

    count(scene, [*hours[60:95], (hours[95][0], hours[95][1], 212)])

    [trend] = scene.open
    assert why(trend).startswith("212 posts in 1 h; its usual daily peak is 28")


def count(scene: Scene, hours: list[tuple[int, int, int]]) -> None:
    """Have the profile's query counted, and rank a quarter of an hour later at most."""
    scene.now = scene.now.fromtimestamp(hours[-1][1], scene.now.tzinfo)
    with scene.store.transaction():
        scene.store.volumes.note_counted("harbour", "x", "(ferry)", hours, scene.now)
    scene.look(is_read=False)


def test_a_quarter_later_a_burst_goes_on_as_the_same_trend(scene: Scene) -> None:
    evening(scene).hour(60)
    scene.publish(200)
    scene.now += QUARTER

    scene.look()

    assert scene.store.trends.count_open() == 1
    assert scene.open[0].posts_peak > 90
