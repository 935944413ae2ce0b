"""Move all rows from one database to another one, of the same kind or not, and prove that they are the same."""
