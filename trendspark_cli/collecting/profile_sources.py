"""A source as one profile reads it: with a cursor, gaps and a ledger of its own, and its part of the ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import shares_of
from trendspark_cli.collecting.source import Source
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget


class ProfileSource(NamedTuple):
    """One source of one profile. `job` is the run, its ledger set to the profile."""

    job: JobContext
    source: Source
    budget: Budget | None
    is_new: bool = True  # read for new posts; otherwise only gaps are left of its query


def profile_sources_of(
    job: JobContext,
    sources: Sequence[Source],
    budgets: Mapping[str, Budget],
    profile: Profile | None = None,
    *,
    is_new: bool = True,
) -> list[ProfileSource]:
    """Return a profile source for each of these sources: of a profile, within its shares, or of nobody."""
    profile_sources = []
    for source in sources:
        budget = budgets.get(source.service)
        if budget is not None and profile is not None:
            budget = budget.with_shares(shares_of(profile, budget.ceilings))
        of_profile = job if profile is None else replace(job, profile=profile.name)
        profile_sources.append(ProfileSource(of_profile, source, budget, is_new))
    return profile_sources
