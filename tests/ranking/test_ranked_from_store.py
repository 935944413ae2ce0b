"""`scripts/eval --store` ranks what a database gave back: from each of them the lines are those of the file."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.servers.postgres import Databases
from tests.tools.processes import COMMAND, PROJECT
from trendspark_cli.base.clock import to_text
from trendspark_cli.demo.run import SAMPLE, sample_end


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The posts of the sample's last two days in the form of the evaluation."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        found = {(post["source"], post["source_id"]): post for post in map(json.loads, lines)}
    rows = [
        {"id": post["source_id"], **{name: post.get(name) for name in ("source", "created_at", "community", "text")}}
        for post in sorted(found.values(), key=lambda post: str(post["created_at"]))
        if post["created_at"] >= to_text(sample_end() - timedelta(days=2))
    ]
    file = tmp_path_factory.mktemp("posts") / "posts.ndjson"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def from_the_file(posts: Path) -> bytes:
    """What `backtest` prints of them."""
    return answer(posts, *COMMAND, "backtest", "--tick", "900")


@pytest.mark.parametrize("where", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_posts_out_of_a_database_are_ranked_as_those_of_the_file(
    request: pytest.FixtureRequest, posts: Path, from_the_file: bytes, where: str
) -> None:
    if where == "postgres":
        databases: Databases = request.getfixturevalue("postgres")[0]
        where = databases.url

    lines = answer(posts, sys.executable, "scripts/ranked_from_store.py", where)

    assert lines == from_the_file
    assert b'"trends": [{' in lines


def answer(posts: Path, *words: str) -> bytes:
    """What a program prints of posts."""
    with posts.open("rb") as lines:
        return subprocess.run(words, stdin=lines, stdout=subprocess.PIPE, check=True, cwd=PROJECT).stdout
