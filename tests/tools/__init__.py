"""Tools of the hard proofs: processes killed on purpose, books checked, exporters and secrets watched.

Used by tests/crash, tests/exporter, tests/leaks and by scripts/prove.
"""
