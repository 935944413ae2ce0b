"""A real node_exporter and a real Prometheus on free ports of 127.0.0.1, with data in a folder that goes away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.tools.processes import PROJECT, free_port, get, running, wait_for

SHIPPED = PROJECT / "textfile_collector"
SCRAPE_CONFIGS = ("prometheus-scrape.yml", "prometheus-scrape-relabel.yml")
START_SECONDS = 20.0
SERIES = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$", re.MULTILINE)

Series = dict[str, str]


def programs_missing() -> str | None:
    """Return which programs are missing here and how to get them, or None."""
    missing = [name for name in ("prometheus", "promtool", "prometheus-node-exporter") if shutil.which(name) is None]
    if not missing:
        return None
    return f"{', '.join(missing)} not installed (Debian: apt-get install prometheus prometheus-node-exporter)"


@contextmanager
def exporter(textfile_folder: Path, work: Path) -> Iterator[str]:
    """Serve the .prom files of a folder as node_exporter does, as nobody when we are root; give its address."""
    address = f"127.0.0.1:{free_port()}"
    argv = [
        "prometheus-node-exporter",
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={textfile_folder}",
        f"--web.listen-address={address}",
    ]
    if os.geteuid() == 0:
        argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv]
    with running(argv, work / "exporter.log"):
        wait_for("node_exporter answers", lambda: get(f"http://{address}/metrics"), seconds=START_SECONDS)
        yield address


def served(address: str) -> dict[str, float]:
    """Return every series node_exporter serves, named as in the text, labels sorted by name."""
    return {match[1]: float(match[2]) for match in SERIES.finditer(get(f"http://{address}/metrics"))}


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str) -> list[tuple[Series, float]]:
        """Return labels and value of each series an expression gives now."""
        answer: dict[str, Any] = json.loads(get(f"{self.url}/api/v1/query?{urlencode({'query': expression})}"))
        return [(found["metric"], float(found["value"][1])) for found in answer["data"]["result"]]


@contextmanager
def prometheus(shipped_config: str, exporter_address: str, work: Path) -> Iterator[Prometheus]:
    """Run Prometheus on a shipped configuration; only its target and its interval are changed."""
    config = work / shipped_config
    text = (SHIPPED / shipped_config).read_text(encoding="utf-8")
    for shipped, ours in (("localhost:9100", exporter_address), ("scrape_interval: 30s", "scrape_interval: 1s")):
        assert text.count(shipped) == 1, f"{shipped_config} was to have one {shipped!r}"
        text = text.replace(shipped, ours)
    config.write_text(text, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    argv = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={work / config.stem}-data",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with running(argv, work / f"{config.stem}.log"):
        here = Prometheus(f"http://{address}")
        wait_for("Prometheus is ready", lambda: "Ready" in get(f"{here.url}/-/ready"), seconds=START_SECONDS)
        yield here


def promtool(*arguments: str, stdin: Path | None = None) -> str:
    """Return what promtool finds wrong; nothing when all is well."""
    with (stdin or Path(os.devnull)).open("rb") as stream:
        done = subprocess.run(
            ["promtool", *arguments], stdin=stream, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30
        )
    return done.stdout.decode(errors="replace") if done.returncode else ""
