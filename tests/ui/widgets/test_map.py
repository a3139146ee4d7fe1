"""The map: projections, picking, selecting, moving."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QPointF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtTest import QTest

from salesops_desktop.model.outlines import Outlines
from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.map import MapView
from salesops_desktop.ui.widgets.map_overlay import legend_of, scale_bar
from salesops_desktop.ui.widgets.map_scene import Layer, whole_rings
from salesops_desktop.ui.widgets.projection import EARTH_KM, US, Albers, Mercator, choose_projection


def squares(corners, side=4.0):
    """One square per (west, south)."""
    lon, lat = [], []
    for west, south in corners:
        lon += [west, west + side, west + side, west]
        lat += [south, south, south + side, south + side]
    count = len(corners)
    names = tuple(f"Area {i}" for i in range(count))
    return Outlines(
        np.array(lon, dtype=np.float32),
        np.array(lat, dtype=np.float32),
        np.arange(0, 4 * count + 1, 4, dtype=np.int32),
        np.arange(count, dtype=np.int32),
        tuple(f"{i:02d}" for i in range(count)),
        names,
        names,
    )


GRID = [(-110 + 5 * i, 32 + 5 * j) for i in range(4) for j in range(3)]


@pytest.fixture
def view(qtbot):
    widget = MapView(locale=QLocale("en_US"))
    qtbot.addWidget(widget)
    widget.resize(600, 450)
    widget.set_outlines([Layer("areas", squares(GRID), "areas")])
    widget.show()
    widget.draw_now()
    return widget


def place(view, lon, lat):
    x, y = view._projection.forward(np.array([lon]), np.array([lat]))
    left, top = view.window_shown.to_screen(x, y)
    return QPointF(float(left[0]), float(top[0]))


def with_points(view, count=50):
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(-109, -92, count), rng.uniform(33, 45, count)
    view.set_points(lon, lat, np.arange(count) % 5, 8, [f"Point {i}" for i in range(count)], np.arange(count) + 1000)
    view.draw_now()
    return lon, lat


@pytest.mark.parametrize(
    "projection", [US, Mercator(), Mercator(10), Albers(10, 50, 43, 58), Albers(140, -25, -18, -35)]
)
def test_projections_go_round(projection):
    rng = np.random.default_rng(1)
    lon = projection.lon0 + rng.uniform(-60, 60, 200)
    lat = rng.uniform(5, 70, 200) * (-1 if getattr(projection, "lat0", 0) < 0 else 1)
    back = projection.inverse(*projection.forward(lon, lat))
    np.testing.assert_allclose(back[0], lon, atol=1e-8)
    np.testing.assert_allclose(back[1], lat, atol=1e-8)


def test_albers_matches_snyder():
    # Snyder 1987, p. 291: sphere of radius 1, parallels 29.5 and 45.5, origin 23 N 96 W; 35 N 75 W.
    x, y = Albers(-96, 23, 29.5, 45.5).forward(-75.0, 35.0)
    assert float(x) / EARTH_KM == pytest.approx(0.2952720, abs=1e-6)
    assert float(y) / EARTH_KM == pytest.approx(0.2416774, abs=1e-6)


def test_albers_keeps_areas():
    def area(lon, lat):
        x, y = US.forward(np.array([lon, lon + 0.01, lon + 0.01, lon]), np.array([lat, lat, lat + 0.01, lat + 0.01]))
        return 0.5 * abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / np.cos(np.radians(lat + 0.005))

    assert area(-120, 30) == pytest.approx(area(-70, 48), rel=1e-4)


def test_projection_is_chosen_by_extent():
    assert choose_projection([-120, -75], [30, 47]) == US
    assert isinstance(choose_projection([-120, 140], [-30, 50]), Mercator)
    assert isinstance(choose_projection([5, 16], [46, 55]), Albers)
    assert isinstance(choose_projection([], []), Mercator)
    assert isinstance(choose_projection([np.nan], [np.nan]), Mercator)


def test_rings_do_not_jump_at_the_date_line():
    outlines = squares([(170, 60)], side=20.0)
    crossing = Outlines(
        np.where(outlines.longitude > 180, outlines.longitude - 360, outlines.longitude).astype(np.float32),
        *(getattr(outlines, name) for name in ("latitude", "starts", "feature", "ids", "codes", "names")),
    )
    lon, kept = whole_rings(crossing, 150.0)
    assert np.ptp(lon) == pytest.approx(20)
    assert kept.all()


def test_pick_tells_the_area_under_the_pointer(view):
    for number, (west, south) in enumerate(GRID):
        at = place(view, west + 2, south + 2)
        assert view.text_at(at) == f"Area {number}"
    assert view.text_at(place(view, GRID[0][0] + 4.5, GRID[0][1] + 2)) == ""


def test_click_selects_areas_and_shift_adds(view, qtbot):
    with qtbot.waitSignal(view.selection_changed, timeout=500) as told:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place(view, -108, 34).toPoint())
    assert told.args == [["00"]]
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, shift, place(view, -108, 39).toPoint())
    assert view.selected_areas() == ["00", "01"]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.selected_areas() == []


def test_points_are_picked_and_opened(view, qtbot):
    lon, lat = with_points(view)
    at = place(view, lon[7], lat[7])
    row = view.point_at(at)
    assert row is not None
    key = 1000 + row
    assert view.text_at(at) == f"Point {row}"
    with qtbot.waitSignal(view.point_activated, timeout=500) as told:
        QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert told.args == [key]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert view.selected_keys() == [key]


def test_rectangle_by_dragging(view, qtbot):
    lon, lat = with_points(view)
    view.set_tool("rectangle")
    start, end = QPointF(100, 100).toPoint(), QPointF(350, 300).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    view.grab()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    left, top = view.window_shown.to_screen(*view._projection.forward(lon, lat))
    inside = (left > 101) & (left < 349) & (top > 101) & (top < 299)
    assert set(np.flatnonzero(inside) + 1000) <= set(view.selected_keys())
    assert 0 < len(view.selected_keys()) < 50


def test_lasso_takes_what_is_inside(view):
    lon, lat = with_points(view)
    x = place(view, -100, 39)
    ring = QPolygonF([x + QPointF(120, 0), x + QPointF(0, 120), x + QPointF(-120, 0), x + QPointF(0, -120)])
    view.select_within(ring)
    left, top = view.window_shown.to_screen(*view._projection.forward(lon, lat))
    away = np.abs(left - x.x()) + np.abs(top - x.y())
    assert set(np.flatnonzero(away < 118) + 1000) <= set(view.selected_keys()) <= set(np.flatnonzero(away < 122) + 1000)
    view.set_points(lon[:3], lat[:3], [0, 1, 2], keys=[1000, 1001, 1002])
    assert set(view.selected_keys()) <= {1000, 1001, 1002}


def test_recolor_changes_the_picture_only_where_points_are(view):
    lon, lat = with_points(view)
    at = place(view, lon[3], lat[3]).toPoint()
    row = view.point_at(QPointF(at))
    view.recolor(np.full(50, 1))
    wanted = theme.tokens().category(1).lower()
    assert view._picture.pixelColor(at).name() == wanted
    assert view.point_at(QPointF(at)) == row


def test_areas_take_categories_and_values(view):
    view.set_areas("areas", colors=[0, 1, *[-1] * 10])
    assert view._picture.pixelColor(place(view, -108, 34).toPoint()).name() == theme.tokens().category(0).lower()
    view.set_areas("areas", values=np.arange(12.0), title="Potential")
    ramp = theme.tokens().sequential
    assert view._picture.pixelColor(place(view, -108, 34).toPoint()).name() == ramp[0].lower()
    assert view._legend.ends == ("0", "11")
    view.set_areas("areas")
    assert view._picture.pixelColor(place(view, -108, 34).toPoint()).name() == theme.tokens().color("map_land").lower()


def test_keys_move_and_zoom(view):
    before = view.window_shown
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.window_shown.scale > before.scale
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.window_shown.x > before.x
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.window_shown.y < before.y
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.window_shown == before


def test_zoom_keeps_the_place_under_the_pointer(view):
    at = QPointF(123, 234)
    before = view.window_shown.to_plane(at.x(), at.y())
    view.zoom(2.5, at)
    assert view.window_shown.to_plane(at.x(), at.y()) == pytest.approx(before)


def test_dragging_moves_the_map(view):
    before = view.window_shown
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPointF(300, 200).toPoint())
    QTest.mouseMove(view, QPointF(340, 230).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPointF(340, 230).toPoint())
    assert view.window_shown.x == pytest.approx(before.x - 40 / before.scale)
    assert view.selected_areas() == []


def test_worker_draws_and_theme_changes_redraw(view, qtbot, qapp):
    with qtbot.waitSignal(view.drawn, timeout=5000):
        view.zoom(1.5)
    assert view._ground.window.scale == pytest.approx(view.window_shown.scale * view.devicePixelRatioF())
    with qtbot.waitSignal(view.drawn, timeout=5000):
        theme.apply_theme(qapp, "dark")
    corner = view._picture.pixelColor(1, 1).name()
    assert corner == theme.tokens().color("map_water").lower()
    with qtbot.waitSignal(view.drawn, timeout=5000):
        theme.apply_theme(qapp, "light")


def test_points_without_a_place_are_left_out(view):
    view.set_points([np.nan, -100.0], [np.nan, 40.0], [0, 1], keys=[1, 2])
    view.draw_now()
    view.select_within(QPolygonF(view.rect()))
    assert view.selected_keys() == [2]
    view.set_points([], [], [])
    view.draw_now()
    assert view.selected_keys() == []


def test_legend_captions_and_scale(view):
    view.set_legend(legend_of("Teams", ["A", "B"], ["#112233", "#445566"]))
    view.set_captions([(-100, 40, "Middle", 2), (-100, 40, "Hidden", 1)])
    assert not view.grab().isNull()
    length, text = scale_bar(1.0, QLocale("de_DE"))
    assert (length, text) == (100.0, "100 km")
    length, text = scale_bar(1.0, QLocale("en_US"))
    assert text == "50 mi"
    assert length == pytest.approx(80.4672)


def test_empty_map(qtbot):
    widget = MapView()
    qtbot.addWidget(widget)
    widget.show()
    widget.draw_now()
    assert not widget.grab().isNull()
    assert widget.text_at(QPointF(5, 5)) == ""
