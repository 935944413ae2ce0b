"""The `trendspark` command. `--version` answers before anything else is imported."""

import sys
from types import TracebackType


def main() -> None:
    """Run the command line; the process exits with the command's exit code."""
    if sys.argv[1:] == ["--version"]:
        from trendspark_cli import __version__

        print(f"trendspark {__version__}")
        return
    from trendspark_cli.cli import app

    sys.excepthook = _print_redacted
    app(prog_name="trendspark")


def _print_redacted(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Show a bug's traceback without secrets: it goes to a terminal or into cron's mail."""
    from traceback import format_exception

    from trendspark_cli.redaction import redact

    sys.stderr.write(redact("".join(format_exception(kind, error, traceback))))


if __name__ == "__main__":
    main()
