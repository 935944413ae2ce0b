"""`ingest` against instances of Mastodon: public timelines and those of tags, without an account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import Answer, Fault, MastodonServer, faults, mastodon_status
from tests.servers.messages import json_answer
from trendspark_cli.base.clock import to_text

FERRY = "api/v1/timelines/tag/ferry"


def posts(count: int, *, minutes: float = 3, **fields: Any) -> list[dict[str, Any]]:
    """Posts of the last hours, the youngest a minute old."""
    times = [NOW - timedelta(minutes=1 + minutes * number) for number in range(count)]
    return [mastodon_status(at, f"the ferry is late {n}", tags=["ferry"], **fields) for n, at in enumerate(times)]


def uris_of(statuses: list[dict[str, Any]]) -> set[str]:
    """What names them everywhere."""
    return {status["uri"] for status in statuses}


@pytest.fixture
def instance() -> Iterator[MastodonServer]:
    """An instance with 130 posts about a ferry."""
    with MastodonServer(posts(130), clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def other() -> Iterator[MastodonServer]:
    """Another one, which knows some of these posts too, by ids of its own."""
    with MastodonServer(clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, instance: MastodonServer) -> Operator:
    """An operator who reads a tag there."""
    settings = {"MASTODON_TIMELINES": f"{instance.url}/tags/ferry", "HTTP_TIMEOUT": "2s"}
    return Operator(tmp_path / "home", settings)


def stored(operator: Operator) -> set[str]:
    """What names all stored posts."""
    return operator.stored_ids("mastodon")


def later(operator: Operator, *servers: MastodonServer, **time: float) -> None:
    """Move the clocks of the operator and the instances on."""
    operator.later(**time)
    for server in servers:
        server.clock = operator.now.timestamp


def test_a_first_run_brings_two_days_of_a_tag_page_by_page(operator: Operator, instance: MastodonServer) -> None:
    instance.add([mastodon_status(NOW - timedelta(hours=49), "too old", tags=["ferry"])])

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, uris_of(posts(130)))
    assert len(instance.requests_of("timeline")) == 5


def test_a_first_run_of_everybody_brings_an_hour(operator: Operator, instance: MastodonServer) -> None:
    operator.environment["MASTODON_TIMELINES"] = f"{instance.url}/public"

    operator.ingest()

    assert stored(operator) == uris_of(posts(20))


def test_what_came_while_the_machine_was_off_for_a_week_is_brought(
    operator: Operator, instance: MastodonServer
) -> None:
    operator.ingest()
    later(operator, instance, days=7)
    missed = [mastodon_status(NOW + timedelta(minutes=30 * n), f"missed {n}", tags=["ferry"]) for n in range(1, 330)]
    instance.add(missed)

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, uris_of(posts(130)) | uris_of(missed))


def test_a_post_that_came_late_from_another_instance_is_brought(operator: Operator, instance: MastodonServer) -> None:
    operator.ingest()
    late = mastodon_status(NOW - timedelta(minutes=4), "late", tags=["ferry"], host="far.example")
    instance.add([late])

    operator.ingest()

    assert late["uri"] in stored(operator)


def test_one_post_of_two_instances_is_one_post(
    operator: Operator, instance: MastodonServer, other: MastodonServer
) -> None:
    known = posts(3)
    other.add([{**status, "id": str(int(status["id"]) + 77)} for status in known])
    operator.environment["MASTODON_TIMELINES"] += f",{other.url}/public"

    result = operator.ingest()

    assert (result.exit_code, len(stored(operator))) == (0, 130)


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_closed_instance_is_told_and_the_others_are_read(
    operator: Operator, instance: MastodonServer, other: MastodonServer, status: int
) -> None:
    other.closed = status
    operator.environment["MASTODON_TIMELINES"] = f"{other.url}/public,{instance.url}/tags/ferry"

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (3, uris_of(posts(130)))
    place = other.url.removeprefix("http://")
    assert f"{place}: {other.url}/public is closed to readers without an account ({status})" in str(result.errors)


def test_an_instance_that_is_down_is_asked_once_and_the_others_are_read(
    operator: Operator, instance: MastodonServer, other: MastodonServer
) -> None:
    other.faults.add(faults.hang(), times=None)
    operator.environment |= {
        "MASTODON_TIMELINES": f"{other.url}/public,{other.url}/tags/ferry,{instance.url}/tags/ferry",
        "HTTP_TIMEOUT": "0.5s",
    }

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (3, uris_of(posts(130)))
    assert len(other.log) == 1


def test_a_limit_names_the_time_at_which_it_ends_and_the_next_run_goes_on_there(
    operator: Operator, instance: MastodonServer
) -> None:
    limit = json_answer({"error": "Too many requests"}, 429, {"x-ratelimit-reset": "2026-11-01T12:04:00.000000Z"})
    instance.faults.add(None, times=2).add(Fault("limit", lambda request: limit))

    first, second = operator.ingest(), operator.ingest()

    assert (first.exit_code, second.exit_code, stored(operator)) == (75, 0, uris_of(posts(130)))
    assert "rate limit reached (429) until" in str(first.errors)


def test_an_instance_that_says_that_little_is_left_is_left_to_the_next_run(
    operator: Operator, instance: MastodonServer
) -> None:
    few = {"x-ratelimit-remaining": "3"}
    page = [posts(130)[n] for n in range(90, 130)]
    instance.faults.add(None).add(Fault("few", lambda request: json_answer(page, headers=few)))

    first, second = operator.ingest(), operator.ingest()

    assert (first.exit_code, first.counts["new"], second.exit_code) == (0, 40, 0)
    assert stored(operator) == uris_of(posts(130))


def test_a_post_is_stored_with_its_text_card_author_and_counters(operator: Operator, instance: MastodonServer) -> None:
    status = mastodon_status(
        NOW - timedelta(seconds=30),
        "",
        tags=["ferry"],
        spoiler_text="boats",
        content='<p>The <a href="https://m.example/tags/ferry" class="hashtag">#<span>ferry</span></a> &amp; I</p>'
        '<p><a href="https://news.example/story?utm_source=m"><span class="invisible">https://</span>'
        '<span>news.example/story</span><span class="invisible">?utm_source=m</span></a></p>',
        card={"url": "https://card.example/page#top"},
        favourites_count=7,
        reblogs_count=3,
        replies_count=2,
    )
    instance.add([status])

    operator.ingest()

    [row] = operator.rows(f"SELECT * FROM posts WHERE source_id = '{status['uri']}'")
    assert row["text"] == "boats\n\nThe #ferry & I\n\nhttps://news.example/story?utm_source=m"
    assert (row["author"], row["likes"], row["reposts"], row["replies"]) == ("anna@mastodon.example", 7, 3, 2)
    links = operator.values(f"SELECT url FROM post_links WHERE post_id = {row['id']} ORDER BY url")
    assert links == ["https://card.example/page", "https://news.example/story"]


def test_posts_of_bots_are_left_out(operator: Operator, instance: MastodonServer) -> None:
    instance.add([mastodon_status(NOW - timedelta(minutes=2, seconds=9), "beep", account={"acct": "r", "bot": True})])

    operator.ingest()

    assert stored(operator) == uris_of(posts(130))


def test_counters_and_edits_of_the_instances_own_posts_are_looked_at_again(
    operator: Operator, instance: MastodonServer
) -> None:
    host = instance.url.removeprefix("http://")
    own = mastodon_status(NOW - timedelta(minutes=8, seconds=5), "teh ferry", tags=["ferry"], host=host)
    instance.add([own])
    operator.ingest()
    later(operator, instance, minutes=31)
    edited = "2026-11-01T12:20:00.000Z"
    instance.update(own["id"], favourites_count=90, content="<p>the ferry</p>", edited_at=edited)

    operator.ingest()

    [row] = operator.rows(f"SELECT text, likes FROM posts WHERE source_id = '{own['uri']}'")
    assert (row["text"], row["likes"]) == ("the ferry", 90)
    assert {entry.path.rpartition("/")[2] for entry in instance.requests_of("counts")} == {own["id"]}


def test_a_post_that_its_instance_has_no_more_leaves_and_does_not_come_back(
    operator: Operator, instance: MastodonServer
) -> None:
    host = instance.url.removeprefix("http://")
    own = mastodon_status(NOW - timedelta(minutes=8, seconds=5), "gone soon", tags=["ferry"], host=host)
    instance.add([own])
    operator.ingest()
    later(operator, instance, minutes=31)
    instance.delete(own["id"])

    operator.ingest()

    assert stored(operator) == uris_of(posts(130))


def test_software_whose_ids_tell_no_time_is_read_from_its_newest_page_on(
    operator: Operator, other: MastodonServer
) -> None:
    old, new = posts(2), mastodon_status(NOW + timedelta(minutes=5), "new")
    flakes = [{**status, "id": f"AoXy{n:014d}"} for n, status in enumerate([*reversed(old), new])]
    pages = [flakes[1::-1], [], flakes[2:], []]
    other.faults.decide_with(lambda request: Fault("page", lambda r: json_answer(pages.pop(0) if pages else [])))
    operator.environment["MASTODON_TIMELINES"] = f"{other.url}/public"

    codes = [operator.ingest().exit_code, operator.ingest().exit_code, operator.ingest().exit_code]

    assert (codes, stored(operator)) == ([0, 0, 0], uris_of([*old, new]))
    assert [entry.query.get("min_id") for entry in other.log[:2]] == [None, "AoXy00000000000001"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "bad_id"),
    "an id with blanks": ({"id": "1 2"}, "bad_id"),
    "an id of the future": ({"id": str(2**62)}, "bad_time"),
    "no name": ({"uri": None, "url": None}, "missing_field"),
    "no text": ({"content": None}, "missing_field"),
    "a time in words": ({"created_at": "yesterday"}, "bad_time"),
    "a time to come, and an id without one": ({"id": "AoXy", "created_at": "2099-01-01T00:00:00Z"}, "bad_time"),
    "favourites in words": ({"favourites_count": "many"}, "bad_counter"),
}


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_post_is_refused_alone(operator: Operator, instance: MastodonServer, kind: str) -> None:
    fields, reason = BAD[kind]
    page = [{**posts(1)[0], **fields}, "nonsense", *posts(5)[1:]]
    instance.faults.add(Fault("bad", lambda request: json_answer(page)), times=2)

    operator.ingest()

    assert stored(operator) == uris_of(posts(5)[1:])
    metric = 'trendspark_ingest_rejected_total{reason="%s",source="mastodon"}'
    assert (operator.metric(metric % reason), operator.metric(metric % "not_a_post")) == (1, 1)


def test_a_post_that_claims_a_time_to_come_is_of_the_time_in_its_id(
    operator: Operator, instance: MastodonServer
) -> None:
    at = NOW - timedelta(minutes=2)
    status = mastodon_status(at, "from tomorrow", tags=["ferry"])
    instance.add([{**status, "created_at": "2099-01-01T00:00:00.000Z"}])

    operator.ingest()

    assert operator.values("SELECT created_at FROM posts WHERE text = 'from tomorrow'") == [to_text(at)]


def test_a_link_header_that_leads_elsewhere_is_not_followed(
    operator: Operator, instance: MastodonServer, other: MastodonServer
) -> None:
    link = f'<{other.url}/api/v1/timelines/public?min_id=../../x>; rel="prev"'
    page = json_answer(posts(30), headers={"link": link})
    instance.faults.add(None).add(Fault("elsewhere", lambda request: Answer(200, page.body, page.headers)))

    result = operator.ingest()

    assert (result.exit_code, other.log) == (0, [])
    assert all("/x" not in entry.query.get("min_id", "") for entry in instance.log)


REFUSED = (
    "mastodon.social",
    "mastodon.social/@anna",
    "@anna@mastodon.social",
    "mastodon.social/tags/",
    "mastodon.social/tags/two words",
    "https://mastodon.social/public?local=true",
    "https://me:pass@mastodon.social/public",
    "ftp://mastodon.social/public",
    "mastodon.social:99999/public",
)


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_timeline_is_refused_with_what_was_expected(operator: Operator, value: str) -> None:
    done = operator.command("config", "check", environment={"MASTODON_TIMELINES": value})

    told = " ".join((done.stdout + done.stderr).split())
    assert done.exit_code == 78
    assert "MASTODON_TIMELINES=" in told
    assert "expected timelines such as mastodon.social/public" in told
