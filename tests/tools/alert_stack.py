"""node_exporter, Prometheus with our rules, and Alertmanager with our example, for real; what it sends is kept here."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monitoring.rule_files import rules_file

from tests.servers import LocalServer, TelegramServer
from tests.servers.messages import Answer, Request, json_answer
from tests.tools.monitoring import SHIPPED, START_SECONDS, Prometheus, programs_missing
from tests.tools.processes import free_port, get, running, wait_for

FASTER_NOTIFICATIONS = {"30s": "1s", "5m": "1s", "1m": "1s", "4m": "2s", "12h": "1h", "4h": "1h"}


def stack_missing() -> str | None:
    """Return which programs are missing here, or None."""
    if shutil.which("prometheus-alertmanager") is None:
        return "prometheus-alertmanager not installed (Debian: apt-get install prometheus-alertmanager)"
    return programs_missing()


class Inbox(LocalServer):
    """Stands for Slack and for a heartbeat service; remembers when it first heard of each alert and of its end."""

    platform = "inbox"

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[tuple[str, str, str], float] = {}  # (alert, instance, "firing" or "over"): monotonic seconds
        self.last_heartbeat = 0.0

    def endpoint_name(self, method: str, path: str) -> str:
        return path.strip("/")

    def respond(self, request: Request) -> Answer:
        if request.endpoint == "heartbeat":
            self.last_heartbeat = time.monotonic()
            return json_answer({})
        [attachment] = json.loads(request.body)["attachments"]
        name = attachment["title"].removesuffix(" is over")
        state = "firing" if name == attachment["title"] else "over"
        for instance in re.findall(r"\(([^()\s]*)\)\. ", attachment["text"]):
            self.heard.setdefault((name, instance, state), time.monotonic())
        return json_answer({"ok": True})


@dataclass
class AlertStack:
    """The running programs. Their intervals are a second, ranges and holds of the rules `faster` times as short."""

    work: Path
    inbox: Inbox
    telegram: TelegramServer
    prometheus: Prometheus
    stop_prometheus: Callable[[], object]
    alertmanager: str
    targets: Sequence[str]
    plain_targets: set[str] = field(default_factory=set)

    def scrape(self, address: str, *, is_plain: bool) -> None:
        """Scrape an exporter as a Prometheus does that was never told of our label, or as ours."""
        (self.plain_targets.add if is_plain else self.plain_targets.discard)(address)
        self.write_config()
        urllib.request.urlopen(urllib.request.Request(f"{self.prometheus.url}/-/reload", method="POST"), timeout=5)

    def write_config(self) -> None:
        """Write the shipped configuration with our addresses."""
        ours = [target for target in self.targets if target not in self.plain_targets]
        text = _replaced(
            (SHIPPED / "prometheus-alerting.yml").read_text(encoding="utf-8"),
            {
                "scrape_interval: 30s": "scrape_interval: 1s",
                "evaluation_interval: 30s": "evaluation_interval: 1s",
                "localhost:9093": self.alertmanager,
                "localhost:9100": ", ".join(ours),
            },
        )
        # The job stays when its target goes: Prometheus says that series ended only for a target that went.
        text += f"  - job_name: plain\n    static_configs:\n      - targets: [{', '.join(self.plain_targets)}]\n"
        (self.work / "prometheus.yml").write_text(text, encoding="utf-8")


@contextmanager
def alert_stack(targets: Sequence[str], work: Path, *, faster: float) -> Iterator[AlertStack]:
    """Run the programs on exporters that are up."""
    (work / "alerts.yml").write_text(rules_file(faster), encoding="utf-8")
    with Inbox() as inbox, TelegramServer() as telegram, ExitStack() as programs, ExitStack() as judge:
        _write_alertmanager(work, inbox.url, telegram)
        teller = programs.enter_context(
            _program("prometheus-alertmanager", work, "alertmanager", "storage.path", "--cluster.listen-address=")
        )
        stack = AlertStack(work, inbox, telegram, Prometheus(""), judge.close, teller, targets)
        stack.write_config()
        impatient = ("--web.enable-lifecycle", "--rules.alert.resend-delay=1s", "--log.level=warn")
        address = judge.enter_context(_program("prometheus", work, "prometheus", "storage.tsdb.path", *impatient))
        stack.prometheus = Prometheus(f"http://{address}")
        wait_for(
            "all are scraped", lambda: len(stack.prometheus.query("up == 1")) == len(targets), seconds=START_SECONDS
        )
        yield stack


@contextmanager
def _program(command: str, work: Path, name: str, data_option: str, *options: str) -> Iterator[str]:
    """Run a program of Prometheus' family on a port taken at the last moment; give its address once it is ready."""
    address = f"127.0.0.1:{free_port()}"
    argv = [
        command,
        f"--config.file={work / name}.yml",
        f"--{data_option}={work / name}-data",
        f"--web.listen-address={address}",
        *options,
    ]
    with running(argv, work / f"{name}.log"):
        wait_for(f"{command} is ready", lambda: get(f"http://{address}/-/ready"), seconds=START_SECONDS)
        yield address


def _write_alertmanager(work: Path, inbox: str, telegram: TelegramServer) -> None:
    """Write the shipped example with our addresses, and without its patience."""
    (work / "slack-url").write_text(f"{inbox}/slack", encoding="utf-8")
    text = _replaced(
        (SHIPPED / "alertmanager.yml").read_text(encoding="utf-8"),
        {
            "bot_token: 123456789:put-the-token-here": f"bot_token: {telegram.token}\n        api_url: {telegram.url}",
            "-1001234567890": str(telegram.chat_id),
            "/etc/prometheus/slack-webhook-url": str(work / "slack-url"),
            "https://hc-ping.com/put-the-id-of-a-check-here": f"{inbox}/heartbeat",
        },
    )
    text = re.sub(
        r"(group_wait|group_interval|repeat_interval): (\w+)",
        lambda match: f"{match[1]}: {FASTER_NOTIFICATIONS.get(match[2], match[2])}",
        text,
    )
    (work / "alertmanager.yml").write_text(text, encoding="utf-8")


def _replaced(text: str, changes: dict[str, str]) -> str:
    for shipped, ours in changes.items():
        assert text.count(shipped) == 1, f"there was to be one {shipped!r}"
        text = text.replace(shipped, ours)
    return text
