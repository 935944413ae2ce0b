"""What jobs that start each minute have said: the same cause is said once an hour, not 1,440 times a day.

It is kept in a file `<job>.said` beside the locks; where those cannot be (a disk is not mounted), in the user's cache.
Where that cannot be written either, everything is said each time.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from math import inf
from pathlib import Path

from trendspark_cli.base.clock import Clock
from trendspark_cli.base.durable_files import make_folder, replacing
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.trusted_files import read_own

SAID_FOR = timedelta(hours=1)
MOST_CAUSES = 50  # remembered of one job
LONGEST_FILE_BYTES = 1 << 14
_NUMBERS = re.compile(r"\d[\d.,:TZ-]*")  # times, pids and counts differ from run to run


@dataclass
class SaidHere:
    """Remembers causes for as long as this process lives."""

    _said_at: dict[str, float] = field(default_factory=dict)  # monotonic

    def is_news(self, cause: BaseException) -> bool:
        """Tell whether this was not said in the last hour; from now on it has."""
        now, key = time.monotonic(), cause_key(cause)
        if now - self._said_at.get(key, -inf) < SAID_FOR.total_seconds():
            return False
        self._said_at[key] = now
        return True


@dataclass(frozen=True)
class Said:
    """Remembers causes in the first of these folders that takes the file."""

    folders: Sequence[Path]
    clock: Clock
    last_resort: Path | None = None  # made when it is missing
    _answers: dict[tuple[str, str], bool] = field(default_factory=dict)  # of this process: a cause is asked for twice

    def is_news(self, job_id: str, cause: BaseException) -> bool:
        """Tell whether the job did not say this in the last hour; from now on it has."""
        key = cause_key(cause)
        if (job_id, key) not in self._answers:
            self._answers[job_id, key] = self._note(job_id, key)
        return self._answers[job_id, key]

    def _note(self, job_id: str, key: str) -> bool:
        """Tell whether a cause is to be said, and keep that it is."""
        now = self.clock().timestamp()
        for folder in chain(self.folders, self._last_resort()):
            path = folder / f"{job_id}.said"
            said = {known: at for known, at in _read(path).items() if 0 <= now - at < SAID_FOR.total_seconds()}
            if key in said:
                return False
            newest = sorted([*said.items(), (key, now)], key=lambda pair: pair[1])[-MOST_CAUSES:]
            try:
                with replacing(path, 0o600) as stream:
                    stream.write(json.dumps(dict(newest)).encode())
            except OSError:
                continue  # not there, full, or somebody else's
            return True
        return True

    def _last_resort(self) -> Iterator[Path]:
        """Yield the last folder, once the others were of no use."""
        if self.last_resort is not None:
            with suppress(OSError):
                make_folder(self.last_resort, 0o700)
            yield self.last_resort


def cause_key(cause: BaseException) -> str:
    """Return a name of a cause: its kind and its words, whatever numbers stand in them.

    What a wrong setting says of further ones is part of it; what else there is to do is not: that changes by itself.
    """
    code = getattr(cause, "exit_code", 1)
    more = cause.hint if type(cause) is ConfigError else ""
    words = _NUMBERS.sub("#", " ".join(f"{cause} {more}".split()))
    return hashlib.sha256(f"{int(code)} {words}".encode("utf-8", "replace")).hexdigest()[:16]


def _read(path: Path) -> dict[str, float]:
    """Return when each cause was said; nothing when the file is missing, damaged or not ours."""
    try:
        found = json.loads(read_own(path, LONGEST_FILE_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: at for key, at in found.items() if isinstance(at, float)}
