"""`health` goes by records: which source, which job, which channel is not well, and since when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import NOW, page
from tests.installation import Installation
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.sqlite.store import SqliteStore

READS_X = {"X_BEARER_TOKEN": "planted-token", "KEYWORDS": "bridge"}
Ask = Callable[[], dict[str, dict[str, object]]]


@pytest.fixture
def services(workplace: Installation) -> Ask:
    """What `health --json` says of each service."""
    workplace.environment |= READS_X
    return lambda: workplace.command("health", "--json").json["services"]


def read_a_page(store: SqliteStore, error: str | None = None) -> None:
    """Record a page of X."""
    with store.transaction():
        store.audit.add(1, "default", "x", "(bridge)", page(), PageOutcome(0, 0), NOW, error=error)


def test_a_source_that_was_refused_is_not_well_though_others_bring_posts(store: SqliteStore, services: Ask) -> None:
    read_a_page(store, "x: the bearer token was refused (401)")

    found = services()["x"]

    assert (found["ok"], found["reason"]) == (False, "the last page: x: the bearer token was refused (401)")
    assert found["last_page"] == "2026-11-01T12:00:00.000Z"


def test_a_source_is_well_again_after_its_next_good_page(store: SqliteStore, services: Ask) -> None:
    read_a_page(store, "x: is failing (503)")
    read_a_page(store)

    assert services()["x"]["ok"]


def test_an_error_of_a_source_that_is_not_read_any_more_is_no_news(
    workplace: Installation, store: SqliteStore, services: Ask
) -> None:
    read_a_page(store, "x: is failing (503)")
    workplace.environment["X_INGEST_ENABLED"] = "false"

    assert services()["x"]["ok"]


def test_each_job_says_when_it_last_succeeded_and_how_late_it_is(workplace: Installation, services: Ask) -> None:
    workplace.command("ingest", "--from", "/dev/null")

    worker = services()["worker"]

    assert worker["jobs"] == {"ingest": "success"}
    assert set(worker) >= {"last_success", "lateness_seconds"}
