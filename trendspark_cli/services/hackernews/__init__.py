"""Hacker News: its stories, by the search API that Algolia runs for it."""
