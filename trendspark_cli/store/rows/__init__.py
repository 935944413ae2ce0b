"""Records with names for every row that leaves the store, the same for every database.

Times in them are text in the stored form (see `clock.to_text`): they are compared and printed more often than reckoned
with. `archived.py` says which of them are archived, and how.
"""
