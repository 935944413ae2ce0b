"""Rows out of the database into files that are proven before anything is deleted, and back."""
