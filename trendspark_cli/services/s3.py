"""Archives in a bucket of S3, or of anything that speaks its protocol. The identity needs put, get and list only."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
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
    StoreError,
    UpstreamError,
)
from trendspark_cli.base.full_disks import in_words
from trendspark_cli.base.opening import Opening
from trendspark_cli.reports.made_file import MadeFile
from trendspark_cli.services.deadlines import within
from trendspark_cli.services.networks import require_aws_files
from trendspark_cli.services.s3_answers import SLOWEST_BYTES_PER_SECOND, OddAnswerError, bind
from trendspark_cli.services.s3_endpoints import addressing_style, endpoint_problem
from trendspark_cli.services.s3_errors import (
    CHECKSUMS,
    CONDITION,
    IS_IT_S3,
    SERVICE,
    Asked,
    ConflictError,
    ExistsError,
    HeaderRefusedError,
    NoSuchKeyError,
    error_of_answer,
    error_of_sdk,
    no_bucket,
    no_end,
)

log = logging.getLogger(__name__)
CONNECT_SECONDS = 5
ATTEMPTS = 3
BLOCK_BYTES = 1 << 20
MOST_BYTES = 16 << 20  # of an object whose size nobody noted: a manifest has some thousand
MOST_PAGES = 10_000  # of a listing, a thousand keys each
MOST_TRIES = 5  # of a put: as it is, and with less and less


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
    addressing: str = "auto"


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
        self._without = frozenset[str]()  # what this store refused
        self._asks_for_checksums = True
        self._region, self._endpoint_url = access.region, access.endpoint_url
        self._client = self._connect(access, answer_seconds)

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Store a file that must not be there yet; S3 checks its SHA-256 as it arrives.

        What the store refuses of that is left out, and remembered: whoever puts an object reads it back.
        """
        for _ in range(MOST_TRIES):
            if CONDITION in self._without and self._is_there(key, sha256):
                return
            try:
                with self._errors(key), file.open("rb") as stream:
                    self._client.put_object(**self._put_arguments(key, stream, sha256))
                return
            except ConflictError:
                if not self._is_there(key, sha256):
                    raise
                return
            except ExistsError:
                if self._is_there(key, sha256):
                    return
                self._do_without(CONDITION)  # it says so of what is not there
            except HeaderRefusedError as error:
                self._do_without_more(error)
        raise UpstreamError(SERVICE, f"{self._name(key)} is there and not there", hint="the next run goes on")

    def replace(self, file: MadeFile) -> None:
        """Put a file there for readers, whole, in place of the one of that name."""
        with self._errors(file.name):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + file.name,
                Body=file.content,
                ContentType=file.content_type,
                CacheControl=file.cache_control,
            )

    def _put_arguments(self, key: str, stream: BinaryIO, sha256: str) -> dict[str, Any]:
        given: dict[str, Any] = {"Bucket": self._bucket, "Key": self._prefix + key, "Body": stream}
        given["Metadata"] = {"sha256": sha256}
        if CHECKSUMS not in self._without:
            given["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        if CONDITION not in self._without:
            given["IfNoneMatch"] = "*"
        return given

    def _is_there(self, key: str, sha256: str) -> bool:
        """Tell whether an object has that content; raise IntegrityError when it has other content."""
        found = self.head(key)
        if found is None:
            return False
        held = found.sha256 or self.fetch(key, Path(os.devnull), found.bytes)
        if held is not None and held != sha256:
            raise IntegrityError(
                f"s3: {self._name(key)} exists with other content", hint="nothing was overwritten; look at it"
            )
        return held is not None

    def _do_without(self, *headers: str) -> None:
        self._without = frozenset(headers)
        log.info("s3: %s does without %s", self.url, " and ".join(sorted(headers)) or "nothing")

    def _do_without_more(self, refused: HeaderRefusedError) -> None:
        """Leave out what was refused, or what has not been left out yet; raise the refusal when nothing is left."""
        if refused.header and refused.header not in self._without:
            return self._do_without(*self._without, refused.header)
        tries = [frozenset[str](), frozenset({CHECKSUMS}), frozenset({CONDITION}), frozenset({CHECKSUMS, CONDITION})]
        following = tries[tries.index(self._without) + 1 :]
        if refused.header or not following:
            left_out = " and ".join(sorted(self._without))
            self._without = frozenset()
            raise ConfigError(f"{refused}, even without {left_out}", hint=refused.hint) from refused
        return self._do_without(*following[0])

    def remarks(self) -> Sequence[str]:
        """Return what the store turned out not to take."""
        return [f"it takes no {header}, which is left out" for header in sorted(self._without)]

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
        except NoSuchKeyError:
            return None
        except CredentialsRefusedError:
            if self._is_listed(key):
                raise
            return None
        if left <= 0 and most_bytes is None:
            raise BadAnswerError(SERVICE, f"{self._name(key)} has more than {most} bytes", hint="look at that object")
        return digest.hexdigest()

    def head(self, key: str) -> StoredObject | None:
        """Ask for an object's size and stored checksum."""
        try:
            head = self._head(key)
        except NoSuchKeyError:
            return None
        except CredentialsRefusedError:
            if self._is_listed(key):
                raise
            return None  # some stores say so of what is not there
        checksum = head.get("ChecksumSHA256")
        try:
            sha256 = base64.b64decode(checksum).hex() if checksum else head.get("Metadata", {}).get("sha256")
            return StoredObject(key, int(head["ContentLength"]), sha256)
        except (KeyError, ValueError) as error:
            what = f"{self._name(key)}: an answer without a size or with an odd checksum"
            raise BadAnswerError(SERVICE, what, hint=IS_IT_S3) from error

    def _head(self, key: str) -> Any:
        wanted = {"Bucket": self._bucket, "Key": self._prefix + key}
        if self._asks_for_checksums:
            try:
                with self._errors(key):
                    return self._client.head_object(**wanted, ChecksumMode="ENABLED")
            except HeaderRefusedError:
                self._asks_for_checksums = False
        with self._errors(key):
            return self._client.head_object(**wanted)

    def _is_listed(self, key: str) -> bool:
        return any(found.key == key for found in islice(self.list(key), 1))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects below a prefix, a thousand to a request."""
        wanted = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        place: dict[str, str] = {}
        ask, last = self._client.list_objects_v2, ""
        for _ in range(MOST_PAGES):
            try:
                with self._errors(prefix):
                    page = ask(**wanted, **place)
            except NoSuchKeyError as error:
                raise no_bucket(self._asked(prefix)) from error
            if "IsTruncated" not in page:
                what = f"the answer to a listing of {self._name(prefix)} is none"
                raise BadAnswerError(SERVICE, what, hint=IS_IT_S3)
            found = [self._listed(item) for item in page.get("Contents", ())]
            keys = [item["Key"] for item in page.get("Contents", ())]
            if keys and keys[-1] == last:
                raise no_end(self._name(prefix), is_v1="Marker" in place)
            yield from found
            if not page.get("IsTruncated"):
                return
            token = str(page.get("NextContinuationToken", ""))
            if not keys or (token and place.get("ContinuationToken") == token):
                raise no_end(self._name(prefix))
            last = keys[-1]
            if token:
                place = {"ContinuationToken": token}
            else:  # it answers as of ListObjects, which names no token: so it is asked as of that
                ask, place = self._client.list_objects, {"Marker": last}
        raise no_end(self._name(prefix))

    def _listed(self, item: dict[str, Any]) -> StoredObject:
        key, size = item.get("Key"), item.get("Size")
        if not isinstance(key, str) or not key or not isinstance(size, int) or size < 0:
            what = f"a listing names {key!r:.200} with {size!r:.40} bytes"
            raise BadAnswerError(SERVICE, f"{what}; expected a key and a size", hint=IS_IT_S3)
        return StoredObject(key.removeprefix(self._prefix), size)

    def local_path(self, key: str) -> Path | None:
        """Return None: a bucket is read over the network."""
        return None

    def _connect(self, access: S3Access, answer_seconds: float) -> Any:
        config = Config(
            connect_timeout=min(CONNECT_SECONDS, answer_seconds),
            read_timeout=answer_seconds,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": addressing_style(access.addressing, access.endpoint_url)},
            # Other checksums than ours only where S3 insists: some stores refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        if problem := endpoint_problem(access.endpoint_url, self.url):
            raise ConfigError(f"s3: {problem[0]}", hint=problem[1])
        require_aws_files(access.ca_bundle)
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
        self._region = client.meta.region_name
        bind(client, answer_seconds * 1.5 + min(CONNECT_SECONDS, answer_seconds))
        client.meta.events.register("before-send.s3", self._note_start)
        if (
            access.endpoint_url
        ):  # when it is sent elsewhere, boto3 asks by HEAD where to, and is sent elsewhere for ever
            client.meta.events.register("before-send.s3.HeadBucket", _unknown_region)
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

    def _asked(self, key: str) -> Asked:
        return Asked(self._name(key), self._bucket, self._region, self._endpoint_url)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn what boto3 raises into errors of ours."""
        try:
            yield
        except ClientError as error:
            raise error_of_answer(error, self._asked(key)) from error
        except OddAnswerError as error:
            raise BadAnswerError(SERVICE, f"{self._name(key)}: {error}", hint=IS_IT_S3) from error
        except (ResponseParserError, RecursionError) as error:
            what = f"{self._name(key)}: no answer of S3 ({type(error).__name__})"
            raise BadAnswerError(SERVICE, what, hint=IS_IT_S3) from error
        except BotoCoreError as error:
            raise error_of_sdk(error, self._asked(key)) from error
        except HTTPError as error:
            text = " ".join(str(error).split())
            raise UpstreamError(SERVICE, f"{self._name(key)}: {text}", hint="the next run goes on") from error
        except ValueError as error:
            if key:
                what = f"{self._name(key)}: no answer of S3 ({str(error)[:100]})"
                raise BadAnswerError(SERVICE, what, hint=IS_IT_S3) from error
            raise ConfigError(f"s3: {error}", hint="see AWS_ENDPOINT_URL_S3") from error  # it is no URL
        except OSError as error:
            raise StoreError(f"the copy of {self._name(key)} cannot be read or written: {in_words(error)}") from error


def _unknown_region(request: Any, **_: Any) -> AWSResponse:
    """Answer boto3 what a store would that does not say where the bucket is."""
    answer = AWSResponse(request.url, 200, {}, None)
    answer._content = b""
    return answer


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
    archive_addressing: str


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
        addressing=given.archive_addressing,
    )
    return S3Bucket(url, access, opening.record, answer_seconds=opening.answer_seconds)
