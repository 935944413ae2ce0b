"""What the command line gave: answers to questions that are then not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Given(NamedTuple):
    """Answers of the command line. `values`: settings by name."""

    sources: Sequence[str] = ()
    without: Sequence[str] = ()  # sources that are switched off
    channels: Sequence[str] = ()
    values: Mapping[str, str] = {}
    crontab: bool | None = None  # whether lines go into the crontab; None when nothing was said
    is_unasked: bool = False  # --yes
    is_dry: bool = False
    is_tried: bool = True  # whether services are asked
    env_file: Path | None = None

    @property
    def is_nothing(self) -> bool:
        """Tell whether no answer was given."""
        return not (self.sources or self.without or self.channels or self.values) and self.crontab is None
