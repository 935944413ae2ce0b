"""No secret gets out, in whatever form it shows up; ordinary words do."""

from __future__ import annotations

import base64
import json
import string
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendspark_cli.base import redaction
from trendspark_cli.base.redaction import MASK, redact
from trendspark_cli.base.settings import load_settings

# Everything a token or password may hold; the mask's own character aside.
CHARACTERS = string.ascii_letters + string.digits + "-_.~+/=%:;,!?@#$&()[]{}<>|^`'\"\\ äßж"
SECRETS = st.text(st.sampled_from(CHARACTERS), min_size=6, max_size=60).filter(lambda s: len(s.strip()) >= 6)


def forms_of(secret: str) -> list[str]:
    """Return how a secret may be written by URLs, JSON, logs and exceptions."""
    return [
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.replace("/", "\\/"),
        repr(secret)[1:-1],
    ]


@given(st.lists(SECRETS, min_size=1, max_size=4), st.text(max_size=20), st.text(max_size=20))
@settings(database=None, deadline=None, max_examples=60)
def test_no_planted_secret_survives_in_any_of_its_forms(secrets: list[str], before: str, after: str) -> None:
    redaction.install(secrets)

    survivors = [
        (secret, form) for secret in secrets for form in forms_of(secret) if form in redact(f"{before} {form} {after}")
    ]

    assert survivors == []


def test_a_secret_inside_another_does_not_uncover_the_rest() -> None:
    redaction.install(["abcdef", "abcdef-and-more"])

    assert redact("abcdef-and-more, abcdef") == f"{MASK}, {MASK}"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid", "AAAAAMLheAAAAAAA0"),
        (f"Authorization: Basic {base64.b64encode(b'client:very-secret').decode()}", "Y2xpZW50"),
        ("https://api.telegram.org/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/sendMessage", "ABC-DEF1234"),
        ("postgresql://trend:pass-word-1@db.example/trend", "pass-word-1"),
        ("redis://:pass-word-1@db.example", "pass-word-1"),
        ("postgresql://trend:p@ss-word-1@db.example/trend", "ss-word-1"),
    ],
)
def test_what_is_shaped_like_a_secret_is_masked_though_nobody_named_it(text: str, hidden: str) -> None:
    redaction.install([])

    assert hidden not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "a basic understanding of harbour bridges",
        "the bearer certificates of the harbour",
        "see https://example.com/a:b and mail me@example.com",
        "16:30 the ferry leaves from pier@noon",
        "/bot and /robot are commands",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    redaction.install([])

    assert redact(text) == text


def test_values_too_short_to_be_secrets_do_not_blank_out_words() -> None:
    redaction.install(["on", "ferry"])

    assert redact("the ferry goes on") == "the ferry goes on"


def test_a_token_written_with_blanks_around_it_is_masked_as_it_is_used(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "X_BEARER_TOKEN": " token-with-blanks\r"})
    redaction.install(found.secrets())

    assert "token-with-blanks" not in redact(f"refused {found.x_bearer_token}.")


def test_a_ping_address_is_masked_as_it_is_used(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "HEARTBEAT_URL_INGEST": "https://hc.example/very-secret/"})
    redaction.install(found.secrets())

    assert "very-secret" not in redact(f"no answer from {found.heartbeat_urls['ingest']}?")


def test_every_secret_setting_is_masked(tmp_path: Path) -> None:
    from trendspark_cli.base.settings import specs

    names = [spec.name for spec in specs().values() if spec.secret]
    values = {name: f"https://planted-{name.lower()}.example" for name in names}

    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), **values})

    assert set(values.values()) <= set(found.secrets())


def test_a_text_of_one_endless_word_takes_no_time() -> None:
    word = "a" * 300_000

    assert redact(word) == word  # looked at once for each of its characters, it would take minutes
