"""An env file that is found by its place is believed when it is ours alone, and never with somebody else's secrets."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.tools.other_user import NEEDS_ROOT, UID
from trendspark_cli.base.env_files import SECRETS_SENT
from trendspark_cli.base.setting_values import HTTP_URL
from trendspark_cli.base.settings import Settings, load_settings, specs
from trendspark_cli.base.trusted_files import read_all

ADDRESS = "http://127.0.0.1:9"
KEYLESS = {"HACKERNEWS_API_BASE_URL", "BLUESKY_API_BASE_URL"}  # no secret is ever sent there


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder an operator happens to be in, with an env file; the operator's own says NICHE=own."""
    own = tmp_path / "config" / "trendspark"
    own.mkdir(parents=True)
    (own / ".env").write_text("NICHE=own\n")
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / ".env").write_text("NICHE=found\n")
    monkeypatch.chdir(folder)
    return folder


def found_in(place: Path, environment: Mapping[str, str] | None = None, text: str = "") -> Settings:
    """The settings as they are loaded there, with *text* in the env file."""
    if text:
        (place / ".env").write_text(text)
    around = {"XDG_CONFIG_HOME": str(place.parent / "config"), "XDG_DATA_HOME": str(place.parent)}
    return load_settings({**around, **(environment or {})})


def as_link_to(folder: Path, place: Path) -> None:
    """Make the env file a link into *folder*."""
    folder.mkdir()
    (place / ".env").rename(folder / "target")
    (place / ".env").symlink_to(folder / "target")


def in_a_group(path: Path, bits: int) -> None:
    """Give a file or folder to a group that nobody knows, which may write it."""
    os.chown(path, -1, UID)
    path.chmod(bits)


def a_pipe(place: Path) -> None:
    """Put a pipe there that nobody writes to."""
    (place / ".env").unlink()
    os.mkfifo(place / ".env")


def a_device(place: Path) -> None:
    """Put a link to a device without end there."""
    (place / ".env").unlink()
    (place / ".env").symlink_to("/dev/zero")


def link_to_an_open_folder(place: Path) -> None:
    """Make the env file a link into a folder everybody may write."""
    as_link_to(place.parent / "open", place)
    (place.parent / "open").chmod(0o777)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "another user's": lambda place: os.chown(place / ".env", UID, -1),
    "everybody may write it": lambda place: (place / ".env").chmod(0o666),
    "a group may write it": lambda place: in_a_group(place / ".env", 0o660),
    "its folder is another user's": lambda place: os.chown(place, UID, -1),
    "everybody may write its folder": lambda place: place.chmod(0o777),
    "its folder is like /tmp": lambda place: place.chmod(0o1777),
    "a group may write its folder": lambda place: in_a_group(place, 0o775),
    "a link into an open folder": link_to_an_open_folder,
    "a pipe": a_pipe,
    "a device": a_device,
}


@NEEDS_ROOT
@pytest.mark.parametrize("kind", FOREIGN)
def test_an_env_file_that_is_not_ours_alone_is_passed_over_and_told(place: Path, kind: str) -> None:
    FOREIGN[kind](place)

    found = found_in(place)

    assert (found.niche, len(found.passed_over), found.problems) == ("own", 1, ())
    assert str(place / ".env") in found.passed_over[0]


@NEEDS_ROOT
def test_an_env_file_of_the_users_own_folder_must_be_ours_too(place: Path) -> None:
    (place / ".env").unlink()
    os.chown(place.parent / "config" / "trendspark" / ".env", UID, -1)

    found = found_in(place)

    assert (found.niche, found.env_file, len(found.passed_over)) == ("", None, 1)


def test_an_env_file_of_our_own_is_read(place: Path) -> None:
    assert (found_in(place).niche, found_in(place).passed_over) == ("found", ())


def test_an_env_file_that_is_a_link_between_folders_of_ours_is_read(place: Path) -> None:
    as_link_to(place.parent / "kept", place)

    assert found_in(place).niche == "found"


def test_a_group_that_holds_this_user_alone_may_write(place: Path) -> None:
    others = [account for account in pwd.getpwall() if account.pw_gid == os.getgid() and account.pw_uid != os.getuid()]
    if others:
        pytest.skip("the group of this user holds others")
    (place / ".env").chmod(0o664)
    place.chmod(0o775)

    assert found_in(place).niche == "found"


@pytest.mark.parametrize(
    "text",
    [
        "COMPOSE_PROJECT_NAME=cloud\n",
        "DATABASE_URL=postgresql://django@db/site\nDEBUG=1\nLANGUAGES=en\n",
        "OPENAI_API_KEY=sk-of-another-program\nAWS_REGION=eu-central-1\n",
        "# nothing but words\n",
        "if [ -f x ]; then\n",
    ],
)
def test_an_env_file_of_another_program_hides_nothing(place: Path, text: str) -> None:
    found = found_in(place, text=text)

    assert (found.niche, found.openai_api_key, found.problems, len(found.passed_over)) == ("own", "", (), 1)


def test_a_folder_that_is_called_like_an_env_file_is_no_news(place: Path) -> None:
    (place / ".env").unlink()
    (place / ".env").mkdir()

    found = found_in(place)

    assert (found.niche, found.passed_over) == ("own", ())


def test_an_env_file_that_says_one_name_of_ours_is_read_whole(place: Path) -> None:
    found = found_in(place, text="DATABASE_URL=sqlite:////srv/mine.db\nKEYWORDS=bridge\n")

    assert (found.database_url, found.keywords) == ("sqlite:////srv/mine.db", ("bridge",))


@pytest.mark.parametrize("name", SECRETS_SENT)
def test_a_found_address_gets_no_secret_that_stands_elsewhere(place: Path, name: str) -> None:
    secrets = dict.fromkeys(SECRETS_SENT[name], "a-secret-from-elsewhere")

    found = found_in(place, secrets, f"{name}={ADDRESS}\nKEYWORDS=bridge\n")

    assert name not in found.raw
    assert f"{name} of env file '.env' is passed over" in found.passed_over[0]


@pytest.mark.parametrize("name", SECRETS_SENT)
def test_a_found_address_that_brings_its_secret_is_used(place: Path, name: str) -> None:
    lines = "".join(f"{secret}=mine\n" for secret in SECRETS_SENT[name])

    found = found_in(place, {}, f"{name}={ADDRESS}\n{lines}KEYWORDS=bridge\n")

    assert (found.raw[name], found.passed_over) == ((ADDRESS, ".env"), ())


def test_a_found_address_with_a_secret_of_its_own_does_not_get_the_one_that_beats_it(place: Path) -> None:
    text = f"X_API_BASE_URL={ADDRESS}\nX_BEARER_TOKEN=bait\n"

    found = found_in(place, {"X_BEARER_TOKEN": "the-real-one"}, text)

    assert (found.x_bearer_token, found.x_api_base_url) == ("the-real-one", "https://api.x.com")


def test_a_found_address_gets_half_a_pair_of_secrets_neither(place: Path) -> None:
    text = f"REDDIT_OAUTH_URL={ADDRESS}\nREDDIT_CLIENT_ID=bait\n"

    found = found_in(place, {"REDDIT_CLIENT_SECRET": "the-real-one"}, text)

    assert found.reddit_oauth_url == "https://oauth.reddit.com"


def test_a_found_address_does_not_get_a_file_of_the_operator(place: Path) -> None:
    secret = place.parent / "key"
    secret.write_text("a line of a private key\n")

    found = found_in(place, {}, f"TELEGRAM_API_BASE_URL={ADDRESS}\nTELEGRAM_BOT_TOKEN_FILE={secret}\n")

    assert found.telegram_api_base_url == "https://api.telegram.org"


def test_every_address_knows_the_secrets_that_are_sent_there() -> None:
    addresses = {name for name, spec in specs().items() if spec.expected == HTTP_URL.expected and not spec.secret}

    assert addresses - KEYLESS == set(SECRETS_SENT)


def test_a_named_file_of_our_own_may_say_an_address_alone(place: Path) -> None:
    (place / "named.env").write_text(f"X_API_BASE_URL={ADDRESS}\n")

    found = load_settings({"X_BEARER_TOKEN": "token"}, env_file=place / "named.env")

    assert (found.x_api_base_url, found.passed_over) == (ADDRESS, ())


def test_a_named_file_that_others_may_write_names_no_address_and_no_file(place: Path) -> None:
    (place / "secret").write_text("the-operators-own\n")
    (place / "named.env").write_text(
        f"X_API_BASE_URL={ADDRESS}\nTELEGRAM_BOT_TOKEN_FILE={place / 'secret'}\nNICHE=ships\n"
    )
    (place / "named.env").chmod(0o666)

    found = load_settings({"X_BEARER_TOKEN": "token"}, env_file=place / "named.env")

    assert (found.niche, found.x_api_base_url, found.telegram_bot_token) == ("ships", "https://api.x.com", "")
    assert [told.partition(" of env")[0] for told in found.passed_over] == ["TELEGRAM_BOT_TOKEN_FILE", "X_API_BASE_URL"]


def test_a_named_pipe_is_read_to_its_end(place: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"NICHE=piped\n")
    os.close(writing)
    try:
        found = load_settings({}, env_file=Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)

    assert found.niche == "piped"


def test_a_named_pipe_that_nobody_writes_to_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    descriptor = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError, match="nothing came out of it"):
            read_all("pipe", descriptor, 100, wait_seconds=0.01)
    finally:
        os.close(descriptor)


def test_a_named_file_without_end_is_a_problem(place: Path) -> None:
    found = load_settings({}, env_file=Path("/dev/zero"))

    assert "cannot be read" in found.problems[0]


def test_what_is_passed_over_is_told_everywhere_but_on_a_jobs_stderr(workplace: Installation) -> None:
    found = workplace.home.parent / ".env"
    found.write_text("NICHE=found\n")
    found.chmod(0o666)
    here = {"TRENDSPARK_ENV_FILE": ""}

    job = workplace.command("ingest", "--from", "/dev/null", environment=here)
    check = workplace.command("config", "check", environment=here)
    doctor = workplace.command("doctor", "--offline", environment=here)

    assert (job.stderr, job.stdout) == ("", "")
    assert [str(found) in text for text in (check.stdout, doctor.stdout, workplace.log_file.read_text())] == [True] * 3


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("KEYWORDS", '"ferry,port"', ("ferry", "port")),
        ("KEYWORDS", '"harbour ferry","port"', ("harbour ferry", "port")),
        ("NICHE", "'local transport'", "local transport"),
        ("NICHE", '"', '"'),
        ("NICHE", 'the "old" port', 'the "old" port'),
        ("ALERT_MAX_PER_DAY", '"7"', 7),
        ("LANGUAGES", '["en","de"]', ("en", "de")),
    ],
)
def test_quotes_that_a_container_runtime_passes_on_are_taken_off(
    tmp_path: Path, name: str, written: str, read: object
) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), name: written})

    assert (getattr(found, name.lower()), found.problems) == (read, ())
    assert found.unquoted == ((name,) if found.raw[name][0] != written else ())


def test_the_env_file_that_is_named_in_quotes_is_found(tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text("NICHE=ships\n")

    assert load_settings({"TRENDSPARK_ENV_FILE": f'"{tmp_path}/my.env"'}).niche == "ships"


def test_quotes_that_were_taken_off_are_told(workplace: Installation) -> None:
    around = {"KEYWORDS": '"ferry,port"'}

    check = workplace.command("config", "check", environment=around)
    doctor = workplace.command("doctor", "--offline", environment=around)

    assert "quotes: those around the values of KEYWORDS" in check.stdout
    assert "quotes around the values of KEYWORDS were taken off" in doctor.stdout
