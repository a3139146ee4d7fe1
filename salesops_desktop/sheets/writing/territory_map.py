"""A picture of territories on the map where no window is there to take one: drawn in arrays, encoded as PNG.

Land is filled by the even-odd rule, row by row; accounts are discs; each territory carries its number in a small box.
Drawn at twice the size and averaged, so that edges are smooth.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.outlines import OutlineName, load_outlines
from salesops_desktop.model.tokens import load_tokens

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Pixels = npt.NDArray[np.uint8]

WIDTH: Final = 1400
HEIGHT: Final = 860
_FINE: Final = 2
_MARGIN: Final = 0.06
_MOST_STRETCH: Final = 2.5
"""Accounts spread over a continent in height are not drawn with more width than this times their own."""
_LINES: Final[tuple[tuple[OutlineName, str], ...]] = (
    ("us_states", "border"),
    ("provinces", "border"),
    ("world", "map_border"),
)
_SLOTS: Final = ("map_water", "map_land", "border", "map_border", "surface", "text")
"""What the numbers in the canvas stand for; the categories' colours come behind."""
_DIGITS: Final = (
    "111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001001001001", "111101111101111", "111101111001111",
)  # fmt: skip
"""Zero to nine on three by five fields, row by row."""


@dataclass(frozen=True, slots=True)
class _View:
    """A stretch of the plane (x: longitude times the cosine of the middle's latitude; y: latitude) and its pixels."""

    cosine: float
    left: float
    top: float
    scale: float

    def place(self, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        x = (np.asarray(longitude, dtype=np.float64) * self.cosine - self.left) * self.scale
        y = (self.top - np.asarray(latitude, dtype=np.float64)) * self.scale
        return x, y


def draw_map(
    latitude: npt.ArrayLike, longitude: npt.ArrayLike, territory: Sequence[int], colours: dict[int, int]
) -> bytes | None:
    """Draw accounts coloured by territory, with the territories' numbers, over land and borders.

    Args:
        latitude: degrees per account.
        longitude: degrees per account.
        territory: the number of each account's territory, as it is to be read on the map.
        colours: each territory's category colour.

    Returns:
        A PNG, or None where fewer than two accounts have a position.
    """
    lat, lon = np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64)
    number = np.asarray(territory, dtype=np.intp)
    known = np.isfinite(lat) & np.isfinite(lon)
    lat, lon, number = lat[known], lon[known], number[known]
    if len(lat) < 2:
        return None
    view = _view(lat, lon)
    canvas = np.full((HEIGHT * _FINE, WIDTH * _FINE), _SLOTS.index("map_water"), dtype=np.uint8)
    canvas[_filled("world", view)] = _SLOTS.index("map_land")
    for name, role in _LINES:
        _draw_lines(canvas, name, view, _SLOTS.index(role))
    x, y = view.place(lon, lat)
    radius = max(2, min(6, round(900 / np.sqrt(len(x)) / 4))) * _FINE
    slot = np.array([len(_SLOTS) + colours.get(i, 0) for i in range(number.max() + 1)], dtype=np.uint8)
    _draw_discs(canvas, x, y, np.full(len(x), _SLOTS.index("surface"), dtype=np.uint8), radius + _FINE)
    _draw_discs(canvas, x, y, slot[number], radius)
    shown = np.unique(number).tolist()
    field = (4 if len(shown) <= 12 else 3 if len(shown) <= 40 else 2) * _FINE
    for i in shown:
        here = number == i
        _draw_number(canvas, i, _middle(x[here], y[here]), field)
    return _png(_smooth(canvas, max(colours.values(), default=0) + 1))


def _smooth(canvas: Pixels, categories: int) -> Pixels:
    """Slots as colours, four fine pixels averaged to one, [height, width, 3]."""
    tokens = load_tokens("light")
    names = [tokens.color(role) for role in _SLOTS] + tokens.categories(categories)
    table = np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names], dtype=np.uint16)
    total = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint16)
    for dy in range(_FINE):
        for dx in range(_FINE):
            total += table[canvas[dy::_FINE, dx::_FINE]]
    mean: Pixels = ((total + _FINE) // _FINE**2).astype(np.uint8)
    return mean


def spread_colours(territory: Sequence[int], latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> dict[int, int]:
    """A category colour for each territory such that those nearest to each other differ."""
    lat, lon = np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64)
    number = np.asarray(territory, dtype=np.intp)
    colours: dict[int, int] = {}
    centre: dict[int, tuple[float, float]] = {}
    for i in np.unique(number).tolist():
        here = (number == i) & np.isfinite(lat) & np.isfinite(lon)
        at = (float(lat[here].mean()), float(lon[here].mean())) if here.any() else (0.0, 0.0)
        near = sorted(centre, key=lambda j: (centre[j][0] - at[0]) ** 2 + (centre[j][1] - at[1]) ** 2)[:11]
        taken = {colours[j] for j in near}
        colours[i] = next(c for c in range(12) if c not in taken)
        centre[i] = at
    return colours


def _view(lat: Floats, lon: Floats) -> _View:
    """The stretch that shows nearly all accounts: the outermost one in two hundred may lie outside."""
    south, north = np.quantile(lat, [0.005, 0.995])
    west, east = np.quantile(lon, [0.005, 0.995])
    cosine = max(0.2, float(np.cos(np.radians((south + north) / 2))))
    width, height = max((east - west) * cosine, 0.2), max(north - south, 0.2)
    height = max(height, width / _MOST_STRETCH / (WIDTH / HEIGHT))
    scale = min(WIDTH * (1 - 2 * _MARGIN) / width, HEIGHT * (1 - 2 * _MARGIN) / height) * _FINE
    left = (west + east) / 2 * cosine - WIDTH * _FINE / scale / 2
    top = (south + north) / 2 + HEIGHT * _FINE / scale / 2
    return _View(cosine, left, top, scale)


def _edges(name: OutlineName, view: _View) -> tuple[Floats, Floats, Floats, Floats]:
    """The edges of all rings that reach into the picture, in pixels: from x, from y, to x, to y."""
    x1, x2, latitude, following, starts = _unrolled(name)
    found = []
    for turn in (-360.0, 0.0, 360.0):
        left, top = view.place(x1 + turn, latitude)
        right, bottom = view.place(x2 + turn, latitude[following])
        begin = starts[:-1]
        seen = (np.maximum.reduceat(left, begin) > 0) & (np.minimum.reduceat(left, begin) < WIDTH * _FINE)
        seen &= (np.maximum.reduceat(top, begin) > 0) & (np.minimum.reduceat(top, begin) < HEIGHT * _FINE)
        kept = np.repeat(seen, np.diff(starts))
        found.append([values[kept] for values in (left, top, right, bottom)])
    x1, y1, x2, y2 = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return x1, y1, x2, y2


@functools.lru_cache(maxsize=4)
def _unrolled(name: OutlineName) -> tuple[Floats, Floats, Floats, Ints, Ints]:
    """Longitudes of the edges' two ends, latitudes, each point's successor in its ring, and where rings start.

    A ring across the 180th meridian goes on beyond it.
    """
    outlines = load_outlines(name)
    longitude, latitude = outlines.longitude.astype(np.float64), outlines.latitude.astype(np.float64)
    starts = outlines.starts.astype(np.intp)
    first = starts[:-1]
    following = np.arange(1, len(longitude) + 1)
    following[starts[1:] - 1] = first
    raw = longitude[following] - longitude
    short = (raw + 180) % 360 - 180
    ring = np.repeat(np.arange(len(first)), np.diff(starts))
    closed = np.abs(np.add.reduceat(short, first)) < 1  # the ring around the pole does not come back to itself
    across = ((np.maximum.reduceat(np.abs(raw), first) > 180) & closed)[ring]
    gone = np.cumsum(short) - short
    begin = np.where(across, longitude[first][ring] + gone - gone[first][ring], longitude)
    return begin, begin + np.where(across, short, raw), latitude, following, starts


def _filled(name: OutlineName, view: _View) -> npt.NDArray[np.bool_]:
    """Which pixels lie inside an odd number of rings: each edge turns its row over from where it crosses it."""
    height, width = HEIGHT * _FINE, WIDTH * _FINE
    x1, y1, x2, y2 = _edges(name, view)
    low = np.clip(np.ceil(np.minimum(y1, y2) - 0.5), 0, height).astype(np.intp)
    high = np.clip(np.ceil(np.maximum(y1, y2) - 0.5), 0, height).astype(np.intp)
    rows, edge = _ranges(low, high - low)
    across = x1[edge] + (rows + 0.5 - y1[edge]) * (x2 - x1)[edge] / (y2 - y1)[edge]
    column = np.clip(np.ceil(across - 0.5), 0, width).astype(np.intp)
    turns = np.bincount(rows * (width + 1) + column, minlength=height * (width + 1)).reshape(height, width + 1)
    inside: npt.NDArray[np.bool_] = np.cumsum(turns, axis=1)[:, :width] % 2 == 1
    return inside


def _draw_lines(canvas: Pixels, name: OutlineName, view: _View, slot: int) -> None:
    height, width = canvas.shape[:2]
    x1, y1, x2, y2 = _edges(name, view)
    seen = (np.maximum(x1, x2) > 0) & (np.minimum(x1, x2) < width)
    seen &= (np.maximum(y1, y2) > 0) & (np.minimum(y1, y2) < height)
    x1, y1, x2, y2 = x1[seen], y1[seen], x2[seen], y2[seen]
    steps = np.minimum(np.ceil(np.maximum(np.abs(x2 - x1), np.abs(y2 - y1))), 4 * width).astype(np.intp) + 1
    step, edge = _ranges(np.zeros(len(steps), dtype=np.intp), steps)
    share = step / steps[edge]
    x = (x1[edge] + share * (x2 - x1)[edge]).astype(np.intp)
    y = (y1[edge] + share * (y2 - y1)[edge]).astype(np.intp)
    for dx, dy in ((0, 0), (1, 0), (0, 1)):
        _set(canvas, x + dx, y + dy, slot)


def _ranges(low: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The integers of many ranges end to end, and which range each belongs to."""
    counts = np.maximum(counts, 0)
    which = np.repeat(np.arange(len(counts)), counts)
    begins = np.cumsum(counts) - counts
    return low[which] + np.arange(len(which)) - begins[which], which


def _draw_discs(canvas: Pixels, x: Floats, y: Floats, slots: Pixels, radius: int) -> None:
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            if dx * dx + dy * dy <= radius * radius:
                _set(canvas, x.astype(np.intp) + dx, y.astype(np.intp) + dy, slots)


def _set(canvas: Pixels, x: Ints, y: Ints, slots: Pixels | int) -> None:
    inside = (x >= 0) & (x < canvas.shape[1]) & (y >= 0) & (y < canvas.shape[0])
    canvas[y[inside], x[inside]] = slots if isinstance(slots, int) else slots[inside]


def _middle(x: Floats, y: Floats) -> tuple[int, int]:
    """The account nearest to the middle of its territory: a place that belongs to it."""
    at = int(np.argmin((x - np.median(x)) ** 2 + (y - np.median(y)) ** 2))
    return int(x[at]), int(y[at])


def _draw_number(canvas: Pixels, number: int, at: tuple[int, int], field: int) -> None:
    paper, ink = _SLOTS.index("surface"), _SLOTS.index("text")
    digits = [np.array(list(_DIGITS[int(digit)]), dtype=np.uint8).reshape(5, 3) for digit in str(number)]
    gap = np.zeros((5, 1), dtype=np.uint8)
    text = np.concatenate([part for digit in digits for part in (digit, gap)][:-1], axis=1)
    box = np.kron(np.pad(text, 1), np.ones((field, field), dtype=np.uint8)) == 1
    height, width = canvas.shape[:2]
    top = min(max(at[1] - box.shape[0] // 2, 0), height - box.shape[0])
    left = min(max(at[0] - box.shape[1] // 2, 0), width - box.shape[1])
    part = canvas[top : top + box.shape[0], left : left + box.shape[1]]
    part[:] = paper
    part[box] = ink
    part[[0, -1], :] = ink
    part[:, [0, -1]] = ink


def _png(pixels: Pixels) -> bytes:
    """Pixels as a PNG file (RFC 2083): eight bits a channel, each row coded as the change from the one above."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, width * 3)
    above = np.vstack([np.zeros((1, width * 3), dtype=np.uint8), rows[:-1]])
    coded = np.hstack([np.full((height, 1), 2, dtype=np.uint8), rows - above])

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(coded.tobytes(), 6)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
