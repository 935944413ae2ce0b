"""What every room may use: time, errors, records, settings, the log, the screen, metrics. Imports nothing above it."""
