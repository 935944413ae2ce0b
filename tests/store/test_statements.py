"""Every named statement, on random rows that are the same in SQLite and PostgreSQL: it answers and writes the same."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest

from tests.installation import Installation
from trendspark_cli.store.named_queries import filled, statements
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.sqlite import named_queries as sqlite
from trendspark_cli.store.sqlite.archives import BESIDE_POSTS
from trendspark_cli.store.tables.connection import Connection

pytestmark = pytest.mark.postgres

ROWS = 12
TIME = "2026-11-01T12:00:{:02d}.000Z"
LIST = re.compile(r"(\w+)(?: NOT)? IN \(SELECT (?:value FROM json_each|numbers|texts)\($")
COMPARED = re.compile(r"(\w+)\s*(?:=|<=|>=|<>|<|>)\s*(?:\w+\()?$")
ONLY_SQLITE = {"make_shelf", "drop_shelf", "index_post", "on_shelf", "shelf_bytes", "has_full_text", "look_first"}
NOT_ALIKE = {  # each database has its own index of words, and its own name for free space
    "search": {"wait", "waiting", "not_indexed", "gone", "next_posts", "not_indexed_again", "add_entries"},
    "archives": set(BESIDE_POSTS),  # PostgreSQL's cascades cost less than they do
    "upkeep": {"free_bytes", "drop_api_calls"},  # the oldest minutes, whichever of one minute
    "term_runs": {"forget_rows"},  # some rows, whichever
}
WORDS = {  # texts that mean something
    "source": ("x", "reddit"),
    "service": ("x", "openai"),
    "state": ("open", "closed", "done", "verified", "filled", "lost"),
    "status": ("success", "running", "error", "pending", "sending", "sent", "dead", "skipped"),
    "kind": ("topic", "post"),
    "table_name": tuple(TABLES),
    "channel": ("telegram", "desk"),
    "profile": ("default", "harbour"),
    "job_id": ("ingest", "rank"),
    "code_class": ("2xx", "5xx"),
    "day": ("2026-11-01", "2026-11-02"),
    "error": ("ingest is already running (pid 1)", "no room"),
    "category": ("trending_alert", "daily_ideas"),
    "action": ("send", "edit"),
    "community": ("harbour", ""),
}
JSON = {
    "terms": '["bridge", "harbour"]',
    "sources": '{"x": 2, "reddit": 1}',
    "recent_sends": "[1793534400.5, 1793538000.25]",
    "row_ids": "[1, 2, 3]",
    "counts": "{}",
    "examples": "[1, 2]",
}
ASKED = {  # what is no column
    "ids": "[3, 1, 2, 99]",
    "trends": "[1, 2]",
    "keys": '["dedupe_key1", "dedupe_key2"]',
    "pairs": '[["source_id1", null], ["none", "author2", "author1"], ["none", null, null], ["", "author3", "", "l"]]',
    "limit": 5,
    "after_id": 1,
    "is_failed": True,
    "after": 1,
    "until": TIME.format(9),
    "since": TIME.format(2),
    "latest": TIME.format(4),
    "now": TIME.format(5),
    "fresh": TIME.format(1),
    "most": 3,
    "seconds": 900,
    "held": "held",
    "html": "text",
    "channels": "[]",
    "last": 2**40,
    "newest": 10,
    "first": 1,
    "filled": 5,
}
SPECIAL: Mapping[tuple[str, str], Any] = {  # where a name means something else
    ("archives", "ids_beyond"): {"table": "posts", "largest": 7},
    ("archives", "days_of_files"): {"source": "x", "first": "2026-11-01", "last": "2026-11-02"},
    ("archives", "may_have_author"): {"source": "x", "key": 2},
    ("archives", "closed_again"): {"source": "x", "author": "author2", "last_day": "zz"},
    ("archives", "list_post"): (77, "2026-11-01"),
    ("archives", "note_listed"): {"id": "id1", "is_listed": 1},
    ("archives", "listed_days"): {"keys": "[1, 2, 77]"},
    ("archives", "drop_done"): {"source": "x", "before": "2026-12-01", "limit": 9},
    ("archives", "note_pushed"): {"ids": '["id1", "id3"]', "batch": "new"},
    ("archives", "kept_ids_that_begin"): {"source": "x", "beginning": "source", "after": "sourcf", "limit": 9},
    ("archives", "post_of"): {"source": "x", "source_id": "source_id2", "after": 0, "until": 99},
    ("archives", "insert_metrics"): (2, '[{"observed_at": "2026-11-03T12:00:00.000Z", "likes": 1, "views": null}]'),
    ("archives", "insert_trend_posts"): (2, "[1, 2, 99]"),
    ("archives", "posts_of_authors"): {
        "source": "x",
        "authors": '["author2", "author3"]',
        "after": 0,
        "until": 99,
        "limit": 5,
    },
    ("archives", "posts_of_author_by_ids"): {
        "source": "x",
        "author": "author2",
        "after": 0,
        "until": 99,
        "limit": 5,
        "beginning": "source_id2",
        "end": "source_id3",
        "of_all": "source_id",
        "after_all": "source_ie",
    },
    ("archives", "unchanged"): {"id": "id1", "ids": "[1, 2]"},
    ("archives", "widen"): {"id": "id1", "first": 1, "last": 90},
    ("archives", "write_off"): {"id": "id1", "at": TIME.format(1), "why": "lost"},
    ("authors", "has_ids"): {"source": "x", "beginning": "source", "after": "sourcf"},
    ("authors", "unseen"): ("", "", TIME.format(15), 9),
    ("authors", "drop_unseen"): ("x", "id2", TIME.format(19)),
    ("collecting", "extend_audit"): {
        "id": 1,
        "fetched": 1,
        "new": 1,
        "updated": 0,
        "oldest": None,
        "newest": TIME.format(7),
        "cost": 0.5,
        "reads": 2,
    },
    ("collecting", "used_and_reserved"): {"service": "x", "first": "2026-11-01", "last": "2026-11-05"},
    ("collecting", "spending_profiles"): {"service": "x", "first": "2026-11-01", "last": "2026-11-05"},
    ("collecting", "used_by_day"): {"service": "x", "first": "2026-11-01", "last": "2026-11-05", "without": "none"},
    ("collecting", "spent_now"): {"service": "x", "first": "2026-11-01", "today": "2026-11-02", "profile": None},
    ("job_records", "abandon"): (TIME.format(9), 3),
    ("job_records", "unended_parts"): ("rank",),
    ("archives", "insert_link"): (1, "https://e.x/new"),
    ("trend_history", "save_count"): (1, TIME.format(3), "x", 1, 1, None),
    ("trends", "add_post"): (1, 2),
    ("search", "filled"): (1,),
    ("search", "save_shelf"): {"first": 1, "filled": 5, "entries": 5, "now": TIME.format(1)},
    ("search", "add_entries"): (1, 1),
    ("search", "to_look_at"): (TIME.format(1),),
    ("collecting", "newest_served"): {"profile": "default", "source": "x", "query": "query1"},
    ("forecasts", "faint_usual"): {"long_ago": 2, "ago": 5, "most": 3},
    ("forecasts", "note"): (1, 2.5, 1.5, 3.5, TIME.format(1)),
    ("job_records", "overlaps"): {"after": TIME.format(0)},
    ("job_records", "last_runs"): {"job_ids": '["ingest", "rank"]'},
    ("job_records", "scheduled"): {"job_id": "ingest", "after": TIME.format(0)},
    ("job_records", "spans"): {"job_id": "ingest", "after": TIME.format(0)},
    ("posts", "add_link"): ("x", "source_id2", 0, "text2", "https://e.x"),
    ("posts", "add_named"): ("x", "source_id2", "author2"),
    ("posts", "add_observation"): ("x", "source_id2", TIME.format(9), 1, None, 2, 3, None),
    ("posts", "arrived"): {"after": 1, "until": 9, "limit": 5},
    ("posts", "leaving"): {
        "created_at": TIME.format(1),
        "id": 1,
        "until": TIME.format(9),
        "seen_post_id": 9,
        "limit": 5,
    },
    ("posts", "leaving_places"): {
        "created_at": TIME.format(1),
        "id": 1,
        "until": TIME.format(9),
        "seen_post_id": 9,
        "limit": 5,
    },
    ("posts", "mentions_per_slot"): {"trend_id": 1, "since": 1793534400, "since_text": TIME.format(0), "seconds": 2},
    ("posts", "refreshable"): {
        "source": "x",
        "since": TIME.format(0),
        "not_since": TIME.format(30),
        "latest": 2**62,
        "today": "2026-11-01",
        "day_ago": TIME.format(5),
        "limit": 9,
    },
    ("posts", "sampled"): {"created_at": TIME.format(1), "id": 1, "until": TIME.format(9), "one_in": 2, "limit": 5},
    ("trends", "set_interest"): (1.5, 1),
    ("volumes", "keep_queries"): {
        "profile": "default",
        "source": "x",
        "queries": '["query1", "query2"]',
        "before": TIME.format(19),
    },
    ("forecasts", "usual"): ("[1, 2, 3]",),
    ("term_runs", "forget_rows_until"): (3,),
    ("term_runs", "rows_of"): ("[1, 2, 3]",),
    ("posts", "update_counters"): (1, 2, None, 4, 5, TIME.format(9), 2),
    ("posts", "update_post"): ("a", None, "t", None, "en", TIME.format(3), 1, 2, 3, 4, None, 1, TIME.format(9), 3),
    ("posts", "insert_post"): (
        "x",
        "new",
        None,
        None,
        "t",
        None,
        None,
        TIME.format(1),
        *[1] * 5,
        0,
        None,
        TIME.format(2),
    ),
}


MEANS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("archives", "update_manifest"): {"id": "id2"},
    ("trends", "insert"): {"interest": 1.5},
    ("trends", "update"): {"interest": 1.5},
}


@dataclass(frozen=True)
class Pair:
    """Two databases with the same rows."""

    here: Connection
    there: Connection

    @cached_property
    def columns(self) -> dict[str, list[dict[str, Any]]]:
        """The columns of each table that both have, as SQLite tells of them, parents before their children."""
        names = [
            row["name"]
            for row in self.here.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
            if not row["name"].startswith(("sqlite", "_", "post_search")) and row["name"] != "search_waiting"
        ]
        first = ("posts", "trends", "notifications", "job_runs", "archive_manifests")
        ordered = [*first, *(name for name in names if name not in first)]
        return {name: self.here.rows(f'PRAGMA table_info("{name}")') for name in ordered}

    @cached_property
    def types(self) -> dict[str, str]:
        """The type of a column, by its name; columns of bytes have names of others."""
        every = [column for columns in self.columns.values() for column in columns]
        return {column["name"]: column["type"] for column in sorted(every, key=lambda one: one["type"] != "BLOB")}

    def fill(self) -> None:
        """Put the same rows into all tables."""
        draw = random.Random(7)
        for table, columns in self.columns.items():
            names = ", ".join(f'"{column["name"]}"' for column in columns)
            marks = ", ".join("?" for _ in columns)
            for each in (self.here, self.there):
                each.execute(f"DELETE FROM {table}")
            for number in range(1, 2 if table.endswith("_progress") else ROWS + 1):
                row = [value_of(table, column, number, draw) for column in columns]
                for each in (self.here, self.there):
                    each.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", row)
            if self.there.value(f"SELECT pg_get_serial_sequence('{table}', '{columns[0]['name']}')"):
                self.there.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )


def value_of(table: str, column: Mapping[str, Any], number: int, draw: random.Random) -> Any:
    """Return a value for a column of the row of this number."""
    name, kind = column["name"], column["type"]
    if name in JSON and kind == "TEXT":
        return JSON[name]
    may_be_missing = not column["notnull"] and not column["pk"] and column["dflt_value"] is None
    if may_be_missing and name not in ("state", "profile") and draw.random() < 0.2:
        return None
    if kind == "INTEGER":
        if name == "id" or (column["pk"] == 1 and name.endswith("_id")):
            return number
        return draw.choice((0, 1)) if name in ("is_active", "paused", "edits") else 1 + number % 6
    if kind == "REAL":
        return draw.randrange(1000) / 8
    if kind == "BLOB":
        return bytes([number])
    if name == "day" and table == "spend":
        return f"2026-11-{number:02d}"
    if name in WORDS and not (name == "error" and table == "notifications"):
        return WORDS[name][number % len(WORDS[name])]
    if name == "manifest_id":
        return f"id{1 + number % 6}"
    if re.search(r"_at$|_seen$|_for$|peak|until$|since$|tick|minute|lease|oldest|newest$|_time$", name):
        return TIME.format(draw.randrange(20))
    return f"{name}{number}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres: tuple[Any, str]) -> Iterator[Pair]:
    """Both databases, filled alike."""
    databases, template = postgres
    name = f"trendspark_{uuid4().hex}"
    url = databases.create(name, template)
    both = [
        Installation(tmp_path_factory.mktemp(engine) / "home", environment)
        for engine, environment in (("sqlite", {}), ("postgres", {"DATABASE_URL": url}))
    ]
    for one in both:
        one.make_database()
    with closing(both[0].store()) as here, closing(both[1].store()) as there:
        found = Pair(here.connection, there.connection)
        found.fill()
        yield found
    databases.drop(name)


STATEMENTS = [
    (file.stem, name)
    for file in sorted(sqlite.SHARED.glob("*.sql"))
    for name in sqlite.queries(file.stem)
    if name not in ONLY_SQLITE | NOT_ALIKE.get(file.stem, set())
]


@pytest.mark.only_sqlite  # it has both databases
@pytest.mark.parametrize(("file", "name"), STATEMENTS, ids=[f"{file}.{name}" for file, name in STATEMENTS])
def test_a_statement_answers_and_writes_the_same_in_the_same_order(pair: Pair, file: str, name: str) -> None:
    found = [done(pair, each, file, name) for each in (pair.here, pair.there)]

    assert found[0] == found[1]


class UndoneError(Exception):
    """What a statement wrote shall not stay."""


def done(pair: Pair, connection: Connection, file: str, name: str) -> tuple[Any, ...]:
    """Return what a statement answers, or how much it writes, and what its table holds then."""
    sql = with_columns(connection.queries(file)[name], name)
    values = parameters_of(pair, file, name)
    answer: Any = None
    rows: list[Any] = []
    with suppress(UndoneError), connection.transaction():
        if "CAST(:rows AS" in pair.there.queries(file)[name]:
            answer = connection.executemany(sql, [values])
        else:
            cursor = connection.execute(sql, values)
            is_asking = re.match(r"\s*SELECT", uncommented(sql)) or "RETURNING" in sql
            answer = [tuple(row) for row in cursor] if is_asking else cursor.rowcount
            if "RETURNING" in sql:  # as the rows happen to lie
                answer.sort()
        if written := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)", uncommented(sql)):
            # PostgreSQL never takes a number of a sequence back, so a new row has another id than one undone before.
            own = [column["name"] for column in pair.columns[written[1]] if column["name"] != "id"]
            names = ", ".join(f'"{name}"' for name in own)
            rows = sorted(connection.made(tuple, f"SELECT {names} FROM {written[1]}"), key=repr)
            raise UndoneError
    return answer, rows


def parameters_of(pair: Pair, file: str, name: str) -> Any:
    """Return values for what SQLite's statement asks for: of the columns they are compared with or put into."""
    if (file, name) in SPECIAL:
        return SPECIAL[file, name]
    sql = uncommented(with_columns(sqlite.queries(file)[name], name))
    asked = set(re.findall(r"(?<![:\w]):(\w+)", re.sub(r"'(?:[^']|'')*'", "''", sql)))
    if asked:
        return {**{each: guess(pair, each) for each in asked}, **MEANS.get((file, name), {})}
    if values := re.search(r"INTO (\w+) \(([^()]*)\)\s*VALUES \((.*?)\)\s*(?:ON|;)", sql, re.DOTALL):
        pairs = zip(values[2].split(","), re.sub(r"\w+\(([^()]*)\)", r"\1", values[3]).split(","), strict=True)
        types = {column["name"]: column for column in pair.columns[values[1]]}
        return [value_of("", types[column.strip()], 20, random.Random(1)) for column, value in pairs if "?" in value]
    found: dict[str, Any] = {}
    for count, mark in enumerate(re.finditer(r"\?(\d*)", sql)):
        before = sql[: mark.start()]
        found.setdefault(mark[1] or f"place{count}", positional(pair, before))
    return [found[key] for key in sorted(found, key=lambda key: int(key.removeprefix("place")))]


def positional(pair: Pair, before: str) -> Any:
    """Return a value for a place, by what stands before it."""
    if re.search(r"LIMIT $", before):
        return 5
    if is_list := LIST.search(before):
        is_text = pair.types[is_list[1]] == "TEXT"
        return json.dumps([f"{is_list[1]}{n}" for n in (1, 2, 3)] if is_text else [1, 2, 3])
    if re.search(r"json_each\($", before):  # joined, not compared
        return json.dumps(["name1", "id1", "id2"])
    compared = COMPARED.search(before)
    assert compared is not None, before[-80:]
    return guess(pair, compared[1])


def guess(pair: Pair, name: str) -> Any:
    """Return a value of a column or of a word that is asked for."""
    if name in ASKED:
        return ASKED[name]
    column = {"name": name, "type": pair.types.get(name, "TEXT"), "notnull": 1, "pk": 0, "dflt_value": None}
    return value_of("", column, 2, random.Random(1))


def with_columns(sql: str, name: str) -> str:
    """Return a statement with the columns of its archived table."""
    if "columns}" not in sql:
        return sql
    table = next((table for table in TABLES.values() if name.endswith(table.name)), TABLES["posts"])
    own = table.own_names[1:] if "under_new_id" in name else table.own_names
    return filled(sql, own)


def uncommented(sql: str) -> str:
    """Return a statement without its comments."""
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))


def overrides() -> Sequence[tuple[str, str]]:
    """Return the statements that PostgreSQL has in words of its own."""
    from trendspark_cli.store.postgres.statements import OWN

    return [(file.stem, name) for file in sorted(OWN.glob("*.sql")) for name in statements(file)]


NEEDED = {  # what PostgreSQL would take as others say it, and do something else
    "one value for all rows": r"CAST\(:rows AS",
    "rows locked in one order": r"\bFOR (UPDATE|KEY SHARE|SHARE)\b",
    "small letters of the column's collation": r'COLLATE "C"',
    "a function of the schema or the catalog": r"\b(pg_\w+|to_regclass)\(",
    "an offset without a limit, which others write as a limit of -1": r"(?<!:limit) OFFSET :",
}


def test_every_statement_in_words_of_its_own_is_needed(pair: Pair) -> None:
    import psycopg

    from trendspark_cli.store.postgres.statements import OWN, translated

    raw: psycopg.Connection[Any] = pair.there.raw  # type: ignore[attr-defined]
    needless = []
    for file, name in overrides():
        own = statements(OWN / f"{file}.sql")[name]
        others = sqlite.queries(file).get(name)
        if others is None or any(re.search(pattern, own) for pattern in NEEDED.values()):
            continue
        numbers: dict[str, int] = {}

        def numbered(mark: re.Match[str], numbers: dict[str, int] = numbers) -> str:
            return f"${numbers.setdefault(mark[1] or f'place{len(numbers)}', len(numbers) + 1)}"

        text = re.sub(r"%\((\w+)\)s|%s", numbered, translated(with_columns(others, name)).text).replace("%%", "%")
        try:
            raw.execute(f"PREPARE of_others AS {text}")
        except psycopg.Error:
            continue
        raw.execute("DEALLOCATE of_others")
        needless.append(f"{file}.{name}")

    assert needless == []
