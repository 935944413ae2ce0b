"""What runs slices of the past beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class EngineKind(NamedTuple):
    """One engine. `make` takes the number of workers wanted (None: its own) and an address; it returns a
    `backtests.workers.Workers`.

    `address_option`: the flag that says where it is, for one whose workers may be on other machines, where our database
    and our files are not; `address` is an example.
    """

    name: str
    make: str
    address_option: str = ""
    address: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether its workers may be on other machines."""
        return bool(self.address_option)


_ENGINES = (
    EngineKind(name="processes", make="trendspark_cli.services.worker_processes:make"),
    EngineKind(
        name="dask",
        make="trendspark_cli.services.dask_cluster:make",
        address_option="--scheduler",
        address="tcp://HOST:8786",
    ),
    EngineKind(
        name="spark",
        make="trendspark_cli.services.spark_cluster:make",
        address_option="--master",
        address="spark://HOST:7077",
    ),
)
ENGINES: Mapping[str, EngineKind] = {kind.name: kind for kind in _ENGINES}
