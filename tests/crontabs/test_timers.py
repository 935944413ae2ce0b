"""systemd timers that start us: what a systemd 252 answered, from a program of that name."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

import pytest

from trendspark_cli.crontabs.installed import Machine, installed_crontabs
from trendspark_cli.crontabs.reading import Crontab
from trendspark_cli.crontabs.timers import Systemd, calendar_schedule

ME = pwd.getpwuid(os.getuid()).pw_name
TIMERS = """\
Unit=other.service
TimersMonotonic={ OnBootUSec=1min ; next_elapse=58min 49.023955s }
TimersMonotonic={ OnUnitActiveUSec=15min ; next_elapse=0 }
Id=other.timer
ActiveState=active

Unit=collect.service
TimersCalendar={ OnCalendar=Mon..Fri *-*-* 07:30:00 ; next_elapse=Mon 2026-11-30 07:30:00 UTC }
TimersCalendar={ OnCalendar=*-*-* *:00/15:00 ; next_elapse=Sun 2026-11-29 20:15:00 UTC }
Id=collect.timer
ActiveState=active
"""
ENDING = "start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
SERVICES = f"""\
ExecStart={{ path=/bin/sh ; argv[]=/bin/sh -c cd /tmp && /opt/trendspark ingest ; ignore_errors=no ; {ENDING}
ExecStart={{ path=/opt/trendspark ; argv[]=/opt/trendspark rank ; ignore_errors=yes ; {ENDING}
Environment=TRENDSPARK_ENV_FILE=/etc/trendspark/env "OTHER=a b"
User=
Id=collect.service

ExecStart={{ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; {ENDING}
Environment=
User=
Id=other.service
"""
STARTED = "/bin/sh -c cd /tmp && /opt/trendspark ingest ; /opt/trendspark rank"


@dataclass
class Host:
    """A machine on which systemd runs, without crontabs; its programs lie in a folder of their own."""

    folder: Path

    def program(self, name: str, text: str) -> None:
        """Put a program on the PATH."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def systemctl(self, timers: str = TIMERS, services: str = SERVICES) -> None:
        """Put a systemctl there that answers as the real one does."""
        (self.folder / "timers").write_text(timers)
        (self.folder / "services").write_text(services)
        script = f"cd {self.folder}\ncase $* in *.timer) cat timers;; *) cat services;; esac"
        self.program("systemctl", script)

    def found(self) -> list[Crontab]:
        """Look for what starts jobs."""
        machine = Machine(self.folder / "etc", systemd=Systemd(self.folder / "run"))
        return installed_crontabs(os.getuid(), machine)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Such a machine, on which systemctl does not answer yet."""
    for name in ("bin", "etc/cron.d", "run/systemd/system"):
        (tmp_path / name).mkdir(parents=True)
    made = Host(tmp_path)
    made.program("crontab", "exit 1")
    made.program("systemctl", 'echo "Failed to connect to bus: Host is down" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return made


def test_a_timer_that_waits_counts_as_a_crontab(host: Host) -> None:
    host.systemctl()

    (crontab,) = host.found()

    assert (crontab.source, crontab.faults) == ("collect.timer", ())
    assert [(entry.schedule, entry.command) for entry in crontab.entries] == [
        ("30 07 * * 1,2,3,4,5", STARTED),
        ("00-59/15 * * * *", STARTED),
    ]


def test_a_timers_run_has_the_settings_of_its_service(host: Host) -> None:
    host.systemctl()

    settings = host.found()[0].entries[0].environment

    assert (settings["TRENDSPARK_ENV_FILE"], settings["OTHER"]) == ("/etc/trendspark/env", "a b")


def test_a_timer_without_times_is_told(host: Host) -> None:
    host.systemctl(services=SERVICES.replace("/bin/true", "/opt/trendspark vacuum"))

    faults = {crontab.source: [fault.text for fault in crontab.faults] for crontab in host.found()}

    assert faults == {"other.timer": ["OnBootSec=1min"], "collect.timer": []}


def test_a_timer_that_was_stopped_starts_nothing(host: Host) -> None:
    host.systemctl(TIMERS.replace("ActiveState=active", "ActiveState=inactive"))

    assert host.found() == []


def test_a_service_that_runs_as_somebody_else_is_none_of_ours(host: Host) -> None:
    host.systemctl(services=SERVICES.replace("User=", "User=somebody-else"))

    assert host.found() == []


def test_a_service_that_names_this_user_is_ours(host: Host) -> None:
    host.systemctl(services=SERVICES.replace("User=", f"User={ME}"))

    assert [crontab.source for crontab in host.found()] == ["collect.timer"]


def test_timers_are_unknown_while_systemd_does_not_answer(host: Host) -> None:
    (crontab,) = host.found()

    assert (crontab.source, crontab.entries) == ("systemd timers", ())
    assert [fault.expected for fault in crontab.faults] == [
        "an answer of systemctl: whether timers start jobs is unknown (Failed to connect to bus: Host is down)"
    ]


def test_a_machine_without_systemd_is_not_asked_for_timers(host: Host) -> None:
    host.systemctl()
    (host.folder / "run/systemd/system").rmdir()

    assert host.found() == []


def test_timers_are_not_asked_when_a_crontab_starts_jobs(host: Host) -> None:
    host.systemctl()
    host.program("crontab", 'echo "*/15 * * * * /opt/trendspark ingest"')

    assert [crontab.source for crontab in host.found()] == ["crontab"]


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("hourly", "0 * * * *"),
        ("weekly", "0 0 * * 1"),
        ("*:0/15", "0-59/15 * * * *"),
        ("*:*", "* * * * *"),
        ("*-*-* 03:20:00", "20 03 * * *"),
        ("03:20", "20 03 * * *"),
        ("Sun 04:40", "40 04 * * 0"),
        ("Mon,Wed *-*-* 7..21:10", "10 7-21 * * 1,3"),
        ("*-*-01 00:00", "00 00 01 * *"),
        ("*-*-* *:*:0/30", None),
        ("2026-11-01 12:00", None),
        ("*-*-* 03:20:00 Europe/Berlin", None),
        ("*-*-* *:00/15:00", "00-59/15 * * * *"),
        ("Mon..Fri *-*-* 07:30:00", "30 07 * * 1,2,3,4,5"),
        ("*-*-* 06,18:00:00", "00 06,18 * * *"),
        ("", None),
    ],
)
def test_calendars_of_systemd_become_fields_of_cron_or_nothing(text: str, schedule: str | None) -> None:
    assert calendar_schedule(text) == schedule
