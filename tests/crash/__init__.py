"""What is left when a run is killed, and what the next run makes of it."""
