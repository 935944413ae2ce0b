import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trendspark_cli.ranking.text.spread_keys import DifferentKeys, SpreadKeys

KEY = st.integers(-(2**63), 2**63 - 1).filter(bool) | st.integers(1, 9)  # spread, or all in one place


@given(st.lists(st.lists(KEY, max_size=30, unique=True), max_size=6), st.integers(0, 5))
def test_different_keys_are_told_once_each_whenever_they_are_asked_for(batches: list[list[int]], asked: int) -> None:
    different = DifferentKeys()

    for number, batch in enumerate(batches):
        different.add(np.array(batch, np.int64))
        if number == asked:
            different.ascending()

    assert different.ascending().tolist() == sorted({key for batch in batches for key in batch})


def test_different_keys_of_very_many_are_told_once_each() -> None:
    different, chance = DifferentKeys(), np.random.default_rng(1)
    batches = [chance.integers(1, 3_000_000, 100_000) << 41 for _ in range(40)]  # most fall on a row of others

    for batch in batches:
        different.add(batch)

    assert np.array_equal(different.ascending(), np.unique(np.concatenate(batches)))


@given(st.lists(KEY, min_size=1, max_size=200, unique=True))
def test_each_key_is_found_in_its_place(keys: list[int]) -> None:
    ascending = np.array(sorted(keys), np.int64)

    places = SpreadKeys(ascending).places(np.array(keys, np.int64))

    assert ascending[places].tolist() == keys
