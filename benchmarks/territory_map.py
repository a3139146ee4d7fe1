"""How quick the map is: recolouring after an edit, picking with a lasso, drawing a view anew.

    python -m benchmarks.territory_map [--units 40000] [--territories 500] [--size 1400x850] [--repeat 40]

Units lie where people live (the postal codes of the United States that come with the product, drawn with repetition),
so that cities are crowded and deserts empty. Wall and processor milliseconds, median and 95th percentile.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from salesops_desktop.model.outlines import load_outlines
from salesops_desktop.model.resources import resource
from salesops_desktop.ui.app import make_application
from salesops_desktop.ui.theme import apply_theme
from salesops_desktop.ui.widgets.map import MapView
from salesops_desktop.ui.widgets.map_scene import Layer


def places(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of ``count`` units."""
    rng = np.random.default_rng(seed)
    with np.load(resource("places", "us_postal_codes.npz"), allow_pickle=False) as data:
        latitude, longitude = np.asarray(data["latitude"]), np.asarray(data["longitude"])
    inside = np.flatnonzero((longitude > -125) & (longitude < -66) & (latitude > 24) & (latitude < 50))
    rows = rng.choice(inside, count)
    return longitude[rows] + rng.normal(0, 0.05, count), latitude[rows] + rng.normal(0, 0.05, count)


def territories(lon: np.ndarray, lat: np.ndarray, count: int, seed: int) -> np.ndarray:
    """A compact territory per unit: that of the nearest of some of the units."""
    from scipy.spatial import cKDTree  # noqa: PLC0415  # heavy

    seats = np.random.default_rng(seed).choice(len(lon), count, replace=False)
    return np.asarray(cKDTree(np.column_stack([lon, lat])[seats]).query(np.column_stack([lon, lat]))[1])


def timed(what: Callable[[], object], repeat: int) -> tuple[float, float, float]:
    """Median and 95th percentile of the wall, median of the processor, in milliseconds."""
    walls, owns = [], []
    for _ in range(repeat):
        wall, own = time.perf_counter(), time.process_time()
        what()
        walls.append(1000 * (time.perf_counter() - wall))
        owns.append(1000 * (time.process_time() - own))
    return float(np.median(walls)), float(np.quantile(walls, 0.95)), float(np.median(owns))


def lasso(view: MapView) -> QPolygonF:
    """A ring around the middle with about a twentieth of the view in it."""
    turn = np.linspace(0, 2 * np.pi, 80)
    x, y = view.width() * (0.62 + 0.1 * np.cos(turn)), view.height() * (0.5 + 0.16 * np.sin(turn))
    return QPolygonF([QPointF(float(a), float(b)) for a, b in zip(x, y, strict=True)])


def measure(units: int, count: int, size: tuple[int, int], repeat: int) -> dict[str, tuple[float, float, float]]:
    """All rows of the table."""
    lon, lat = places(units, 1)
    group = territories(lon, lat, count, 2)
    view = MapView()
    view.resize(*size)
    view.set_points(lon, lat, group, np.random.default_rng(3).uniform(3.5, 9, units))
    states = load_outlines("us_states")
    view.set_outlines([Layer("us_states", states, lands=("US",) * len(states))])
    view.set_groups([f"T{i}" for i in range(count)])
    view.set_fill(True)
    view.show()
    rows = {"first drawing (worker)": timed(view.draw_now, 1)}
    rng = np.random.default_rng(4)
    everything = np.zeros(units, dtype=np.bool_)

    def edit() -> None:
        changed = group.copy()
        changed[rng.choice(units, 1000, replace=False)] = rng.integers(count)
        view.recolor(changed)

    ring = lasso(view)

    def pick() -> None:
        view.select_within(ring)

    def drop() -> None:
        view.select_rows(everything)

    rows["recolour after an edit of 1,000 units"] = timed(edit, repeat)
    pick_times = []
    for _ in range(repeat):
        drop()
        pick_times.append(timed(pick, 1))
    rows[f"lasso of {len(view.selected_keys()):,} units"] = (
        float(np.median([t[0] for t in pick_times])),
        float(np.quantile([t[0] for t in pick_times], 0.95)),
        float(np.median([t[2] for t in pick_times])),
    )
    view.set_carryable(True)
    view.begin_carrying(QPointF(10, 10))
    targets = iter(range(10_000))
    rows["hold the selection over another territory"] = timed(
        lambda: view.carry_to(next(targets) % count, QPointF(10, 10)), repeat
    )
    view.stop_carrying()
    rows["names after an edit (worker)"] = timed(view.draw_now, 3)
    view.zoom(1.5)
    rows["a view drawn anew (worker)"] = timed(view.draw_now, 1)
    view.close()
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=40_000)
    parser.add_argument("--territories", type=int, default=500)
    parser.add_argument("--size", default="1400x850")
    parser.add_argument("--repeat", type=int, default=40)
    asked = parser.parse_args()
    apply_theme(make_application(), "light")
    width, height = (int(part) for part in asked.size.split("x"))
    print(f"{asked.units:,} units, {asked.territories} territories, {width} x {height} pixels; milliseconds")
    print(f"{'':48}{'median':>8}{'p95':>8}{'CPU':>8}")
    for name, (middle, slow, own) in measure(asked.units, asked.territories, (width, height), asked.repeat).items():
        print(f"{name:48}{middle:8.1f}{slow:8.1f}{own:8.1f}")


if __name__ == "__main__":
    main()
