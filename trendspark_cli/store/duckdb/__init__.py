"""DuckDB over archive files: it reads them where they are."""
