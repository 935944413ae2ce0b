"""A source, a channel or a job is one file and one entry: everything else follows from the entry."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.toys import house_with_toys
from tests.builders import own_line
from tests.installation import Done, Installation
from tests.tools.house import modules, room_of
from tests.tools.processes import COMMAND
from tests.tools.terminals import CTRL_C, Terminal
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.setup.questions import ordered_sources

MAY_NAME_THEM = ("kinds", "services")
ONLY_OF_X = "app.adapters.x"  # what no other source has: rules of a stream, and its own count of reads


@dataclass
class House:
    """The real command of a house with toys, in one installation."""

    code: Path
    workplace: Installation

    def command(self, *arguments: str, **settings: str) -> Done:
        """Run it with these settings."""
        return self.workplace.command(*arguments, environment={"PYTHONPATH": str(self.code), **settings})

    def finding(self, check: str, **settings: str) -> dict[str, str]:
        """Return what `doctor` says of one thing."""
        findings = self.command("doctor", "--json", **settings).json["findings"]
        [found] = [finding for finding in findings if finding["check"] == check]
        return dict(found)

    @property
    def messages(self) -> list[str]:
        """Return what the toyphone was told."""
        file = self.workplace.home.parent / "toyphone"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    @property
    def phone(self) -> dict[str, str]:
        """Return the setting that switches the toyphone on."""
        return {"TOYPHONE_FILE": str(self.workplace.home.parent / "toyphone")}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return house_with_toys(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(code: Path, workplace: Installation) -> House:
    return House(code, workplace)


BOX = {"TOYBOX_POSTS": "a bear,a kite"}


def test_nothing_but_its_own_files_and_the_table_names_a_source_or_a_channel() -> None:
    named = {
        name
        for name, path in modules().items()
        if room_of(name) not in MAY_NAME_THEM
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in (*SOURCES, *CHANNELS)
    }

    assert named == {ONLY_OF_X}


def test_a_new_source_is_one_that_ingest_reads(house: House) -> None:
    done = house.command("ingest", "--source", "toybox", "--json", **BOX)

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 2)


def test_a_new_source_is_among_those_that_may_be_chosen(house: House) -> None:
    refused = house.command("ingest", "--source", "nobody", "--json")

    assert "expected one of x, reddit, bluesky, hackernews, mastodon, feeds, toybox" in refused.stderr
    told = " ".join(house.command("ingest", "--help").stdout.split())
    assert "x or reddit or bluesky or hackernews or mastodon or feeds or toybox" in told


def test_posts_of_a_new_source_are_taken_from_files(house: House) -> None:
    file = house.workplace.home.parent / "posts.ndjson"
    file.write_text(json.dumps(own_line(source="toybox")), encoding="utf-8")

    done = house.command("ingest", "--from", str(file), "--json")

    assert done.json["counts"]["new"] == 1


def test_health_tells_of_a_new_source(house: House) -> None:
    without = house.command("health", "--json").json["services"]["toybox"]
    house.command("ingest", **BOX)
    read = house.command("health", "--json", **BOX).json["services"]["toybox"]

    assert without == {"ok": True, "configured": False, "reason": "needs TOYBOX_POSTS"}
    assert read["configured"] is True
    assert "last_page" in read


def test_doctor_asks_a_new_source(house: House) -> None:
    found = house.finding("toybox", **BOX)

    assert (found["state"], found["what"]) == ("ok", "the toybox holds 2 posts")


def test_metrics_of_a_new_source_begin_at_zero(house: House) -> None:
    house.command("metrics")

    series = house.workplace.series()
    assert series['trendspark_ingest_items_total{source="toybox"}'] == 0
    assert series['trendspark_api_requests_total{code_class="2xx",service="toybox"}'] == 0


def test_a_post_of_a_new_source_is_found_by_its_address(house: House) -> None:
    house.command("ingest", **BOX)

    found = house.command("posts", "why", "https://toybox.example/posts/2", "--json", **BOX)
    refused = house.command("posts", "why", "nothing")

    assert (found.json["source"], found.json["text"]) == ("toybox", "a kite")
    assert "mastodon:ID, feeds:ID, toybox:ID" in refused.stderr


def test_a_new_channel_is_asked_by_health_and_doctor(house: House) -> None:
    health = house.command("health", "--json", **house.phone).json["services"]["toyphone"]
    found = house.finding("toyphone", **house.phone)

    assert health == {"ok": True, "configured": True, "answers": "the toyphone rings"}
    assert (found["state"], found["what"]) == ("ok", "the toyphone rings")


def test_a_new_channel_gets_the_test_message(house: House) -> None:
    done = house.command("alert-test", "1 < 2", "--json", **house.phone)

    assert done.json["answer"] == {"message_id": "1", "chat": "the toyphone"}
    assert house.messages == ["1 < 2"]


def test_an_alert_reaches_a_new_channel_without_markup_and_in_parts_that_fit(house: House) -> None:
    settings = {**house.phone, "JOB_FAILURE_THRESHOLD": "1"}
    house.command("ingest", **settings)

    house.command("deliver", **settings)

    assert house.messages[0].startswith("(1/")
    assert "🔴 ingest failed 1 times in a row" in house.messages[0]
    assert all(len(message) <= 100 for message in house.messages)
    assert house.workplace.rows("SELECT channel, status FROM notifications") == [
        {"channel": "toyphone", "status": "sent"}
    ]


def test_deliveries_of_a_new_channel_begin_at_zero(house: House) -> None:
    house.command("metrics")

    name = 'trendspark_alert_delivery_total{category="job_alert",channel="toyphone",status="sent"}'
    assert house.workplace.series()[name] == 0


def test_a_new_job_can_be_run_by_both_its_names(house: House) -> None:
    runs = [house.command("jobs", "run", "toy", "--json"), house.command("toy", "--json")]

    assert [(run.exit_code, run.json["counts"]) for run in runs] == [(0, {"toys": 3})] * 2


def test_a_new_job_is_listed_with_its_times_and_its_runs(house: House) -> None:
    house.command("toy")

    jobs = house.command("jobs", "list", "--json").json["jobs"]

    [job] = [job for job in jobs if job["id"] == "toy"]
    assert job["last_status"] == "success"


def test_a_new_job_has_its_line_in_the_crontab(house: House) -> None:
    printed = house.command("crontab", "print").stdout

    lines = printed.splitlines()
    [line] = [line for line in lines if line.endswith(" toy")]
    assert line.split()[1:5] == ["6", "*", "*", "*"]
    assert lines[lines.index(line) - 1] == "# toys are counted in the morning"


def test_a_new_job_has_a_time_limit_and_an_address_to_ping(house: House) -> None:
    settings: list[dict[str, Any]] = house.command("config", "show", "--json").json["settings"]

    values = {setting["name"]: setting["value"] for setting in settings}
    assert (values["JOB_TIMEOUT_TOY"], values["HEARTBEAT_URL_TOY"]) == ("2m", "")


def test_a_new_job_can_be_paused_and_its_metrics_say_so(house: House) -> None:
    house.command("jobs", "pause", "toy")
    house.command("toy")

    series = house.workplace.series()
    assert series['trendspark_job_paused{job="toy"}'] == 1
    assert series['trendspark_job_runs_total{job="toy",status="skipped"}'] == 1


def test_a_new_source_and_a_new_channel_are_asked_about_when_somebody_begins(house: House) -> None:
    folder = house.workplace.home.parent
    settings = {"TRENDSPARK_ENV_FILE": str(folder / "new.env")}

    flags = ("--toybox-posts", "a bear,a kite", "--toyphone-file", house.phone["TOYPHONE_FILE"])
    done = house.command("init", "--source", "toybox", "--channel", "toyphone", *flags, "--yes", **settings)

    assert done.exit_code == 0, done.stderr
    assert "Toybox answers: the toybox holds 2 posts" in done.stdout
    assert (folder / "new.env").read_text().splitlines() == [
        "TOYBOX_POSTS=a bear,a kite",
        f"TOYPHONE_FILE={house.phone['TOYPHONE_FILE']}",
    ]
    assert len(house.messages) == 1


def test_a_new_source_is_asked_for_on_a_terminal_among_those_without_keys(house: House) -> None:
    around = {**house.workplace.surroundings(), "PYTHONPATH": str(house.code), "TRENDSPARK_ENV_FILE": "none.env"}
    terminal = Terminal([*COMMAND, "init"], around, house.workplace.home.parent)

    terminal.answers(*((f"Read {kind.called} (no key", "") for kind in ordered_sources() if not kind.needs_key))
    terminal.answers(("Read Toybox (no key needed)?", "y"))
    terminal.answers(("TOYBOX_POSTS:", "a bear"), ("holds 1 posts", None), ("Read X (needs a key)?", CTRL_C))

    assert terminal.ends() == 130
