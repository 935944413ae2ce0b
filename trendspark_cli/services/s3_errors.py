"""What a store that speaks S3 answers when it does not do what was asked: who must act, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto

from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.services.s3_endpoints import begins_with_bucket

SERVICE = "s3"
CONDITION, CHECKSUMS = "If-None-Match", "x-amz-checksum-sha256"  # what some stores do not take of us
PAGE = "docs/how-to/s3-compatible-stores.md"
IS_IT_S3 = "is AWS_ENDPOINT_URL_S3 the address of an S3 service?"
_ENDED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired")
_REFUSED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "403", "401", *_ENDED)
_BUSY = ("SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "TooManyRequests", "429")
_ELSEWHERE = (
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "IncorrectEndpoint",
    "InvalidRegionName",
    "PermanentRedirect",
    "Redirect",
    "TemporaryRedirect",
)
_PATH_REFUSED = ("SecondLevelDomainForbidden", "PathStyleDomainForbidden", "PathStyleNotSupported")
_NO_HEADERS_FAULT = (
    "EntityTooLarge",
    "EntityTooSmall",
    "InvalidBucketName",
    "InvalidObjectName",
    "InvalidURI",
    "KeyTooLong",
    "KeyTooLongError",
    "MetadataTooLarge",
)
_PASSING = ("RequestTimeout", "IncompleteBody", "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch")
_NAMED_REGION = re.compile(r"(?:expect(?:ing|ed)|must be|should be)[: ]+['\"`]?([a-z0-9][a-z0-9-]*)", re.IGNORECASE)
_SDK_FILES = (boto.ConfigParseError, boto.ConfigNotFound, boto.InvalidConfigError, boto.UnknownCredentialError)
_NO_CREDENTIALS = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound)


class NoSuchKeyError(UpstreamError):
    """There is no such object."""


class ExistsError(UpstreamError):
    """There is an object under that key."""


class ConflictError(UpstreamError):
    """Somebody else writes under that key just now, or there is an object."""


class HeaderRefusedError(ConfigError):
    """The store does not take a header of ours: CONDITION or CHECKSUMS, or it does not say which."""

    header = ""


@dataclass(frozen=True)
class Asked:
    """What was asked for and how, for messages. `name` is the address of an object or the beginning of it."""

    name: str
    bucket: str
    region: str
    endpoint_url: str


def error_of_answer(error: boto.ClientError, asked: Asked) -> TrendSparkError:
    """Return the error of ours for an answer that is none."""
    details = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    code, status, message = str(details.get("Code", "")), about.get("HTTPStatusCode"), str(details.get("Message", ""))
    what = f"{asked.name}: {code} {message[:200]}".strip()
    if code == "NoSuchBucket":
        return no_bucket(asked)
    if code in ("NoSuchKey", "404") or status == 404:
        return NoSuchKeyError(SERVICE, what)
    if code == "PreconditionFailed" or status in (304, 412):  # a gateway answers a PUT as it would a GET
        return ExistsError(SERVICE, what)
    if status == 409:
        return ConflictError(SERVICE, f"{what} ({status})", hint="the next run goes on", status=status)
    if code == "RequestTimeTooSkewed":
        return ConfigError(f"s3: the clock of this machine is wrong: {what}", hint="set the clock")
    if code in _PATH_REFUSED:
        hint = "set ARCHIVE_ADDRESSING=virtual"
        return ConfigError(f"s3: the store wants the bucket's name in the host: {what}", hint=hint)
    if code in _ELSEWHERE or status in (301, 307):
        return _elsewhere(details, about.get("HTTPHeaders", {}), what, asked)
    if code in _REFUSED or status in (401, 403):
        hint = "check the AWS_* settings; the identity needs put, get and list"
        if code in _ENDED:
            hint = "the temporary credentials have ended: renew AWS_SESSION_TOKEN and its keys"
        return CredentialsRefusedError(SERVICE, what, hint=hint, status=status)
    if code in _BUSY or status == 429:
        return RateLimitedError(SERVICE, what, hint="the next run goes on", status=status)
    if status in (400, 405, 501) and code not in _PASSING:
        return _never_changes(details, status, what)
    return UpstreamError(SERVICE, f"{what} ({status})", hint="the next run goes on", status=status)


def no_bucket(asked: Asked) -> ConfigError:
    """Return what it means that the store knows no such bucket."""
    hint = "create it, or see ARCHIVE_URL"
    if begins_with_bucket(asked.endpoint_url, asked.bucket):
        host = urlsplit(asked.endpoint_url).hostname or ""
        hint = f"the endpoint holds the bucket's name: {host.partition('.')[2]!r} is its host, perhaps"
    return ConfigError(f"s3: bucket {asked.bucket!r} does not exist", hint=hint)


def error_of_sdk(error: boto.BotoCoreError, asked: Asked) -> TrendSparkError:
    """Return the error of ours for what the AWS SDK says by itself."""
    text = " ".join(str(error).split())
    if isinstance(error, boto.ParamValidationError):
        return ConfigError(f"s3: bucket {asked.bucket!r}: {text}", hint="see ARCHIVE_URL")
    if isinstance(error, _NO_CREDENTIALS):
        return ConfigError(f"s3: {text}", hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
    if isinstance(error, boto.InvalidRegionError):
        return ConfigError(f"s3: {text}", hint="see AWS_REGION")
    if isinstance(error, _SDK_FILES):
        hint = "mend ~/.aws/config and ~/.aws/credentials, or the files AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE"
        return ConfigError(f"s3: a file of the AWS SDK cannot be used: {text}", hint=f"{hint} name")
    if isinstance(error, boto.TokenRetrievalError | boto.SSOError):
        hint = "sign in again, such as by `aws sso login`"
        return CredentialsRefusedError(SERVICE, f"{asked.name}: {text}", hint=hint)
    hint = "the next run goes on"
    if isinstance(error, boto.SSLError):
        hint = "name the certificate's authority with AWS_CA_BUNDLE, when it is one of your own"
    elif begins_with_bucket(error.kwargs.get("endpoint_url", ""), asked.bucket):
        hint = "is there such a host? ARCHIVE_ADDRESSING=path keeps the bucket's name out of it"
    return UpstreamError(SERVICE, f"{asked.name}: {text}", hint=hint)


def no_end(name: str, *, is_v1: bool = False) -> BadAnswerError:
    """Return what it means that a listing does not get on."""
    if is_v1:
        what = f"it answers the listing as V1, and that of {name} from its beginning each time"
        return BadAnswerError(SERVICE, what, hint=f"it cannot hold an archive as it is; see {PAGE}")
    return BadAnswerError(SERVICE, f"the listing of {name} has no end", hint=IS_IT_S3)


def _elsewhere(details: dict[str, Any], headers: dict[str, str], what: str, asked: Asked) -> ConfigError:
    """Return what it means that the bucket is in another region than the one that was signed for."""
    told = _NAMED_REGION.search(str(details.get("Message", "")))
    region = details.get("Region") or headers.get("x-amz-bucket-region") or (told[1] if told else "")
    hint = f"set AWS_REGION={region}" if region else "set AWS_REGION to the region of the bucket"
    if (address := details.get("Endpoint")) and asked.endpoint_url:
        hint = f"{hint}, or AWS_ENDPOINT_URL_S3 to {str(address)[:200]!r}, where the bucket is"
    return ConfigError(f"s3: the bucket is in another region than {asked.region!r}: {what}", hint=hint)


def _never_changes(details: dict[str, Any], status: int, what: str) -> ConfigError:
    """Return what it means that the store does not take the request, now or later.

    Stores name what they do not know in words of their own, so a header is suspected unless the code is about the key.
    """
    hint = f"that answer will not change; see {PAGE}"
    if str(details.get("Code", "")) in _NO_HEADERS_FAULT:
        return ConfigError(f"s3: {what} ({status})", hint=hint)
    refused = HeaderRefusedError(f"s3: {what} ({status})", hint=hint)
    told = f"{details.get('Header', '')} {details.get('ArgumentName', '')} {details.get('Message', '')}".lower()
    if "checksum" in told or "x-amz-sdk" in told or "trailer" in told:
        refused.header = CHECKSUMS
    elif "if-none-match" in told or "condition" in told:
        refused.header = CONDITION
    return refused
