"""Trends of volume and of silence: told when they are rare, and never of what is not known."""

from __future__ import annotations

import pytest

from tests.rank.volumes import Scene
from trendspark_cli.store.sqlite.store import SqliteStore


@pytest.fixture
def scene(store: SqliteStore) -> Scene:
    here = Scene(store)
    here.days(4)
    assert here.open == []
    return here


def test_a_keyword_beyond_its_usual_daily_peak_opens_a_trend(scene: Scene) -> None:
    scene.hour(60)

    assert scene.labels() == ["volume ferry"]
