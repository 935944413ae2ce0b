"""The parts of a run's life that `job_runner` puts in order."""
