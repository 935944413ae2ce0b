"""Whatever speaks to somebody outside: one file or folder per service."""
