"""Posts of the past once more through the same functions."""
