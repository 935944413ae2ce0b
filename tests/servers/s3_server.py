"""A store that speaks S3, with the habits of those that are not Amazon's; each habit is a function of this file."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote
from xml.sax.saxutils import escape

from .http_base import LocalServer
from .messages import Answer, Request

BUCKET = "bkt"
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
OWN_HEADERS = ("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")

Habit = Callable[["S3Server", Request], Answer | None]


class S3Server(LocalServer):
    """One bucket in memory. Habits are asked first, in order; the first that answers has answered."""

    platform = "s3"

    def __init__(self, *habits: Habit, namespace: str = NAMESPACE, page: int = 1000, lists_as: str = "v2") -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.habits = list(habits)
        self.namespace = namespace
        self.page = page
        self.lists_as = lists_as  # "v1": without tokens, goes on after a marker; "stuck": always from the beginning

    @property
    def settings(self) -> dict[str, str]:
        """Settings that lead here."""
        return {
            "ARCHIVE_URL": f"s3://{BUCKET}",
            "AWS_ACCESS_KEY_ID": "an-id",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-test",
            "AWS_ENDPOINT_URL_S3": self.url,
        }

    def endpoint_name(self, method: str, path: str) -> str:
        """Return the method, and whether it is about the bucket."""
        return f"{method} {'object' if self._key(path) else 'bucket'}"

    def respond(self, request: Request) -> Answer:
        """Do what is asked, or what a habit does instead."""
        for habit in self.habits:
            if (answer := habit(self, request)) is not None:
                return answer
        key = self._key(request.path)
        if unquote(request.path).lstrip("/").partition("/")[0] != BUCKET:
            return self.refusal(404, "NoSuchBucket")
        if not key:
            return self._listing(request)
        if request.method == "PUT":
            return self._put(request, key)
        return self._object(key)

    def refusal(self, status: int, code: str, message: str = "", **more: str) -> Answer:
        """An answer that is an error."""
        facts = {"Code": code, "Message": message or code, **more}
        text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
        return Answer(
            status, f"<?xml version='1.0'?><Error>{text}</Error>".encode(), {"content-type": "application/xml"}
        )

    def has(self, request: Request) -> bool:
        """Tell whether there is the object that is asked for."""
        return self._key(request.path) in self.objects

    @staticmethod
    def _key(path: str) -> str:
        return unquote(path).lstrip("/").partition("/")[2]

    def _put(self, request: Request, key: str) -> Answer:
        if key in self.objects and "if-none-match" in request.headers:
            return self.refusal(412, "PreconditionFailed")
        kept = ("x-amz-meta-", "x-amz-checksum-")
        self.objects[key] = (request.body, {k: v for k, v in request.headers.items() if k.startswith(kept)})
        return Answer(headers={"etag": '"no-md5-2"'})

    def _object(self, key: str) -> Answer:
        if key not in self.objects:
            return self.refusal(404, "NoSuchKey")
        content, headers = self.objects[key]
        return Answer(body=content, headers={**headers, "etag": '"no-md5-2"'})

    def _listing(self, request: Request) -> Answer:
        query = request.query
        after = query.get("continuation-token") or query.get("start-after") or ""
        if self.lists_as != "v2":
            after = query.get("marker", "") if self.lists_as == "v1" else ""
        keys = [key for key in sorted(self.objects) if key.startswith(query.get("prefix", "")) and key > after]
        shown, is_cut = keys[: self.page], len(keys) > self.page
        text = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key][0])}</Size></Contents>" for key in shown
        )
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if is_cut else ""
        text += f"<IsTruncated>{str(is_cut).lower()}</IsTruncated>" + (token if self.lists_as == "v2" else "")
        body = f"<?xml version='1.0'?><ListBucketResult{self.namespace}>{text}</ListBucketResult>"
        return Answer(body=body.encode(), headers={"content-type": "application/xml"})


def always(status: int, code: str, message: str = "", **more: str) -> Habit:
    """It answers everything so."""
    return lambda server, request: server.refusal(status, code, message, **more)


def puts(status: int, code: str, message: str = "", **more: str) -> Habit:
    """It answers each PUT so."""
    return lambda server, request: server.refusal(status, code, message, **more) if request.method == "PUT" else None


def refuses(header: str, status: int, code: str, message: str = "", **more: str) -> Habit:
    """It knows no header that begins so."""

    def habit(server: S3Server, request: Request) -> Answer | None:
        is_meant = any(name.startswith(header) for name in request.headers)
        return server.refusal(status, code, message, **more) if is_meant else None

    return habit


def refuses_checksums(server: S3Server, request: Request) -> Answer | None:
    """It knows no checksums but MD5, and names the header, as Backblaze B2 does."""
    names = [name for name in request.headers if name.startswith(OWN_HEADERS)]
    return server.refusal(400, "InvalidArgument", f"Unsupported header '{names[0]}' received") if names else None


def wants_region(region: str, message: str, **more: str) -> Habit:
    """It takes signatures for one region only."""

    def habit(server: S3Server, request: Request) -> Answer | None:
        if f"/{region}/s3/" in (request.authorization or ""):
            return None
        return server.refusal(400, "AuthorizationHeaderMalformed", message, **more)

    return habit


def hides_what_is_missing(server: S3Server, request: Request) -> Answer | None:
    """It answers 403 for objects that are not there."""
    is_asked_for = request.method in ("GET", "HEAD") and request.path.count("/") > 1
    return server.refusal(403, "AccessDenied") if is_asked_for and not server.has(request) else None


def refuses_chunks(server: S3Server, request: Request) -> Answer | None:
    """It does not take bodies in chunks with a trailer."""
    in_chunks = "aws-chunked" in request.headers.get("content-encoding", "") or "x-amz-trailer" in request.headers
    return server.refusal(501, "NotImplemented", "aws-chunked") if in_chunks else None


def says_409(server: S3Server, request: Request) -> Answer | None:
    """It says 409 of what is there, where others say 412."""
    is_there = request.method == "PUT" and server.has(request) and "if-none-match" in request.headers
    return server.refusal(409, "FileAlreadyExists") if is_there else None


def says_304(server: S3Server, request: Request) -> Answer | None:
    """It says 304 of what is there, as of a GET, without a body."""
    is_there = request.method == "PUT" and server.has(request) and "if-none-match" in request.headers
    return Answer(304) if is_there else None


def says_412_of_all(server: S3Server, request: Request) -> Answer | None:
    """It takes `If-None-Match: *` for a condition that never holds."""
    return server.refusal(412, "PreconditionFailed") if "if-none-match" in request.headers else None


def forgets_metadata(server: S3Server, request: Request) -> Answer | None:
    """It keeps nothing but the content."""
    server.objects = {key: (content, {}) for key, (content, _) in server.objects.items()}
    return None
