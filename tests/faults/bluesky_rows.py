"""What can be wrong with a host of Bluesky's stream, and what its reader is promised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.faults import more_faults
from tests.faults.rows import Plan, Row, at
from tests.faults.scene import Scene
from tests.servers import BlueskyServer, Fault, JetstreamServer, account_event, delete_event, faults
from tests.servers.jetstream_server import Sent, microseconds

NEXT_RUN = "the next run goes on where this one stopped"
HOSTS = "check BLUESKY_HOSTS, proxies and captive portals"
CLOCK = "set the clock"
SLOW = 2.0 + 1.5 + 1.5  # two pauses between quick retries
FOR_EVER = 99  # connections: more than a run makes
HOUR = 3_600_000_000  # microseconds
FUTURE = '{"did": "did:plc:x", "time_us": 4102444800000000, "kind": "identity"}'
ODD: tuple[Sent, ...] = (
    "",
    "{",
    "[]",
    "null",
    "7",
    '{"kind": "commit"}',
    '{"kind": 7, "time_us": "now"}',
    "[" * 90_000,
)
ZSTD = b"\x28\xb5\x2f\xfd\x24\x02\x11\x00\x00hi"


def row(name: str, plan: Plan, code: int, says: str = "", audited: str = "", seconds: float = 5.0, **more: Any) -> Row:
    """A row about Bluesky."""
    return Row(name, "bluesky", plan, code, says, audited, seconds, **more)


def host(plan: Callable[[JetstreamServer], object]) -> Plan:
    """The host of the stream is like this."""

    def of_scene(scene: Scene) -> None:
        assert isinstance(scene.server, BlueskyServer)
        plan(scene.server.stream)

    return of_scene


def refusing(*statuses: int, times: int = FOR_EVER) -> Plan:
    """The stream is refused."""
    return host(lambda stream: stream.refusals.extend(statuses * times))


def ending(code: int | None, *, after: int = 0, times: int = FOR_EVER) -> Plan:
    """Connections end after so many events."""
    return host(lambda stream: stream.ends.extend([(after, code)] * times))


def sending(*frames: Sent) -> Plan:
    """Each connection brings these frames first."""
    return host(lambda stream: stream.sent_first.extend(frames))


def no_stream(fault: Fault) -> Plan:
    """Where the stream should be, there is a web server."""

    def plan(scene: Scene) -> None:
        assert isinstance(scene.server, BlueskyServer)
        scene.point_at(scene.server.url.replace("http", "ws"))
        at("unknown", fault)(scene)

    return plan


def _silent(stream: JetstreamServer) -> None:
    stream.silent = FOR_EVER


def _breaks_then_refuses(stream: JetstreamServer) -> None:
    stream.ends, stream.refusals = [(90, None)], [0, *[503] * FOR_EVER]


def _early(stream: JetstreamServer) -> None:
    stream.early = HOUR


def _twice(stream: JetstreamServer) -> None:
    stream.events += stream.events


def _late(scene: Scene) -> None:
    """The machine was off for longer than anything is replayed; what was made meanwhile, nobody has."""
    server = scene.server
    assert isinstance(server, BlueskyServer)
    last_read = microseconds(scene.operator.now - timedelta(minutes=15))
    for event in [event for event in server.stream.events if event["time_us"] > last_read]:
        server.stream.events.remove(event)
        server.forget(event)
    scene.later(days=7)
    server.stream.floor = microseconds(scene.operator.now - timedelta(hours=36))
    scene.publish(2)


def _deleted(scene: Scene) -> None:
    """A stored post is deleted, and one that was made meanwhile."""
    server = scene.server
    assert isinstance(server, BlueskyServer)
    for post in (server.stream.events[0], server.stream.events[-1]):
        server.stream.events.append(delete_event(scene.operator.now - timedelta(seconds=5), post))
        server.forget(post)


def _taken_down(scene: Scene) -> None:
    """The account that wrote all posts so far is taken down."""
    server = scene.server
    assert isinstance(server, BlueskyServer)
    for post in list(server.stream.events):
        server.forget(post)
    server.stream.events.append(
        account_event(scene.operator.now - timedelta(seconds=5), "did:plc:somebody", "takendown"),
    )


def _edited(scene: Scene) -> None:
    """A stored post gets another text."""
    server = scene.server
    assert isinstance(server, BlueskyServer)
    first = server.stream.events[0]
    changed = {**first["commit"], "operation": "update", "record": {**first["commit"]["record"], "text": "a bridge!"}}
    server.stream.events.append({**first, "time_us": microseconds(scene.operator.now), "commit": changed})


KINDS: tuple[tuple[str, Plan, int, str, str, float], ...] = (
    ("401", refusing(401), 77, HOSTS, "(401), though no key should be needed", 5),
    ("403", refusing(403), 77, HOSTS, "(403), though no key should be needed", 5),
    ("404", refusing(404), 76, HOSTS, "answered 404", 5),
    ("400", refusing(400), 76, HOSTS, "answered 400", 5),
    ("429", refusing(429), 75, NEXT_RUN, "refused the stream (429)", 5),
    ("503 for ever", refusing(503), 69, NEXT_RUN, "refused the stream (503)", 5),
    ("silence", host(_silent), 69, NEXT_RUN, "was silent for", 5),
    ("1001 at once", ending(1001), 69, NEXT_RUN, "closed the connection (1001)", 5),
    ("1006 at once", ending(None), 69, NEXT_RUN, "closed the connection (1006)", 5),
    ("1009 at once", ending(1009), 69, NEXT_RUN, "closed the connection (1009)", 5),
    ("a giant frame", sending("x" * (2**18 + 1)), 76, HOSTS, "a frame of more than 262144 bytes", 5),
    ("packed frames", sending(ZSTD), 76, HOSTS, "a binary frame of 11 bytes", 5),
    ("events of the future alone", sending(*[FUTURE] * 120, b""), 78, CLOCK, "of the future", 5),
    ("no events", sending(*["[]"] * 1000), 76, HOSTS, "are no events", 5),
    ("a hang", no_stream(faults.hang()), 69, NEXT_RUN, "no answer in time", 5),
    ("a reset", no_stream(faults.connection_reset()), 69, NEXT_RUN, "cannot be reached", 5),
    ("HTML with 200", no_stream(faults.html_page()), 76, HOSTS, "answered 200", 5),
    ("redirect to a login page", no_stream(faults.redirect_to_login()), 76, HOSTS, "", 5),
    ("redirect to nowhere", no_stream(more_faults.redirect("")), 76, HOSTS, "", 5),
)

BLUESKY_ROWS: tuple[Row, ...] = (
    *(row(name, plan, code, says, told, most) for name, plan, code, says, told, most in KINDS),
    row("503 once, then well", refusing(503, times=1), 69, NEXT_RUN, "(503)"),
    row("1001 in the middle, then well", ending(1001, after=90, times=1), 0),
    row("1006 again and again, then well", ending(None, after=90, times=8), 0, seconds=8),
    row("1009 in the middle, then well", ending(1009, after=90, times=1), 0),
    row("a break, then 503 for ever", host(_breaks_then_refuses), 69, NEXT_RUN, "(503)"),
    row("odd frames first", sending(*ODD), 0),
    row("one event of the future", sending(FUTURE), 0),
    row("each event twice", host(_twice), 0),
    row("a replay from an hour before the cursor", host(_early), 0, has_run_before=True),
    row("a cursor older than the replay", _late, 0, has_run_before=True),
    row("deletions", _deleted, 0, has_run_before=True),
    row("an account taken down", _taken_down, 0, has_run_before=True),
    row("an edit", _edited, 0, has_run_before=True),
    row("look-up: 429", at("counts", faults.rate_limited()), 3, "the next run", "429", has_run_before=True),
    row("look-up: 503", at("counts", faults.server_error()), 3, "the next run", "(503)", SLOW, has_run_before=True),
    row("look-up: hang", at("counts", faults.hang()), 3, "tries again", "no answer in time", has_run_before=True),
    row("look-up: HTML", at("counts", faults.html_page()), 3, "captive portals", "no JSON", has_run_before=True),
)
