"""Load named SQL from `queries/*.sql`: each statement is introduced by `-- name: NAME`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def queries(file_name: str) -> dict[str, str]:
    """Return the statements of `queries/<file_name>.sql` by name."""
    text = (Path(__file__).parent / "queries" / f"{file_name}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
