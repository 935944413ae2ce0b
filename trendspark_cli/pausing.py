"""Whether a job may run."""

from __future__ import annotations

from trendspark_cli.schedules import STEPS
from trendspark_cli.store.protocol import Store

PAUSED_WITH = {step: whole for whole, steps in STEPS.items() for step in steps}  # pausing the pair pauses both


def is_paused(store: Store, job_id: str) -> bool:
    """Tell whether the job is paused, by itself or together with another."""
    return store.job_states.get(job_id).paused or store.job_states.get(PAUSED_WITH.get(job_id, job_id)).paused
