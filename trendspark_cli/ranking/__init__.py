"""Which topics burst and which posts go viral: pure functions without a clock, I/O or imports from other rooms."""
