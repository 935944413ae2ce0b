"""The report and its feeds."""
