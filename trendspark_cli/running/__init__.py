"""The parts of a run's life, and what a job gets from its runner."""
