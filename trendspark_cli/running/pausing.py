"""Whether a job may run."""

from __future__ import annotations

from collections.abc import Mapping

from trendspark_cli.kinds.jobs import WHOLES
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import JobState


def why_paused(store: Store, job_id: str) -> str:
    """Return who paused the job and why, for those who find it so."""
    state = _pause_of(store, job_id)
    return pause_words(state.by, state.reason)


def pause_words(by: str | None, reason: str | None) -> str:
    """Return a pause in words: `paused by ada: tuning`."""
    return f"paused{f' by {by}' if by else ''}{f': {reason}' if reason else ''}"


def is_paused(store: Store, job_id: str) -> bool:
    """Tell whether the job is paused, by itself or together with another."""
    return _pause_of(store, job_id).paused


def pause_among(states: Mapping[str, JobState], job_id: str) -> JobState:
    """Return the state that holds the pause: the job's own, or that of the pair."""
    own = states[job_id]
    return own if own.paused or job_id not in WHOLES else states[WHOLES[job_id]]


def _pause_of(store: Store, job_id: str) -> JobState:
    return pause_among(store.job_states.of({job_id, WHOLES.get(job_id, job_id)}), job_id)
