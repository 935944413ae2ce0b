"""The configurations we ship are good ones, as far as Prometheus and Alertmanager themselves can tell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.docs.project import PROJECT

SHIPPED = PROJECT / "textfile_collector"
CONFIGS = {
    "prometheus-scrape.yml": ("promtool", "check", "config"),
    "prometheus-scrape-relabel.yml": ("promtool", "check", "config"),
    "prometheus-alerting.yml": ("promtool", "check", "config"),
    "alertmanager.yml": ("amtool", "check-config"),
}
PACKAGES = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_shipped_configuration_is_accepted(name: str) -> None:
    tool = CONFIGS[name][0]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} (Debian: {PACKAGES[tool]}) is not installed")

    found = subprocess.run([*CONFIGS[name], SHIPPED / name], capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool (Debian: prometheus-alertmanager) is not installed")
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ('alertname="TrendSparkWatchdog" severity="none"', "heartbeat"),
        ('alertname="TrendSparkJobStale" severity="critical"', "telegram,slack"),
        ('alertname="TrendSparkJobFailing" severity="warning"', "slack"),
    ],
)
def test_an_alert_goes_to_who_has_to_know(labels: str, receivers: str) -> None:
    argv = ["amtool", "config", "routes", "test", f"--config.file={SHIPPED / 'alertmanager.yml'}", *labels.split()]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert found.stdout.strip() == receivers, found.stderr
