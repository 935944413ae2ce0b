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


@dataclass(frozen=True)
class EngineFlags:
    """What flags say of slices and of who ranks them."""

    slices: str = ""
    workers: int | None = None
    engine: str | None = None
    scheduler: str = ""
    master: str = ""

    @property
    def addresses(self) -> dict[str, str]:
        """Return what was given of where engines are, by its flag."""
        return {
            option: given for option, given in (("--scheduler", self.scheduler), ("--master", self.master)) if given
        }


def cutting_of(flags: EngineFlags, *, is_archive: bool) -> Cutting | None:
    """Return what flags ask for, None when nothing is to be cut; raise UsageError when they do not fit together."""
    if not flags.slices:
        if flags != EngineFlags():
            raise UsageError(
                "--workers, --engine, --scheduler and --master say who ranks slices; expected --slices too"
            )
        return None
    from trendspark_cli.backtests.slices import slice_length

    length = slice_length(flags.slices)
    kind = ENGINES.get(flags.engine or "processes")
    if kind is None:
        raise UsageError(f"--engine {flags.engine!r}: expected one of {', '.join(ENGINES)}")
    address = flags.addresses.get(kind.address_option, "")
    if kind.is_elsewhere and not address:
        raise UsageError(f"--engine {kind.name} needs {kind.address_option}, such as {kind.address}")
    if kind.is_elsewhere and flags.workers is not None:
        raise UsageError(f"--workers: the workers of --engine {kind.name} are those its {kind.address_option[2:]} has")
    if kind.is_elsewhere and not is_archive:
        raise UsageError(f"--engine {kind.name}: its workers can read an archive only; expected --archive too")
    for option in flags.addresses:
        if option != kind.address_option:
            raise UsageError(f"{option}: --engine {kind.name} has none")
    return Cutting(length, load(kind.make)(flags.workers, address), kind.is_elsewhere)
