"""Run the command line at a told time: `python -m tests.tools.job_at TIME COMMAND...`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from trendspark_cli import __main__
from trendspark_cli.app.installation import Installation
from trendspark_cli.base.clock import from_text
from trendspark_cli.cli import options as here


def main(time: str, *arguments: str) -> None:
    """Run the command; settings come from the environment."""
    now = from_text(time)
    real = here.open_installation  # type: ignore[attr-defined]

    def at_that_time(**options: Any) -> Installation:
        return replace(real(**options), clock=lambda: now)

    here.open_installation = at_that_time  # type: ignore[attr-defined]
    sys.argv = ["trendspark", *arguments]
    __main__.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
