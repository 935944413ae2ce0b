"""The store on one SQLite file: plain SQL in `queries/`, one file of Python per group of tables."""
