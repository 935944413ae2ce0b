"""Check crontabs: what cron refuses, what would not start, what nobody starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trendspark_cli.crontabs.commands import mentions_us
from trendspark_cli.crontabs.plans import plan_of
from trendspark_cli.crontabs.reading import Crontab
from trendspark_cli.screens.crontab_check.findings import CrontabFinding, Ground, of_fault
from trendspark_cli.screens.crontab_check.line_checks import check_entry
from trendspark_cli.screens.crontab_check.plan_checks import check_plan

_SAY_NOTHING_OF_TIME = ("CRON_TZ", "TZ")


def check(crontabs: Sequence[Crontab], ground: Ground) -> list[CrontabFinding]:
    """Return what is wrong with these crontabs, by place: each with what was expected and how to mend it."""
    entries = [entry for crontab in crontabs for entry in crontab.entries if mentions_us(entry.command)]
    found = [of_fault(crontab, fault) for crontab in crontabs for fault in crontab.faults]
    for entry in entries:
        found += check_entry(entry, ground)
    if entries:
        found += [finding for crontab in crontabs for finding in _check_settings(crontab)]
        found += _check_surroundings(crontabs, ground)
    found += check_plan(plan_of(entries), ground.settings, ground.profiles)
    return list(dict.fromkeys(found))


def _check_settings(crontab: Crontab) -> Iterator[CrontabFinding]:
    for name in _SAY_NOTHING_OF_TIME:
        if name in crontab.settings:
            expected = "the machine's local time: Debian's cron starts lines by that, whatever is set here"
            fix = "remove it and write the times in local time, or change the machine's time zone"
            yield CrontabFinding(
                crontab.source, f"{name}={crontab.settings[name]}", expected, fix, is_problem=name != "TZ"
            )
    if crontab.settings.get("MAILTO") == "":
        expected = "an address: with none, cron throws the line of a failed run away"
        yield CrontabFinding(crontab.source, 'MAILTO=""', expected, "write MAILTO=YOU", is_problem=False)


def _check_surroundings(crontabs: Sequence[Crontab], ground: Ground) -> Iterator[CrontabFinding]:
    """Yield settings that only this shell has: a run of cron goes without them."""
    known = {name for crontab in crontabs for entry in crontab.entries for name in entry.environment}
    here = {name for name, (_, origin) in ground.settings.raw.items() if origin == "environment"}
    missing = sorted(here - known)
    if missing:
        fix = "write them into the env file: cron reads no profile"
        is_problem = any(not name.startswith("AWS_") for name in missing)  # these are often the machine's own
        expected = "settings that cron's runs have too, not this shell alone"
        yield CrontabFinding("settings", ", ".join(missing), expected, fix, is_problem=is_problem)
