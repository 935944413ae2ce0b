"""Draw how figures grow with time, one small plot for each, as an SVG that needs no script and no font of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 360, 200  # of one plot, in pixels
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 30  # around its lines
COLUMNS = 2


class Plot(NamedTuple):
    """One figure: its name with its unit, and (hours from 0 on, value) in that order; `goal` is a line across."""

    name: str
    points: Sequence[tuple[float, float]]
    goal: float | None = None


def draw(title: str, plots: Sequence[Plot]) -> str:
    """Return the plots as one picture; each has a scale of its own from 0 on."""
    rows = -(-len(plots) // COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT + 28
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{escape(title)}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold" fill="#222">{escape(title)}</text>',
    ]
    for number, plot in enumerate(plots):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT + 28
        parts += [f'<g transform="translate({x} {y})">', *_lines_of(plot), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _lines_of(plot: Plot) -> list[str]:
    top = _round_above(max([value for _, value in plot.points] + [plot.goal or 0.0]))
    last = plot.points[-1][0]
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(hours: float, value: float) -> str:
        return f"{LEFT + hours / last * wide:.1f},{TOP + high - value / top * high:.1f}"

    parts = [f'<text x="{LEFT}" y="{TOP - 10}" fill="#222">{escape(plot.name)}</text>']
    for value in (0.0, top / 2, top):
        y = place(0.0, value).partition(",")[2]
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + wide}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end" fill="#555">{value:,.4g}</text>')
    for hours in (0.0, last / 2, last):
        x = place(hours, 0.0).partition(",")[0]
        parts.append(f'<text x="{x}" y="{HEIGHT - 12}" text-anchor="middle" fill="#555">{hours:.3g} h</text>')
    if plot.goal is not None:
        y = place(0.0, plot.goal).partition(",")[2]
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + wide}" y1="{y}" y2="{y}" stroke="#b33" stroke-dasharray="5 4"/>')
        parts.append(f'<text x="{LEFT + wide}" y="{y}" dy="-4" text-anchor="end" fill="#b33">goal</text>')
    points = " ".join(place(hours, value) for hours, value in plot.points)
    return [*parts, f'<polyline points="{points}" fill="none" stroke="#246" stroke-width="1.8"/>']


def _round_above(value: float) -> float:
    """Return the next of 1, 2, 4, 5, 8 and 10 times a power of ten."""
    power = 1.0
    while power < value:
        power *= 10
    while power / 10 >= value > 0:
        power /= 10
    return next((part * power / 10 for part in (1, 2, 4, 5, 8) if part * power / 10 >= value), power)
