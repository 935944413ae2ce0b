"""X: search, counts, the filtered stream and its rules, usage, and posts of its answers."""
