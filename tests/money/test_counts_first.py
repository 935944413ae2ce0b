"""`X_COUNTS_FIRST`: a quiet time costs a request for counts, a burst is bought within one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.ingest.operator import NOW, TOKEN, Operator
from tests.servers import XServer, faults, x_post
from trendspark_cli.base.errors import BadAnswerError
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.volume import HOUR, Slice, judge_volume, posts_between
from trendspark_cli.services.x.counts import read_counts
from trendspark_cli.services.x.query import QUERY_LIMIT, x_queries_together

HOURLY = 30  # posts an hour on a quiet day
WEEK = timedelta(days=7)


class Scene:
    """X with a clock that moves with its operator, and posts that come as evenly as those of strangers do."""

    def __init__(self, folder: Path, server: XServer) -> None:
        self.server = server
        server.clock = lambda: self.operator.now.timestamp()
        settings = {
            "X_BEARER_TOKEN": TOKEN,
            "X_API_BASE_URL": server.url,
            "KEYWORDS": "bridge",
            "X_COUNTS_FIRST": "true",
        }
        self.operator = Operator(folder / "home", {**settings, "X_FIRST_RUN_LOOKBACK": "1h"})

    def publish(
        self, start: datetime, end: datetime, per_hour: float, word: str = "quiet", about: str = "bridge"
    ) -> list[dict[str, Any]]:
        """Publish posts between two times, at uneven distances that are the same in each run."""
        posts, at, number = [], start, 0
        while at < end:
            posts.append(
                x_post(
                    at,
                    f"{about} {word} {number}",
                    author_id=str(number),
                    sequence=crc32(f"{about}{word}".encode()) % 4096,
                )
            )
            at += HOUR / per_hour * (0.25, 1.75, 1.0, 0.5, 1.5)[number % 5]
            number += 1
        self.server.add(posts)
        return posts


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A quiet week behind an operator whose first run is done."""
    with XServer(bearer_token=TOKEN) as server:
        here = Scene(tmp_path, server)
        here.publish(NOW - WEEK, NOW + timedelta(days=1), HOURLY)
        assert here.operator.ingest().exit_code == 0
        yield here


def test_the_first_run_reads_as_always(scene: Scene) -> None:
    assert scene.server.requests_of("counts_recent") == []
    assert 25 < scene.server.billing.billed_posts < 35


def test_a_quiet_day_costs_less_than_a_tenth_of_reading_it(scene: Scene) -> None:
    before = scene.server.billing.cost_usd

    for _ in range(24):
        scene.operator.later(hours=1)
        assert scene.operator.ingest().exit_code == 0

    cost = scene.server.billing.cost_usd - before
    assert cost == pytest.approx(24 * 0.005)
    assert cost < 24 * HOURLY * 0.005 / 10


@pytest.mark.parametrize("minutes", [0, 7, 15, 30, 52])
def test_a_burst_is_bought_by_the_next_run_whenever_it_comes(scene: Scene, minutes: int) -> None:
    scene.operator.later(hours=3, minutes=minutes)
    scene.operator.ingest()
    burst = scene.publish(scene.operator.now, scene.operator.now + timedelta(minutes=14), 60 * HOURLY / 4, "collapses")

    scene.operator.later(minutes=15)
    result = scene.operator.ingest()

    assert result.exit_code == 0
    assert {post["id"] for post in burst} <= scene.operator.stored_ids()


def test_what_was_counted_opens_a_trend_of_its_volume(scene: Scene) -> None:
    for _ in range(2):
        scene.operator.later(hours=1)
        scene.operator.ingest()
        assert scene.operator.rank().exit_code == 0
    scene.publish(scene.operator.now, scene.operator.now + timedelta(minutes=14), 60 * HOURLY / 4, "collapses")

    scene.operator.later(minutes=15)
    scene.operator.ingest()
    scene.operator.rank()

    [trend] = scene.operator.rows("SELECT kind, label, observed, expected FROM trends WHERE kind = 'volume'")
    assert (trend["kind"], trend["label"]) == ("volume", "bridge")
    assert trend["observed"] > 100 > 2 * trend["expected"]


def test_what_was_not_bought_before_a_burst_is_on_record_with_its_size(scene: Scene) -> None:
    scene.operator.later(hours=10)
    scene.publish(scene.operator.now - timedelta(minutes=15), scene.operator.now, 20 * HOURLY, "collapses")

    scene.operator.ingest()

    [gap] = scene.operator.rows("SELECT state, reason, estimated_reads FROM gaps")
    assert (gap["state"], gap["reason"]) == ("lost", "not bought: there were no more posts than usual")
    assert gap["estimated_reads"] > 8 * HOURLY
    assert scene.server.billing.billed_posts < 8 * HOURLY + 5 * HOURLY


def test_while_a_burst_lasts_each_run_goes_on_from_the_last_one(scene: Scene) -> None:
    start = scene.operator.now + timedelta(hours=2)
    burst = scene.publish(start, start + timedelta(hours=1), 20 * HOURLY, "collapses")
    scene.operator.later(hours=2)

    for _ in range(4):
        scene.operator.later(minutes=16)
        scene.operator.ingest()

    assert {post["id"] for post in burst} <= scene.operator.stored_ids()
    assert len(scene.operator.rows("SELECT * FROM gaps")) == 1


def test_our_books_agree_with_the_bill_counts_included(scene: Scene) -> None:
    for _ in range(5):
        scene.operator.later(hours=1)
        scene.operator.ingest()

    usd = scene.operator.rows("SELECT sum(usd) AS usd FROM spend")[0]["usd"]
    assert usd == pytest.approx(scene.server.billing.cost_usd)
    assert scene.operator.metric("trendspark_x_cost_usd_total") == pytest.approx(scene.server.billing.cost_usd)
    assert scene.operator.metric('trendspark_x_reads_total{endpoint="counts_recent"}') == 5


def test_counts_that_cost_are_not_read_again(scene: Scene) -> None:
    scene.operator.later(hours=13)  # the day after, when X would bill the same posts again

    scene.operator.ingest()

    assert scene.server.requests_of("tweets_lookup") == []


def test_counts_that_are_free_are_read_again(scene: Scene) -> None:
    before = scene.server.billing.cost_usd
    scene.operator.later(hours=1)

    result = scene.operator.ingest()

    assert result.counts["refreshed"] == len(scene.operator.stored_ids())
    assert scene.server.billing.cost_usd == pytest.approx(before + 0.005)


def test_a_ceiling_stops_the_counting_too(scene: Scene) -> None:
    scene.operator.environment["X_MAX_READS_PER_DAY"] = str(scene.server.billing.billed_posts)
    scene.operator.later(hours=1)

    result = scene.operator.ingest()

    assert (result.exit_code, scene.server.requests_of("counts_recent")) == (75, [])


@pytest.mark.parametrize(
    ("fault", "cost"), [(faults.server_error(503), 0), (faults.html_page(), 1)], ids=["503", "HTML"]
)
def test_counts_that_do_not_come_cost_nothing_when_refused_and_one_read_when_nobody_can_tell(
    scene: Scene, fault: Any, cost: int
) -> None:
    spent = scene.operator.rows("SELECT sum(used) AS n FROM spend")[0]["n"]
    scene.server.faults.add(fault, times=None, endpoint="counts_recent")
    scene.operator.later(hours=1)

    result = scene.operator.ingest()

    assert result.exit_code in (69, 76)
    assert scene.operator.rows("SELECT sum(used) AS n FROM spend")[0]["n"] == spent + cost
    assert scene.operator.rows("SELECT * FROM spend_reservations") == []


def test_counts_of_nothing_may_come_as_their_sum_alone() -> None:
    assert read_counts(b'{"meta":{"total_tweet_count":0}}') == ()


@pytest.mark.parametrize(
    "body",
    [
        b'{"meta":{"total_tweet_count":7}}',
        b'{"meta":{"total_tweet_count":null}}',
        b'{"meta":null}',
        b"[]",
        b'{"data":[{"start":"2026-11-01T10:00:00.000Z","end":"2026-11-01T11:00:00.000Z","tweet_count":1e999}]}',
        b'{"data":[{"start":null,"end":"2026-11-01T11:00:00.000Z","tweet_count":1}]}',
    ],
)
def test_counts_that_cannot_be_read_are_refused_and_may_have_cost(body: bytes) -> None:
    with pytest.raises(BadAnswerError) as refused:
        read_counts(body)

    assert refused.value.may_be_billed


WORDS = {"city": "bridge", "harbour": "ferry", "market": "bread"}


@pytest.fixture
def three(scene: Scene) -> Scene:
    """A quiet week of three profiles, each of which was read once."""
    for name, word in WORDS.items():
        if name != "city":
            scene.publish(NOW - WEEK, NOW + timedelta(days=1), HOURLY, word, about=word)
    store = scene.operator.store()
    with closing(store), store.transaction():
        for name, word in WORDS.items():
            store.profiles.save(Profile(name, (word,), created_at="t", updated_at="t"))
    assert scene.operator.ingest().exit_code == 0
    scene.operator.later(minutes=15)
    assert scene.operator.ingest().exit_code == 0  # each is counted by itself once an hour
    return scene


def test_all_profiles_are_counted_in_one_request_and_each_by_itself_once_an_hour(three: Scene) -> None:
    before = len(three.server.requests_of("counts_recent"))

    for _ in range(4):
        three.operator.later(minutes=15)
        assert three.operator.ingest().exit_code == 0

    asked = [request.query["query"] for request in three.server.requests_of("counts_recent")[before:]]
    together = [query for query in asked if " OR " in query]
    assert (len(together), len(asked)) == (3, 6)


def test_a_burst_of_one_profile_is_bought_by_the_next_run_and_nothing_of_the_others(three: Scene) -> None:
    three.operator.later(hours=3)
    three.operator.ingest()
    others = {row["query"] for row in three.operator.rows("SELECT query FROM cursors")} - {"(ferry) -is:retweet"}
    at = three.operator.now
    burst = three.publish(at, at + timedelta(minutes=14), 60 * HOURLY / 4, "sinks", about="ferry")

    three.operator.later(minutes=15)
    result = three.operator.ingest()

    assert result.exit_code == 0
    assert {post["id"] for post in burst} <= three.operator.stored_ids()
    run = f"SELECT query FROM ingest_audit WHERE cycle_id = {result.run_id} AND endpoint = 'search_recent'"
    assert not others & {row["query"] for row in three.operator.rows(run)}


def test_a_probe_that_fails_leaves_each_query_its_own(three: Scene) -> None:
    three.server.faults.add(faults.html_page(), times=1, endpoint="counts_recent")
    three.operator.later(minutes=15)

    result = three.operator.ingest()

    assert (result.exit_code, result.counts["counted"]) == (0, 3)


def test_books_agree_with_the_bill_when_profiles_are_counted_together(three: Scene) -> None:
    for _ in range(5):
        three.operator.later(minutes=20)
        three.operator.ingest()

    usd = three.operator.rows("SELECT sum(usd) AS usd FROM spend")[0]["usd"]
    assert usd == pytest.approx(three.server.billing.cost_usd)


def test_queries_are_put_together_as_far_as_x_reads_them() -> None:
    queries = [f"({'w' * 100}{n}) -is:retweet" for n in range(5)]

    groups = x_queries_together([*queries, queries[0]])

    assert [len(members) for _, members in groups] == [4, 1]
    assert groups[1] == (queries[4], (queries[4],))
    assert all(len(query) <= QUERY_LIMIT for query, _ in groups)


def slices(posts: Sequence[int], last_minutes: float = 30) -> list[Slice]:
    """Hours of a week up to now, the last one partial."""
    end = NOW + timedelta(minutes=last_minutes)
    starts = [NOW - timedelta(hours=back) for back in range(len(posts) - 1, -1, -1)]
    return [
        Slice(start, min(start + timedelta(hours=1), end), count) for start, count in zip(starts, posts, strict=True)
    ]


def test_an_hour_that_is_busy_each_day_is_usual() -> None:
    busy_at_noon = [400 if (hour - 168) % 24 == 0 else 20 for hour in range(168)]

    assert judge_volume(slices([*busy_at_noon, 200])).departs is False


def test_the_same_hour_is_a_burst_when_it_never_was_busy() -> None:
    reading = judge_volume(slices([20] * 168 + [200]))

    assert (reading.departs, reading.since) == (True, NOW - timedelta(hours=1))


@pytest.mark.parametrize("posts", [[], [5], [0] * 169, [20] * 169, [0] * 168 + [9]])
def test_too_little_is_no_burst(posts: list[int]) -> None:
    assert judge_volume(slices(posts, 60)).departs is False


def test_beside_a_busy_query_a_burst_is_hidden_so_each_is_looked_at_by_itself_too() -> None:
    quiet, busy = [20] * 168 + [60], [2_000] * 169
    together = [one + other for one, other in zip(quiet, busy, strict=True)]

    assert judge_volume(slices(quiet, 60)).departs is True
    assert judge_volume(slices(together, 60)).stirs is False


def test_a_word_nobody_used_before_is_bought_from_the_smallest_page_on() -> None:
    assert judge_volume(slices([0] * 168 + [10])).departs is True


def test_a_burst_that_began_hours_ago_is_still_one() -> None:
    assert judge_volume(slices([20] * 160 + [200] * 9)).departs is True


def test_bursts_of_each_evening_make_the_next_one_usual() -> None:
    evenings = [150 + 10 * (hour // 24 % 3) if hour % 24 == 20 else 20 for hour in range(168)]

    assert judge_volume(slices([*evenings, 160], 60)).departs is False
    assert judge_volume(slices([*evenings, 400], 60)).departs is True


def test_of_an_hour_that_lies_in_a_span_in_part_so_much_counts() -> None:
    week = slices([40, 60, 10], last_minutes=15)

    assert posts_between(week, NOW - timedelta(minutes=45), NOW + timedelta(minutes=15)) == pytest.approx(10 + 45)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"data":null}', b'{"data":[{"start":"x"}]}', b'{"meta":{}}'])
def test_an_answer_without_counts_is_no_answer(content: bytes) -> None:
    with pytest.raises(BadAnswerError):
        read_counts(content)
