"""Segments that have left the window go a few at a time: nobody waits long for those of a day off."""

from __future__ import annotations

import numpy as np

from tests.store.test_trouble import SEGMENT
from trendspark_cli.store.tables.store import TableStore
from trendspark_cli.store.tables.trends import SEGMENTS_PER_DELETE

LATER = 10**12


def test_old_segments_go_some_at_a_time_and_young_ones_stay(store: TableStore) -> None:
    young = SEGMENT._replace(created=np.array([LATER]))
    with store.transaction():
        for segment in (*[SEGMENT] * (2 * SEGMENTS_PER_DELETE + 1), young):
            store.ranking.add_segment(segment)

    with store.transaction():
        dropped = [store.ranking.drop_segments(LATER) for _ in range(4)]

    assert dropped == [SEGMENTS_PER_DELETE, SEGMENTS_PER_DELETE, 1, 0]
    assert [segment.created.tolist() for segment in store.ranking.segments(0)] == [[LATER]]
