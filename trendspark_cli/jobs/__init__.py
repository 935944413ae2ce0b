"""One file per job: its pipeline, at one level of detail."""
