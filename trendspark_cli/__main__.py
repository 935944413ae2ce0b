"""The `trendspark` command. `--version` answers before anything else is imported."""

import sys


def main() -> None:
    """Run the command line; the process exits with the command's exit code."""
    if sys.argv[1:] == ["--version"]:
        from trendspark_cli import __version__

        print(f"trendspark {__version__}")
        return
    from trendspark_cli.cli import app

    app(prog_name="trendspark")


if __name__ == "__main__":
    main()
