"""Why one term is unusual, as a value: what trends keep of it, and what screens show of it."""

from typing import NamedTuple


class TermEvidence(NamedTuple):
    """Why one term is unusual, in the window where it is most surprising.

    `score`: how sure and, once sure, how large (`scoring.score_of`). `posts`: posts with the term in the window;
    `observed`: its effective authors; `expected`: in the same unit.
    `baseline`: decayed posts in history; `dispersion`: how uneven the term usually is (1: random);
    `hour_factor`: how much more often it is used at this hour of day; `enough`: smallest observed that is sure;
    `surprise`: its surprisal; None where it was stored before the two differed, and is the score. `lift`: observed over
    expected, in the window of `lift_seconds`, where that is most; `breadth`: the community dispersion there. None where
    it was stored before there were these. Field names are JSON keys of stored evidence.
    """

    term: str
    score: float
    observed: float
    expected: float
    window_seconds: int
    posts: int
    baseline: float
    dispersion: float
    hour_factor: float
    enough: int
    surprise: float | None = None
    lift: float | None = None
    lift_seconds: int | None = None
    breadth: float | None = None

    @property
    def surprisal(self) -> float:
        """Return -log10 of the chance of the term's posts, whenever it was stored."""
        return self.score if self.surprise is None else self.surprise
