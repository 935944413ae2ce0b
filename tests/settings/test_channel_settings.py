"""Channels that an operator names: what a name and an address may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.project import page
from tests.installation import Installation
from trendspark_cli.base import redaction
from trendspark_cli.base.settings import Settings, load_settings
from trendspark_cli.kinds.channels import channels_of, configured_channels

HOOK = "https://hooks.example.org/T0/abcdefghijklmnopqrstuv"


def settings_of(folder: Path, **given: str) -> Settings:
    """Settings of these alone."""
    return load_settings({"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder), **given})


def test_an_address_makes_a_channel_of_its_name(tmp_path: Path) -> None:
    found = settings_of(tmp_path, ALERT_URL_NIGHT_WATCH=HOOK, ALERT_SECRET_NIGHT_WATCH="of-both-sides")

    assert (found.problems, found.unknown) == ((), ())
    assert configured_channels(found) == ("night_watch",)
    assert not found.alerts_are_muted


REFUSED = {
    "telegram": "is taken",
    "x": "is taken",
    "reddit": "is taken",
    "openai": "is taken",
    "ingest": "is taken",
    "database": "is taken",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_something_else_has_is_refused(tmp_path: Path, name: str) -> None:
    found = settings_of(tmp_path, **{f"ALERT_URL_{name.upper()}": HOOK})

    [problem] = found.problems
    assert problem == (
        f"ALERT_URL_{name.upper()}=https://*** (environment): "
        f"expected a name for the channel that nothing else has, and {name!r} is taken"
    )


@pytest.mark.parametrize(
    "address",
    [
        "gopher://hole.example/x",
        "https:///path",
        "http://[::1",
        "https://e.org:99999/x",
        "https://e.org/a b",
        "desk",
        "://",
    ],
)
def test_an_address_that_nothing_serves_is_refused_with_what_was_expected(
    workplace: Installation, address: str
) -> None:
    done = workplace.command("config", "check", environment={"ALERT_URL_DESK": address})

    assert done.exit_code == 78
    assert "ALERT_URL_DESK=" in done.stdout + done.stderr
    assert "expected https://HOST/PATH" in " ".join((done.stdout + done.stderr).split())


MAIL = "smtps://me:pass@mail.example.org/?from=a@example.org&to=b@example.org"
SERVED = {
    HOOK: "webhook",
    "http://10.0.0.7:8080/alerts": "webhook",
    "https://hooks.slack.com/services/T0/B0/abc": "Slack",
    "slack+http://127.0.0.1:1/services/T0": "Slack",
    "https://discord.com/api/webhooks/1/abc?thread_id=7": "Discord",
    "discord+http://127.0.0.1:1/api/webhooks/1/abc": "Discord",
    "ntfys://ntfy.sh/harbour-x7Qz": "ntfy",
    "ntfy://me:pass@10.0.0.7:8080/below/topic": "ntfy",
    MAIL: "mail",
    "smtp://mail.example.org:25/?to=b@example.org,c@example.org&from=a@example.org&tls=none": "mail",
    "apprise+gotifys://example.org/token": "apprise",
    "apprise+tgram://123456:abc/-1009876543210": "apprise",
}
NOT_SERVED = [
    MAIL.replace("from=a@example.org&", ""),
    MAIL.replace("to=b@example.org", "to="),
    MAIL.replace("to=b@example.org", "to=b@example.org,nobody"),
    f"{MAIL}&tls=no",
    f"{MAIL}%0d%0aRCPT",
    "ntfy://ntfy.sh/",
    "ntfys://ntfy.sh/a topic",
    "slack+ftp://127.0.0.1/x",
    "discord+http://127.0.0.1:1/elsewhere",
    "mailto:b@example.org",
    "apprise://example.org/x",
    "apprise+jsons://",
    "apprise+jsons://example.org/x?verify=no",
]


@pytest.mark.parametrize("address", SERVED)
def test_what_serves_a_channel_follows_from_its_address(tmp_path: Path, address: str) -> None:
    found = settings_of(tmp_path, ALERT_URL_DESK=address)

    assert (found.problems, channels_of(found)["desk"].title) == ((), SERVED[address])


@pytest.mark.parametrize("address", NOT_SERVED)
def test_an_address_that_lacks_something_is_refused(tmp_path: Path, address: str) -> None:
    found = settings_of(tmp_path, ALERT_URL_DESK=address)

    assert (len(found.problems), configured_channels(found)) == (1, ())


def test_an_unknown_scheme_is_named_and_the_rest_is_not(tmp_path: Path) -> None:
    found = settings_of(tmp_path, ALERT_URL_DESK="gopher://user:very-secret@hole.example/x")

    [problem] = found.problems
    assert problem.startswith("ALERT_URL_DESK=gopher://*** (environment): expected ")


def test_a_secret_without_its_address_is_a_mistake(tmp_path: Path) -> None:
    found = settings_of(tmp_path, ALERT_SECRET_DESK="of-both-sides")

    assert found.problems == ("ALERT_SECRET_DESK=(secret) (environment): expected ALERT_URL_DESK beside it",)


def test_an_address_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(HOOK, encoding="utf-8")

    found = settings_of(tmp_path, ALERT_URL_DESK_FILE=str(tmp_path / "url"))

    assert channels_of(found)["desk"].title == "webhook"


def test_an_env_file_may_name_channels(tmp_path: Path) -> None:
    (tmp_path / "own.env").write_text(f"ALERT_URL_DESK={HOOK}\n", encoding="utf-8")

    found = settings_of(tmp_path, TRENDSPARK_ENV_FILE=str(tmp_path / "own.env"))

    assert (found.unknown, configured_channels(found)) == ((), ("desk",))


@pytest.mark.parametrize("form", [HOOK, "/T0/abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"])
def test_an_address_is_masked_in_whatever_form_it_is_told(tmp_path: Path, form: str) -> None:
    redaction.install(settings_of(tmp_path, ALERT_URL_DESK=HOOK).secrets())

    assert "abcdefghijklmnopqrstuv" not in redaction.redact(f"POST {form} failed")


def test_a_name_in_small_letters_is_told_to_be_unknown(tmp_path: Path) -> None:
    found = settings_of(tmp_path, ALERT_URL_desk=HOOK)

    assert [name for name, _ in found.unknown] == ["ALERT_URL_desk"]


EXAMPLES = re.findall(r"^ALERT_URL_(\w+)=(\S+)$", page("docs/how-to/channels.md"), re.MULTILINE)


@pytest.mark.parametrize(("name", "address"), EXAMPLES)
def test_each_example_of_the_page_is_a_channel(tmp_path: Path, name: str, address: str) -> None:
    found = settings_of(tmp_path, TELEGRAM_BOT_TOKEN="1:a", **{f"ALERT_URL_{name}": address})

    assert (found.problems, configured_channels(found)) == ((), (name.lower(),))


THREE = {f"ALERT_URL_{name}": HOOK for name in ("DESK", "PHONE", "OPS")}
NO_ROUTES = {
    "ALERT_MIN_SCORE_DESK": ("-1", "expected a number, 0 or more"),
    "ALERT_MIN_SCORE_PHONE": ("high", "expected a number, 0 or more"),
    "ALERT_MIN_SCORE_NOWHERE": ("3", "expected ALERT_URL_NOWHERE beside it"),
    "ALERT_MIN_SCORE_INGEST": ("3", "'ingest' is taken"),
    "ALERT_ONLY_WATCHLIST_DESK": ("perhaps", "expected true or false"),
    "ALERT_ONLY_WATCHLIST_NOWHERE": ("true", "expected ALERT_URL_NOWHERE beside it"),
    "OPS_CHANNELS": ("desk,nowhere", "and 'nowhere' is none"),
}


@pytest.mark.parametrize("name", [*NO_ROUTES, "OPS_CHANNELS of telegram", "OPS_CHANNELS of no name"])
def test_values_of_routes_that_make_no_sense_are_refused(tmp_path: Path, name: str) -> None:
    more = {
        "OPS_CHANNELS of telegram": ("telegram", "and 'telegram' is none"),
        "OPS_CHANNELS of no name": ("desk,,ops", "expected names of channels such as desk,telegram"),
    }
    value, expected = (NO_ROUTES | more)[name]

    found = settings_of(tmp_path, **THREE, **{name.split()[0]: value}).problems

    assert len(found) == 1
    assert expected in found[0]


def test_telegram_has_a_least_score_too(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, ALERT_MIN_SCORE_TELEGRAM="7")

    assert (settings.problems, settings.alert_min_scores) == ((), {"telegram": 7.0})
