"""What an S3 service answers, bounded in time and size: botocore reads on for as long as something comes."""

from __future__ import annotations

from typing import Any

import urllib3

from trendspark_cli.services.deadlines import bounded, within

MOST_BYTES = 8 << 20  # a listing of a thousand keys has at most some three million
MOST_TAGS = 100_000  # each of them becomes an object
SLOWEST_BYTES_PER_SECOND = 10_000  # slower than that is no transfer
_BLOCK = 65536


class OddAnswerError(Exception):
    """An answer is none of S3: larger than any, or no XML; botocore passes it on, and asks not again."""


def bind(client: Any, seconds: float) -> None:
    """Let all that a boto3 client asks be answered within *seconds*; of an object that is its head only."""
    endpoint = client._endpoint
    pools = endpoint.http_session._pool_classes_by_scheme
    for scheme, kind in pools.items():
        pools[scheme] = type(f"Bounded{kind.__name__}", (kind,), {"ConnectionCls": bounded(kind.ConnectionCls)})
    endpoint.http_session = _BoundedSession(endpoint.http_session, seconds)


class _BoundedSession:
    """Sends what botocore asks and reads the answers itself."""

    def __init__(self, session: Any, seconds: float) -> None:
        self._session = session
        self._seconds = seconds

    def send(self, request: Any) -> Any:
        """Return the answer of a service, with its body unless that is an object."""
        is_object, request.stream_output = request.stream_output, True
        with within(self._seconds_for(request)):
            try:
                response = self._session.send(request)
            finally:
                request.stream_output = is_object
            if not is_object or response.status_code >= 300:
                response._content = _read(response.raw)
                if response.status_code < 300 and response._content:
                    _require_listing(response._content)
        return response

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _seconds_for(self, request: Any) -> float:
        """Return how long it may take; what is sent needs time, too."""
        return self._seconds + int(request.headers.get("Content-Length", 0)) / SLOWEST_BYTES_PER_SECOND


def _read(raw: urllib3.HTTPResponse) -> bytes:
    blocks: list[bytes] = []
    size = tags = 0
    while block := raw.read1(_BLOCK, decode_content=False):
        blocks.append(block)
        size += len(block)
        tags += block.count(b"<")
        if size > MOST_BYTES or tags > MOST_TAGS:
            limit = f"{MOST_BYTES} bytes" if size > MOST_BYTES else f"{MOST_TAGS} tags"
            raise OddAnswerError(f"the answer has more than {limit}")
    return b"".join(blocks)


def _require_listing(body: bytes) -> None:
    """Raise OddAnswerError for neither a listing nor an error: botocore would call it a failure, and ask again."""
    from xml.parsers import expat

    roots: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: roots or roots.append(name)  # type: ignore[func-returns-value]
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise OddAnswerError(f"the answer is no XML ({error})") from error
    if roots[0].rpartition(":")[2] not in ("ListBucketResult", "Error"):
        raise OddAnswerError(f"the answer is no listing ({roots[0][:40]!r})")
