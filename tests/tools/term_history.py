"""What the ranker remembers of terms, whatever runs it is kept in."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tests.installation import Installation
from trendspark_cli.ranking.baseline.history import TermState
from trendspark_cli.ranking.baseline.term_states import joined, states_of
from trendspark_cli.store.rows.term_blobs import decoded, encoded

RUNS = (
    "SELECT p.keys, p.states FROM ranking_runs r JOIN ranking_run_parts p ON p.run_id = r.id "
    "ORDER BY p.run_id, p.first_key"
)


def terms_of(here: Installation) -> dict[int, TermState]:
    """Return the state of each term by its key."""
    with closing(here.store()) as store:
        runs = store.connection.execute(RUNS).fetchall()
    return joined([decoded((bytes(keys), bytes(states))) for keys, states in runs]).to_dict()


def term_rows(here: Installation) -> list[tuple[Any, ...]]:
    """Return the terms in an order that does not depend on how they came in."""
    return [(key, repr(state)) for key, state in sorted(terms_of(here).items())]


def put_terms(here: Installation, terms: dict[int, TermState]) -> None:
    """Have the ranker remember these terms, and no others."""
    states = states_of(terms)
    with closing(here.store()) as store, store.transaction():
        connection = store.connection
        connection.execute("DELETE FROM ranking_run_parts")
        connection.execute("DELETE FROM ranking_runs")
        connection.execute("INSERT INTO ranking_runs VALUES (1, ?)", (len(states),))
        connection.execute(
            "INSERT INTO ranking_run_parts (run_id, terms, first_key, last_key, keys, states) "
            "VALUES (1, ?, ?, ?, ?, ?)",
            (len(states), int(states.keys[0]), int(states.keys[-1]), *encoded(states)),
        )


def keep_as_rows(here: Installation) -> None:
    """Keep what the ranker remembers of terms as versions before sorted runs did: a row for each."""
    rows = [
        (
            key,
            round(state.count * 128),
            round(state.squared_residuals * 8),
            state.last_tick,
            state.last_tick_posts,
            None if state.hours is None else b"".join(hour.to_bytes(4, "little") for hour in state.hours),
        )
        for key, state in terms_of(here).items()
    ]
    with closing(here.store()) as store, store.transaction():
        connection = store.connection
        connection.execute("DELETE FROM ranking_run_parts")
        connection.execute("DELETE FROM ranking_runs")
        connection.executemany("INSERT INTO ranking_terms VALUES (?, ?, ?, ?, ?, ?)", rows)
