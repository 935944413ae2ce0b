"""Bluesky: the posts of its public stream, and their present counters."""
