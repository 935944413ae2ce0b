"""State machines: product code in real processes, killed and resumed at any step, checked against its promises."""
