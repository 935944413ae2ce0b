"""Where posts come from: one file per remote API, and files."""
