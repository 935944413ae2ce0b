"""State machines: product code in real processes, stopped, resumed and killed at any step, checked against its promises."""
