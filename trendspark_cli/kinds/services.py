"""Who writes texts and where archives go, and every service that is called: those of all tables together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.entries import CeilingKind, Costs, Settings, are_set, in_words
from trendspark_cli.kinds.sources import SOURCES


class WriterKind(NamedTuple):
    """One service with a language model. `make` takes an `Opening` and returns a `briefs.writer.Writer`."""

    name: str  # the service, as its calls and its spending are kept
    make: str
    needs: tuple[str, ...]
    costs: Costs

    @property
    def needs_words(self) -> str:
        """Return the settings it needs, for people."""
        return in_words(self.needs)

    def is_configured(self, settings: Settings) -> bool:
        """Tell whether it can be asked."""
        return are_set(settings, self.needs)


_WRITERS = (
    WriterKind(
        name="openai",
        make="trendspark_cli.services.openai.writing:make",
        needs=("openai_api_key",),
        costs=Costs(
            unit="tokens",
            ceilings=(
                CeilingKind("day", "openai_max_tokens_per_day"),
                CeilingKind("month", "openai_max_usd_per_month", is_in_usd=True),
            ),
            prices=("openai_price_input_usd", "openai_price_output_usd"),
            units_of_price=1_000_000,
            when_reached="until then briefs are taken from the posts",
        ),
    ),
)
WRITERS: Mapping[str, WriterKind] = {kind.name: kind for kind in _WRITERS}


class DestinationKind(NamedTuple):
    """One kind of place. `make` takes an `Opening` and an address, and returns an `archiving.destination.Destination`.

    `make_place` takes the same and returns a `reports.made_file.Place`, where files are replaced.
    `service` is the name under which its calls are kept; "" for a place that is no service.
    """

    scheme: str
    make: str
    make_place: str
    service: str = ""


_DESTINATIONS = (
    DestinationKind(
        scheme="s3",
        make="trendspark_cli.services.s3:make",
        make_place="trendspark_cli.services.s3:make",
        service="s3",
    ),
    DestinationKind(
        scheme="file",
        make="trendspark_cli.services.local_folder:make",
        make_place="trendspark_cli.services.report_folder:make",
    ),
)
DESTINATIONS: Mapping[str, DestinationKind] = {kind.scheme: kind for kind in _DESTINATIONS}


class _Services(Collection[str]):
    """The names of all services, those of installed packages too."""

    def __contains__(self, name: object) -> bool:
        return name in (*_OWN, *WRITERS, *_STORES) or name in SOURCES or name in CHANNELS

    def __iter__(self) -> Iterator[str]:
        return iter((*SOURCES, *CHANNELS, *WRITERS, *_STORES))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Costs(Mapping[str, Costs]):
    """What each service that is counted costs."""

    def __getitem__(self, name: str) -> Costs:
        return WRITERS[name].costs if name in WRITERS else SOURCES[name].costs

    def __iter__(self) -> Iterator[str]:
        return iter((*SOURCES, *WRITERS))

    def __len__(self) -> int:
        return len(SOURCES) + len(WRITERS)


_OWN = (*SOURCES.own, *CHANNELS.own)
_STORES = tuple(kind.service for kind in DESTINATIONS.values() if kind.service)
SERVICES = _Services()
COSTS = _Costs()
