"""Which topics burst and which posts go viral: pure functions, no clock, no I/O, nothing of ours imported."""
