"""Rows that leave for files and come back. Owns the protocol of a destination."""
