"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `warn` keeps nothing from running; both `warn` and `fail` have a fix."""

    check: str  # the short name of what was looked at, such as `disk`
    state: str
    what: str
    fix: str = ""


def bytes_text(count: float) -> str:
    """Return a size as people say it: `1.4 GB`."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
