"""What people have set up wrongly, one by one: `doctor` names it on a line, and its mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.servers import Request
from tests.servers import s3_server as habits
from tests.servers.s3_server import BUCKET, S3Server


@dataclass
class Situation:
    """An installation, and what is running beside it."""

    workplace: Installation
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def folder(self) -> Path:
        """A folder for an archive, with nothing in it."""
        place = self.workplace.home.parent / "an-archive"
        place.mkdir(exist_ok=True)
        return place

    def sets(self, **settings: str) -> None:
        """Set settings."""
        self.workplace.environment |= settings

    def store(self, *some: habits.Habit, **options: str) -> S3Server:
        """Archive into a store with habits."""
        server = self.stack.enter_context(S3Server(*some, **options))  # type: ignore[arg-type]
        self.sets(**server.settings)
        return server


@pytest.fixture
def situation(workplace: Installation) -> Iterator[Situation]:
    """An installation that is well."""
    made = Situation(workplace)
    with made.stack:
        yield made


def wrong_region(now: Situation) -> None:
    """AWS_REGION is not that of the store."""
    now.store(habits.wants_region("garage", "the region 'us-east-1' is wrong; expecting 'garage'"))


def bucket_in_endpoint(now: Situation) -> None:
    """The endpoint was copied with the bucket in it."""
    now.sets(AWS_ENDPOINT_URL_S3=f"{now.store().url}/{BUCKET}")


def bucket_wanted_in_host(now: Situation) -> None:
    """A store without path style."""
    now.store(habits.always(403, "SecondLevelDomainForbidden", "use a third level domain"))


def no_bucket(now: Situation) -> None:
    """ARCHIVE_URL names a bucket that nobody made."""
    now.store()
    now.sets(ARCHIVE_URL="s3://another")


def broken_sdk_file(now: Situation) -> None:
    """~/.aws/config cannot be read."""
    now.store()
    path = now.folder / "config"
    path.write_text("no ini")
    now.sets(AWS_CONFIG_FILE=str(path))


def ended_credentials(now: Situation) -> None:
    """Temporary credentials have ended."""
    now.store(habits.always(400, "ExpiredToken", "The provided token has expired."))


def wrong_clock(now: Situation) -> None:
    """The clock is off by more than a store tolerates."""
    now.store(habits.always(403, "RequestTimeTooSkewed", "The difference is too large."))


def only_reading(now: Situation) -> None:
    """The identity may list, and not put."""
    now.store(habits.puts(403, "AccessDenied", "Access Denied"))


def listing_as_of_v1(now: Situation) -> None:
    """A gateway answers each listing from its beginning."""
    server = now.store(lists_as="stuck")
    server.page = 1
    server.objects = {f"_manifests/{number}.json": (b"{}", {}) for number in range(3)}


def nothing_implemented(now: Situation) -> None:
    """What listens there takes no objects."""
    now.store(habits.puts(501, "NotImplemented"))


def changes_content(now: Situation) -> None:
    """A store does not give back what it got."""

    def habit(server: S3Server, request: Request) -> None:
        server.objects = {key: (b"?" * len(content), {}) for key, (content, _) in server.objects.items()}

    now.store(habit)


def folder_gone(now: Situation) -> None:
    """The disk of the archive is not mounted."""
    now.sets(ARCHIVE_URL=f"file://{now.folder}/not-mounted")


SITUATIONS: dict[Callable[[Situation], None], tuple[str, str]] = {
    wrong_region: ("the bucket is in another region than 'us-east-1'", "set AWS_REGION=garage"),
    bucket_in_endpoint: ("the endpoint holds the bucket's name", "the bucket stands in ARCHIVE_URL"),
    bucket_wanted_in_host: ("wants the bucket's name in the host", "set ARCHIVE_ADDRESSING=virtual"),
    no_bucket: ("bucket 'another' does not exist", "create it, or see ARCHIVE_URL"),
    broken_sdk_file: ("a file of the AWS SDK cannot be used", "mend ~/.aws/config"),
    ended_credentials: ("ExpiredToken", "renew AWS_SESSION_TOKEN"),
    wrong_clock: ("the clock of this machine is wrong", "set the clock"),
    only_reading: ("AccessDenied", "the identity needs put, get and list"),
    listing_as_of_v1: ("answers the listing as V1", "see docs/how-to/s3-compatible-stores.md"),
    nothing_implemented: ("even without If-None-Match and x-amz-checksum-sha256", "that answer will not change"),
    changes_content: ("does not come back as it was written", "do not archive there"),
    folder_gone: ("not-mounted' does not exist", "create it, or mount the disk"),
}


@pytest.mark.parametrize("arrange", SITUATIONS)
def test_doctor_names_what_is_wrong_and_its_mend(situation: Situation, arrange: Callable[[Situation], None]) -> None:
    line, mend = SITUATIONS[arrange]
    arrange(situation)

    found = situation.workplace.command("doctor", "--json").json["findings"]

    told = [f for f in found if f["check"] == "archive" and f["state"] == "fail"]
    assert [line in one["what"] and mend in one["fix"] for one in told] == [True], told


def asked(situation: Situation) -> str:
    """What the archive answered."""
    found = situation.workplace.command("doctor", "--json").json["findings"]
    return str(next(f["what"] for f in found if f["check"] == "archive" and " answers, " in f["what"]))


def test_doctor_writes_a_small_object_once_and_says_so(situation: Situation) -> None:
    server = situation.store(habits.refuses_checksums)

    first, second = (asked(situation) for _ in range(2))

    assert "_doctor/can-be-written.txt was written and read back, and stays" in first
    assert "it takes no x-amz-checksum-sha256" in first
    assert "nothing was written, since _doctor/can-be-written.txt is there" in second
    assert list(server.objects) == ["_doctor/can-be-written.txt"]


def test_doctor_says_nothing_of_a_folder_but_that_it_can_be_written(situation: Situation) -> None:
    situation.sets(ARCHIVE_URL=f"file://{situation.folder}")

    assert asked(situation).endswith("_doctor/can-be-written.txt was written and read back, and stays")


def test_doctor_without_the_network_writes_nothing(situation: Situation) -> None:
    server = situation.store()

    situation.workplace.command("doctor", "--offline")

    assert (server.log, server.objects) == ([], {})
