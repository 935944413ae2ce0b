"""Stores that speak S3 and are not Amazon's: what they do not take is left out, and what is set wrongly is named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.archive.keeping import Keeper, counts_of, fill
from tests.servers import s3_server as habits
from tests.servers.s3_server import BUCKET, Habit, S3Server
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import (
    ConfigError,
    CredentialsRefusedError,
    IntegrityError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.services.s3 import S3Access, S3Bucket
from trendspark_cli.services.s3_endpoints import addressing_style, endpoint_problem

NO_CONDITION = habits.refuses("if-none-match", 501, "NotImplemented", "A header implies functionality")
TOLERATED: dict[str, tuple[Habit, ...]] = {
    "no If-None-Match, and not said which header": (NO_CONDITION,),
    "no If-None-Match, named as Amazon did": (
        habits.refuses("if-none-match", 501, "NotImplemented", "A header", Header="If-None-Match"),
    ),
    "no checksums": (habits.refuses_checksums,),
    "no checksums, 501": (habits.refuses("x-amz-checksum", 501, "NotImplemented"),),
    "neither": (habits.refuses_checksums, NO_CONDITION),
    "neither, and not said which": (NO_CONDITION, habits.refuses("x-amz-checksum", 501, "NotImplemented")),
    "403 for what is missing": (habits.hides_what_is_missing,),
    "403 for what is missing, and no If-None-Match": (habits.hides_what_is_missing, NO_CONDITION),
    "no If-None-Match, in words of its own": (habits.refuses("if-none-match", 400, "XNotSupported", "no"),),
    "no If-None-Match, 405": (habits.refuses("if-none-match", 405, "MethodNotAllowed"),),
    "no checksums, in words of its own": (habits.refuses("x-amz-checksum", 400, "BadRequest", "bad"),),
    "no chunks": (habits.refuses_chunks,),
    "304 for what is there": (habits.says_304,),
    "409 for what is there": (habits.says_409,),
    "412 for what is not there": (habits.says_412_of_all,),
    "another region, which it names": (habits.wants_region("eu-west-3", "malformed", Region="eu-west-3"),),
    "no metadata, and no If-None-Match": (habits.forgets_metadata, NO_CONDITION),
}


def bucket(server: S3Server, **access: str) -> S3Bucket:
    """The bucket of a server, as `archive` opens it."""
    given = S3Access(access_key_id="a", secret_access_key="b", endpoint_url=server.url, **access)
    return S3Bucket(f"s3://{BUCKET}", given, lambda call: None, answer_seconds=5)


def a_file(folder: Path, text: str = "rows") -> tuple[Path, str]:
    """A file and its SHA-256."""
    path = folder / "file"
    path.write_text(text)
    return path, sha256_of(path)


@pytest.mark.parametrize("some", TOLERATED.values(), ids=TOLERATED)
def test_what_a_store_does_not_take_is_left_out(tmp_path: Path, some: tuple[Habit, ...]) -> None:
    file, sha256 = a_file(tmp_path)
    with S3Server(*some) as server:
        place = bucket(server)
        for key in ("posts/v2/a", "posts/v2/b", "posts/v2/a"):
            place.put(key, file, sha256)
        read = place.fetch("posts/v2/a", tmp_path / "copy", 4)

        assert (sorted(server.objects), read) == (["posts/v2/a", "posts/v2/b"], sha256)
        assert place.head("posts/v2/missing") is None


@pytest.mark.parametrize("some", TOLERATED.values(), ids=TOLERATED)
def test_no_store_is_made_to_overwrite_other_content(tmp_path: Path, some: tuple[Habit, ...]) -> None:
    with S3Server(*some) as server:
        place = bucket(server)
        place.put("key", *a_file(tmp_path, "the first"))

        with pytest.raises(IntegrityError, match="exists with other content"):
            place.put("key", *a_file(tmp_path, "the second"))

        assert server.objects["key"][0] == b"the first"


def test_what_a_store_refused_once_is_not_tried_again(tmp_path: Path) -> None:
    file, sha256 = a_file(tmp_path)
    with S3Server(habits.refuses_checksums, NO_CONDITION) as server:
        place = bucket(server)
        place.put("first", file, sha256)
        before = len(server.requests_of("PUT object"))
        place.put("second", file, sha256)

        assert len(server.requests_of("PUT object")) == before + 1
        assert place.remarks() == [
            "it takes no If-None-Match, which is left out",
            "it takes no x-amz-checksum-sha256, which is left out",
        ]


def test_a_store_that_takes_all_is_told_the_checksum_and_the_condition(tmp_path: Path) -> None:
    with S3Server() as server:
        place = bucket(server)
        place.put("key", *a_file(tmp_path))

        [sent] = [entry.request.headers for entry in server.requests_of("PUT object")]
        assert sent["if-none-match"] == "*"
        assert "x-amz-checksum-sha256" in sent
        assert place.remarks() == []


WRONG_REGION = "the region 'us-east-1' is wrong; expecting 'garage'"
REFUSED: dict[str, tuple[Habit, type[TrendSparkError], str, str]] = {
    "another region": (habits.wants_region("garage", WRONG_REGION), ConfigError, "another region", "AWS_REGION=garage"),
    "another region, not said which": (
        habits.wants_region("eu-west-3", "malformed"),
        ConfigError,
        "another region",
        "set AWS_REGION to the region of the bucket",
    ),
    "moved": (
        habits.always(301, "PermanentRedirect", Endpoint="bkt.s3.eu-west-1.example.org"),
        ConfigError,
        "another region",
        "'bkt.s3.eu-west-1.example.org', where the bucket is",
    ),
    "moved for now": (habits.always(307, "TemporaryRedirect"), ConfigError, "another region", "set AWS_REGION"),
    "no bucket in the path": (
        habits.always(403, "SecondLevelDomainForbidden"),
        ConfigError,
        "wants the bucket's name in the host",
        "ARCHIVE_ADDRESSING=virtual",
    ),
    "no such bucket": (habits.always(404, "NoSuchBucket"), ConfigError, "'bkt' does not exist", "create it"),
    "the clock": (habits.always(403, "RequestTimeTooSkewed"), ConfigError, "clock of this machine", "set the clock"),
    "ended credentials": (
        habits.always(400, "ExpiredToken"),
        CredentialsRefusedError,
        "ExpiredToken",
        "renew AWS_SESSION_TOKEN",
    ),
    "other credentials": (habits.always(403, "InvalidAccessKeyId"), CredentialsRefusedError, "Invalid", "AWS_*"),
    "too fast": (habits.always(503, "SlowDown"), RateLimitedError, "SlowDown", "the next run goes on"),
    "down": (habits.always(500, "InternalError"), UpstreamError, "InternalError", "the next run goes on"),
    "a time-out that calls itself 400": (habits.always(400, "RequestTimeout"), UpstreamError, "(400)", "goes on"),
    "not allowed": (habits.always(405, "MethodNotAllowed"), ConfigError, "(405)", "will not change"),
    "a bucket's name that cannot be": (
        habits.puts(400, "InvalidBucketName"),
        ConfigError,
        "InvalidBucketName InvalidBucketName (400)",
        "will not change",
    ),
    "nothing implemented": (habits.puts(501, "NotImplemented"), ConfigError, "even without If-None-Match", "see docs"),
}


@pytest.mark.parametrize(("habit", "kind", "said", "mend"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_with_a_store_is_named_with_its_mend(
    tmp_path: Path, habit: Habit, kind: type[TrendSparkError], said: str, mend: str
) -> None:
    file, sha256 = a_file(tmp_path)

    def use(place: S3Bucket) -> None:
        list(place.list("posts/"))
        place.put("key", file, sha256)

    with S3Server(habit) as server, pytest.raises(kind) as raised:
        use(bucket(server))

    assert said in str(raised.value)
    assert mend in raised.value.hint


@pytest.mark.parametrize("options", [{}, {"namespace": ""}, {"lists_as": "v1"}], ids=["v2", "no namespace", "as of V1"])
def test_long_listings_are_read_to_their_end(tmp_path: Path, options: Any) -> None:
    with S3Server(page=2, **options) as server:
        server.objects = {f"posts/v2/{number}": (b"rows", {}) for number in range(5)}
        found = [stored.key for stored in bucket(server).list("posts/v")]

    assert found == sorted(server.objects)


def test_a_listing_that_begins_anew_each_time_is_told() -> None:
    with S3Server(page=2, lists_as="stuck") as server:
        server.objects = {f"posts/v2/{number}": (b"rows", {}) for number in range(5)}

        with pytest.raises(UpstreamError, match="answers the listing as V1") as raised:
            list(bucket(server).list("posts/v"))

    assert raised.value.exit_code == 76


def test_the_name_of_the_bucket_in_the_endpoint_is_told() -> None:
    with S3Server() as server, pytest.raises(ConfigError, match="the endpoint holds the bucket's name") as raised:
        bucket(SimpleNamespace(url=f"{server.url}/{BUCKET}"))  # type: ignore[arg-type]

    assert f"AWS_ENDPOINT_URL_S3={server.url}:" in raised.value.hint


@pytest.mark.parametrize(
    ("endpoint", "archive", "is_told"),
    [
        ("https://account.r2.example.org/bkt", "s3://bkt", True),
        ("https://account.r2.example.org/bkt/", "s3://bkt/prefix", True),
        ("https://account.r2.example.org/v1/bkt", "s3://bkt", True),
        ("https://account.r2.example.org", "s3://bkt", False),
        ("https://bkt.example.org", "s3://bkt", False),  # a host may be called like a bucket
        ("https://example.org/s3", "s3://bkt", False),
        ("", "s3://bkt", False),
        ("https://example.org/bkt", "file:///bkt", False),
    ],
)
def test_only_a_path_that_ends_with_the_bucket_is_told(endpoint: str, archive: str, is_told: bool) -> None:
    assert (endpoint_problem(endpoint, archive) is not None) == is_told


@pytest.mark.parametrize(
    ("wanted", "endpoint", "style"),
    [
        ("auto", "", "auto"),
        ("auto", "http://127.0.0.1:9000", "path"),
        ("auto", "https://s3.oss-cn-hangzhou.aliyuncs.com", "virtual"),
        ("auto", "https://cos.ap-guangzhou.myqcloud.com", "virtual"),
        ("path", "https://s3.oss-cn-hangzhou.aliyuncs.com", "path"),
        ("virtual", "https://garage.example.org", "virtual"),
        ("path", "", "path"),
    ],
)
def test_where_the_name_of_a_bucket_goes(wanted: str, endpoint: str, style: str) -> None:
    assert addressing_style(wanted, endpoint) == style


def test_archive_and_restore_work_on_a_store_that_takes_neither_header(tmp_path: Path) -> None:
    with S3Server(habits.refuses_checksums, NO_CONDITION, page=3) as server:
        keeper = Keeper(tmp_path / "home", server.settings)
        keeper.environment |= server.settings
        fill(keeper, old=30, new=60)
        count = counts_of(keeper.archive())["archived"]
        found = keeper.command_now("archives", "verify", "--read-data", "--json")
        back = keeper.command_now("archives", "restore", "--since", "2026-01-01", "--json")

    assert (found.exit_code, found.json["problems"]) == (0, [])
    assert back.json["restored"] == count


def test_a_broken_file_of_the_aws_sdk_is_a_setting_to_mend(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "home", {"ARCHIVE_URL": "s3://bkt", "AWS_CONFIG_FILE": str(tmp_path / "config")})
    keeper.environment |= {"ARCHIVE_URL": "s3://bkt", "AWS_CONFIG_FILE": str(tmp_path / "config")}
    (tmp_path / "config").write_text("no ini")
    fill(keeper, old=10, new=20)

    done = keeper.command_now("archive")

    assert done.exit_code == 78
    assert "mend ~/.aws/config" in done.stderr
