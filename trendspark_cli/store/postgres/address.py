"""Where a database is: what psycopg makes of DATABASE_URL, and how it is shown without its password."""

from __future__ import annotations

from typing import Any

from trendspark_cli.base.errors import ConfigError

DEFAULTS: dict[str, Any] = {  # a cut link is noticed within a minute
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


def shown(options: dict[str, Any]) -> str:
    """Return where a database is, for people: no password."""
    user = f"{options['user']}@" if options.get("user") else ""
    port = f":{options['port']}" if options.get("port") else ""
    return f"postgresql://{user}{options.get('host', 'localhost')}{port}/{options.get('dbname', '')}"
