"""Archives in a bucket of S3, or of anything that speaks its protocol. The identity needs put, get and list only."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from trendspark_cli.archiving.destination import StoredObject
from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    IntegrityError,
    RateLimitedError,
    StoreError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.base.opening import Opening
from trendspark_cli.services.deadlines import within
from trendspark_cli.services.s3_answers import SLOWEST_BYTES_PER_SECOND, OddAnswerError, bind

SERVICE = "s3"
CONNECT_SECONDS = 5
ATTEMPTS = 3
BLOCK_BYTES = 1 << 20
MOST_BYTES = 16 << 20  # of an object whose size nobody noted: a manifest has some thousand
MOST_PAGES = 10_000  # of a listing, a thousand keys each
_REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403", "401")
_NO_S3 = "is AWS_ENDPOINT_URL_S3 the address of an S3 service?"
_BUSY = ("SlowDown", "Throttling", "TooManyRequests", "429")


@dataclass(frozen=True)
class S3Access:
    """How to reach S3; what is empty is left to the AWS SDK: its files, instance roles, its own variables."""

    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    region: str = ""
    endpoint_url: str = ""
    profile: str = ""
    ca_bundle: str = ""


class S3Bucket:
    """One bucket, or a prefix in one."""

    def __init__(self, url: str, access: S3Access, record: Callable[[ApiCall], None], *, answer_seconds: float) -> None:
        parts = urlsplit(url)
        self.url = url
        self._bucket = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/".removeprefix("/")
        self._record = record
        self._sent_at = 0.0
        self._answer_seconds = answer_seconds
        self._client = self._connect(access, answer_seconds)

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Store a file that must not be there yet; S3 checks its SHA-256 as it arrives."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        try:
            with self._errors(key), file.open("rb") as stream:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    Body=stream,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    IfNoneMatch="*",
                    Metadata={"sha256": sha256},
                )
        except _ExistsError:
            found = self.head(key)
            if found is None or found.sha256 != sha256:
                raise IntegrityError(
                    f"s3: {self._name(key)} exists with other content", hint="nothing was overwritten; look at it"
                ) from None

    def fetch(self, key: str, file: Path, most_bytes: int | None = None) -> str | None:
        """Download an object to *file*, or the first byte too many of it at most; None when there is none."""
        digest = hashlib.sha256()
        most = MOST_BYTES if most_bytes is None else most_bytes
        left = most + 1
        try:
            with (
                self._errors(key),
                file.open("wb") as copy,
                within(self._answer_seconds * 10 + (most_bytes or 0) / SLOWEST_BYTES_PER_SECOND),
            ):
                body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]
                with closing(body):
                    while left > 0 and (block := body.read(min(BLOCK_BYTES, left))):
                        left -= len(block)
                        digest.update(block)
                        copy.write(block)
        except _NoSuchKeyError:
            return None
        if left <= 0 and most_bytes is None:
            raise BadAnswerError(SERVICE, f"{self._name(key)} has more than {most} bytes", hint="look at that object")
        return digest.hexdigest()

    def head(self, key: str) -> StoredObject | None:
        """Ask for an object's size and stored checksum."""
        try:
            with self._errors(key):
                head = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED")
        except _NoSuchKeyError:
            return None
        checksum = head.get("ChecksumSHA256")
        try:
            sha256 = base64.b64decode(checksum).hex() if checksum else head.get("Metadata", {}).get("sha256")
            return StoredObject(key, int(head["ContentLength"]), sha256)
        except (KeyError, ValueError) as error:
            what = f"{self._name(key)}: an answer without a size or with an odd checksum"
            raise BadAnswerError(SERVICE, what, hint=_NO_S3) from error

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects below a prefix, a thousand to a request."""
        token: dict[str, str] = {}
        last = ""
        for _ in range(MOST_PAGES):
            with self._errors(prefix):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + prefix, **token)
            if "IsTruncated" not in page:
                what = f"the answer to a listing of {self._name(prefix)} is none"
                raise BadAnswerError(SERVICE, what, hint=_NO_S3)
            for item in page.get("Contents", ()):
                yield self._listed(item)
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": str(page.get("NextContinuationToken", ""))}
            keys = [item["Key"] for item in page.get("Contents", ())]
            if following in (token, {"ContinuationToken": ""}) or not keys or keys[-1] == last:
                raise self._endless(prefix)
            token, last = following, keys[-1]
        raise self._endless(prefix)

    def _listed(self, item: dict[str, Any]) -> StoredObject:
        key, size = item.get("Key"), item.get("Size")
        if not isinstance(key, str) or not key or not isinstance(size, int) or size < 0:
            what = f"a listing names {key!r:.200} with {size!r:.40} bytes"
            raise BadAnswerError(SERVICE, f"{what}; expected a key and a size", hint=_NO_S3)
        return StoredObject(key.removeprefix(self._prefix), size)

    def _endless(self, prefix: str) -> BadAnswerError:
        return BadAnswerError(SERVICE, f"the listing of {self._name(prefix)} has no end", hint=_NO_S3)

    def local_path(self, key: str) -> Path | None:
        """Return None: a bucket is read over the network."""
        return None

    def _connect(self, access: S3Access, answer_seconds: float) -> Any:
        config = Config(
            connect_timeout=min(CONNECT_SECONDS, answer_seconds),
            read_timeout=answer_seconds,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Path style: buckets of other stores have no host name of their own.
            s3={"addressing_style": "path" if access.endpoint_url else "auto"},
            # Other checksums than ours only where S3 insists: some stores refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        _require_files(access.ca_bundle)
        with self._errors(""):
            session = boto3.session.Session(profile_name=access.profile or None)
            client = session.client(
                "s3",
                config=config,
                endpoint_url=access.endpoint_url or None,
                region_name=access.region or session.region_name or "us-east-1",
                aws_access_key_id=access.access_key_id or None,
                aws_secret_access_key=access.secret_access_key or None,
                aws_session_token=access.session_token or None,
                verify=access.ca_bundle or None,
            )
        bind(client, answer_seconds * 1.5 + min(CONNECT_SECONDS, answer_seconds))
        client.meta.events.register("before-send.s3", self._note_start)
        client.meta.events.register("response-received.s3", self._note_answer)
        return client

    def _note_start(self, **_: Any) -> None:
        self._sent_at = time.monotonic()

    def _note_answer(self, event_name: str, response_dict: dict[str, Any] | None, **_: Any) -> None:
        status = response_dict["status_code"] if response_dict else None
        headers = response_dict.get("headers", {}) if response_dict else {}
        call = ApiCall(
            utc_now(),
            SERVICE,
            event_name.rpartition(".")[2],
            status,
            time.monotonic() - self._sent_at,
            request_id=headers.get("x-amz-request-id", ""),
            answered_at=headers.get("date", ""),
        )
        note_call(self._record, call)

    def _name(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{key}"

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn what boto3 raises into errors of ours."""
        try:
            yield
        except ClientError as error:
            raise self._answered(error, key) from error
        except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
            hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            raise ConfigError(f"s3: {error}", hint=hint) from error
        except ParamValidationError as error:
            text = " ".join(str(error).split())
            raise ConfigError(f"s3: bucket {self._bucket!r}: {text}", hint="see ARCHIVE_URL") from error
        except OddAnswerError as error:
            what = f"{self._name(key)}: {error}"
            raise BadAnswerError(SERVICE, what, hint=_NO_S3) from error
        except (ResponseParserError, RecursionError) as error:
            what = f"{self._name(key)}: no answer of S3 ({type(error).__name__})"
            raise BadAnswerError(SERVICE, what, hint=_NO_S3) from error
        except (BotoCoreError, HTTPError) as error:
            text = " ".join(str(error).split())
            raise UpstreamError(SERVICE, f"{self._name(key)}: {text}", hint="the next run goes on") from error
        except ValueError as error:
            if key:
                what = f"{self._name(key)}: no answer of S3 ({str(error)[:100]})"
                raise BadAnswerError(SERVICE, what, hint=_NO_S3) from error
            raise ConfigError(f"s3: {error}", hint="see AWS_ENDPOINT_URL_S3") from error  # it is no URL
        except OSError as error:
            raise StoreError(f"the copy of {self._name(key)} cannot be read or written: {error}") from error

    def _answered(self, error: ClientError, key: str) -> TrendSparkError:
        """Return the error of ours for an answer that is none."""
        details = error.response.get("Error", {})
        code = str(details.get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        what = f"{self._name(key)}: {code} {str(details.get('Message', ''))[:200]}".strip()
        if code == "NoSuchBucket":
            return ConfigError(f"s3: bucket {self._bucket!r} does not exist", hint="create it, or see ARCHIVE_URL")
        if code in ("NoSuchKey", "404") or status == 404:
            return _NoSuchKeyError(SERVICE, what)
        if code == "PreconditionFailed" or status == 412:
            return _ExistsError(SERVICE, what)
        if code == "RequestTimeTooSkewed":
            return ConfigError(f"s3: the clock of this machine is wrong: {what}", hint="set the clock")
        if code in _REFUSED or status in (401, 403):
            hint = "check the AWS_* settings; the identity needs put, get and list"
            return CredentialsRefusedError(SERVICE, what, hint=hint, status=status)
        if code in _BUSY or status == 429:
            return RateLimitedError(SERVICE, what, hint="the next run goes on", status=status)
        return UpstreamError(SERVICE, f"{what} ({status})", hint="the next run goes on", status=status)


def _require_files(ca_bundle: str) -> None:
    """Raise ConfigError for a file the AWS SDK would read that is none: it would wait for a pipe for ever."""
    for name, usual in (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")):
        _require_file(name, os.environ.get(name) or usual)
    _require_file("AWS_CA_BUNDLE", ca_bundle)


def _require_file(name: str, path: str) -> None:
    with suppress(OSError):  # what is missing, or cannot be looked at, the SDK says itself
        mode = os.stat(os.path.expanduser(path)).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ConfigError(f"{name}: {path!r} is no regular file", hint="the AWS SDK reads its settings from there")


class _NoSuchKeyError(UpstreamError):
    """There is no such object."""


class _ExistsError(UpstreamError):
    """There is an object under that key."""


@dataclass(frozen=True)
class _Given:
    """The settings that say how to reach S3."""

    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    aws_region: str
    aws_default_region: str
    aws_endpoint_url_s3: str
    aws_endpoint_url: str
    aws_profile: str
    aws_ca_bundle: str


def make(opening: Opening, url: str) -> S3Bucket:
    """Return the bucket of an address such as `s3://bucket/prefix`."""
    given = opening.read(_Given)
    access = S3Access(
        access_key_id=given.aws_access_key_id,
        secret_access_key=given.aws_secret_access_key,
        session_token=given.aws_session_token,
        region=given.aws_region or given.aws_default_region,
        endpoint_url=given.aws_endpoint_url_s3 or given.aws_endpoint_url,
        profile=given.aws_profile,
        ca_bundle=given.aws_ca_bundle,
    )
    return S3Bucket(url, access, opening.record, answer_seconds=opening.answer_seconds)
