"""`init` from the first question to the last line."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import ConfigError, ExitCode, TrendSparkError, UsageError
from trendspark_cli.base.settings import specs
from trendspark_cli.crontabs import installing
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.screens.doctor.exporter import find_metrics_reader
from trendspark_cli.setup.asking import Person
from trendspark_cli.setup.channels_step import settle_channels
from trendspark_cli.setup.checking import metrics_objection, problems_of
from trendspark_cli.setup.conversation import Conversation
from trendspark_cli.setup.draft import Draft
from trendspark_cli.setup.given import Given
from trendspark_cli.setup.plan import CrontabChange, EnvChange, crontab_change, env_change, place_of, read_before
from trendspark_cli.setup.questions import METRICS_FOLDER, flag_of, flagged_settings
from trendspark_cli.setup.sources_step import settle_sources
from trendspark_cli.setup.writing import make_database, write_env_file
from trendspark_cli.store.open_store import database_of

WHERE = "init"


def run_init(given: Given, output: Output, environment: Mapping[str, str]) -> int:
    """Ask, try, show and write; return the exit code. Ctrl-C at a question leaves everything as it was."""
    try:
        return _run(given, output, environment)
    except (KeyboardInterrupt, EOFError):
        print(file=sys.stderr)
        print("trendspark init: stopped; nothing was written", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except TrendSparkError as error:
        output.failure(error, where=WHERE, exit_code=error.exit_code)
        return error.exit_code


def _run(given: Given, output: Output, environment: Mapping[str, str]) -> int:
    has_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    is_asked = has_terminal and not given.is_unasked
    if not is_asked and not given.is_unasked and not given.is_dry:
        raise UsageError("there is no terminal to ask at", hint=f"give --yes and what is asked: {_flags()}")
    for option, names in (("--source", given.sources), ("--without", given.without)):
        if unknown := [name for name in names if name not in SOURCES]:
            raise UsageError(f"{option} {unknown[0]!r}: expected one of {', '.join(SOURCES)}")
    person = Person(output) if is_asked else None
    named_as = given.env_file or environment.get("TRENDSPARK_ENV_FILE")
    named = Path(os.path.expanduser(named_as)) if named_as else None
    target = place_of(environment, named)
    before = read_before(target)
    draft = Draft(environment, target, target if named else None)
    talk = Conversation(draft, given, output, person)
    if person is not None:
        output.prose("Each question has its answer in [ ] when nothing is typed. Nothing is written before the end.")
    settle_sources(talk)
    settle_channels(talk)
    _settle_metrics(talk)
    for spec in flagged_settings():
        if spec.name in given.values and spec.name not in draft.answers:  # of nothing that was asked about
            talk.settle(spec, is_needed=False)
    if problems := problems_of(draft.settings):
        for problem in problems:
            output.prose(f"problem: {problem}")
        raise ConfigError("these settings would be refused", hint="nothing was written; mend them and start again")
    return _write(talk, env_change(draft, before))


def _flags() -> str:
    settings = ", ".join(flag_of(spec) for spec in flagged_settings())
    names = ", ".join(SOURCES)
    return f"--source NAME ({names}), --without NAME, --channel NAME, {settings}, --crontab"


def _settle_metrics(talk: Conversation) -> None:
    spec = specs()[METRICS_FOLDER]
    if talk.person is not None and spec.name not in talk.given.values:
        _tell_folders(talk)
    talk.settle(spec, is_needed=False, objection=metrics_objection)


def _tell_folders(talk: Conversation) -> None:
    """Say where metrics go now, and where a node_exporter looks that runs here."""
    now, reader = talk.draft.settings.textfile_dir, find_metrics_reader(Path("/proc"))
    talk.output.prose(f"Metrics for Prometheus go to {str(now)!r}.")
    if reader.folder is not None and reader.folder != now:
        talk.output.prose(f"{reader.name} reads {str(reader.folder)!r}.", indent=2)


def _write(talk: Conversation, change: EnvChange) -> int:
    """Show what would be written, and write it when that is wanted."""
    output = talk.output
    state = "is new" if change.before is None else "has it already" if change.is_none else "gets these lines"
    output.line(f"{change.path} {state}{'' if change.is_none else ':'}")
    for line in change.told:
        output.line(f"    {line}")
    crontab = _crontab(talk)
    if talk.given.is_dry:
        output.line("dry run: nothing was written")
        return ExitCode.DONE
    is_new = crontab is not None and crontab.after != crontab.before
    if talk.person is not None and (is_new or not change.is_none) and not talk.says_yes("Write this?", default=True):
        output.line("nothing was written")
        return ExitCode.DONE
    try:
        _write_all(talk, change, crontab)
    except KeyboardInterrupt:
        print("\ntrendspark init: stopped while it wrote; started again it goes on", file=sys.stderr)
        return ExitCode.INTERRUPTED
    if crontab is None:
        output.prose("Nothing starts these jobs by itself yet; `trendspark crontab print` has the lines for cron.")
    output.line("Next:")
    for command in _next(talk):
        output.line(f"    {command}")
    return ExitCode.DONE


def _write_all(talk: Conversation, change: EnvChange, crontab: CrontabChange | None) -> None:
    output = talk.output
    if make_database(talk.draft.settings):
        output.line(f"made: {database_of(talk.draft.settings).name}")
    if not change.is_none:
        backup = write_env_file(change, utc_now())
        output.line(f"written: {change.path}" + (f"; the older one is {backup}" if backup else ""))
    if crontab is not None and crontab.after != crontab.before:
        installing.install(crontab.uid, crontab.after, crontab.before)
        output.line("installed: the crontab")


def _crontab(talk: Conversation) -> CrontabChange | None:
    """Return the change of the crontab, if one is wanted."""
    output, given = talk.output, talk.given
    if given.crontab is False or (given.crontab is None and talk.person is None):
        return None
    if given.crontab is None and installing.program() is None:
        output.prose("This machine has no crontab: let another scheduler start the jobs of `trendspark crontab print`.")
        return None
    try:
        change = crontab_change(talk.draft)
    except ConfigError as error:
        if given.crontab:
            raise
        output.prose(f"{error}; {error.hint}")
        return None
    if change.after == change.before:
        output.line("the crontab has its lines already")
        return change
    output.line("crontab, other lines are kept:")
    for line in change.block.splitlines():
        output.line(f"    {line}")
    wanted = given.crontab or talk.says_yes("Put these lines into your crontab?", default=False)
    return change if wanted else None


def _next(talk: Conversation) -> list[str]:
    """Return the next three commands."""
    named = talk.given.env_file
    command = f"trendspark --env-file {shlex.quote(str(named))}" if named else "trendspark"
    return [f"{command} {words}" for words in ("ingest", "rank", "trends list")]
