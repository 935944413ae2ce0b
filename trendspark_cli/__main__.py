"""The `trendspark` command. `--version` answers before all imports, `health` without a reader of flags."""

import errno
import gc
import io
import os
import sys
from types import TracebackType
from typing import NoReturn

GARBAGE_AFTER = 150_000  # new objects: at the usual 700 a start spends a twentieth of its time looking for garbage


def main() -> None:
    """Run the command line; the process exits with the command's exit code."""
    _prepare_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from trendspark_cli import __version__

        print(f"trendspark {__version__}")
        return
    gc.set_threshold(GARBAGE_AFTER)
    from trendspark_cli.base.errors import TrendSparkError

    sys.excepthook = _print_redacted
    try:
        _run()
    except OSError as error:
        _tell_refusal(error)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EPIPE):
            raise
        _give_up_output(error)
    except (RuntimeError, TrendSparkError) as error:
        _tell_refusal(error)
        raise
    finally:
        try:
            sys.stdout.flush()
        except OSError as error:
            _give_up_output(error)
        gc.freeze()  # the end of the interpreter looks for garbage among all there is: a tenth of `health`


def _run() -> None:
    """Run the command that was asked for. Reading flags is a third of what `health`, which programs ask, would cost."""
    if sys.argv[1:] in (["health"], ["health", "--json"]):
        from trendspark_cli.screens.health import health_without_flags

        try:
            sys.exit(health_without_flags(is_json="--json" in sys.argv))
        except KeyboardInterrupt:
            sys.exit(130)
    from trendspark_cli.cli import app

    app(prog_name="trendspark")


def _prepare_streams() -> None:
    """Have three streams that take any text: what an encoding cannot show is a question mark.

    A descriptor that was closed (`>&-`) would be that of the next file we open, and what is printed would land there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(
                os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY
            )  # the lowest one that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _give_up_output(error: OSError) -> NoReturn:
    """End because what we print cannot be written; a reader that left early is no error, a full disk is."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter's own flush must not fail too
    if error.errno == errno.EPIPE:
        raise SystemExit(0) from None
    from trendspark_cli.base.full_disks import in_words, no_room

    sys.stderr.write(f"trendspark: the output cannot be written: {in_words(error)}\n")
    raise SystemExit(74 if no_room(error) else 73) from None


def _tell_refusal(error: BaseException) -> None:
    """End in one line when this machine refused a thread or a process: that is no bug."""
    from trendspark_cli.base.errors import MachineFullError
    from trendspark_cli.base.threads import refusal_of

    refusal = error if isinstance(error, MachineFullError) else refusal_of(error)
    if refusal is not None:
        sys.stderr.write(f"trendspark: {refusal}; {refusal.hint}\n")
        raise SystemExit(refusal.exit_code) from None


def _print_redacted(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Show a bug's traceback without secrets: it goes to a terminal or into cron's mail."""
    from traceback import format_exception

    from trendspark_cli.base.redaction import redact

    sys.stderr.write(redact("".join(format_exception(kind, error, traceback))))


if __name__ == "__main__":
    main()
