"""Who writes again and again leaves room for others."""

from __future__ import annotations

import time

import pytest

from tests.builders import NOW, post
from trendspark_cli.store.sqlite.connection import LONGEST_PAUSE_SECONDS
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.only_sqlite  # a server has a queue


def test_between_two_transactions_the_database_is_free_for_as_long_as_was_worked_in_it(store: SqliteStore) -> None:
    with store.transaction():
        began = time.monotonic()
        store.posts.save([post(str(number)) for number in range(500)], NOW)
        held = time.monotonic() - began
    free_from = time.monotonic()

    with store.transaction():
        free_until = time.monotonic()

    assert free_until - free_from >= 0.9 * min(held, LONGEST_PAUSE_SECONDS)


def test_who_pauses_anyway_waits_for_nobody(store: SqliteStore) -> None:
    with store.transaction():
        store.posts.save([post("1")], NOW)
    until = time.monotonic() + 2 * LONGEST_PAUSE_SECONDS
    while time.monotonic() < until:
        pass
    began = time.monotonic()

    with store.transaction():
        waited = time.monotonic() - began

    assert waited < LONGEST_PAUSE_SECONDS
