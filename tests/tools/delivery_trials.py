"""Kill `deliver` at a system call of a send, let it run again, and compare what the channel shows with the books."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.alerts.channel_desk import ChannelDesk
from tests.alerts.desk import Desk
from tests.alerts.gallery import TEXT, Gallery
from tests.servers import TelegramServer
from tests.servers.hook_servers import AppriseServer, DiscordServer, HookServer, NtfyServer, SlackServer, WebhookServer
from tests.servers.smtp_server import SmtpServer
from tests.tools.crash_trials import Trial
from tests.tools.kills import CALLS, KillPoint, kill_points, run_and_kill
from tests.tools.processes import PROJECT, run
from trendspark_cli.alerts.delivery import LEASE
from trendspark_cli.base.clock import to_text

ALERTS = ("first", "second")
Service = TelegramServer | HookServer | SmtpServer
SEND_CALLS = (*CALLS, "connect", "sendto", "recvfrom")


KINDS: dict[str, Callable[[], Service]] = {
    "telegram": TelegramServer,
    "webhook": WebhookServer,
    "ntfy": NtfyServer,
    "discord": DiscordServer,
    "slack": SlackServer,
    "mail": SmtpServer,
    "apprise": AppriseServer,
    "pictures": TelegramServer,
}
PICTURE = ":picture"  # how the keys of pictures end


def delivery_points(folder: Path, kind: str = "telegram") -> list[KillPoint]:
    """Return every point at which a delivery of two alerts through a channel of this kind can be killed."""
    with KINDS[kind]() as server, TemporaryDirectory(dir=folder) as home:
        desk, texts = _desk(Path(home), server, kind)
        ended, points = kill_points(_argv(desk.now), desk.surroundings(), PROJECT, SEND_CALLS)
        assert ended.exit_code == 0, ended.stderr.decode(errors="replace")
        assert server.texts == texts
        return points


def kill_delivery(folder: Path, points: Sequence[KillPoint], kind: str = "telegram") -> list[Trial]:
    """Kill one delivery at each point."""
    return [_try(folder, point, kind) for point in points]


def _try(folder: Path, point: KillPoint, kind: str) -> Trial:
    with KINDS[kind]() as server, TemporaryDirectory(dir=folder) as home:
        desk, texts = _desk(Path(home), server, kind)
        was_killed = run_and_kill(_argv(desk.now), point, desk.surroundings(), PROJECT).was_killed
        claimed = list(_of_texts(desk).values()).count("sending")
        later = desk.now + LEASE + timedelta(seconds=1)
        ended = run(_argv(later), desk.surroundings(), PROJECT)
        broken = [f"the next run exits {ended.exit_code}"] if ended.exit_code else []
        arrived = Counter(server.texts)
        broken += [f"{text!r} is lost" for text in texts if not arrived[text]]
        repeats = sum(arrived.values()) - len(arrived)
        if repeats > claimed:
            broken.append(f"{repeats} messages repeat, {claimed} were in flight")
        if set(_of_texts(desk).values()) != {"sent"}:
            broken.append(f"statuses are {desk.statuses()}")
        sent = list(desk.statuses().values()).count("sent")
        if (desk.counted("uncertain"), desk.counted("sent")) != (claimed, sent):
            broken.append(f"{desk.counted('uncertain')} uncertain and {desk.counted('sent')} sent are counted")
        broken += _broken_pictures(desk, len(getattr(server, "pictures", ())))
        return Trial(f"{kind}: {point.call} {point.number}", was_killed, tuple(broken))


def _of_texts(desk: Desk | ChannelDesk) -> dict[str, str]:
    return {key: status for key, status in desk.statuses().items() if not key.endswith(PICTURE)}


def _broken_pictures(desk: Desk | ChannelDesk, shown: int) -> list[str]:
    """Return what is wrong with pictures: one that was sent is there, none is there twice, none waits for ever."""
    ended = [status for key, status in desk.statuses().items() if key.endswith(PICTURE)]
    is_well = set(ended) <= {"sent", "expired"} and ended.count("sent") <= shown <= len(ended)
    return [] if is_well else [f"{shown} pictures are there, and their rows are {ended}"]


def _desk(home: Path, server: Service, kind: str) -> tuple[Desk | ChannelDesk, list[str]]:
    """Return an operator for whom alerts wait, and their texts."""
    desk: Desk | ChannelDesk
    if kind == "pictures":
        desk = gallery = Gallery(home / "home", server)
        desk.now = datetime.now(UTC)
        gallery.open_trend()
        return desk, [TEXT]
    if isinstance(server, TelegramServer):
        desk = Desk(home / "home", server)
    else:
        desk = ChannelDesk(home / "home", server.address)
    desk.now = datetime.now(UTC)
    desk.queue(*ALERTS)
    return desk, [f"text of {name}" for name in ALERTS]


def _argv(moment: datetime) -> list[str]:
    return [sys.executable, "-m", "tests.tools.job_at", to_text(moment), "deliver"]
