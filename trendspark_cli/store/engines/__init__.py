"""Statements with which engines of other people read the archive where it is."""
