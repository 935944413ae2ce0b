"""Secrets planted everywhere, and looked for everywhere."""
