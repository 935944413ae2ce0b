"""Named SQL in files: each statement is introduced by `-- name: NAME`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(file: Path) -> dict[str, str]:
    """Return the statements of a file by name."""
    parts = _NAME.split(file.read_text(encoding="utf-8"))[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
