"""The clock of the ranking: ticks of 15 minutes of `created_at`, and how fast history fades."""

TICK_SECONDS = 900
TICKS_PER_HOUR = 4
TICKS_PER_DAY = 96
WINDOW_TICKS = (1, 4, 8, 32)  # 15 minutes, 1 hour, 2 hours, 8 hours
LONGEST_WINDOW_SECONDS = WINDOW_TICKS[-1] * TICK_SECONDS
HALF_LIFE_TICKS = 4 * TICKS_PER_DAY  # long enough to know last weekend, short enough to forget a story


def tick_of(epoch_seconds: int) -> int:
    """Return the tick that holds this moment."""
    return epoch_seconds // TICK_SECONDS


def hour_of(tick: int) -> int:
    """Return the UTC hour of day, 0-23, of a tick."""
    return tick // TICKS_PER_HOUR % 24


def decay(ticks: int) -> float:
    """Return what is left of a count after this many ticks: 0.5 after four days."""
    return float(0.5 ** (ticks / HALF_LIFE_TICKS))
