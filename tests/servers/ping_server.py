"""A service that is pinged, as healthchecks.io is: what comes, in order."""

from __future__ import annotations

from dataclasses import dataclass

from .http_base import LocalServer
from .messages import Answer, Request

CHECK = "/ping/5f0e7a9c-24d1-4c5e-9f6b-0d7c1a2b3c4d"


@dataclass(frozen=True)
class Ping:
    """One ping: `kind` is what stands behind the address, with its slash."""

    kind: str
    rid: str
    body: str


class PingServer(LocalServer):
    """Takes pings of one check; `answer` may be changed while it runs."""

    platform = "ping"
    answer = Answer(body=b"OK")

    @property
    def address(self) -> str:
        """What HEARTBEAT_URL_<JOB> is set to."""
        return self.url + CHECK

    @property
    def pings(self) -> list[Ping]:
        """What has come, oldest first."""
        return [
            Ping(entry.path.removeprefix(CHECK), entry.query.get("rid", ""), entry.request.body.decode())
            for entry in self.log
        ]

    @property
    def kinds(self) -> list[str]:
        """The kinds of all pings, oldest first."""
        return [ping.kind for ping in self.pings]

    def endpoint_name(self, method: str, path: str) -> str:
        """Return what stands behind the address."""
        return path.removeprefix(CHECK) or "success"

    def respond(self, request: Request) -> Answer:
        """Take a POST."""
        return self.answer if request.method == "POST" else Answer(405, b"not allowed")
