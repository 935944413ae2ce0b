"""Settings become live objects, by the tables of `kinds/`."""
