"""The engine that flags ask for, and whether it can do what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trendspark_cli.base.errors import UsageError
from trendspark_cli.kinds.engines import ENGINES
from trendspark_cli.kinds.loading import load

if TYPE_CHECKING:
    from trendspark_cli.backtests.workers import Workers


@dataclass(frozen=True)
class Cutting:
    """How a long time is ranked: in slices of a length, by workers that may be on other machines."""

    length: timedelta
    workers: Workers
    is_elsewhere: bool


def cutting_of(
    slices: str, workers: int | None, engine: str | None, scheduler: str, *, is_archive: bool
) -> Cutting | None:
    """Return what flags ask for, None when nothing is to be cut; raise UsageError when they do not fit together."""
    if not slices:
        if workers is not None or engine is not None or scheduler:
            raise UsageError("--workers, --engine and --scheduler say who ranks slices; expected --slices too")
        return None
    from trendspark_cli.backtests.slices import slice_length

    length = slice_length(slices)
    kind = ENGINES.get(engine or "processes")
    if kind is None:
        raise UsageError(f"--engine {engine!r}: expected one of {', '.join(ENGINES)}")
    if kind.is_elsewhere and not scheduler:
        raise UsageError(f"--engine {kind.name} needs --scheduler, such as tcp://HOST:8786")
    if kind.is_elsewhere and workers is not None:
        raise UsageError(f"--workers: the workers of --engine {kind.name} are those its scheduler has")
    if kind.is_elsewhere and not is_archive:
        raise UsageError(f"--engine {kind.name}: its workers can read an archive only; expected --archive too")
    if scheduler and not kind.is_elsewhere:
        raise UsageError(f"--scheduler: --engine {kind.name} has none")
    return Cutting(length, load(kind.make)(workers, scheduler), kind.is_elsewhere)
