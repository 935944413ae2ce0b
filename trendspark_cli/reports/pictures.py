"""The curve of a trend as a PNG: bars of what was seen, a line of what is usual, a mark where the alert was.

It holds numbers and times only: labels would need fonts of every script, and stand in the message beside it.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from trendspark_cli.base.clock import day_text
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.reports.plots import LEAST_BARS, Curve
from trendspark_cli.reports.trend_words import window_text

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

WIDTH, HEIGHT = 1000, 500
LEFT, TOP, RIGHT, BOTTOM = 80, 60, 970, 440  # of the field
PAPER, INK, QUIET, SEEN, USUAL, ALERT = "#ffffff", "#1f2430", "#8a93a5", "#2563c9", "#c2410c", "#a21caf"
TEXT_SIZE = 22


def picture_of(curve: Curve) -> bytes:
    """Return a curve as a PNG of some ten KB. Raises ConfigError without the extra."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise missing_extra("ALERT_PICTURES=true", "pictures") from error
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    _draw(ImageDraw.Draw(image), curve, ImageFont.load_default(TEXT_SIZE))
    content = BytesIO()
    image.quantize(64).save(content, "PNG", optimize=True)
    return content.getvalue()


def _draw(draw: ImageDraw, curve: Curve, font: Font) -> None:
    bars = max(len(curve.seen), LEAST_BARS)
    wide, highest = (RIGHT - LEFT) / bars, max(*curve.seen, *curve.usual, 1.0)

    def height(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * value / highest

    for place, posts in enumerate(curve.seen):
        if posts:
            left = LEFT + place * wide
            draw.rectangle((left + 0.1 * wide, min(height(posts), BOTTOM - 2), left + 0.9 * wide, BOTTOM), SEEN)
    steps = [
        (LEFT + (place + side) * wide, height(value)) for place, value in enumerate(curve.usual) for side in (0, 1)
    ]
    draw.line(steps, USUAL, 4)
    alert = LEFT + min(curve.alert_at, bars) * wide
    draw.line((alert, TOP, alert, BOTTOM), ALERT, 2)
    draw.line((LEFT, BOTTOM, RIGHT, BOTTOM), INK, 2)
    _write(draw, curve, font, highest, alert)


def _write(draw: ImageDraw, curve: Curve, font: Font, highest: float, alert: float) -> None:
    draw.text((LEFT - 10, TOP), f"{highest:,.0f}", INK, font, "rm")
    draw.text((LEFT - 10, BOTTOM), "0", INK, font, "rm")
    draw.text((LEFT, BOTTOM + 12), day_text(curve.begins), QUIET, font, "la")
    draw.text((RIGHT, BOTTOM + 12), f"bars of {window_text(curve.step)}", QUIET, font, "ra")
    draw.text((LEFT, 18), "posts seen", SEEN, font, "la")
    draw.text((LEFT + 150, 18), "usual", USUAL, font, "la")
    draw.text((min(alert, RIGHT - 60), 18), "alert", ALERT, font, "la" if alert > LEFT + 230 else "ra")
