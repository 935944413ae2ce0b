"""A service that is pinged, as healthchecks.io is: what comes, in order."""

from __future__ import annotations

from dataclasses import dataclass

from .http_base import LocalServer
from .messages import Answer, Request, json_answer

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


PUSH = "/api/push/rW5bnO05uv"


class PushServer(LocalServer):
    """Takes a state in the query of a GET, as Uptime Kuma does, and knows one monitor; `states` are those it got."""

    platform = "push"

    @property
    def address(self) -> str:
        """What the page of the monitor shows."""
        return f"{self.url}{PUSH}?status=up&msg=OK&ping="

    @property
    def states(self) -> list[tuple[str, str]]:
        """The state and the word of each ping that was taken, oldest first."""
        return [(entry.query["status"], entry.query["msg"]) for entry in self.log if entry.status == 200]

    def endpoint_name(self, method: str, path: str) -> str:
        """Return what it is for, if it is for anything."""
        return "push" if (method, path) == ("GET", PUSH) else "unknown"

    def respond(self, request: Request) -> Answer:
        """Take a GET of the one monitor."""
        if request.endpoint == "push":
            return json_answer({"ok": True})
        return json_answer({"ok": False, "msg": "Monitor not found or not active."}, 404)
