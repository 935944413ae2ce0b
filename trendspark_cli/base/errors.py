"""Errors by who must act. Each carries the exit code that a cron job ends with.

Messages name the thing, the value and what was expected; never a secret.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours tells cron. docs/exit-codes.md is generated from this table."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        """Make a member that is an integer and knows its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done; also a run skipped because its job is paused"
    FAILED = 1, "a bug, or `health` found a part that does not work"
    USAGE = 2, "wrong arguments on the command line"
    PARTIAL = 3, "some source failed, or some lines of a file were refused; the rest is kept"
    INTEGRITY = 65, "data or a checksum is wrong, or a file is no database"
    UPSTREAM_UNAVAILABLE = 69, "a remote service is down, unreachable or too slow"
    CANNOT_WRITE = 73, "an output file or folder cannot be written"
    IO_ERROR = 74, "the disk is full or failed"
    TRY_LATER = 75, "lock held, rate limit, spending ceiling, or too few posts yet; a later run goes on"
    BAD_ANSWER = 76, "a remote service answered something that makes no sense"
    REFUSED = 77, "a remote service refused the credentials"
    CONFIG = 78, "a setting, the database or its schema is not as this version needs it"
    DEADLINE = 124, "the job's own time limit passed"
    INTERRUPTED = 130, "stopped by SIGINT (Ctrl-C)"
    TERMINATED = 143, "stopped by SIGTERM"


class TrendSparkError(Exception):
    """The root of our errors. `hint` says what to do next, in one sentence."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def command_hint(self) -> str:
        """The hint for a command that is no run, and that nothing starts again: without what the next run does."""
        kept = [part for part in self.hint.split("; ") if re.search(r"\b(next|later)( scheduled)? run\b", part) is None]
        return "; ".join(kept) or ("try again later" if self.hint else "")


def os_words(error: Exception) -> str:
    """Return what a system call said, without the number and the path, which a message has already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class UsageError(TrendSparkError):
    """The command line asks for something that does not exist or does not fit."""

    exit_code = ExitCode.USAGE


class ConfigError(TrendSparkError):
    """A setting is missing or malformed; the message names it and what was expected."""

    exit_code = ExitCode.CONFIG


class IntegrityError(TrendSparkError):
    """Stored data is not what it should be; nothing was changed."""

    exit_code = ExitCode.INTEGRITY


class StoreError(TrendSparkError):
    """The database could not do what was asked: disk full, I/O error, unexpected SQL error."""

    exit_code = ExitCode.IO_ERROR


class StoreBusyError(StoreError):
    """Another process held the database for longer than the busy time-out."""

    exit_code = ExitCode.TRY_LATER


class RefusedRowError(StoreError):
    """The values of one row are none the database takes: too large, of a wrong type, missing."""


class OutputError(TrendSparkError):
    """A file we were asked to write cannot be written."""

    exit_code = ExitCode.CANNOT_WRITE


class InputError(TrendSparkError):
    """A file given on the command line cannot be read."""

    exit_code = ExitCode.USAGE


class RefusedLinesError(TrendSparkError):
    """Some lines of a file should have been posts and could not be read; the rest is kept."""

    exit_code = ExitCode.PARTIAL


class MachineFullError(TrendSparkError):
    """This machine gave us no thread or process more."""

    exit_code = ExitCode.TRY_LATER


class TooLittleDataError(TrendSparkError):
    """What is asked cannot be told from so few posts yet; more of them come by themselves."""

    exit_code = ExitCode.TRY_LATER


class UnfinishedCopyError(ConfigError):
    """The database is the target of a copy that was cut short."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} holds a part of another database: a copy into it was cut short",
            hint="run the same `trendspark db copy` again: it goes on where it stopped",
        )


class LockHeldError(TrendSparkError):
    """Another run of the same job is at work."""

    exit_code = ExitCode.TRY_LATER

    def __init__(self, job_id: str, holder: str) -> None:
        super().__init__(
            f"{job_id} is already running ({holder})",
            hint="nothing to do: the next scheduled run will go on from there",
        )


class CeilingReachedError(TrendSparkError):
    """A spending ceiling would be passed by the next call, so it was not made."""

    exit_code = ExitCode.TRY_LATER

    def __init__(self, message: str, *, key: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.key = key  # the ceiling and its period, for "said once"
        self.is_news = True


class UpstreamError(TrendSparkError):
    """A remote service failed. Subclasses say how; `retry_at` is UTC when the server named a time."""

    exit_code = ExitCode.UPSTREAM_UNAVAILABLE
    permanent = False
    is_service_wide = True  # other queries of the same service would fail alike, so they are not asked in this run
    may_be_billed = False  # the request may have been answered 2xx, and nobody told us what it cost
    booked, booked_usd = 0, 0.0  # what was counted as used for it: the most it can have cost
    place: str | None = None  # what is to be known of the source all the same, as the cursor it goes on from
    is_account_empty = False  # no credit or quota is left there: waiting does not help, paying does

    def __init__(
        self,
        service: str,
        message: str,
        *,
        hint: str = "",
        retry_at: datetime | None = None,
        status: int | None = None,
        may_be_billed: bool | None = None,
    ) -> None:
        super().__init__(f"{service}: {message}", hint=hint)
        if may_be_billed is not None:
            self.may_be_billed = may_be_billed
        self.service = service
        self.retry_at = retry_at
        self.status = status


class NotSentError(UpstreamError):
    """A proxy or certificates that this machine's own settings name cannot be used, so nothing was sent."""

    exit_code = ExitCode.CONFIG


class CredentialsRefusedError(UpstreamError):
    """The service knows us and says no (401, 403): retrying cannot help."""

    exit_code = ExitCode.REFUSED
    permanent = True


class RateLimitedError(UpstreamError):
    """The service asks us to come back later (429)."""

    exit_code = ExitCode.TRY_LATER


class CreditsUsedUpError(CredentialsRefusedError):
    """The account has no money left with the service (402)."""

    is_account_empty = True


class UsageCappedError(RateLimitedError):
    """The account's own cap with the service is reached: a 429 that no waiting of minutes ends."""

    is_account_empty = True


class BadAnswerError(UpstreamError):
    """The service answered, but not in its own format."""

    exit_code = ExitCode.BAD_ANSWER
    is_service_wide = False


class LostAnswerError(UpstreamError):
    """A request was sent and its answer did not come whole."""

    may_be_billed = True


class AnswerTimedOutError(LostAnswerError):
    """The answer did not come in time."""


class UnreadableAnswerError(BadAnswerError):
    """The service answered with a success that nobody can read; the next answer would be like it."""

    is_service_wide = True
    may_be_billed = True


class CursorTooOldError(UpstreamError):
    """The place we stopped at is older than the service still searches."""

    is_service_wide = False


class CursorAheadError(UpstreamError):
    """The place we stopped at lies in the service's future: it was made by a clock that was wrong."""

    exit_code = ExitCode.CONFIG
    is_service_wide = False


class ClockWrongError(UpstreamError):
    """A service's clock contradicts ours, so nothing that follows from ours is done."""

    exit_code = ExitCode.CONFIG
    is_service_wide = False


class SourcesFailedError(TrendSparkError):
    """Some or all sources failed; what the others brought is stored."""

    SEVERITY = (
        ExitCode.CONFIG,
        ExitCode.REFUSED,
        ExitCode.BAD_ANSWER,
        ExitCode.UPSTREAM_UNAVAILABLE,
        ExitCode.TRY_LATER,
    )

    def __init__(self, failures: Sequence[TrendSparkError], *, tried: int) -> None:
        super().__init__(
            "; ".join(dict.fromkeys(str(failure) for failure in failures)),
            hint="; ".join(dict.fromkeys(failure.hint for failure in failures if failure.hint)),
        )
        self.failures = tuple(failures)
        codes = {failure.exit_code for failure in failures}
        worst = next((code for code in self.SEVERITY if code in codes), max(codes))
        self.exit_code = worst if len(failures) >= tried else ExitCode.PARTIAL


class StopRequest(BaseException):
    """The run must end now: a signal or the deadline. Raised by the runner's signal handlers."""

    def __init__(self, exit_code: ExitCode, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
