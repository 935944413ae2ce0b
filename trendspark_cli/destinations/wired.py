"""Make destinations from settings: named in wiring.py, imported only when an archive is read or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from trendspark_cli.destinations.protocol import Destination
from trendspark_cli.job_context import ApiCall
from trendspark_cli.settings import Settings


def s3_bucket(settings: Settings, url: str, record: Callable[[ApiCall], None]) -> Destination:
    """Return the bucket of an address such as `s3://bucket/prefix`."""
    from trendspark_cli.destinations.s3 import S3Access, S3Bucket

    access = S3Access(
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
        region=settings.aws_region or settings.aws_default_region,
        endpoint_url=settings.aws_endpoint_url_s3 or settings.aws_endpoint_url,
        profile=settings.aws_profile,
        ca_bundle=settings.aws_ca_bundle,
    )
    return S3Bucket(url, access, record, answer_seconds=settings.http_timeout.total_seconds())


def local_folder(settings: Settings, url: str, record: Callable[[ApiCall], None]) -> Destination:
    """Return the folder of an address such as `file:///srv/archive`."""
    from trendspark_cli.destinations.local_folder import LocalFolder

    return LocalFolder(url, Path(unquote(urlsplit(url).path)))
