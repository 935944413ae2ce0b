"""What runs slices of the past beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class EngineKind(NamedTuple):
    """One engine. `make` takes the number of workers wanted (None: its own) and an address; it returns a
    `backtests.workers.Workers`.

    `is_elsewhere`: its workers may be on other machines, where our database and our files are not.
    """

    name: str
    make: str
    is_elsewhere: bool = False


_ENGINES = (
    EngineKind(name="processes", make="trendspark_cli.services.worker_processes:make"),
    EngineKind(name="dask", make="trendspark_cli.services.dask_cluster:make", is_elsewhere=True),
)
ENGINES: Mapping[str, EngineKind] = {kind.name: kind for kind in _ENGINES}
