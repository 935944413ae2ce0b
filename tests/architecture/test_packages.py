"""Other packages bring sources and channels: the example of the docs as it is, and packages that are broken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.project import PROJECT
from tests.installation import Done, Installation
from tests.tools.processes import COMMAND
from tests.tools.wheels import install, pack

EXAMPLE = PROJECT / "docs/how-to/example-package"
BROKEN = """
[build-system]
requires = []

[project]
name = "trendspark-broken"
version = "1.0"

[project.entry-points."trendspark.sources"]
NotAName = "trendspark_broken:SOURCE"
reddit = "trendspark_broken:SOURCE"
missing = "trendspark_missing:SOURCE"
number = "trendspark_broken:NUMBER"
raising = "trendspark_broken:raising.SOURCE"
ending = "trendspark_broken:raising.END"
shapeless = "trendspark_broken:SHAPELESS"
unmade = "trendspark_broken:UNMADE"

[tool.setuptools]
py-modules = ["trendspark_broken"]
"""
BROKEN_CODE = """
from trendspark_cli.kinds.sources import SourceKind

NUMBER = 7
MAKE = "trendspark_broken:make"
SHAPELESS = SourceKind(
    name="shapeless", make="trendspark_broken:make_of_nothing", check=MAKE, needs=("plugin_shapeless",)
)
UNMADE = SourceKind(name="unmade", make=MAKE, check=MAKE, needs=("plugin_unmade",))


def make(opening):
    raise ZeroDivisionError("no")


def make_of_nothing(opening):
    return [object()]


class _Raising:
    @property
    def SOURCE(self):
        raise RuntimeError("not today")

    @property
    def END(self):
        raise SystemExit("no licence")


raising = _Raising()
"""


@dataclass
class Shop:
    """An installation whose Python has more packages."""

    workplace: Installation
    packages: Path

    def command(self, *arguments: str, **settings: str) -> Done:
        """Run the real command with these settings."""
        path = f"{self.packages}:{PROJECT}"
        return self.workplace.command(*arguments, environment={"PYTHONPATH": path, **settings})

    @property
    def guestbook(self) -> dict[str, str]:
        """The settings of the example, with a guest book of three lines, of which one is no post."""
        file = self.workplace.home.parent / "guestbook.ndjson"
        line = {"id": "1", "at": "2026-11-01T11:00:00.000Z", "who": "anna", "text": "the harbour is lovely"}
        file.write_text("\n".join([json.dumps(line), "nonsense", json.dumps({**line, "id": "2"})]), encoding="utf-8")
        return {"PLUGIN_GUESTBOOK_PATH": str(file)}

    @property
    def logbook(self) -> dict[str, str]:
        """The settings of the example's channel."""
        return {"PLUGIN_LOGBOOK_PATH": str(self.workplace.home.parent / "logbook")}

    def doctor_of(self, check: str, **settings: str) -> list[dict[str, str]]:
        """Return what `doctor` says of one thing."""
        found = self.command("doctor", "--json", **settings).json["findings"]
        return [finding for finding in found if finding["check"] == check]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example and a broken package, installed."""
    folder = tmp_path_factory.mktemp("packages")
    broken = folder / "broken"
    broken.mkdir()
    (broken / "pyproject.toml").write_text(BROKEN, encoding="utf-8")
    (broken / "trendspark_broken.py").write_text(BROKEN_CODE, encoding="utf-8")
    for project in (EXAMPLE, broken):
        install(pack(project, folder), folder / "installed")
    return folder / "installed"


@pytest.fixture
def shop(workplace: Installation, packages: Path) -> Shop:
    return Shop(workplace, packages)


def test_a_source_of_the_example_is_read_and_goes_on_where_it_ended(shop: Shop) -> None:
    first = shop.command("ingest", "--source", "guestbook", "--json", **shop.guestbook)
    second = shop.command("ingest", "--source", "guestbook", "--json", **shop.guestbook)

    assert (first.exit_code, first.json["counts"]["new"], first.json["counts"]["rejected"]) == (0, 2, 1)
    assert (second.exit_code, second.json["counts"]["fetched"]) == (0, 0)
    series = shop.workplace.series()
    assert series['trendspark_ingest_items_total{source="guestbook"}'] == 2


def test_health_doctor_and_settings_know_the_example(shop: Shop) -> None:
    health = shop.command("health", "--json", **shop.guestbook).json["services"]
    [found] = shop.doctor_of("guestbook", **shop.guestbook)
    shown = shop.command("config", "show", **shop.guestbook).stdout

    assert (health["guestbook"]["configured"], health["logbook"]["configured"]) == (True, False)
    assert (found["state"], found["what"]) == ("ok", "the guest book is there")
    assert "PLUGIN_GUESTBOOK_PATH" in shown
    assert "guestbook.ndjson" not in shown


def test_a_channel_of_the_example_gets_messages(shop: Shop) -> None:
    done = shop.command("alert-test", "1 < 2", "--json", **shop.logbook)

    assert done.json["answer"] == {"message_id": "1", "chat": "the logbook"}
    assert Path(shop.logbook["PLUGIN_LOGBOOK_PATH"]).read_text(encoding="utf-8") == '"1 < 2"\n'


def test_broken_packages_are_named_and_passed_over(shop: Shop) -> None:
    told = " ".join(finding["what"] for finding in shop.doctor_of("packages"))

    assert "package trendspark_broken-1.0 was passed over" in told
    for why in (
        "expected a name of small letters",
        "the name is taken",
        "No module named 'trendspark_missing'",
        "expected a SourceKind of the name 'number'",
        "RuntimeError: not today",
        "SystemExit: no licence",
    ):
        assert why in told


def test_a_source_that_cannot_be_made_fails_alone_and_is_named_with_its_package(shop: Shop) -> None:
    done = shop.command("ingest", "--json", PLUGIN_UNMADE="yes", **shop.guestbook)

    assert done.exit_code == 3
    assert "unmade: the package trendspark_broken broke: ZeroDivisionError: no" in done.stderr
    assert done.json["counts"]["new"] == 2


def test_a_source_that_is_none_fails_alone(shop: Shop) -> None:
    done = shop.command("ingest", "--json", PLUGIN_SHAPELESS="yes", **shop.guestbook)

    assert (done.exit_code, done.json["counts"]["new"]) == (3, 2)
    assert "shapeless: the package trendspark_broken broke: AttributeError" in done.stderr


def test_without_such_packages_the_module_that_reads_all_of_them_is_not_loaded(workplace: Installation) -> None:
    program = ("-X", "importtime", "-m", "trendspark_cli")
    done = workplace.command("health", program=(COMMAND[0], *program))

    assert "importlib.metadata" not in done.stderr
