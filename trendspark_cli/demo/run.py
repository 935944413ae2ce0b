"""The demo: ingest the bundled sample, rank it, explain it, export metrics; everything in one folder."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypedDict, cast

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.job_bodies import ingest_body, rank_body
from trendspark_cli.app.run import run_steps
from trendspark_cli.app.with_store import read_only
from trendspark_cli.base import log_setup, redaction
from trendspark_cli.base.clock import from_text
from trendspark_cli.base.console import Output
from trendspark_cli.base.durable_files import make_files_for_owner_of, make_folder, replacing
from trendspark_cli.base.errors import OutputError, TrendSparkError
from trendspark_cli.base.settings import load_settings
from trendspark_cli.store.protocol import Store

SAMPLE = Path(__file__).parent / "sample.ndjson.gz"
DESCRIPTION = Path(__file__).parent / "sample.json"
MARKER = ".trendspark-demo"  # only a folder with this file in it is ever removed


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
        installation = _install(folder, output)
    except TrendSparkError as error:
        output.failure(error, where="demo", exit_code=error.exit_code)
        return error.exit_code
    quiet = replace(installation, output=Output(is_quiet=True, is_verbose=is_verbose))
    steps = {"ingest": ingest_body(file=str(SAMPLE)), "rank": rank_body()}
    code = run_steps(quiet, "ingest_rank", steps)
    return code or read_only(installation, "demo", lambda store: _show(store, installation, folder, prefix))


def _install(folder: Path, output: Output) -> Installation:
    """Make a fresh installation in *folder*; the clock stands at the end of the sample."""
    from trendspark_cli.store.sqlite.administration import create_database

    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARKER).is_file():
                raise OutputError(f"{str(folder)!r} is not empty and not an earlier demo", hint="give another --dir")
            shutil.rmtree(folder)
        make_files_for_owner_of(folder)
        make_folder(folder, 0o700)
        env_file = folder / ".env"
        for path, text in ((folder / MARKER, ""), (env_file, f"TRENDSPARK_HOME={folder}\n")):
            with replacing(path) as stream:
                stream.write(text.encode())
    except OSError as error:
        raise OutputError(f"demo folder {str(folder)!r} cannot be made: {error}", hint="give another --dir") from error
    settings = load_settings({}, env_file=env_file)
    redaction.install(())
    log_setup.configure_logging(settings.log_file, settings.log_format, job="demo", verbose=output.is_verbose)
    installation = Installation(settings, output, sample_end, is_by_hand=True, example_times=True)
    create_database(installation.database)
    return installation


def sample_end() -> datetime:
    """Return the moment at which the demo takes place."""
    return from_text(_description()["ends_at"])


def _description() -> Description:
    """Return what the sample holds, as `scripts/make_sample` wrote it."""
    return cast(Description, json.loads(DESCRIPTION.read_text(encoding="utf-8")))


def _show(store: Store, installation: Installation, folder: Path, prefix: str) -> None:
    from trendspark_cli.reports.trend_words import why
    from trendspark_cli.screens.trends import list_trends

    output = installation.output
    if output.is_json:
        list_trends(store, output, limit=20, state="open")
        return
    pages = len(store.audit.recent(1000))
    output.prose(
        f"{store.posts.count()} posts of nine days ingested in {pages} pages, "
        f"ranked as of {sample_end():%Y-%m-%d %H:%M} UTC"
    )
    list_trends(store, output, limit=20, state="open")
    trends = store.trends.listing(20, "open")
    for trend in trends:
        output.prose(f"{trend.label}: {why(trend)}")
    decoys = (f"{decoy['label']} ({decoy['kind']}, {decoy['posts']} posts)" for decoy in _description()["decoys"])
    output.prose(f"No trend: {', '.join(decoys)}")
    output.line("")
    for what, where in (
        ("database", installation.database),
        ("metrics", installation.settings.textfile_dir),
        ("log", installation.settings.log_file),
    ):
        output.line(f"{what:9} {where}")
    command = f"{prefix}{_from_here(Path(sys.argv[0]))} --env-file {_from_here(folder / '.env')}"
    strongest: dict[str, int] = {}
    for trend in trends:
        strongest.setdefault(trend.story.kind, trend.stored_id)
    for trend_id in strongest.values():
        output.line(f"why       {command} trends explain {trend_id}")
    output.line(f"runs      {command} jobs history")


def _from_here(path: Path) -> Path:
    """Return the path as a person here would type it."""
    try:
        near = path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path
    return near if len(near.parts) > 1 else path
