"""Look at what starts jobs from outside, and at who watches them from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from trendspark_cli.base.redaction import excerpt
from trendspark_cli.base.setting_specs import variable_of
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.trusted_files import read_own
from trendspark_cli.crontabs.commands import mentions_us
from trendspark_cli.crontabs.reading import Crontab
from trendspark_cli.screens.doctor.findings import OK, WARN, Finding
from trendspark_cli.services.pings import refused_file

LONGEST_NOTE_BYTES = 1000


def starts_us(crontabs: Sequence[Crontab]) -> bool:
    """Tell whether something in them is about us: a line that starts a job, or one that cannot be read."""
    return any(crontab.faults or any(mentions_us(entry.command) for entry in crontab.entries) for crontab in crontabs)


def check_other_scheduler(settings: Settings) -> Finding:
    """Return what it means that nothing on this machine starts jobs: unknown, unless JOB_INTERVAL_<JOB> says it."""
    told = [variable_of("JOB_INTERVAL_", job) for job in settings.job_intervals]
    if told:
        return Finding("crontab", OK, f"nothing here starts jobs; {', '.join(told)} say what to expect of a scheduler")
    fix = (
        "run `trendspark crontab print | crontab -`; when another scheduler starts jobs (a container's, a cluster's), "
        "set JOB_INTERVAL_<JOB>, such as JOB_INTERVAL_INGEST=1h, so that runs that do not come are noticed"
    )
    return Finding("crontab", WARN, "no crontab or timer here starts trendspark, so nobody knows what to expect", fix)


def check_pings(settings: Settings, locks: Path) -> Iterator[Finding]:
    """Yield which jobs' last ping was not taken, and why."""
    for job in settings.heartbeat_urls:
        try:
            told = read_own(refused_file(locks, job), LONGEST_NOTE_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        name = variable_of("HEARTBEAT_URL_", job)
        at, _, why = " ".join(told.split()).partition(" ")
        fix = f"correct {name}: copy it anew from that monitor's page; docs/explanation/run.md says what is sent"
        yield Finding("pings", WARN, f"{job}, {at}: {excerpt(why, 200)}", fix)
