"""Charts: axes, read-out, description, figures."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.chart import (
    Band,
    Bars,
    Chart,
    ChartContent,
    Floating,
    Line,
    Marker,
    Note,
    Scatter,
    Ticks,
    days,
)
from salesops_desktop.ui.widgets.chart_marks import as_table, compact
from salesops_desktop.ui.widgets.chart_plot import month_ticks
from salesops_desktop.ui.widgets.formats import Formats

ENGLISH = QLocale("en_US")


def months(count, year=2024):
    return [dt.date(year + i // 12, i % 12 + 1, 1) for i in range(count)]


def forecast():
    x = days(months(6))
    y = np.array([100.0, 200, np.nan, 400, 300, 250]) * 100
    return ChartContent(
        "Bookings",
        (Line("Actual", x, y, (Band("80 %", y - 500, y + 500),)), Scatter("Deals", x, y + 100)),
        (Marker(float(x[3]), "Today"),),
        "date",
        y_kind=ValueKind.MONEY,
        currency="USD",
    )


@pytest.fixture
def chart(qtbot):
    widget = Chart(locale=ENGLISH)
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    widget.set_content(forecast())
    widget.show()
    return widget


def test_plotting_library_waits_until_a_chart_is_seen():
    code = (
        "import sys; import salesops_desktop.ui.widgets.chart, salesops_desktop.ui.widgets.grid, "
        "salesops_desktop.ui.widgets.map; "
        "sys.exit(any(m in sys.modules for m in ('pyqtgraph', 'pandas', 'openpyxl', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_description_says_what_one_sees(chart):
    said = chart.accessibleDescription()
    assert "Actual: 5 values from 01/01/2024 to 06/01/2024" in said
    assert "lowest $100.00 at 01/01/2024" in said
    assert "highest $400.00 at 04/01/2024" in said
    assert "last $250.00" in said


def test_arrow_keys_walk_along_the_values(chart):
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.readout()[0] == ("Actual", "$100.00 (80 %: $95.00 to $105.00)")
    QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.readout()[0] == ("Actual", "–")
    assert "03/01/2024" in chart._readout.text()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.readout()[0][1].startswith("$200.00 (80 %")


def test_picture_and_figures(chart, qtbot):
    chart.copy_picture()
    assert not QGuiApplication.clipboard().image().isNull()
    with qtbot.waitSignal(chart.table_requested, timeout=500) as told:
        chart.ask_table()
    table = told.args[0]
    assert [c.label for c in table.columns] == ["Date", "Actual", "Actual 80 % low", "Actual 80 % high", "Deals"]
    assert table.row(1)[0] == dt.date(2024, 2, 1)
    assert str(table.row(1)[1]) == "200.00"
    assert table.row(2)[1] is None


def test_a_place_is_spoken_and_picked(chart, qtbot):
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.accessibleDescription() == "06/01/2024: Actual $250.00 (80 %: $245.00 to $255.00), Deals $251.00"
    QTest.keyClick(chart, Qt.Key.Key_Home)
    with qtbot.waitSignal(chart.picked, timeout=500) as told:
        QTest.keyClick(chart, Qt.Key.Key_Return)
    assert told.args == [float(days([dt.date(2024, 1, 1)])[0])]


def test_the_picture_is_saved_as_svg_and_png(chart, tmp_path, qtbot):
    qtbot.waitUntil(lambda: chart._plot is not None)
    qtbot.wait(50)
    svg, png = tmp_path / "bookings.svg", tmp_path / "bookings.png"
    chart.save_picture(svg)
    text = svg.read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert "<title>Bookings</title>" in text
    assert ">Bookings</text>" in text
    assert ">Today</text>" in text
    assert text.count("<path") > 5
    assert "<image" not in text
    chart.save_picture(png)
    picture = QImage(str(png))
    assert picture.width() == 2 * chart.width()
    assert len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, 400, 3)}) > 5
    with pytest.raises(SalesOpsError, match="could not be written"):
        chart.save_picture(tmp_path / "absent" / "bookings.png")
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != "") == ["bookings.png", "bookings.svg"]


def test_steps_ticks_and_words_inside_the_plot(chart, qtbot):
    qtbot.waitUntil(lambda: chart._plot is not None)
    x = np.arange(3.0)
    low, high = np.array([0.0, 6, 0]), np.array([10.0, 10, 6])
    steps = Floating("Change", x, low, high, np.array([10.0, -4, 6]), ("accent", "error", "accent"), ("10", "−4", "6"),
                     joined=True, ends=np.array([10.0, 6, 6]))  # fmt: skip
    tiers = (((0, "first"),), ((0, "first"), (1, "second"), (2, "third")))
    content = ChartContent(
        "Waterfall", (steps, Ticks("Target", x, np.array([np.nan, 8, 8]), "text")), (), "category", ("a", "b", "c"),
        subtitle="in thousands", notes=(Note(1.0, 5.0, "here"),), tick_tiers=tiers, zero=True,
    )  # fmt: skip
    chart.set_content(content)
    kinds = [type(item).__name__ for item in chart._plot.getPlotItem().items]
    assert kinds.count("BarGraphItem") == 1
    assert kinds.count("TextItem") == 4
    axis = chart._plot.getPlotItem().getAxis("bottom")
    assert axis.tickValues(0, 2, 400)[0][1] == [0.0, 1.0, 2.0]
    assert axis.tickStrings([1.0], 1, 1) == ["second"]
    assert axis.tickValues(0, 2, 60)[0][1] == [0.0]
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.spoken() == "c: Change 6, Target 8"
    assert [c.label for c in as_table(content).columns] == ["Value", "Change", "Target"]


def test_follows_the_theme(chart, qapp, qtbot):
    qtbot.waitUntil(lambda: chart._plot is not None)
    theme.apply_theme(qapp, "dark")
    assert chart._plot.backgroundBrush().color().name() == theme.tokens().color("surface").lower()
    theme.apply_theme(qapp, "light")
    assert chart._plot.backgroundBrush().color().name() == theme.tokens().color("surface").lower()


def test_bars_over_categories(qtbot):
    chart = Chart(locale=ENGLISH)
    qtbot.addWidget(chart)
    x = np.arange(3.0)
    series = (Bars("A", x, np.array([1.0, 2, 3])), Bars("B", x, np.array([2.0, np.nan, 1])))
    chart.set_content(ChartContent("", series, (), "category", ("x", "y", "z"), y_kind=ValueKind.FRACTION))
    chart.show()
    qtbot.waitUntil(lambda: chart._plot is not None)
    assert not chart.grab().isNull()
    table = as_table(chart.content)
    assert [table.row(i)[0] for i in range(3)] == ["x", "y", "z"]
    assert chart._plot.getPlotItem().getAxis("bottom").tickStrings([0.0, 2.0], 1, 1) == ["x", "z"]
    assert chart._plot.getPlotItem().getAxis("left").tickStrings([0.5], 1, 1) == ["50\u00a0%"]


def test_keeps_its_plot_and_shows_only_the_newest_content(chart, qtbot):
    qtbot.waitUntil(lambda: chart._plot is not None)
    plot = chart._plot
    lines = len(plot.getPlotItem().items)
    bars = ChartContent(
        "Bars", (Bars("A", np.arange(5.0), np.arange(1.0, 6.0)),), (), "category", tuple("vwxyz"), "Place"
    )
    chart.set_content(bars)
    item = plot.getPlotItem()
    assert chart._plot is plot
    assert [type(shown).__name__ for shown in item.items] == ["BarGraphItem", "InfiniteLine"]
    assert item.getAxis("bottom").label.isVisible()
    assert item.getAxis("bottom").tickStrings([1.0], 1, 1) == ["w"]
    chart.set_content(forecast())
    assert len(item.items) == lines
    assert not item.getAxis("bottom").label.isVisible()
    below = ChartContent("Below", (Line("Loss", np.arange(3.0), np.array([-5.0, -2, -9])),))
    chart.set_content(below)
    qtbot.waitUntil(lambda: item.getViewBox().viewRange()[1][0] <= -9)  # the floor of the bars is gone


def test_empty_content(qtbot):
    chart = Chart()
    qtbot.addWidget(chart)
    chart.show()
    chart.set_content(ChartContent("Nothing", (Line("None", np.zeros(0), np.zeros(0)),)))
    assert "no values" in chart.description()
    assert not chart.grab().isNull()


def test_month_ticks():
    first, last = days([dt.date(2024, 1, 1), dt.date(2026, 12, 31)])
    ticks = month_ticks(first, last, 6)
    assert [dt.date(1970, 1, 1) + dt.timedelta(days=t) for t in ticks] == [
        dt.date(2024 + i // 2, 1 + 6 * (i % 2), 1) for i in range(6)
    ]
    assert len(month_ticks(first, first + 20, 5)) <= 6
    assert month_ticks(-1e12, 1e12, 5) == []


def test_compact_numbers():
    formats = Formats(ENGLISH)
    assert [compact(v, formats) for v in (0, 950, 12_500, 1_250_000, -3e9)] == ["0", "950", "12.5k", "1.25M", "-3bn"]
