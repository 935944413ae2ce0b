"""What is unusual now: terms of a window held against the baseline, put together to topics."""
