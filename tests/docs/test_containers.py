"""The container files start what there is, as a user without rights, and pins hold what is asked for."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.project import page
from tests.tools.processes import PROJECT
from trendspark_cli.base.extras import PACKAGES
from trendspark_cli.base.settings import specs
from trendspark_cli.cli.crontab import complaint

FOLDER = PROJECT / "scripts/container"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
JOBS = {name: service for name, service in COMPOSE["services"].items() if name != "node_exporter"}
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "ENTRYPOINT", "CMD"}
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def containerfile() -> list[tuple[str, str]]:
    """Return its instructions, each with its words, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (FOLDER / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(name, rest.strip()) for line in lines if line.strip() for name, _, rest in [line.partition(" ")]]


def test_the_container_file_is_made_of_instructions_there_are() -> None:
    assert {name for name, _ in containerfile()} <= INSTRUCTIONS


def test_what_is_copied_into_the_image_is_there() -> None:
    copied = [shlex.split(rest)[:-1] for name, rest in containerfile() if name == "COPY" and "--from" not in rest]

    assert [path for paths in copied for path in paths if not (PROJECT / path).exists()] == []


def test_the_image_runs_as_a_user_without_rights() -> None:
    [user] = [rest for name, rest in containerfile() if name == "USER"]

    assert int(user.partition(":")[0]) >= 1000


def test_the_image_has_settings_of_ours_alone() -> None:
    [variables] = [rest for name, rest in containerfile() if name == "ENV"]
    names = {word.partition("=")[0] for word in shlex.split(variables)}

    assert names - {"PATH", "PYTHONDONTWRITEBYTECODE"} <= set(specs())


@pytest.mark.parametrize("name", JOBS)
def test_each_service_of_the_compose_file_runs_a_command_there_is(name: str) -> None:
    assert complaint(JOBS[name]["command"]) is None


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_started_by_the_host_alone_and_may_little(name: str) -> None:
    service = JOBS[name]

    assert (service["restart"], service["profiles"], service["cap_drop"]) == ("no", ["jobs"], ["ALL"])
    assert service["read_only"] is True
    assert set(service["environment"]) <= set(specs())


def test_every_volume_is_declared_and_the_exporter_reads_what_the_jobs_write() -> None:
    used = {mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service["volumes"]}
    exporter = COMPOSE["services"]["node_exporter"]

    assert used == set(COMPOSE["volumes"])
    assert any(word.endswith("directory=/metrics") for word in exporter["command"])


def test_the_compose_file_is_built_from_a_file_there_is() -> None:
    build = JOBS["deliver"]["build"]

    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


def test_the_cron_job_of_the_page_runs_a_job_as_that_user() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", page("docs/how-to/containers.md"), re.DOTALL)
    pod = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]["template"]["spec"]

    assert complaint(pod["containers"][0]["args"]) is None
    assert pod["securityContext"]["runAsUser"] == 10001
    assert {one["name"] for one in pod["containers"][0]["env"]} <= set(specs())


def pins() -> dict[str, str]:
    """Return the version of each package in the constraints."""
    lines = (PROJECT / "scripts/constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def requirements() -> list[Requirement]:
    """Return what the project asks for, in every extra."""
    asked = [
        *METADATA["dependencies"],
        *(each for extra in METADATA["optional-dependencies"].values() for each in extra),
    ]
    return [Requirement(each) for each in asked if not each.startswith("trendspark")]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_pinned_to_a_version_that_it_allows(requirement: Requirement) -> None:
    version = pins()[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(version)


@pytest.mark.parametrize("extra", PACKAGES)
def test_a_missing_extra_is_installed_by_what_the_project_says_it_is(extra: str) -> None:
    assert list(PACKAGES[extra]) == METADATA["optional-dependencies"][extra]


def test_duckdb_is_bounded() -> None:
    [duckdb] = [each for each in requirements() if each.name == "duckdb"]

    assert "<" in str(duckdb.specifier)
