"""Named queries: each says what it is for, and lies where it can be answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trendspark_cli.store.named_queries import statements
from trendspark_cli.store.sqlite.named_queries import OWN, SHARED, queries

FILES = sorted(SHARED.parent.rglob("queries/*.sql"))
NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
ONLY_SQLITE = {
    "json_each": re.compile(r"\bjson_(each|extract|group_array|array_length)\b"),
    "strftime": re.compile(r"\b(strftime|unixepoch)\("),
    "the larger or smaller of two values": re.compile(r"\b(min|max)\((?!SELECT\b)[^()]*(\([^()]*\)[^()]*)*,"),
    "PRAGMA": re.compile(r"\bPRAGMA\b"),
    "rowid": re.compile(r"\browid\b"),
    "iif": re.compile(r"\biif\("),
    "FTS5": re.compile(r"\bMATCH\b|\{shelf\}|\bfts5\b"),
    "no limit": re.compile(r"LIMIT -1"),
    "a hint to SQLite's planner": re.compile(r"[ (]\+\w"),
    "blobs of text": re.compile(r"AS BLOB\b"),
}


def peculiarities(statement: str) -> list[str]:
    """What of a statement only SQLite understands."""
    sql = "\n".join(line for line in statement.splitlines() if not line.startswith("--"))
    return [what for what, pattern in ONLY_SQLITE.items() if pattern.search(sql)]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(SHARED.parent)) for file in FILES])
def test_every_query_says_what_it_is_for(file: Path) -> None:
    silent = [name for name, sql in statements(file).items() if not re.match(r"-- \w.{9,}\n", sql)]

    assert silent == []


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(SHARED.parent)) for file in FILES])
def test_no_two_queries_of_a_file_have_one_name(file: Path) -> None:
    names = NAME.findall(file.read_text(encoding="utf-8"))

    assert len(names) == len(set(names)) > 0


def test_shared_queries_hold_nothing_that_only_sqlite_understands() -> None:
    found = {
        f"{file.stem}.{name}": what
        for file in sorted(SHARED.glob("*.sql"))
        for name, sql in statements(file).items()
        if (what := peculiarities(sql))
    }

    assert found == {}


def test_queries_of_sqlite_alone_hold_something_that_only_sqlite_understands() -> None:
    shareable = [
        f"{file.stem}.{name}"
        for file in sorted(OWN.glob("*.sql"))
        for name, sql in statements(file).items()
        if not peculiarities(sql)
    ]

    assert shareable == []


def test_both_places_are_one_to_the_store() -> None:
    found = queries("posts")

    assert set(found) == set(statements(SHARED / "posts.sql")) | set(statements(OWN / "posts.sql"))


def test_a_database_answers_in_its_own_words_where_it_has_any(tmp_path: Path) -> None:
    (tmp_path / "shared.sql").write_text(
        "-- name: one\n-- The first.\nSELECT 1;\n-- name: two\n-- The second.\nSELECT 2;\n"
    )
    (tmp_path / "own.sql").write_text("-- name: two\n-- The second, otherwise.\nSELECT 1 + 1;\n")

    found = statements(tmp_path / "shared.sql", tmp_path / "own.sql", tmp_path / "missing.sql")

    assert {name: sql.splitlines()[-1] for name, sql in found.items()} == {"one": "SELECT 1;", "two": "SELECT 1 + 1;"}
