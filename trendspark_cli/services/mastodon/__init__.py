"""Mastodon: public timelines and timelines of tags, of any instance that shows them without an account."""
