"""Charts: axes, read-out, description, figures."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.chart import Band, Bars, Chart, ChartContent, Line, Marker, Scatter, days
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
    assert chart.readout()[0] == ("Actual", "$100.00")
    QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.readout()[0] == ("Actual", "–")
    assert "03/01/2024" in chart._readout.text()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.readout()[0][1] == "$200.00"


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
    bars = ChartContent("Bars", (Bars("A", np.arange(2.0), np.array([1.0, 2])),), (), "category", ("x", "y"), "Place")
    chart.set_content(bars)
    item = plot.getPlotItem()
    assert chart._plot is plot
    assert [type(shown).__name__ for shown in item.items] == ["BarGraphItem", "InfiniteLine"]
    assert item.getAxis("bottom").label.isVisible()
    assert item.getAxis("bottom").tickStrings([1.0], 1, 1) == ["y"]
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
