"""The same work leaves the same rows in every store, even where each of its transactions had to be done twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.tools.alike import different_tables
from tests.tools.undone import times_undone, undo_each_once
from trendspark_cli.base.console import Output
from trendspark_cli.demo import run as demo
from trendspark_cli.demo.moments import moments_of
from trendspark_cli.store.tables.store import TableStore


@pytest.fixture(scope="module")
def in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableStore]:
    """The demo, lived through in SQLite."""
    with closing(lived(tmp_path_factory.mktemp("sqlite"), {})) as store:
        yield store


@pytest.mark.postgres
@pytest.mark.parametrize("is_undone", [False, True], ids=["at once", "each transaction undone once"])
def test_the_demo_lived_through_in_every_store_leaves_the_same_rows_and_trends(
    tmp_path: Path, postgres_url: str, in_sqlite: TableStore, is_undone: bool
) -> None:
    if is_undone:
        undo_each_once(postgres_url, keeps_ids=True)
    with closing(lived(tmp_path, {"DATABASE_URL": postgres_url})) as there:
        assert different_tables(in_sqlite, there) == []
        assert in_sqlite.trends.listing(20) == there.trends.listing(20) != []
    assert not is_undone or times_undone(postgres_url) > 100


def lived(folder: Path, settings: Mapping[str, str]) -> TableStore:
    """Read and rank the sample as cron would have; return the store."""
    installation = demo.install(folder, Output(is_quiet=True), clock=demo.sample_end, settings=settings)
    for moment, posts in moments_of(demo.SAMPLE, demo.sample_end()):
        assert demo._run_at(replace(installation, clock=partial(demo._same, moment)), posts, []) == 0
    store = installation.database.open()
    assert isinstance(store, TableStore)
    return store
