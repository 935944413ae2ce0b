"""The history of terms as sorted runs: what was saved last is what is known, whatever is merged or killed meanwhile."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.ranking.baseline.history import TermState
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.term_states import Integers, TermStates, states_of
from trendspark_cli.ranking.baseline.tiers import RUNS_OF_A_TIER, merged_from
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.store.tables.term_runs import Sizes, TermRuns

pytestmark = pytest.mark.every_store

HOURS = tuple(range(24))
USUAL = Sizes()
OLD = "INSERT INTO ranking_terms VALUES (?, ?, ?, ?, ?, ?)"


def some_states(random: Random, terms: int, tick: int) -> TermStates:
    """States of terms, some of them terms that other calls have too."""
    return states_of(
        {
            random.randrange(-(2**63), 2**63) if random.random() < 0.5 else random.randrange(500): TermState(
                random.choice((1.0, 9.5)),
                random.choice((400.0, 3.125)),
                tick,
                random.choice((1, 3)),
                HOURS if random.random() < 0.1 else None,
            )
            for _ in range(terms)
        }
    )


def save(store: SqliteStore, states: TermStates, sizes: Sizes = USUAL) -> None:
    terms = TermRuns(store.connection, sizes)
    staged = terms.stage(states)
    with store.transaction():
        terms.publish(staged)


def known(store: SqliteStore, keys: Integers) -> dict[int, TermState]:
    return store.term_history.load(keys).to_dict()


def count(store: SqliteStore, table: str) -> int:
    return int(store.connection.value(f"SELECT count(*) FROM {table}"))


def test_what_was_saved_last_is_known_after_any_number_of_runs(store: SqliteStore) -> None:
    random, memory = Random(1), MemoryHistory()
    for tick in range(3 * RUNS_OF_A_TIER):
        states = some_states(random, 300, tick)
        save(store, states)
        memory.publish(states)

    everything = memory.all()
    assert known(store, everything.keys) == everything.to_dict()
    assert count(store, "ranking_runs") < 2 * RUNS_OF_A_TIER


def test_a_history_of_many_parts_is_found_and_forgotten_as_one_in_memory(store: SqliteStore) -> None:
    random, memory, small = Random(2), MemoryHistory(), Sizes(part=64, transaction=2_000, merge=200)
    for tick in range(0, 2_000, 100):
        states = some_states(random, 300, tick)
        save(store, states, small)
        memory.publish(states)
    everything = memory.all()

    forgotten = TermRuns(store.connection, small).forget_faint(2_000)

    assert forgotten == memory.forget_faint(2_000) > 0
    assert known(store, everything.keys) == memory.all().to_dict()
    assert count(store, "ranking_runs") == 1


def test_keys_nobody_knows_are_not_found(store: SqliteStore) -> None:
    save(store, states_of({5: TermState(1.0, 400.0, 7, 1), 9: TermState(2.0, 1.0, 7, 2)}))

    assert list(known(store, np.array([-3, 5, 6, 2**62]))) == [5]


def test_what_was_staged_is_not_known_and_is_gone_when_another_process_writes(store: SqliteStore) -> None:
    save(store, states_of({5: TermState(1.0, 400.0, 7, 1)}))
    run_id = store.connection.value("SELECT max(id) + 1 FROM ranking_runs")
    with store.transaction():
        store.connection.execute(
            "INSERT INTO ranking_run_parts (run_id, terms, first_key, last_key, keys, states)"
            " SELECT ?, terms, first_key, last_key, keys, states FROM ranking_run_parts",
            (run_id,),
        )
        store.connection.execute("UPDATE ranking_run_parts SET keys = ? WHERE run_id = ?", (b"\0", run_id))

    assert list(known(store, np.array([5]))) == [5]
    store.term_history.stage(states_of({6: TermState(1.0, 400.0, 7, 1)}))
    assert count(store, "ranking_run_parts") == 1


def test_nothing_is_known_of_terms_whose_place_others_took(store: SqliteStore) -> None:
    terms, keys = TermRuns(store.connection), np.array([5, 6])
    for key in keys.tolist():
        staged = terms.stage(states_of({key: TermState(1.0, 400.0, 7, 1)}))
        with store.transaction():
            terms.forget_all()
            terms.publish(staged)
        found = terms.load(keys).to_dict()

    assert list(found) == [6]


def test_a_damaged_part_is_told_as_damage(store: SqliteStore) -> None:
    save(store, states_of({5: TermState(1.0, 400.0, 7, 1)}))
    store.connection.execute("UPDATE ranking_run_parts SET keys = ?", (b"\0\x11",))

    with pytest.raises(IntegrityError, match="damaged part"):
        known(store, np.array([5]))


def test_rows_of_an_earlier_version_are_known_before_and_after_they_are_taken_in(store: SqliteStore) -> None:
    random = Random(3)
    states = some_states(random, 2_000, 77)
    rows = [
        (
            key,
            round(state.count * 128),
            round(state.squared_residuals * 8),
            state.last_tick,
            state.last_tick_posts,
            None if state.hours is None else b"".join(hour.to_bytes(4, "little") for hour in state.hours),
        )
        for key, state in states.to_dict().items()
    ]
    with store.transaction():
        store.connection.executemany(OLD, rows)

    before = known(store, states.keys)
    taken = store.term_history.take_in_rows()

    assert taken == len(states)
    assert before == known(store, states.keys) == states.to_dict()
    assert count(store, "ranking_terms") == 0


def test_rows_are_taken_in_from_where_a_killed_run_stopped(store: SqliteStore) -> None:
    terms = TermRuns(store.connection, Sizes(part=10))
    with store.transaction():
        store.connection.executemany(OLD, [(key, 128, 3200, 7, 1, None) for key in range(95)])
    taken = 0

    def killed_after_three() -> None:
        nonlocal taken
        taken += 1
        if taken == 3:
            raise KeyboardInterrupt

    store.set_after_commit(killed_after_three)
    with pytest.raises(KeyboardInterrupt):
        terms.take_in_rows()
    store.set_after_commit(lambda: None)

    assert (count(store, "ranking_terms"), len(known(store, np.arange(95)))) == (65, 95)
    assert terms.take_in_rows() == 65
    assert len(known(store, np.arange(95))) == 95
    assert store.connection.value("SELECT sum(terms) FROM ranking_runs") == 95


@pytest.mark.parametrize(
    ("sizes", "start"),
    [([], None), ([5] * 7, None), ([5] * 8, 0), ([10**6, *[5] * 8], 1), ([10**6] * 7 + [5], None), ([10**6] * 8, 0)],
)
def test_runs_of_a_size_become_one_when_there_are_eight(sizes: list[int], start: int | None) -> None:
    assert merged_from(sizes) == start
