"""One object store for all tests of a worker: each test has a prefix of its own in its bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.object_store import ObjectStore, object_store


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real server that speaks S3."""
    with object_store(tmp_path_factory.mktemp("weed")) as store:
        yield store
