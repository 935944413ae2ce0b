"""Where a setting comes from: environment, env file, secret file, default; in this order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import Settings, load_settings, specs


def settings_of(folder: Path, environment: Mapping[str, str] | None = None, file: str = "") -> Settings:
    """Load settings from an environment and an env file, with nothing of the surroundings."""
    env_file = folder / "test.env"
    env_file.write_text(file, encoding="utf-8")
    return load_settings({"XDG_DATA_HOME": str(folder), **(environment or {})}, env_file=env_file)


def test_the_environment_beats_the_env_file_and_the_file_beats_the_default(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {"X_MAX_READS_PER_DAY": "1"}, "X_MAX_READS_PER_DAY=2\nX_MAX_READS_PER_MONTH=3\n")

    assert (found.x_max_reads_per_day, found.x_max_reads_per_month, found.alert_max_per_day) == (1, 3, 20)


def test_each_value_knows_where_it_comes_from(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {"NICHE": "ships"}, "KEYWORDS=bridge\n")

    assert (found.raw["NICHE"], found.raw["KEYWORDS"]) == (
        ("ships", "environment"),
        ("bridge", str(tmp_path / "test.env")),
    )
    assert "LANGUAGES" not in found.raw


@pytest.mark.parametrize("empty", ["X_MAX_READS_PER_DAY=", 'X_MAX_READS_PER_DAY=""', "X_MAX_READS_PER_DAY"])
def test_empty_means_unset(tmp_path: Path, empty: str) -> None:
    found = settings_of(tmp_path, {"KEYWORDS": ""}, empty + "\n")

    assert (found.x_max_reads_per_day, found.keywords, found.problems) == (5000, (), ())


@pytest.mark.parametrize("empty", ["", '""', "''"])
def test_an_empty_variable_switches_a_value_of_the_env_file_off(tmp_path: Path, empty: str) -> None:
    found = settings_of(
        tmp_path, {"KEYWORDS": empty, "X_MAX_READS_PER_DAY": empty}, "KEYWORDS=bridge\nX_MAX_READS_PER_DAY=7\n"
    )

    assert (found.keywords, found.x_max_reads_per_day, found.problems) == ((), 5000, ())


@pytest.mark.parametrize("name", ["X_BEARER_TOKEN", "X_BEARER_TOKEN_FILE"])
def test_an_empty_variable_switches_the_secret_file_of_the_env_file_off(tmp_path: Path, name: str) -> None:
    (tmp_path / "token").write_text("from-a-file\n")

    found = settings_of(tmp_path, {name: ""}, f"X_BEARER_TOKEN_FILE={tmp_path / 'token'}\n")

    assert (found.x_bearer_token, found.problems) == ("", ())


def test_an_empty_variable_does_not_hide_the_secret_file_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")

    found = settings_of(tmp_path, {"X_BEARER_TOKEN": "", "X_BEARER_TOKEN_FILE": str(tmp_path / "token")})

    assert found.x_bearer_token == "from-a-file"


def test_a_secret_can_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")

    found = settings_of(tmp_path, {"X_BEARER_TOKEN_FILE": str(tmp_path / "token")})

    assert (found.x_bearer_token, "from-a-file" in found.secrets()) == ("from-a-file", True)


def test_a_secret_file_that_cannot_be_read_is_a_problem_with_its_name(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {"X_BEARER_TOKEN_FILE": str(tmp_path / "missing")})

    assert len(found.problems) == 1
    assert found.problems[0].startswith("X_BEARER_TOKEN_FILE=")


def test_a_file_for_a_setting_that_is_no_secret_is_reported(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {}, "KEYWORDS_FILE=/etc/keywords\n")

    assert [name for name, _ in found.unknown] == ["KEYWORDS_FILE"]


def test_a_named_env_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.env") as caught:
        load_settings({"TRENDSPARK_ENV_FILE": str(tmp_path / "nothing.env")})

    assert caught.value.exit_code == 78


def test_the_env_file_of_the_user_is_read_when_there_is_none_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config" / "trendspark").mkdir(parents=True)
    (tmp_path / "config" / "trendspark" / ".env").write_text("NICHE=user\n")
    monkeypatch.chdir(tmp_path)
    of_user = load_settings({"XDG_CONFIG_HOME": str(tmp_path / "config")})
    (tmp_path / ".env").write_text("NICHE=here\n")

    of_folder = load_settings({"XDG_CONFIG_HOME": str(tmp_path / "config")})

    assert (of_user.niche, of_folder.niche) == ("user", "here")


def test_paths_follow_the_home_that_is_set(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {"TRENDSPARK_HOME": str(tmp_path / "elsewhere")})

    assert (found.textfile_dir, found.database_url) == (
        tmp_path / "elsewhere" / "textfile_collector",
        f"sqlite:///{tmp_path}/elsewhere/trendspark.db",
    )


def test_paths_have_their_place_below_the_data_folder_of_the_user(tmp_path: Path) -> None:
    assert settings_of(tmp_path).log_file == tmp_path / "trendspark" / "trendspark.log"


def test_an_env_file_as_editors_and_shells_write_it_is_read(tmp_path: Path) -> None:
    text = "\ufeff# comment\r\nexport NICHE='local transport'\r\n\r\nKEYWORDS=bridge,\"harbour ferry\" # why\r\n"

    found = settings_of(tmp_path, {}, text)

    assert (found.niche, found.keywords, found.problems) == ("local transport", ("bridge", "harbour ferry"), ())


def test_a_line_that_is_no_setting_is_told_by_its_number_only(tmp_path: Path) -> None:
    found = settings_of(tmp_path, {}, "NICHE=ships\n= half-a-secret-token\n")

    assert found.problems == (f"{tmp_path / 'test.env'} line 2: expected NAME=value",)


def test_an_env_file_with_every_setting_at_its_default_loads_without_a_word(tmp_path: Path) -> None:
    lines = [f"# {spec.help}\n{name}={spec.default}\n" for name, spec in specs().items()]

    found = settings_of(tmp_path, {}, "".join(lines))

    assert (found.problems, found.unknown) == ((), ())
    assert found.textfile_dir == tmp_path / "trendspark" / "textfile_collector"


def test_every_example_is_a_good_value(tmp_path: Path) -> None:
    examples = "".join(f"{name}={spec.example!s}\n" for name, spec in specs().items() if spec.example)

    assert settings_of(tmp_path, {}, examples).problems == ()


def test_the_examples_in_env_example_load_as_they_are(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / ".env.example"
    if not example.exists():
        pytest.skip("there is no .env.example yet")

    found = load_settings({"XDG_DATA_HOME": str(tmp_path)}, env_file=example)

    assert (found.problems, found.unknown) == ((), ())


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("X_BEARER_TOKN", "X_BEARER_TOKEN"), ("REDDIT_SUBREDDIT", "REDDIT_SUBREDDITS"), ("X_ZZZZZZZZ", "")],
)
def test_an_unknown_name_is_told_with_the_nearest_known_one(tmp_path: Path, name: str, nearest: str) -> None:
    from_environment = settings_of(tmp_path, {name: "1"}).unknown
    from_file = settings_of(tmp_path, {}, f"{name}=1\n").unknown

    assert from_environment == from_file == ((name, nearest),)


def test_names_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    environment = {"SHELL": "/bin/sh", "XAUTHORITY": "x", "AWS_PROFILE": "p", "OPENAI_LOG": "debug", "KEYWORD": "k"}

    assert settings_of(tmp_path, environment, "AWS_REGION=eu-central-1\nTZ=UTC\n").unknown == ()


def test_a_misspelt_name_in_the_env_file_is_told_whatever_it_looks_like(tmp_path: Path) -> None:
    assert settings_of(tmp_path, {}, "KEYWORD=bridge\n").unknown == (("KEYWORD", "KEYWORDS"),)
