"""`trendspark doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from trendspark_cli.base.console import printable
from trendspark_cli.base.errors import ExitCode, TrendSparkError
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation

if TYPE_CHECKING:
    from trendspark_cli.app.installation import Installation
    from trendspark_cli.screens.doctor.findings import Finding

app = sub_app()


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no service.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Look at everything and say how to mend it; exit 1 when something fails. Changes nothing and costs nothing."""
    from trendspark_cli.screens.doctor.findings import FAIL, OK

    installed = this_installation("doctor", is_json=as_json)
    findings = list(_findings(installed, offline))
    is_well = all(finding.state != FAIL for finding in findings)
    if as_json:
        installed.output.data({"ok": is_well, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(finding.state, finding.check, finding.what) for finding in findings]
        installed.output.table(("state", "check", "what"), rows)
        for finding in findings:
            if finding.state != OK:
                installed.output.line(printable(f"{finding.state}: {finding.check}: {finding.fix}"))
    raise typer.Exit(ExitCode.DONE if is_well else ExitCode.FAILED)


def _findings(installed: Installation, offline: bool) -> Iterator[Finding]:
    from trendspark_cli.app.adapters.archives import archive_destinations
    from trendspark_cli.cli.config import findings_of as config_findings_of
    from trendspark_cli.screens.doctor.examining import Patience, examine_here, examine_services
    from trendspark_cli.screens.doctor.outside import check_pings

    patience = Patience()
    problems: list[str] = []

    def configured() -> tuple[Finding, ...]:
        problems.extend(config_findings_of(installed)[1]["problems"])
        return ()

    yield from patience.look("settings", configured)
    now, settings = installed.clock(), installed.settings
    yield from examine_here(settings, now, problems, lambda: installed.timetable, patience)
    yield from patience.look("crontab", lambda: _crontab(installed))
    yield from patience.look("pings", lambda: check_pings(settings, installed.note_folders[0]))
    if not offline:
        yield from examine_services(installed.settings, archive_destinations)


def _crontab(installed: Installation) -> Iterator[Finding]:
    """Yield what `crontab check` says; when nothing of this machine starts jobs, another scheduler may."""
    from trendspark_cli.cli.crontab import findings_of
    from trendspark_cli.crontabs.installed import installed_crontabs, owner_of
    from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding
    from trendspark_cli.screens.doctor.outside import check_other_scheduler, starts_us

    try:
        crontabs = installed_crontabs(owner_of(installed.database.owned))
        if not starts_us(crontabs):
            yield check_other_scheduler(installed.settings)
            return
        found = findings_of(installed, crontabs)
    except TrendSparkError as error:
        yield Finding("crontab", FAIL, str(error), error.hint)
        return
    for told in found:
        value = f": {told.value!r}" if told.value else ""
        what = f"{told.thing}{value}: expected {told.expected}"
        yield Finding("crontab", FAIL if told.is_problem else WARN, what, told.fix)
    if not found:
        yield Finding("crontab", OK, "cron starts every job")
