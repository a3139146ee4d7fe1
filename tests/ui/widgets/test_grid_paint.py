"""The grid's own painting beside Qt's: the same picture, from fewer questions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QLocale, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QTableView

from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.grid_model import GridModel
from salesops_desktop.ui.widgets.grid_paint import CellTable, one_line
from salesops_desktop.ui.widgets.grid_view import dress_view

ROWS = 200
WIDTHS = (150, 60, 90)


def table():
    names = np.array([None if i % 5 == 4 else f"Customer {i} of the north" for i in range(ROWS)], dtype=object)
    amounts = np.arange(ROWS, dtype=np.int64) * 1234567 - 5_000_000
    return Table(
        "Accounts",
        (
            Column("name", "Name", ValueKind.TEXT, names),
            Column("amount", "Amount", ValueKind.MONEY, amounts, None, "USD"),
            Column("share", "Share", ValueKind.RATE, np.arange(ROWS, dtype=np.int64) * 4321),
        ),
    )


@pytest.fixture(params=["light", "dark"])
def look(qapp, request):
    style, palette, sheet = qapp.style().objectName(), qapp.palette(), qapp.styleSheet()
    theme.apply_theme(qapp, request.param)
    yield request.param
    theme.apply_theme(qapp, "light")
    qapp.setStyleSheet(sheet)
    qapp.setStyle(style)
    qapp.setPalette(palette)


def shown(qtbot, view, model, direction=Qt.LayoutDirection.LeftToRight):
    qtbot.addWidget(view)
    view.setModel(model)
    dress_view(view)
    view.setLayoutDirection(direction)
    for column, width in enumerate(WIDTHS):
        view.setColumnWidth(column, width)
    view.resize(420, 300)
    view.show()
    return view


def picture(view):
    QApplication.processEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).copy()
    return pixels.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 4].reshape(-1, image.width(), 4)


def select(view, top, bottom, left, right):
    model = view.model()
    view.selectionModel().select(
        QItemSelection(model.index(top, left), model.index(bottom, right)), QItemSelectionModel.SelectionFlag.Select
    )


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_it_looks_as_qt_would_have_it(qtbot, look, direction):
    model = GridModel(None, QLocale("en_US"))
    model.set_table(table())
    ours = shown(qtbot, CellTable(model), model, direction)
    stock = shown(qtbot, QTableView(), model, direction)
    for scroll in (0, 1013):
        for view in (ours, stock):
            view.verticalScrollBar().setValue(scroll)
            select(view, scroll // 22 + 2, scroll // 22 + 4, 0, 1)
            select(view, scroll // 22 + 6, scroll // 22 + 6, 2, 2)
        first, second = picture(ours), picture(stock)
        blank = np.all(second == second[-1, -1], axis=2).mean()
        assert blank < 0.9
        # Other font engines may round a glyph's place otherwise; a cell missing or misplaced differs by far more.
        assert (first != second).any(axis=2).mean() < 0.002


def test_a_change_of_selection_and_of_theme_is_seen(qtbot, qapp, look):
    model = GridModel(None, QLocale("en_US"))
    model.set_table(table())
    view = shown(qtbot, CellTable(model), model)
    cell = view.visualRect(model.index(4, 0)).center()

    def ground():
        return view.viewport().grab().toImage().pixelColor(cell)

    assert ground() == theme.color("surface")
    view.selectAll()
    assert ground() == theme.color("selection")
    model.set_order(())
    model.set_table(table().take(np.arange(50)))
    assert ground() == theme.color("surface")
    theme.apply_theme(qapp, "light" if look == "dark" else "dark")
    assert ground() == theme.color("surface")


def test_a_cut_text_ends_in_an_ellipsis_within_its_cell(qtbot, look):
    model = GridModel(None, QLocale("en_US"))
    text = np.array(["W" * 5000, "WW", "W\nsecond line"], dtype=object)
    model.set_table(Table("T", (Column("t", "T", ValueKind.TEXT, text), Column("u", "U", ValueKind.TEXT, text[::-1]))))
    view = shown(qtbot, CellTable(model), model)
    view.setColumnHidden(1, True)  # noqa: FBT003  # Qt's
    image = view.viewport().grab().toImage()

    def ink(row, left, right):
        cell = view.visualRect(model.index(row, 0))
        part = image.copy(QRect(cell.left() + left, cell.top(), right - left, cell.height()))
        ground = QColor(part.pixelColor(0, 0))
        return sum(part.pixelColor(x, y) != ground for x in range(part.width()) for y in range(part.height()))

    width = WIDTHS[0]
    assert ink(0, width - 30, width - 4) > 0
    assert ink(0, width - 3, width - 1) == 0
    assert ink(1, width - 60, width - 1) == 0
    assert ink(2, 4, 40) > 0


@pytest.mark.parametrize(
    ("text", "line"), [("one", "one"), ("a\tb", "a b"), ("first\nsecond", "first…"), ("first\r\n", "first"), ("\n", "")]
)
def test_one_line(text, line):
    assert one_line(text) == line
