"""DATABASE_URL leads to SQLite or PostgreSQL, is refused with what is wrong, and is told without its password."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installation import Installation
from trendspark_cli.base.database_urls import database_place, is_postgres, secrets_in, without_secrets
from trendspark_cli.base.redaction import install, redact
from trendspark_cli.base.settings import Settings, load_settings

PASSWORD = "p@ss:word/of%us?#"
QUOTED = "p%40ss%3Aword%2Fof%25us%3F%23"
TAKEN = [
    "postgresql://db.example/trends",
    "postgresql://trendspark@db.example:6432/trends",
    f"postgresql://trendspark:{QUOTED}@db.example:5432/trends?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "postgresql://trendspark@[2001:db8::1]:5432/trends",
    "postgresql://one.example:5432,two.example:5433/trends?target_session_attrs=read-write",
    "postgresql:///trends?host=/var/run/postgresql",
    "postgresql://%2Fvar%2Frun%2Fpostgresql/trends",
]
REFUSED = [
    ("mysql://db.example/trends", "sqlite:///PATH"),
    ("postgresql:/trends", "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
    ("sqlite://", "sqlite:///PATH"),
    ("postgresql://db.example", "the name of a database"),
    ("postgresql://db.example/", "the name of a database"),
    ("postgresql://db.example:port/trends", "HOST:PORT"),
    ("postgresql://db.example:99999/trends", "HOST:PORT"),
    ("postgresql://u:half@other@db.example/trends", "@ is %40"),
    ("postgresql://u:half/other@db.example/trends", "@ is %40"),
    ("postgresql://u:half#other@db.example/trends", "%23"),
    ("postgresql://u:half%other@db.example/trends", "%25"),
    ("postgresql://u:half other@db.example/trends", "%20"),
    ("postgresql://u:half?other@db.example/trends", "%3F"),
    ("postgresql://db.example/trends?sslmod=require", "'sslmod'"),
    ("postgresql://db.example/trends?client_encoding=latin1", "'client_encoding'"),
]


def settings_of(tmp_path: Path, url: str) -> Settings:
    """The settings of somebody who set no more than this address."""
    return load_settings({"TRENDSPARK_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "DATABASE_URL": url})


@pytest.mark.parametrize("url", TAKEN)
def test_an_address_of_postgresql_is_taken_as_it_is(tmp_path: Path, url: str) -> None:
    found = settings_of(tmp_path, url)

    assert (found.problems, found.database_url, is_postgres(found.database_url)) == ((), url, True)


def test_the_short_name_of_its_scheme_means_the_same(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "postgres://db/trends").database_url == "postgresql://db/trends"


@pytest.mark.parametrize(("url", "told"), REFUSED)
def test_an_address_that_would_be_misread_is_refused_with_what_is_wrong(tmp_path: Path, url: str, told: str) -> None:
    (problem,) = settings_of(tmp_path, url).problems

    assert problem.startswith("DATABASE_URL=")
    assert told in problem
    assert "half" not in problem
    assert "other" not in problem


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://trendspark:{QUOTED}@db.example/trends",
        f"postgresql://trendspark@db.example/trends?password={QUOTED}",
        f"postgresql://db.example/trends?sslmode=require&sslpassword={QUOTED}",
    ],
)
def test_a_password_is_masked_wherever_it_shows_up(tmp_path: Path, url: str) -> None:
    found = settings_of(tmp_path, url)
    install(found.secrets())

    told = [redact(text) for text in (url, PASSWORD, QUOTED, f"could not connect to {url!r}", repr(PASSWORD))]

    assert not any(secret in text for text in (*told, without_secrets(url)) for secret in (PASSWORD, QUOTED))
    assert "db.example" in without_secrets(url)


def test_an_address_without_a_password_is_no_secret() -> None:
    url = "postgresql://trendspark@db.example/trends?sslmode=require"

    assert (secrets_in(url), without_secrets(url)) == ([], url)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:secret@db.example:5432/trends", "trends on db.example:5432"),
        ("postgresql://%2Frun%2Fpg/trends", "trends on /run/pg"),
        ("postgresql:///trends?host=/run/pg", "trends on /run/pg"),
        ("postgresql:///trends", "trends on this machine"),
    ],
)
def test_a_place_is_told_in_words(url: str, place: str) -> None:
    assert database_place(url) == place


def test_the_address_may_come_from_a_file(workplace: Installation) -> None:
    file = workplace.home.parent / "database-url"
    file.write_text(f"postgresql://trendspark:{QUOTED}@db.example/trends\n")
    file.chmod(0o600)
    workplace.environment["DATABASE_URL_FILE"] = str(file)

    shown = workplace.command("config", "show")

    assert "postgresql://trendspark:***@db.example/trends" in " ".join(shown.stdout.split())
    assert QUOTED not in shown.stdout
