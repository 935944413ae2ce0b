"""Where archives go: one file per kind of store."""
