"""The map: projections, picking, selecting, moving."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtTest import QTest

from salesops_desktop.model.outlines import Outlines
from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.map import MapView
from salesops_desktop.ui.widgets.map_carry import Card
from salesops_desktop.ui.widgets.map_coloring import color_groups, differences
from salesops_desktop.ui.widgets.map_dots import place_discs
from salesops_desktop.ui.widgets.map_heat import Measure
from salesops_desktop.ui.widgets.map_labels import place_captions
from salesops_desktop.ui.widgets.map_overlay import legend_of, scale_bar
from salesops_desktop.ui.widgets.map_scene import Layer, whole_rings
from salesops_desktop.ui.widgets.projection import EARTH_KM, US, Albers, EqualEarth, choose_projection


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
    "projection", [US, EqualEarth(), EqualEarth(10), Albers(10, 50, 43, 58), Albers(140, -25, -18, -35)]
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
    assert isinstance(choose_projection([-120, 140], [-30, 50]), EqualEarth)
    assert isinstance(choose_projection([5, 16], [46, 55]), Albers)
    assert isinstance(choose_projection([], []), EqualEarth)
    assert isinstance(choose_projection([np.nan], [np.nan]), EqualEarth)


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
    wanted = view.color_of(1).lower()
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
    assert view._plate.ground.window.scale == pytest.approx(view.window_shown.scale * view.devicePixelRatioF())
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


def test_equal_earth_matches_its_paper():
    # Šavrič et al. 2018: the equator is 2π · 3A₁⁻¹·√3⁻¹ long: the map is 2.05458 times as wide as high.
    x, _ = EqualEarth().forward(180.0, 0.0)
    _, y = EqualEarth().forward(0.0, 90.0)
    assert float(x) / float(y) == pytest.approx(2.05458, abs=1e-4)
    for south in (-1.0, 40.0, 75.0):  # squares of a degree keep their area
        px, py = EqualEarth().forward(np.array([0, 0.01, 0.01, 0]), south + np.array([0, 0, 0.01, 0.01]))
        area = 0.5 * abs(np.sum(px * np.roll(py, -1) - np.roll(px, -1) * py))
        true = (EARTH_KM * np.radians(0.01)) ** 2 * np.cos(np.radians(south + 0.005))
        assert area == pytest.approx(true, rel=1e-5)


def pixel_of(view, lon, lat):
    return view._picture.pixelColor(place(view, lon, lat).toPoint()).name()


def settled(view, lon, lat, group, names, **more):
    view.set_points(lon, lat, group, keys=np.arange(len(lon)) + 1000, **more)
    view.set_groups(names)
    view.set_fill(True)
    view.draw_now()


SITES = (np.array([-109.0, -107.0, -94.0]), np.array([33.0, 35.0, 43.0]))


def test_land_belongs_to_the_nearest_point_on_the_same_land(view):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    cells = view._plate.cells
    ids = view._plate.ground.ids
    px, py = view.places
    left, top = view.window_shown.to_screen(px, py)
    lines, columns = np.nonzero(ids)
    near = np.hypot(columns[:, None] + 0.5 - left, lines[:, None] + 0.5 - top).argmin(axis=1)
    own = cells[lines, columns]
    # Points 0 and 1 stand on area 0, point 2 on area 11; the other areas have none and stay plain.
    assert set(own[ids[lines, columns] == 1].tolist()) == {0, 1}
    assert (own[ids[lines, columns] == 1] == near[ids[lines, columns] == 1]).all()
    assert set(own[ids[lines, columns] == 12].tolist()) == {2}
    assert (own[~np.isin(ids[lines, columns], [1, 12])] == -1).all()
    assert (cells[ids == 0] == -1).all()
    assert view.group_at(place(view, -94.5, 43.5)) == 2
    assert view.text_at(place(view, -94.5, 43.5)) == "East\nArea 11"


def test_recolouring_moves_the_land_without_drawing_anew(view):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    before, ground = pixel_of(view, -94.5, 43.5), view._plate.ground
    view.recolor(np.array([0, 1, 0]))
    assert pixel_of(view, -94.5, 43.5) == pixel_of(view, -109.6, 33.6) != before
    assert view._plate.ground is ground
    view.recolor(np.array([0, 1, 2]))
    assert pixel_of(view, -94.5, 43.5) == before


def test_neighbours_get_colours_that_are_told_apart():
    rng = np.random.default_rng(3)
    palette = theme.tokens().palette
    touching = np.zeros((60, 60), dtype=bool)
    spots = rng.uniform(0, 1, (60, 2))
    away = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    touching |= away < 0.16
    np.fill_diagonal(touching, 0)
    colors = color_groups(touching, palette)
    one, other = np.nonzero(touching)
    assert (colors[one] != colors[other]).all()
    assert differences(palette)[colors[one], colors[other]].min() > 10
    assert len(set(colors.tolist())) == len(palette)


def test_names_do_not_touch(view):
    rng = np.random.default_rng(8)
    lon, lat = rng.uniform(-109, -92, 400), rng.uniform(33, 45, 400)
    settled(view, lon, lat, np.arange(400) % 40, [f"Territory {i}" for i in range(40)])
    boxes = [each.box for each in place_captions(view._captions_now(), view.window_shown, view.font())]
    assert len(boxes) > 8
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_heat_is_densest_where_most_is_and_says_its_unit(view):
    lon, lat = np.full(60, -93.0), np.full(60, 43.0)
    lon[:3], lat[:3] = -109.0, 33.0
    settled(view, lon, lat, np.zeros(60, dtype=int), ["All"])
    view.set_heat(Measure(np.full(60, 10.0), "Potential per 1,000 km²", lambda v: f"{v:.3f} x"))
    view.draw_now()
    levels = view._plate.heat.levels
    much, little = (place(view, x, y).toPoint() for x, y in ((-93, 43), (-109, 33)))
    assert levels[much.y(), much.x()] > 250
    share = levels[little.y(), little.x()] / 255
    assert share**2 == pytest.approx(3 / 57, rel=0.15)
    legend = view._legend_now()
    assert legend.title == "Potential per 1,000 km²"
    assert legend.marks[0] == "0.000 x"
    # All of it, spread with a deviation of 13 pixels: the peak of a bell is sum / (2 pi sigma^2).
    sigma = 13 / view.window_shown.scale
    assert view._plate.heat.densest == pytest.approx(570 / (2 * np.pi * sigma**2) * 1000, rel=0.05)
    view.set_heat(None)
    view.draw_now()
    assert view._legend_now().marks == ()


def test_discs_are_larger_for_more_and_small_ones_lie_on_top(view):
    x, y = view._projection.forward(np.array([-100.0, -100.0, -96.0]), np.array([40.0, 40.0, 40.0]))
    discs = place_discs(x, y, np.array([6.0, 14.0, 14.0]), view.window_shown, 1.0)
    shown = np.bincount(discs.row)
    assert shown[2] > 3 * shown[0]
    middle = place(view, -100, 40).toPoint()
    assert discs.where[middle.y(), middle.x()] == 0


def test_bright_groups_stand_out(view):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    plain = pixel_of(view, -94.5, 43.5)
    view.set_bright([0])
    faded = pixel_of(view, -94.5, 43.5)
    assert faded != plain
    view.set_bright([2])
    assert pixel_of(view, -94.5, 43.5) == plain
    view.set_bright([])
    assert pixel_of(view, -94.5, 43.5) == plain


def test_the_selection_is_dragged_onto_another_group(view, qtbot):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    view.set_carryable(True)
    start, end = (place(view, x, y).toPoint() for x, y in ((-109, 33), (-94.5, 43.5)))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=start)
    assert view.selected_keys() == [1000]
    targets = []
    view.target_changed.connect(targets.append)
    before = pixel_of(view, -94.5, 43.5)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    assert view.carrying
    assert targets[-1] == 2
    assert pixel_of(view, -94.5, 43.5) != before
    view.set_card(Card("1 account to East", (("Potential 4 % off", "warning"),)))
    assert not view.grab().isNull()
    with qtbot.waitSignal(view.dropped, timeout=500) as told:
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    assert told.args == [2]
    assert not view.carrying
    assert targets[-1] == -1


def test_a_drag_over_water_or_put_back_with_escape_drops_nothing(view):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    view.set_carryable(True)
    told = []
    view.dropped.connect(told.append)
    start, end = (place(view, x, y).toPoint() for x, y in ((-109, 33), (-94.5, 43.5)))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=start)
    for escape in (False, True):
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(view, end)
        QTest.mouseMove(view, end if escape else QPoint(2, 2))
        if escape:
            QTest.keyClick(view, Qt.Key.Key_Escape)
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end if escape else QPoint(2, 2))
        assert not view.carrying
    assert told == []
    assert view.selected_keys() == [1000]


def test_keys_pick_and_carry(view, qtbot):
    settled(view, *SITES, np.array([0, 1, 2]), ["West", "Middle", "East"])
    view.set_carryable(True)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_G)
    assert view.selected_keys() == [1000]
    QTest.keyClick(view, Qt.Key.Key_G)
    assert view.selected_keys() == [1001]
    QTest.keyClick(view, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_keys() == [1000]
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_keys() == [1000, 1001, 1002]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.selected_keys() == []
    view.fit_points([1001])
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert view.selected_keys() == [1001]
    targets = []
    view.target_changed.connect(targets.append)
    QTest.keyClick(view, Qt.Key.Key_M)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert targets == [0, 2]  # the nearest first
    with qtbot.waitSignal(view.dropped, timeout=500) as told:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert told.args == [2]


def test_a_ring_around_the_crosshair_grows_and_shrinks(view):
    with_points(view, 200)
    counts = []
    for _ in range(10):
        QTest.keyClick(view, Qt.Key.Key_BracketRight)
        counts.append(len(view.selected_keys()))
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    QTest.keyClick(view, Qt.Key.Key_BracketLeft)
    assert len(view.selected_keys()) == counts[-2]


def test_areas_are_coloured_by_group_and_carried(view, qtbot):
    groups = np.repeat([0, 1, 2], 4)
    view.set_area_groups("areas", groups)
    view.set_groups(["West", "Middle", "East"])
    view.draw_now()
    assert pixel_of(view, -108, 34) == pixel_of(view, -108, 39) != pixel_of(view, -94.5, 43.5)
    assert {a.group for a in view._plate.anchors} == {0, 1, 2}
    view.set_carryable(True)
    start, end = (place(view, x, y).toPoint() for x, y in ((-108, 34), (-94.5, 43.5)))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=start)
    assert view.selected_areas() == ["00"]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    with qtbot.waitSignal(view.dropped, timeout=500) as told:
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    assert told.args == [2]


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
