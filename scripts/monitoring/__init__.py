"""What is made of our metrics: alert rules with their unit tests, and dashboards. scripts/docs writes the files."""
