"""Run the command line at a told time: `python -m tests.tools.job_at TIME COMMAND...`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from trendspark_cli import __main__
from trendspark_cli.app.installation import Installation
from trendspark_cli.base.clock import from_text
from trendspark_cli.cli import options
from trendspark_cli.screens import health


def main(time: str, *arguments: str) -> None:
    """Run the command; settings come from the environment."""
    now = from_text(time)
    real = options.open_installation  # type: ignore[attr-defined]

    def at_that_time(**asked: Any) -> Installation:
        return replace(real(**asked), clock=lambda: now)

    for place in (options, health):  # which `health` asks when it has no other flags
        place.open_installation = at_that_time  # type: ignore[attr-defined]
    sys.argv = ["trendspark", *arguments]
    __main__.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
