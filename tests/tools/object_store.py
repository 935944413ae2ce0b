"""A real S3-compatible server (SeaweedFS) that checks signatures and checksums, and a way to disturb it."""

from __future__ import annotations

import http.client
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.tools.processes import free_port, running, wait_for

KEY, SECRET = "AKARCHIVEONLY", "secret-of-the-archive-identity"
ADMIN_KEY, ADMIN_SECRET = "AKADMIN", "secret-of-the-admin-identity"
BUCKET = "trendai-archive"
HIGHEST_PORT = 50_000  # each port has a second one, 10,000 above it
START_SECONDS = 60.0


@dataclass(frozen=True)
class ObjectStore:
    """A running server with one bucket; our identity may put, get and list."""

    endpoint: str

    @property
    def settings(self) -> dict[str, str]:
        """What an operator would set."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
        }

    def admin(self) -> Any:
        """A client that may do anything."""
        config = Config(
            connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
        )
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key=ADMIN_SECRET,
            region_name="us-east-1",
            config=config,
        )

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Every object below a prefix, by key relative to it."""
        client = self.admin()
        found = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/"):
            for item in page.get("Contents", ()):
                body = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
                found[item["Key"].removeprefix(f"{prefix}/")] = body
        return found

    def replace(self, prefix: str, key: str, content: bytes) -> None:
        """Do what nobody should: change an object."""
        self.admin().put_object(Bucket=BUCKET, Key=f"{prefix}/{key}", Body=content)

    def remove(self, prefix: str, key: str) -> None:
        """Lose an object."""
        self.admin().delete_object(Bucket=BUCKET, Key=f"{prefix}/{key}")


@contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """Run a server whose data lies below *folder*."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    assert weed is not None, "weed is not installed: pip install -e '.[test]'"
    identities = [
        {
            "name": "archive",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": [f"{action}:{BUCKET}" for action in ("Read", "Write", "List")],
        },
        {
            "name": "admin",
            "credentials": [{"accessKey": ADMIN_KEY, "secretKey": ADMIN_SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        },
    ]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": identities}), encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    master, volume, filer, s3 = (_port() for _ in range(4))
    argv = [weed, f"-logdir={folder}", "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    argv += [f"-master.port={master}", f"-volume.port={volume}", "-filer", f"-filer.port={filer}"]
    argv += [
        "-s3",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.port={s3}",
        f"-s3.config={config}",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=50",
    ]
    store = ObjectStore(f"http://127.0.0.1:{s3}")
    with running(argv, folder / "weed.log"):
        wait_for("the object store is up", lambda: _has_bucket(store), seconds=START_SECONDS)
        yield store


def _has_bucket(store: ObjectStore) -> bool:
    try:
        store.admin().create_bucket(Bucket=BUCKET)
        store.admin().put_object(Bucket=BUCKET, Key="first", Body=b"first")
    except ClientError as error:
        return bool(error.response["Error"]["Code"].startswith("BucketAlready"))
    except BotoCoreError as error:
        raise OSError(str(error)) from error
    return True


def _port() -> int:
    while (port := free_port()) > HIGHEST_PORT:
        pass
    return port


@dataclass
class Disturbance:
    """What happens to requests on their way: a rule gets (method, path) and may name what goes wrong.

    `refuse` answers 503 without asking; `lose` asks and drops the answer; `hang` never answers; `flip` changes a byte
    of the answer; `html` answers what no S3 would.
    """

    rule: Callable[[str, str], str | None] = field(default=lambda method, path: None)
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def disturbed(store: ObjectStore) -> Iterator[tuple[ObjectStore, Disturbance]]:
    """Put somebody between us and the server who can spoil answers."""
    disturbance = Disturbance()
    target = store.endpoint.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            what = disturbance.rule(self.command, self.path)
            disturbance.seen.append((self.command, self.path, what))
            if what == "hang":
                disturbance.ended.wait(60)
                self.close_connection = True
                return
            if what in ("refuse", "html"):
                text = b"<p>hello" if what == "html" else b"<Error><Code>SlowDown</Code></Error>"
                self._answer(200 if what == "html" else 503, [], text)
                return
            upstream = http.client.HTTPConnection(target, timeout=30)
            upstream.request(self.command, self.path, body=body, headers=dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if what == "lose":
                self.close_connection = True
                return
            if what == "flip":
                content = content[:10] + bytes([content[10] ^ 1]) + content[11:]
            self._answer(answer.status, answer.getheaders(), content)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            kept = [(k, v) for k, v in headers if k.lower() not in ("transfer-encoding", "connection")]
            for name, value in kept:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in kept):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that have gone."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ObjectStore(f"http://127.0.0.1:{server.server_address[1]}"), disturbance
    finally:
        disturbance.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
