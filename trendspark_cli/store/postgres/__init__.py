"""The store in PostgreSQL: one database for many hosts."""
