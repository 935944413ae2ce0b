"""A database of PostgreSQL that undoes each transaction of a job once, at its commit: another one came between."""

from __future__ import annotations

import psycopg

# What no server undoes remembers: an advisory lock that the session's next commit passes, a sequence how often it was.
_TRIGGERS = """
CREATE SCHEMA trial;
CREATE SEQUENCE trial.undone MINVALUE 0;
CREATE TABLE trial.given (sequence regclass PRIMARY KEY, last bigint);
CREATE FUNCTION trial.commit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE one record; class CONSTANT int := 23; session CONSTANT int := pg_backend_pid();
BEGIN
    IF current_setting('application_name') NOT LIKE 'trendspark %'
        OR current_setting('trial.passes', true) = txid_current()::text
    THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = class AND objid = session) THEN
        PERFORM set_config('trial.passes', txid_current()::text, true);
        PERFORM pg_advisory_unlock(class, session);
        UPDATE trial.given SET last = pg_sequence_last_value(sequence);
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_lock(class, session);
    PERFORM nextval('trial.undone');
    FOR one IN SELECT * FROM trial.given LOOP
        PERFORM setval(one.sequence, coalesce(one.last, 1), one.last IS NOT NULL);
    END LOOP;
    RAISE EXCEPTION 'undone' USING ERRCODE = 'serialization_failure';
END $$;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'trendspark'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER undone_once AFTER INSERT OR UPDATE OR DELETE ON trendspark.%I'
            ' DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trial.commit()', one.relname);
    END LOOP;
END $$;
"""
_KEEP_IDS = """
INSERT INTO trial.given (sequence)
SELECT seqrelid FROM pg_sequence JOIN pg_class ON oid = seqrelid WHERE relnamespace = 'trendspark'::regnamespace
"""


def undo_each_once(url: str, *, keeps_ids: bool = False) -> None:
    """Have a database undo each transaction of a job once; *keeps_ids*: what it gave out is given again.

    That is only right where one process writes at a time.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TRIGGERS)
        if keeps_ids:
            connection.execute(_KEEP_IDS)


def times_undone(url: str) -> int:
    """Return how many transactions were undone."""
    with psycopg.connect(url, autocommit=True) as connection:
        [(count,)] = connection.execute("SELECT last_value FROM trial.undone").fetchall()
    return int(count)
