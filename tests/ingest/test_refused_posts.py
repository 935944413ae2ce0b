"""One post that the database does not take: it is counted with a reason, and the rest of its page is stored."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import NOW, page, post
from tests.installation import Installation
from trendspark_cli.base.models import Post
from trendspark_cli.collecting.page_storing import store_page
from trendspark_cli.jobs.ingest import ingest_pages
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore

UNFIT: dict[str, dict[str, Any]] = {
    "a counter larger than any integer of the database": {"likes": 2**64},
    "a counter smaller than any": {"views": -(2**70)},
    "edits larger than any": {"edits": 10**30},
    "a text that is half of a character": {"text": "cut \ud83d"},
    "an author that is half of a character": {"author": "\udc00"},
    "an id that is half of a character": {"source_id": "9\udfff"},
    "no text": {"text": None},
    "no time": {"created_at": None},
    "no source id": {"source_id": None},
    "a number as a text": {"text": {"a": 1}},
    "a list as an address": {"url": ["https://example.org"]},
    "bytes as a language": {"lang": b"en"},
    "a word as a counter": {"replies": "many"},
    "a fraction as a counter": {"reposts": 1.5},
    "a time of observation that is a number": {"observed_at": 1_793_534_400},
    "an infinite counter": {"quotes": float("inf")},
}


def context(store: SqliteStore) -> JobContext:
    """A run of `ingest`."""
    return JobContext(store, NOW, run_id=store.job_runs.start("ingest", NOW, 1, "host", "1"))


def unfit(values: dict[str, Any]) -> Post:
    """A post with a value no post should have."""
    return post("9", likes=1)._replace(**values)


@pytest.mark.parametrize("values", UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_rest_of_a_page_is_stored_when_the_database_refuses_one_of_its_posts(
    store: SqliteStore, values: dict[str, Any], place: int
) -> None:
    posts = [post("1", likes=4, observed_at="2026-11-01T10:00:00.000Z"), post("2")]
    posts.insert(place, unfit(values))
    job = context(store)

    with store.transaction():
        store_page(job, "x", "q", page(*posts))

    assert {row["source_id"] for row in store.connection.rows("SELECT source_id FROM posts")} == {"1", "2"}
    assert (job.counts["fetched"], job.counts["new"], job.counts["rejected"]) == (3, 2, 1)
    assert job.counts["rejected_by_reason"] == {"not_storable": 1}
    assert store.connection.value("SELECT count(*) FROM post_metrics") == 1
    [row] = store.audit.recent(5)
    assert (row.fetched, row.new, row.rejections["not_storable"]) == (3, 2, 1)


def test_pages_after_one_with_a_refused_post_are_stored_too(store: SqliteStore) -> None:
    job = context(store)

    ingest_pages(job, "file", [page(unfit({"likes": 2**64})), page(post("2"), unfit({"text": None})), page(post("3"))])

    assert (job.counts["new"], job.counts["rejected"]) == (2, 2)


def test_a_known_post_is_updated_beside_a_refused_one(store: SqliteStore) -> None:
    with store.transaction():
        store.posts.save([post("1", likes=1)], NOW)

    with store.transaction():
        outcome = store.posts.save([post("1", likes=7), unfit({"likes": 2**64}), post("3")], NOW)

    assert (outcome.new, outcome.updated, [each.place for each in outcome.refused]) == (1, 1, [1])


def test_a_refused_post_leaves_a_line_in_the_log_that_says_why(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    with store.transaction():
        store_page(context(store), "x", "q", page(post("1"), unfit({"likes": 2**64})))

    assert "a post of x was refused: '9'" in caplog.text
    assert re.search("too large|out of range", caplog.text)


def test_refused_posts_are_counted_for_prometheus(workplace: Installation) -> None:
    store = workplace.store()
    with store.transaction():
        store_page(context(store), "x", "q", page(post("1"), unfit({"likes": 2**64})))
    store.close()

    workplace.command_now("metrics")

    assert workplace.series()['trendspark_ingest_rejected_total{reason="not_storable",source="x"}'] == 1
