"""What psycopg makes of DATABASE_URL, and what it does not say of connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trendspark_cli.base.errors import ConfigError

DEFAULTS: Mapping[str, str | int] = {  # a cut link is noticed within a minute
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
    "fallback_application_name": "trendspark",
}


def connection_options(url: str) -> dict[str, Any]:
    """Return the options of a connection; raise ConfigError, without a word of the URL, when it is none."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        named = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ConfigError(
            "DATABASE_URL is no address of PostgreSQL", hint="expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    return {**DEFAULTS, **named, "client_encoding": "UTF8"}
