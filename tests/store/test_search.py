"""Posts are found by their words: the same ones with an index, with a part of one, and by reading every post."""

from __future__ import annotations

import re
import string
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import NOW, post
from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.text.searching import OPERATORS, Part, SearchQuery, read_query
from trendspark_cli.store.sqlite.store import SqliteStore

TEXTS = (
    "The harbour bridge is closed",
    "The bridge of the harbour opens",
    "HARBOUR-BRIDGE closes again, ferries go",
    "Straße nach Köln gesperrt",
    "Землетрясение в городе",
    "東京都で地震がありました",
    "#Harbour festival, don’t miss it: https://example.com/harbour-bridge",
    "nothing of note",
)

pytestmark = pytest.mark.every_store


def keep(store: SqliteStore, texts: tuple[str, ...] = TEXTS, *, first: int = 0) -> None:
    """Store posts, the later ones younger."""
    made = [
        post(str(n), text=text, created_at=to_text(NOW + timedelta(seconds=n)))
        for n, text in enumerate(texts, start=first)
    ]
    with store.transaction():
        store.posts.save(made, NOW)


def index(store: SqliteStore, limit: int = 1000) -> None:
    with store.transaction():
        store.search.index_next(limit, NOW)


def found(store: SqliteStore, words: str, limit: int = 20) -> list[str]:
    return [one.source_id for one in store.search.search(read_query(words), None, None, None, limit)]


@pytest.mark.parametrize("indexed", [0, 3, 1000])
@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("bridge", ["6", "2", "1", "0"]),
        ("BRIDGE -closed", ["6", "2", "1"]),
        ('"harbour bridge"', ["6", "2", "0"]),
        ("clos*", ["2", "0"]),
        ('"harbour bri"*', ["6", "2", "0"]),
        ('harbour -"harbour bridge"', ["1"]),
        ("koln strasse", ["3"]),
        ("земл*", ["4"]),
        ("地震", ["5"]),
        ("震", ["5"]),
        ("京都で地", ["5"]),
        ("don't", ["6"]),
        ("example.com/harbour", ["6"]),
        ("bri", []),
    ],
)
def test_words_phrases_beginnings_and_exclusions_find_the_same_posts_indexed_or_not(
    store: SqliteStore, words: str, ids: list[str], indexed: int
) -> None:
    keep(store)
    if indexed:
        index(store, indexed)

    assert found(store, words) == ids


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('"harbour bridge', "'\"harbour': expected a quote around words"),
        ('bridge"', "expected a quote around words"),
        ("har*bour", "'har*bour': expected one * at the end of a word"),
        ("*", "'*': expected a letter or a digit"),
        ("x**", "'x**': expected one * at the end"),
        ("!!!", "'!!!': expected a letter or a digit"),
        ("a OR b", "'OR': there are no operators"),
        ("NEAR(a b)", "'NEAR(a': there are no operators"),
        ("(a b)", "'(a': brackets mean nothing here"),
        ("--sorce=x", "'--sorce=x': no such option"),
        ("-bridge", "only what must not be there"),
        ("", "the search says nothing"),
        (" \t", "the search says nothing"),
        ("a " * 33, "33 words; expected at most 32"),
        ("x" * 1001, "1001 characters; expected at most 1000"),
    ],
)
def test_a_search_that_means_nothing_is_refused_and_says_why(words: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        read_query(words)


@pytest.mark.parametrize(
    "words",
    ['"; DROP TABLE posts; --"', "x' OR '1'='1", "terms:bridge", "{a b}:c", "^bridge", "a\0b", "%_%", "bridge + ferry"],
)
def test_signs_are_never_a_language_of_the_database(store: SqliteStore, words: str) -> None:
    keep(store)
    index(store)

    with suppress(ValueError):  # a search that means nothing; an error of the database would be none
        found(store, words)

    assert store.posts.count() == len(TEXTS)


def test_only_posts_of_a_source_and_time_are_found_and_the_newest_first(store: SqliteStore) -> None:
    keep(store)
    with store.transaction():
        store.posts.save([post("r", source="reddit", text="bridge", created_at=to_text(NOW))], NOW)
    index(store, 5)
    query = read_query("bridge")

    def ids(source: str | None, since: int | None, until: int | None, limit: int = 9) -> list[str]:
        begins, ends = (None if n is None else NOW + timedelta(seconds=n) for n in (since, until))
        return [one.source_id for one in store.search.search(query, source, begins, ends, limit)]

    assert ids("reddit", None, None) == ["r"]
    assert ids("x", 1, 3) == ["2", "1"]
    assert ids(None, None, None, 2) == ["6", "2"]


def test_an_edit_is_found_by_its_new_words_alone(store: SqliteStore) -> None:
    keep(store)
    index(store)
    with store.transaction():
        store.posts.save([post("0", text="The tunnel is closed", edits=1, created_at=to_text(NOW))], NOW)

    before = found(store, "tunnel"), found(store, "closed bridge")
    index(store)
    after = found(store, "tunnel"), found(store, "closed bridge")

    assert before == after == (["0"], [])


def test_posts_that_are_gone_are_not_found_and_their_words_leave_within_a_day(
    store: SqliteStore, database: str
) -> None:
    keep(store)
    index(store)
    with store.transaction():
        store.connection.execute("DELETE FROM posts WHERE source_id = '4'")
    assert found(store, "землетрясение") == []
    assert ("землетрясение" in indexed_terms(store)) == (database == "sqlite")  # the other's leave with their post

    with store.transaction():
        store.search.drop_worn(NOW + timedelta(days=1))
    index(store)

    assert "землетрясение" not in indexed_terms(store)
    assert found(store, "地震") == ["5"]


def away_and_back(store: SqliteStore, texts: tuple[str, ...]) -> None:
    """Store posts and index them while the first is away, as in an archive; then it is back and waits."""
    keep(store, texts)
    store.connection.execute("CREATE TEMP TABLE away AS SELECT * FROM posts WHERE source_id = '0'")
    store.connection.execute("DELETE FROM posts WHERE source_id = '0'")
    index(store)
    store.connection.execute("INSERT INTO posts SELECT * FROM away")
    with store.transaction():
        store.search.note_returned([1])


def terms_after_forgetting(store: SqliteStore, source_id: str) -> set[str]:
    """Delete a post and have its words leave; return those that are left in the index."""
    with store.transaction():
        store.connection.execute("DELETE FROM posts WHERE source_id = ?", (source_id,))
        store.search.drop_gone()
    return indexed_terms(store)


def test_words_of_a_forgotten_post_leave_though_a_post_without_text_came_back(store: SqliteStore) -> None:
    away_and_back(store, ("", *TEXTS))
    index(store)
    assert "землетрясение" in indexed_terms(store)

    left = terms_after_forgetting(store, "5")

    assert "землетрясение" not in left


def test_words_of_a_forgotten_post_leave_while_a_post_that_came_back_still_waits(store: SqliteStore) -> None:
    away_and_back(store, TEXTS)
    assert "地震" in indexed_terms(store)

    left = terms_after_forgetting(store, "5")

    assert "地震" not in left


def test_an_edit_waits_to_be_indexed_once_however_it_was_written(store: SqliteStore) -> None:
    keep(store)
    index(store)
    edit = "INSERT INTO posts SELECT * FROM posts WHERE id = 1 ON CONFLICT (id) DO UPDATE SET text = posts.text || '!'"

    for _ in range(2):
        store.connection.execute(edit)

    assert [row["post_id"] for row in store.connection.rows("SELECT DISTINCT post_id FROM search_waiting")] == [1]
    index(store)
    assert store.connection.rows("SELECT post_id FROM search_waiting") == []


def test_a_shelf_of_which_all_is_live_stays(store: SqliteStore) -> None:
    keep(store)
    index(store)
    before = store.search.size_bytes()

    with store.transaction():
        store.search.drop_worn(NOW + timedelta(days=1))

    assert store.search.size_bytes() == before > 0


def test_several_shelves_are_filled_newest_first_and_found_in(store: SqliteStore) -> None:
    search = type(store.search)(store.connection, shelf_ids=3)
    keep(store)

    newest = []
    while True:
        with store.transaction():
            if not search.index_next(2, NOW):
                break
        newest.append(max(row["first_id"] for row in store.connection.rows("SELECT first_id FROM search_shelves")))
        assert found(store, "bridge") == ["6", "2", "1", "0"]

    filled = store.connection.rows("SELECT first_id, filled_id, entries FROM search_shelves ORDER BY first_id")
    assert [tuple(row.values()) for row in filled] == [(1, 3, 3), (4, 6, 3), (7, 8, 2)]
    assert newest[0] == 7


def test_without_an_index_everything_is_found_and_nothing_is_left_of_it(store: SqliteStore) -> None:
    keep(store)
    index(store)

    with store.transaction():
        assert store.search.drop_one()
        assert not store.search.drop_one()

    assert (found(store, "地震"), indexed_terms(store)) == (["5"], set())


def indexed_terms(store: SqliteStore) -> set[str]:
    """Ask the index itself for the words it has."""
    if not hasattr(store.connection, "path"):  # PostgreSQL
        sql = "SELECT unnest(tsvector_to_array(words)) AS term FROM post_words"
        return {row["term"] for row in store.connection.rows(sql)}
    if not store.connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'post_search_1'"):
        assert store.search.size_bytes() == 0
        return set()
    sql = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, post_search_1, row)"
    store.connection.execute(sql)
    return {row["term"] for row in store.connection.rows("SELECT term FROM temp.terms")}


WORDS = st.sampled_from(
    ("bridge", "Bridges", "harbour", "brücke", "мост", "мосты", "橋", "橋本", "a橋", "6.8", "x_y", "don’t")
)
SEPARATORS = st.sampled_from((" ", "  ", ", ", "-", "\n", "… ", "", "#", " @", "\u200b"))
WRITTEN = st.lists(st.tuples(WORDS, SEPARATORS), max_size=6).map(lambda found: "".join(map("".join, found)))
ANY_TEXT = st.one_of(WRITTEN, st.text(max_size=20).map(lambda text: text.encode("utf-8", "ignore").decode()))
LETTERS = st.text(string.ascii_letters, min_size=1, max_size=2).filter(lambda word: word not in OPERATORS)
TERMS = st.one_of(WORDS, LETTERS)
PARTS = st.builds(
    lambda words, star, out: f'{"-" if out else ""}"{" ".join(words)}"{"*" if star else ""}',
    st.lists(TERMS, min_size=1, max_size=2),
    st.booleans(),
    st.sampled_from((False, False, True)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(ANY_TEXT, min_size=1, max_size=8),
    edited=ANY_TEXT,
    parts=st.lists(PARTS, max_size=2),
    word=TERMS,
    indexed=st.integers(1, 8),
    gone=st.integers(0, 7),
)
def test_an_index_changes_no_answer(
    shared_store: SqliteStore, texts: list[str], edited: str, parts: list[str], word: str, indexed: int, gone: int
) -> None:
    store = shared_store
    with store.transaction():
        while store.search.drop_one():
            pass
        store.connection.execute("DELETE FROM posts")
    keep(store, tuple(texts))
    index(store, indexed)
    with store.transaction():
        store.connection.execute("DELETE FROM posts WHERE source_id = ?", (str(gone),))
        store.posts.save([post("0", text=edited, edits=1)], NOW)
    words = " ".join([*parts, word])

    fast = found(store, words)
    query = read_query(words)
    read = store.connection.rows("SELECT source_id, text FROM posts ORDER BY created_at DESC, id DESC")

    assert fast == [row["source_id"] for row in read if plainly_fits(query, row["text"])]


def plainly_fits(query: SearchQuery, text: str) -> bool:
    """Fit a text in the slow way: each place of each part."""
    from trendspark_cli.ranking.text.searching import terms_of

    terms = terms_of(text)

    def stands_at(part: Part, place: int) -> bool:
        *whole, last = part.terms
        here = terms[place : place + len(part.terms)]
        if len(here) < len(part.terms) or here[:-1] != whole:
            return False
        return here[-1].startswith(last) if part.is_prefix else here[-1] == last

    return all(
        any(stands_at(part, place) for place in range(len(terms))) is not part.is_excluded for part in query.parts
    )
