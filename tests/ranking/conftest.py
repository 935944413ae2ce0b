"""A desk that knows three quiet days."""

import pytest

from tests.ranking.streams import START_TICK, Desk, background
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, WINDOW_TICKS

HISTORY_TICKS = 3 * TICKS_PER_DAY
NOW_TICK = START_TICK + HISTORY_TICKS + WINDOW_TICKS[-1]


@pytest.fixture(scope="session")
def _learned() -> Desk:
    desk = Desk()
    desk.learn(background(START_TICK, HISTORY_TICKS))
    return desk


@pytest.fixture
def desk(_learned: Desk) -> Desk:
    """Return a desk of its own for each test, so that what one folds the other does not see."""
    own = Desk()
    own.sources = dict(_learned.sources)
    own.history = _copied(_learned.history)
    return own


def _copied(history: MemoryHistory) -> MemoryHistory:
    copied = MemoryHistory()
    copied.publish(history.all())
    return copied


@pytest.fixture
def now() -> int:
    """Return the end of the tick the desk is asked about, the longest window after its history ends."""
    return NOW_TICK * TICK_SECONDS
