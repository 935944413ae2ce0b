"""How the address of a store and the name of a bucket go together; nothing heavy, since `config check` asks too."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

VIRTUAL_ONLY = (".aliyuncs.com", ".myqcloud.com")  # Alibaba OSS, Tencent COS: no bucket in the path

Addressing = Literal["auto", "path", "virtual"]


def addressing_style(wanted: str, endpoint_url: str) -> Addressing:
    """Return where the bucket's name goes: path style unless the store is Amazon's or known to refuse it."""
    if wanted != "auto":
        return "virtual" if wanted == "virtual" else "path"
    host = urlsplit(endpoint_url).hostname or ""
    if not host:
        return "auto"
    return "virtual" if host.endswith(VIRTUAL_ONLY) else "path"


def endpoint_problem(endpoint_url: str, archive_url: str) -> tuple[str, str] | None:
    """Return what is wrong with an endpoint for that archive, and what to do; None when nothing is seen."""
    parts = urlsplit(archive_url)
    path = urlsplit(endpoint_url).path.strip("/")
    if parts.scheme == "s3" and path and path.rpartition("/")[2] == parts.netloc:
        told = f"the endpoint holds the bucket's name: {endpoint_url!r} ends with {parts.netloc!r}"
        better = endpoint_url.rstrip("/").removesuffix(parts.netloc).rstrip("/")
        return told, f"set AWS_ENDPOINT_URL_S3={better}: the bucket stands in ARCHIVE_URL"
    return None


def begins_with_bucket(endpoint_url: str, bucket: str) -> bool:
    """Tell whether the host of an address begins with the bucket's name."""
    return bool(bucket) and (urlsplit(endpoint_url).hostname or "").startswith(f"{bucket}.")
