"""The demo: ingest the bundled sample, rank it, explain it, export metrics; everything in one folder."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.job_bodies import ingest_body, rank_body
from trendspark_cli.app.run import run_steps
from trendspark_cli.app.with_store import read_only
from trendspark_cli.base import log_setup, redaction
from trendspark_cli.base.clock import Clock, duration_words, from_text, hour_text
from trendspark_cli.base.console import Output, row_progress
from trendspark_cli.base.durable_files import make_files_for_owner_of, make_folder, replacing
from trendspark_cli.base.errors import OutputError, TrendSparkError, os_words
from trendspark_cli.base.settings import load_settings
from trendspark_cli.demo.moments import LIVED, QUARTER, moments_of
from trendspark_cli.store.protocol import Store

SAMPLE = Path(__file__).parent / "sample.ndjson.gz"
DESCRIPTION = Path(__file__).parent / "sample.json"
MARKER = ".trendspark-demo"  # only a folder with this file in it is ever removed


class Found(NamedTuple):
    """A trend when it was found: how many posts there were then."""

    trend_id: int
    at: datetime
    first_seen: datetime
    posts: int


class Decoy(TypedDict):
    """What looks like a trend in the sample and is none."""

    label: str
    kind: str
    posts: int


class Description(TypedDict):
    """What the sample holds."""

    ends_at: str
    decoys: list[Decoy]


def run_demo(folder: Path, *, is_json: bool = False, is_verbose: bool = False, prefix: str = "") -> int:
    """Run the demo in *folder* and return the exit code; settings and keys of the surroundings are not read.

    *prefix* stands before the commands it shows, where the surroundings need overriding.
    """
    output = Output(is_json=is_json, is_verbose=is_verbose, is_terminal=sys.stdout.isatty())
    try:
        installation = install(folder, output, clock=sample_end)
    except TrendSparkError as error:
        output.failure(error, where="demo", exit_code=error.exit_code)
        return error.exit_code
    found: list[Found] = []
    with row_progress(output) as progress:
        progress.begin("quarters of an hour", LIVED // QUARTER + 1)
        for moment, posts in moments_of(SAMPLE, sample_end()):
            code = _run_at(replace(installation, clock=partial(_same, moment)), posts, found)
            if code:
                return code
            progress.advance("quarters of an hour", 1)
    return read_only(installation, "demo", lambda store: _show(store, installation, folder, prefix, found))


def _same(moment: datetime) -> datetime:
    return moment


def _run_at(installation: Installation, posts: bytes, found: list[Found]) -> int:
    """Read these posts and rank them, as cron would at that time; note which trends are new."""
    quiet = replace(installation, output=Output(is_quiet=True, is_verbose=installation.output.is_verbose))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sample.ndjson")
        file.write_bytes(posts)
        code = run_steps(quiet, "ingest_rank", {"ingest": ingest_body(file=str(file)), "rank": rank_body()})

    def note(store: Store) -> None:
        known = {one.trend_id for one in found}
        for trend in store.trends.listing(20, "open"):
            if trend.id not in known:
                found.append(Found(trend.stored_id, trend.told_at, trend.first_seen, trend.posts_now))

    return code or read_only(installation, "demo", note)


def install(folder: Path, output: Output, *, clock: Clock, settings: Mapping[str, str] | None = None) -> Installation:
    """Make a fresh installation in *folder*, with these settings in its env file."""

    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARKER).is_file():
                raise OutputError(f"{str(folder)!r} is not empty and not an earlier demo", hint="give another --dir")
            shutil.rmtree(folder)
        make_files_for_owner_of(folder)
        make_folder(folder, 0o700)
        env_file = folder / ".env"
        own = {"TRENDSPARK_HOME": str(folder), **(settings or {})}
        lines = "".join(f"{name}={value}\n" for name, value in own.items())
        for path, text in ((folder / MARKER, ""), (env_file, lines)):
            with replacing(path) as stream:
                stream.write(text.encode())
    except OSError as error:
        raise OutputError(
            f"demo folder {str(folder)!r} cannot be made: {os_words(error)}", hint="give another --dir"
        ) from error
    made = load_settings({}, env_file=env_file)
    made.require()
    redaction.install(())
    log_setup.configure_logging(made.log_file, made.log_format, job="demo", verbose=output.is_verbose)
    installation = Installation(made, output, clock, is_by_hand=True, example_times=True)
    installation.database.create()
    return installation


def sample_end() -> datetime:
    """Return the moment at which the demo takes place."""
    return from_text(_description()["ends_at"])


def _description() -> Description:
    """Return what the sample holds, as `scripts/make_sample` wrote it."""
    return cast(Description, json.loads(DESCRIPTION.read_text(encoding="utf-8")))


def _show(store: Store, installation: Installation, folder: Path, prefix: str, found: Sequence[Found]) -> None:
    from trendspark_cli.reports.trend_words import counted, why
    from trendspark_cli.screens.trends import list_trends

    output = installation.output
    if output.is_json:
        list_trends(store, output, installation.clock(), store.trends.listing(20, "open"), state="open")
        return
    pages = len(store.audit.recent(1000))
    output.prose(
        f"{store.posts.count()} posts of nine days ingested in {pages} pages, "
        f"ranked each quarter of an hour until {sample_end():%Y-%m-%d %H:%M} UTC, as cron would have"
    )
    list_trends(store, output, installation.clock(), store.trends.listing(20, "open"), state="open")
    trends = store.trends.listing(20, "open")
    for trend in trends:
        output.prose(f"{trend.label}: {why(trend)}")
    of_trends = {trend.stored_id: trend for trend in trends}
    for one in found:
        if one.trend_id in of_trends:
            since, posts = duration_words(one.at - one.first_seen), counted(one.posts, "post")
            told = f"would have told you at {hour_text(one.at)}, {since} in, at {posts}"
            output.prose(f"Cron {told}: {of_trends[one.trend_id].label}")
    decoys = (f"{decoy['label']} ({decoy['kind']}, {decoy['posts']} posts)" for decoy in _description()["decoys"])
    output.prose(f"No trend: {', '.join(decoys)}")
    output.line("")
    for what, where in (
        ("database", installation.database.name),
        ("metrics", installation.settings.textfile_dir),
        ("log", installation.settings.log_file),
    ):
        output.line(f"{what:9} {where}")
    command = command_here(folder, prefix)
    strongest: dict[str, int] = {}
    for trend in trends:
        strongest.setdefault(trend.story.kind, trend.stored_id)
    for trend_id in strongest.values():
        output.line(f"why       {command} trends explain {trend_id}")
    output.line(f"runs      {command} jobs history")


def command_here(folder: Path, prefix: str) -> str:
    """Return what a person here types to look into a demo."""
    return f"{prefix}{_from_here(Path(sys.argv[0]))} --env-file {_from_here(folder / '.env')}"


def _from_here(path: Path) -> Path:
    """Return the path as a person here would type it."""
    try:
        near = path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path
    return near if len(near.parts) > 1 else path
