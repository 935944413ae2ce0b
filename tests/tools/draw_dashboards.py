"""Live through a day and draw the dashboards: `python -m tests.tools.draw_dashboards FOLDER [HOURS]`."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

from monitoring.panels import DASHBOARDS

from tests.tools.alert_places import place
from tests.tools.day_of_metrics import DayOfMetrics, prometheus_of
from tests.tools.panel_pictures import empty_panels, page


def draw(work: Path, pages: Path, hours: int) -> list[str]:
    """Write a page for each dashboard; return the queries that had no number all day."""
    pages.mkdir(parents=True, exist_ok=True)
    with place(work / "day") as here:
        day = DayOfMetrics(here, hours)
        day.live()
    empty = []
    with prometheus_of(day.open_metrics(), work) as prometheus:
        span = (day.start.timestamp(), day.end.timestamp())
        for board in DASHBOARDS:
            (pages / f"{board.uid}.html").write_text(page(board, prometheus, *span), encoding="utf-8")
            empty += [f"{board.title}: {query}" for query in empty_panels(board, prometheus, *span)]
    return empty


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory(prefix="trendspark-day-") as folder:
        Path(folder).chmod(0o755)
        found = draw(Path(folder), Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 24)
    print("\n".join(found) or "no panel is empty")
