"""Which topics burst: pure functions and plain records, no clock, no I/O, nothing of ours imported."""
