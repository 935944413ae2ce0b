"""Rows: what callers may ask (`protocol`), the databases that answer, and the SQL."""
