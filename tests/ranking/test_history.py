import json
from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ranking.streams import START_TICK, Desk, background, post, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.history import SourceState, TermState, is_faint
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.term_states import states_of
from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, TICK_SECONDS, TICKS_PER_DAY, decay
from trendspark_cli.ranking.text.keys import term_key
from trendspark_cli.store.rows.term_blobs import decoded, encoded

# Three terms as the first version with runs wrote them.
PACKED_KEYS = "28b52ffd20186d000038fb0cf9ff00ff3f0100ceae08"
PACKED_STATES = (
    "01030000000100000001000000bc07000000000000600900000000000028b52ffd2085bd0100b402000a050040c00400"
    "11000300000001000000000102030405060708090a0b0c0d0e0f10111213141516170004100021f41037f21201"
)
WORDS = st.sampled_from(["volcano", "ash", "senate", "vote"])
POSTS = st.lists(
    st.tuples(st.sampled_from(["reddit", "x"]), st.integers(0, 12 * TICK_SECONDS), st.lists(WORDS, max_size=3)),
    max_size=30,
)


def states(desk: Desk, *terms: str) -> list[TermState]:
    known = desk.history.all().to_dict()
    return [known[term_key(term)] for term in terms]


def updated(posts: list[PostRow], cuts: set[int]) -> tuple[dict[int, TermState], dict[str, SourceState]]:
    desk = Desk()
    sizes = dict.fromkeys(range(13), 20)
    edges = [0, *sorted(cuts), len(posts)]
    for start, end in pairwise(edges):
        desk.fold(posts[start:end], sizes)
    return desk.history.all().to_dict(), desk.sources


@settings(max_examples=40)
@given(POSTS, st.sets(st.integers(0, 30)), st.booleans())
def test_history_does_not_depend_on_where_the_stream_is_cut(
    drawn: list[tuple[str, int, list[str]]], cuts: set[int], with_late_posts: bool
) -> None:
    posts = [post(" ".join(words), at, source=source) for source, at, words in drawn]
    if not with_late_posts:
        posts.sort(key=lambda one: one.created_at)

    in_one, sources_in_one = updated(posts, set())
    in_pieces, sources_in_pieces = updated(posts, {cut for cut in cuts if cut < len(posts)})

    assert in_pieces == in_one
    assert sources_in_pieces.keys() == sources_in_one.keys()
    for name, source in sources_in_one.items():
        assert abs(sources_in_pieces[name].posts - source.posts) < 1e-9
        assert sources_in_pieces[name].last_tick_posts == source.last_tick_posts


def test_a_cut_inside_a_busy_tick_does_not_change_what_was_expected() -> None:
    posts = [post("volcano", tick * TICK_SECONDS) for tick in (0, 1) for _ in range(12)]

    assert updated(posts, {13}) == updated(posts, set())


@given(POSTS)
def test_a_state_is_the_same_after_it_was_stored(drawn: list[tuple[str, int, list[str]]]) -> None:
    posts = [post(" ".join(words), at, source=source) for source, at, words in drawn]

    known, _ = updated(posts, set())

    assert decoded(encoded(states_of(known))).to_dict() == known


def test_states_that_an_earlier_version_packed_are_read() -> None:
    blobs = bytes.fromhex(PACKED_KEYS), bytes.fromhex(PACKED_STATES)

    assert decoded(blobs).to_dict() == {
        -5: TermState(1.0, 300.0, 1980, 1),
        7: TermState(9.5, 2.125, 1990, 3, tuple(range(24))),
        2**62: TermState(1.0, 300.0, 1985, 1),
    }


def test_a_count_halves_in_four_days() -> None:
    assert decay(HALF_LIFE_TICKS) == 0.5


def test_each_post_counts_a_term_once() -> None:
    desk = Desk()

    desk.learn([post("volcano volcano #volcano", START_TICK * TICK_SECONDS)])

    assert states(desk, "volcano")[0].count == 1.0


def test_a_late_post_counts_what_is_left_of_it() -> None:
    desk = Desk()
    desk.learn([post("volcano", START_TICK * TICK_SECONDS)])

    desk.learn([post("volcano", (START_TICK - HALF_LIFE_TICKS) * TICK_SECONDS)])

    assert states(desk, "volcano")[0].count == 1.5


def test_hours_of_day_are_kept_once_a_term_is_common() -> None:
    desk = Desk()
    for day in range(3):
        desk.learn(said("volcano", 9, (START_TICK + day * TICKS_PER_DAY) * TICK_SECONDS + 5 * 3600))

    hours = states(desk, "volcano")[0].hours

    assert hours is not None
    assert [hour for hour, posts in enumerate(hours) if posts] == [5]


def test_a_term_that_comes_in_heaps_is_known_as_uneven() -> None:
    desk = Desk()
    for day in range(START_TICK, START_TICK + 3 * TICKS_PER_DAY, TICKS_PER_DAY):
        desk.learn(background(day, 96) + said("volcano senate", 48, day * TICK_SECONDS, every=1800))
    even_before = states(desk, "volcano", "senate")
    last_day = (START_TICK + 3 * TICKS_PER_DAY) * TICK_SECONDS
    even_day = background(START_TICK + 3 * TICKS_PER_DAY, 96) + said("senate", 48, last_day, every=1800)
    desk.learn(even_day + said("volcano", 48, last_day + 50_400))

    heaped, even = (
        after.squared_residuals - before.squared_residuals
        for before, after in zip(even_before, states(desk, "volcano", "senate"), strict=True)
    )

    assert heaped > even + 100


def test_one_absurd_tick_adds_a_bounded_unevenness() -> None:
    desk = Desk()

    desk.learn([post("volcano", START_TICK * TICK_SECONDS) for _ in range(5_000)])

    assert states(desk, "volcano")[0].squared_residuals == 400.0


def test_a_source_state_is_plain_json() -> None:
    desk = Desk()
    desk.learn(background(START_TICK, 3))

    read = json.loads(json.dumps(desk.sources["reddit"]._asdict()))

    assert SourceState(**{**read, "hours": tuple(read["hours"])}) == desk.sources["reddit"]


def test_a_backfill_counts_each_of_its_ticks_once() -> None:
    desk = Desk()
    desk.learn(background(START_TICK + 96, 1))

    desk.learn(background(START_TICK, 96, 2))

    fitting = (1 - decay(97)) / (1 - decay(1))
    assert abs(desk.sources["reddit"].ticks - fitting) < 1e-6


def test_one_stray_old_post_does_not_warm_up_a_source() -> None:
    desk = Desk()
    desk.learn([post("volcano", START_TICK * TICK_SECONDS)])

    assert desk.sources["reddit"].is_warming_up(START_TICK + 10_000)


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_terms_are_dropped_at_most_a_day_late_and_never_early(scaled_count: int, age: int) -> None:
    left = scaled_count / 128 * decay(age)
    left_yesterday = scaled_count / 128 * decay(max(0, age - TICKS_PER_DAY))

    dropped = is_faint(scaled_count, age)

    assert not (dropped and left >= 0.25 * 1.02)  # 2 %: the limits are whole numbers
    assert dropped or left_yesterday >= 0.25 * 0.98 or age < TICKS_PER_DAY


def test_the_daily_sweep_drops_what_has_faded_and_keeps_the_rest() -> None:
    desk = Desk()
    desk.learn([post("volcano", START_TICK * TICK_SECONDS)])
    desk.learn(said("senate", 9, (START_TICK + 4 * TICKS_PER_DAY) * TICK_SECONDS))

    desk.history.forget_faint(START_TICK + 9 * TICKS_PER_DAY)

    assert term_key("volcano") not in desk.history.all().keys
    assert term_key("senate") in desk.history.all().keys


def test_what_a_history_in_memory_keeps_at_hand_is_what_it_was_told_last() -> None:
    random, memory, told = Random(5), MemoryHistory(), dict[int, TermState]()
    for tick in range(200):
        new = {random.randrange(300): TermState(1.0, 3.125, tick, random.choice((1, 3))) for _ in range(9)}
        memory.publish(states_of(new))
        told |= new
        keys = np.unique(np.array([random.randrange(300) for _ in range(random.choice((3, 40, 90)))]))

        assert memory.load(keys).to_dict() == {key: told[key] for key in keys.tolist() if key in told}
        if tick == 150:
            memory.forget_faint(100_000)
            told = {}
