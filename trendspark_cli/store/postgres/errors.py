"""What PostgreSQL and psycopg say, in our own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

import psycopg

from trendspark_cli.base.errors import (
    ConfigError,
    IntegrityError,
    RefusedRowError,
    StoreBusyError,
    StoreError,
    TrendSparkError,
)

LATER = "nothing was lost; the next run tries again"
SEE_LOG = "see the log for the traceback"
DEADLOCK, NOT_SERIALIZABLE = "40P01", "40001"
_BUSY = {
    DEADLOCK: "two transactions waited for each other",
    NOT_SERIALIZABLE: "another transaction came in between",
    "55P03": "a lock was held for too long",
    "57014": "a statement took too long, or was cancelled",
    "25P03": "a transaction was idle for too long",
    "53300": "it has no connection left",
    "57P01": "the server is shutting down or ended the connection",
    "57P02": "the server crashed",
    "57P03": "the server is starting or shutting down",
    "57P05": "the session was idle for too long",
    "25006": "it can only be read; after a failover the address may still lead to a replica",
}
_CONFIG = {
    "28P01": ("refuses the user or its password", "check DATABASE_URL"),
    "28000": ("refuses the user", "check DATABASE_URL, and pg_hba.conf of the server"),
    "3D000": ("does not exist", "make it, encoded in UTF8: createdb --encoding UTF8 NAME"),
    "42501": ("does not allow that to this user", "let the user of DATABASE_URL own the database"),
}

# What libpq finds wrong itself has no code. Its words are English: nobody has asked for others in this process.
_REFUSED = re.compile(r"certificate|SSL .*not support|invalid .* option|sslmode", re.IGNORECASE)


class ConflictError(StoreBusyError):
    """Two transactions came into each other's way; the same work once more will do."""


def with_code(error: psycopg.OperationalError, options: Mapping[str, str | int | None]) -> psycopg.OperationalError:
    """Return the error of a connection that could not be made with the code of the server that refuses it, if any does.

    One that will take us later counts before others that never will.
    """
    from trendspark_cli.store.postgres.refusals import refusal_codes

    if error.pgconn is not None and error.pgconn.needs_password:
        codes = ["28P01"]  # it asks for one, and we have none
    elif isinstance(error, psycopg.errors.ConnectionTimeout):
        codes = []  # nobody answers
    else:
        codes = refusal_codes(options)
    error.sqlstate = next((code for code in codes if code not in _CONFIG), codes[-1] if codes else None)
    return error


def store_error(error: Exception, where: str) -> TrendSparkError:
    """Return the error of ours that says what *error* means for the operator; *where* names the database."""
    if not isinstance(error, psycopg.Error):  # a number or a text that has no form there
        return RefusedRowError(f"{where} refuses a row: {error}", hint=SEE_LOG)
    state, told = error.sqlstate or "", _first_line(error)
    kind = state[:2]
    if state in (DEADLOCK, NOT_SERIALIZABLE):
        return ConflictError(f"{where}: {_BUSY[state]}", hint=LATER)
    if state in _BUSY:
        return StoreBusyError(f"{where}: {_BUSY[state]}", hint=LATER)
    if state in _CONFIG:
        what, hint = _CONFIG[state]
        return ConfigError(f"{where} {what} ({told})", hint=hint)
    if kind in ("22", "23") or (not state and isinstance(error, (psycopg.DataError, psycopg.ProgrammingError))):
        return RefusedRowError(f"{where} refuses a row: {told}", hint=SEE_LOG)
    if not state and _REFUSED.search(told):
        return ConfigError(f"{where} cannot be used: {told}", hint="check DATABASE_URL, and what its server allows")
    if kind in ("08", "57") or (not state and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))):
        return StoreBusyError(f"{where} cannot be reached, or the connection broke: {told}", hint=LATER)
    if state == "53100":
        return StoreError(f"{where}: the disk of the server is full", hint="free space there; nothing was lost")
    if kind == "XX":
        return IntegrityError(f"{where} is damaged or broken: {told}", hint="look into the server's log")
    return StoreError(f"{where}: {told}", hint=SEE_LOG)


def _first_line(error: psycopg.Error) -> str:
    """Return what was said, in one line; details may quote rows."""
    said = error.diag.message_primary or str(error)
    return " ".join(said.split())[:300]
