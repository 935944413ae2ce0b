"""What reads Mastodon, made from the settings it takes."""

from __future__ import annotations

from dataclasses import dataclass

from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.opening import Opening
from trendspark_cli.services.mastodon.counters import StatusCounters, host_of
from trendspark_cli.services.mastodon.instances import Instance
from trendspark_cli.services.mastodon.timelines import Timeline, base_of


@dataclass(frozen=True)
class Reading:
    """What is read of Mastodon."""

    mastodon_timelines: tuple[str, ...]


def make(opening: Opening) -> list[Timeline]:
    """Return what reads each timeline; those of one instance share what is known of it."""
    addresses = opening.read(Reading).mastodon_timelines
    instances = {
        base: Instance(base, record=opening.record, answer_seconds=opening.answer_seconds)
        for base in dict.fromkeys(base_of(address) for address in addresses)
    }
    counters = StatusCounters({host_of(base): instance for base, instance in instances.items()})
    return [Timeline(address, instances[base_of(address)], counters, now=opening.now) for address in addresses]


def check(opening: Opening) -> str:
    """Return how old the newest post of each timeline is. Raises the error of the first that fails."""
    told, failures = [], []
    for timeline in make(opening):
        try:
            told.append(timeline.check())
        except UpstreamError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return "; ".join(told)
