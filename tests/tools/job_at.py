"""Run a job as its command would, at a told time: `python -m tests.tools.job_at TIME ingest|rank|deliver [FILE]`."""

from __future__ import annotations

import sys

from trendspark_cli import log_setup, redaction
from trendspark_cli.clock import from_text
from trendspark_cli.console import Output
from trendspark_cli.jobs.command_bodies import deliver_body, ingest_body, rank_body
from trendspark_cli.settings import load_settings
from trendspark_cli.wiring import Installation, run


def main(time: str, job_id: str, file: str | None = None) -> int:
    """Run the job and return its exit code; settings come from the environment."""
    now = from_text(time)
    settings = load_settings()
    redaction.install(settings.secrets())
    log_setup.configure_logging(settings.log_file, settings.log_format, job=job_id, verbose=False)
    bodies = {"rank": rank_body(), "deliver": deliver_body(), "ingest": ingest_body(file=file)}
    body = bodies[job_id]
    return run(Installation(settings, Output(is_quiet=True), lambda: now), job_id, body)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
