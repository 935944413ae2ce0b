"""States of terms as bytes, six or seven for a term: the same in every database.

Most terms of a history were seen once, so that all but their tick is the same. These are told by one bit; the others
have their numbers in full. Keys ascend, so only the steps between them are written. Bytes of one rank stand together,
which is what makes them pack well.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.ranking.baseline.history import COUNT_SCALE
from trendspark_cli.ranking.baseline.term_states import HOURS, Integers, TermStates

FORM = 1
LEVEL = 1  # of zstd: higher ones take ten times as long for a hundredth less
_KEY, _NUMBER, _LARGE = np.dtype("<i8"), np.dtype("<u4"), np.dtype("<i8")
_HEADER = struct.Struct("<BIIIqq")  # form, terms, terms in full, terms with hours, least tick, usual residuals

Blobs = tuple[bytes, bytes]


def encoded(states: TermStates) -> Blobs:
    """Return the keys, and what is known of them, as bytes."""
    base = int(states.last_ticks.min()) if len(states) else 0
    usual = _most_frequent(states.residuals)
    is_full = (states.counts != COUNT_SCALE) | (states.residuals != usual) | (states.last_tick_posts != 1)
    is_full[states.with_hours] = True
    full = np.flatnonzero(is_full)
    header = _HEADER.pack(FORM, len(states), full.size, states.with_hours.size, base, usual)
    columns = (
        *_planes(states.last_ticks.astype(np.int64) - base, _NUMBER),
        np.packbits(is_full).tobytes(),
        *_planes(states.counts[full], _LARGE),
        *_planes(states.residuals[full], _LARGE),
        *_planes(states.last_tick_posts[full], _NUMBER),
        *_planes(states.with_hours, _NUMBER),
        *_planes(states.hours.ravel(), _NUMBER),
    )
    return _packed(_planes(np.diff(states.keys, prepend=np.int64(0)), _KEY)), header + _packed(columns)


def decoded(blobs: Blobs) -> TermStates:
    """Return the states that `encoded` wrote; raise IntegrityError for bytes that are none."""
    keys = decoded_keys(blobs[0])
    return decoded_states(keys, blobs[1], np.arange(keys.size))


def decoded_keys(blob: bytes) -> Integers:
    """Return the keys."""
    content = _unpacked(blob)
    steps = _Columns(content).next(len(content) // _KEY.itemsize, _KEY)
    return np.cumsum(steps)


def decoded_states(keys: Integers, blob: bytes, places: Integers) -> TermStates:
    """Return the states at these places (ascending) among these keys: of a few, little more than they are is made."""
    form, terms, in_full, with_hours, base, usual = _HEADER.unpack_from(blob)
    if form != FORM or terms != keys.size:
        raise IntegrityError(f"the history of the ranking has a part of form {form}, {terms} terms, {keys.size} keys")
    columns = _Columns(_unpacked(blob[_HEADER.size :]))
    last_ticks = columns.next(terms, _NUMBER, places).astype(np.int64) + base
    full = np.flatnonzero(np.unpackbits(columns.next(-(-terms // 8), np.dtype("u1")), count=terms))
    own, rows = _common(places, full)
    counts, residuals = np.full(places.size, COUNT_SCALE, np.int64), np.full(places.size, usual, np.int64)
    last_posts = np.ones(places.size, np.int32)
    counts[own] = columns.next(in_full, _LARGE, rows)
    residuals[own] = columns.next(in_full, _LARGE, rows)
    last_posts[own] = columns.next(in_full, _NUMBER, rows)
    own, rows = _common(places, columns.next(with_hours, _NUMBER).astype(np.int64))
    hours = columns.next(with_hours * HOURS, _NUMBER).astype(np.int64).reshape(-1, HOURS)[rows]
    return TermStates(keys[places], counts, residuals, last_ticks.astype(np.int32), last_posts, own, hours)


class _Columns:
    """The columns that `_planes` wrote, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def next(self, size: int, dtype: np.dtype[Any], places: Integers | None = None) -> npt.NDArray[Any]:
        """Return the next *size* values, or those at some places of them."""
        planes = np.frombuffer(self._content, np.uint8, size * dtype.itemsize, self._at).reshape(dtype.itemsize, size)
        self._at += size * dtype.itemsize
        if places is not None and places.size < size:
            planes = planes[:, places]
        return np.ascontiguousarray(planes.T).view(dtype).ravel()


def _common(wanted: Integers, there: Integers) -> tuple[Integers, Integers]:
    """Return which of the wanted numbers are there, and where; both ascend."""
    if not there.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if there.size < wanted.size:
        rows, own = _common(there, wanted)
        return own, rows
    at = np.minimum(np.searchsorted(there, wanted), there.size - 1)
    own = np.flatnonzero(there[at] == wanted)
    return own, at[own]


def _most_frequent(values: Integers) -> int:
    if not values.size:
        return 0
    different, times = np.unique(values, return_counts=True)
    return int(different[times.argmax()])


def _planes(values: npt.NDArray[Any], dtype: np.dtype[Any]) -> list[bytes]:
    """Return the first bytes of all values, their second ones, and so on."""
    whole = np.ascontiguousarray(values, dtype).view(np.uint8).reshape(-1, dtype.itemsize)
    return [plane.tobytes() for plane in whole.T]


def _packed(planes: Sequence[bytes]) -> bytes:
    """Return planes in a row, packed each in a block of its own: among others, one of few values packs badly."""
    packing = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=sum(map(len, planes)))
    blocks = [packing.compress(plane) + packing.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for plane in planes if plane]
    return b"".join((*blocks, packing.flush()))


def _unpacked(blob: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(blob)
    except zstandard.ZstdError as error:
        raise IntegrityError(f"the history of the ranking has a damaged part: {error}") from error
