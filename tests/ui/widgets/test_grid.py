"""The grid as a person uses it: keys, clicks, clipboard."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.grid_menus import cell_menu, column_menu

ENGLISH = QLocale("en_US")


def text(values):
    return np.array(values, dtype=object)


def accounts(count=6, *, keyed=True, reverse=False):
    names = ["Alpha", "beta", None, "Gamma", "élan", "Delta"]
    order = np.arange(count)[:: -1 if reverse else 1]
    table = Table(
        "Accounts",
        (
            Column("name", "Name", ValueKind.TEXT, text([names[i % 6] for i in range(count)])),
            Column("amount", "Amount", ValueKind.MONEY, np.arange(count, dtype=np.int64) * 12345 - 10000, None, "USD"),
            Column(
                "booked",
                "Booked",
                ValueKind.MONEY,
                np.arange(count, dtype=np.int64) * 100,
                np.arange(count) % 3 == 2,
                None,
                text(["USD" if i % 2 else "JPY" for i in range(count)]),
            ),
            Column("closed", "Closed", ValueKind.DATE, np.datetime64("2026-01-30") + np.arange(count).astype("m8[D]")),
            Column("chance", "Chance", ValueKind.RATE, np.arange(count, dtype=np.int64) * 100_000, digits=0),
        ),
        "account",
        np.arange(count, dtype=np.int64) + 100 if keyed else None,
    )
    return table.take(order)


@pytest.fixture
def grid(qtbot):
    widget = Grid(name="Accounts", locale=ENGLISH)
    qtbot.addWidget(widget)
    widget.resize(800, 400)
    widget.set_table(accounts())
    widget.show()
    widget.view.setFocus()
    return widget


def names(grid):
    return [grid.model.value_at(row, 0) for row in range(grid.model.rowCount())]


def press(grid, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(grid.view, key, modifier)


CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_cells_are_written_by_locale(grid):
    shown = [str(grid.model.data(grid.model.index(1, c))) for c in range(5)]
    assert shown == ["beta", "$23.45", "$1.00", "01/31/2026", "10\u00a0%"]
    grid.set_locale(QLocale("de_DE"))
    shown = [str(grid.model.data(grid.model.index(1, c))) for c in range(5)]
    assert shown == ["beta", "23,45\u00a0$", "1,00\u00a0$", "31.01.2026", "10\u00a0%"]
    assert "JPY" not in str(grid.model.data(grid.model.index(0, 2)))


def test_numbers_stand_right(grid):
    alignment = grid.model.data(grid.model.index(0, 1), Qt.ItemDataRole.TextAlignmentRole)
    assert alignment & Qt.AlignmentFlag.AlignRight


def test_header_click_sorts_in_three_steps(grid, qtbot):
    header = grid.view.columns
    where = header.viewport().rect().topLeft()
    where.setX(header.sectionViewportPosition(0) + 15)
    where.setY(10)
    for wanted in (
        ["Alpha", "beta", "Delta", "élan", "Gamma", None],
        ["Gamma", "élan", "Delta", "beta", "Alpha", None],
        ["Alpha", "beta", None, "Gamma", "élan", "Delta"],
    ):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
        assert names(grid) == wanted


def test_sorting_is_stable_over_columns(grid):
    table = accounts(12)
    grid.set_table(table)
    grid.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    grid.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    amounts = [grid.model.value_at(row, 1) for row in range(2)]
    assert names(grid)[:2] == ["Alpha", "Alpha"]
    assert amounts[0] > amounts[1]


def test_money_of_two_currencies_sorts_by_major_units(grid):
    grid.view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    values = [grid.model.value_at(row, 2) for row in range(6)]
    assert values == [Decimal(0), Decimal(1), Decimal(3), Decimal(400), None, None]


@pytest.mark.parametrize(
    ("column", "typed", "count"),
    [
        ("name", "a", 5),
        ("name", "=ALPHA", 1),
        ("name", "elan", 1),
        ("name", "del*", 1),
        ("name", "<>a", 1),
        ("name", "(blank)", 1),
        ("name", "(filled)", 5),
        ("amount", ">0", 5),
        ("amount", "<= -100", 1),
        ("amount", "23.45", 1),
        ("amount", "20..200", 2),
        ("amount", "..0", 1),
        ("amount", "<>23.45", 5),
        ("booked", "(blank)", 2),
        ("booked", "=4", 0),
        ("closed", "2026-01", 2),
        ("closed", "2026", 6),
        ("closed", ">=02/01/2026", 4),
        ("closed", "2026-01-31..2026-02-01", 2),
        ("chance", "50%", 1),
        ("chance", ">30", 2),
    ],
)
def test_filters(grid, column, typed, count):
    grid.set_filter(column, typed)
    assert grid.model.filter_faults == {}
    assert grid.model.rowCount() == count


def test_faulty_filter_is_told_and_lets_all_through(grid):
    grid.set_filter("amount", "many")
    assert grid.model.rowCount() == 6
    assert "not a number" in grid.model.filter_faults["amount"]


def test_typing_into_the_filter_row(grid, qtbot):
    grid.edit_filter(0)
    field = grid.view.columns.focusWidget()
    QTest.keyClicks(field, "gam")
    qtbot.waitUntil(lambda: grid.model.rowCount() == 1, timeout=1000)
    assert grid.count_label.text() == "1 of 6 rows"
    QTest.mouseClick(grid.clear_button, Qt.MouseButton.LeftButton)
    assert grid.model.rowCount() == 6
    assert field.text() == ""


def test_search_looks_everywhere(grid, qtbot):
    QTest.keyClick(grid.view, Qt.Key.Key_F, CTRL)
    qtbot.waitUntil(grid.search_box.hasFocus, timeout=500)
    QTest.keyClicks(grid.search_box, "02/02/2026")
    QTest.keyClick(grid.search_box, Qt.Key.Key_Return)
    assert names(grid) == ["Gamma"]
    QTest.keyClick(grid.view, Qt.Key.Key_F, CTRL)
    QTest.keyClick(grid.search_box, Qt.Key.Key_Escape)
    assert grid.model.rowCount() == 6


def test_copy_with_headers_in_both_forms(grid):
    grid.view.select_block((0, 0), (1, 1))
    press(grid, Qt.Key.Key_C, CTRL)
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.text() == "Name\tAmount\nAlpha\t-$100.00\nbeta\t$23.45\n"
    assert '<td align="right">$23.45</td>' in mime.html()
    press(grid, Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == "Name\tAmount\nAlpha\t-100.00\nbeta\t23.45\n"


def test_excel_keys(grid):
    view = grid.view
    view.go_to(0, 0)
    press(grid, Qt.Key.Key_Down, CTRL)
    assert view.currentIndex().row() == 1
    press(grid, Qt.Key.Key_Down, CTRL)
    assert view.currentIndex().row() == 3
    press(grid, Qt.Key.Key_End, CTRL)
    assert (view.currentIndex().row(), view.currentIndex().column()) == (5, 4)
    press(grid, Qt.Key.Key_Home)
    assert (view.currentIndex().row(), view.currentIndex().column()) == (5, 0)
    press(grid, Qt.Key.Key_Home, CTRL | SHIFT)
    assert len(view.selectionModel().selectedIndexes()) == 6
    press(grid, Qt.Key.Key_Space, CTRL)
    assert {i.column() for i in view.selectionModel().selectedIndexes()} == {0}
    press(grid, Qt.Key.Key_Space, SHIFT)
    assert len(view.selectionModel().selectedIndexes()) == 5


def test_status_sums_by_currency(grid, qtbot):
    grid.view.select_block((0, 0), (5, 2))
    qtbot.waitUntil(lambda: "Count" in grid._status.text(), timeout=1000)
    shown = grid._status.text()
    assert "Count 15" in shown
    assert "Sum $1,255.75" in shown
    assert "¥400" in shown


def test_enter_drills_down_with_the_key(grid, qtbot):
    grid.view.go_to(3, 0)
    with qtbot.waitSignal(grid.activated, timeout=500) as told:
        press(grid, Qt.Key.Key_Return)
    assert told.args == [103]


def test_selection_outlives_sort_filter_and_fresh_table(grid):
    grid.select_keys([101, 104])
    grid.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert sorted(grid.selected_keys()) == [101, 104]
    grid.set_filter("amount", ">0")
    assert sorted(grid.selected_keys()) == [101, 104]
    grid.set_table(accounts(reverse=True))
    assert sorted(grid.selected_keys()) == [101, 104]
    assert grid.model.filters == {"amount": ">0"}
    assert [o.column for o in grid.model.order] == ["amount"]


def test_editing_tells_typed_changes(grid, qtbot):
    grid.set_editable(["amount", "closed", "chance"])
    grid.view.go_to(1, 1)
    with qtbot.waitSignal(grid.edited, timeout=500) as told:
        press(grid, Qt.Key.Key_F2)
        editor = grid.view.focusWidget()
        editor.selectAll()
        QTest.keyClicks(editor, "1,000.50")
        QTest.keyClick(editor, Qt.Key.Key_Return)
    edit = told.args[0][0]
    assert (edit.key, edit.column, edit.old, edit.new) == (101, "amount", Decimal("23.45"), Decimal("1000.50"))
    assert grid.table["amount"].values[1] == 100050


def test_paste_takes_all_or_nothing(grid, qtbot):
    grid.set_editable(["amount", "closed", "chance"])
    grid.view.go_to(0, 3)
    QGuiApplication.clipboard().setText("2026-05-01\t15%\n05/02/2026\t20\n")
    with qtbot.waitSignal(grid.edited, timeout=500) as told:
        press(grid, Qt.Key.Key_V, CTRL)
    assert [e.new for e in told.args[0]] == [dt.date(2026, 5, 1), Decimal("0.15"), dt.date(2026, 5, 2), Decimal("0.2")]
    before = grid.table
    grid.view.go_to(2, 3)
    QGuiApplication.clipboard().setText("soon\t15\n2026-06-01\tlots\n")
    press(grid, Qt.Key.Key_V, CTRL)
    assert grid.table is before
    assert grid.messages.isVisible()
    assert "2 faults" in grid.messages.text


def test_paste_into_a_locked_column_is_refused(grid):
    grid.set_editable(["amount"])
    grid.view.go_to(0, 0)
    QGuiApplication.clipboard().setText("Omega")
    press(grid, Qt.Key.Key_V, CTRL)
    assert names(grid)[0] == "Alpha"
    assert "cannot be changed" in grid.messages.text


def test_fill_down_and_clear(grid):
    grid.set_editable(["amount"])
    grid.view.select_block((1, 1), (3, 1))
    press(grid, Qt.Key.Key_D, CTRL)
    assert grid.table["amount"].values[1:4].tolist() == [2345] * 3
    press(grid, Qt.Key.Key_Delete)
    assert grid.table["amount"].is_missing(2)


def test_view_as_seen_and_state(grid, qtbot):
    grid.hide_column(2)
    grid.view.columns.moveSection(0, 3)
    grid.set_filter("amount", ">0")
    grid.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    grid.view.freeze(1)
    with qtbot.waitSignal(grid.export_requested, timeout=500) as told:
        grid.export()
    seen = told.args[0]
    assert seen.names == ("amount", "closed", "name", "chance")
    assert seen["amount"].values.tolist() == sorted(seen["amount"].values.tolist(), reverse=True)
    state = grid.state()
    other = Grid(locale=ENGLISH)
    qtbot.addWidget(other)
    other.set_table(accounts())
    other.restore_state(state)
    assert other.table_as_seen().names == seen.names
    assert other.model.rowCount() == 5
    assert other.view.frozen_columns == grid.view.frozen_columns
    assert other.state() == state


def test_frozen_columns_scroll_together(grid):
    grid.set_table(accounts(500))
    grid.view.freeze(1)
    frozen = grid.view._frozen
    grid.view.verticalScrollBar().setValue(1000)
    assert frozen.verticalScrollBar().value() == 1000
    grid.view.freeze(0)
    assert grid.view._frozen is None


def test_menus_offer_and_do(grid, qtbot):
    menu = column_menu(grid, 2)
    {a.text(): a for a in menu.actions()}["Hide this column"].trigger()
    assert grid.hidden_columns() == {2}
    grid.view.go_to(1, 1)
    menu = cell_menu(grid)
    {a.text(): a for a in menu.actions()}["Only rows with this value"].trigger()
    assert names(grid) == ["beta"]


def test_accessible(grid):
    index = grid.model.index(2, 0)
    assert grid.model.data(index, Qt.ItemDataRole.AccessibleTextRole) == "Name: blank"
    for widget in (grid.view, grid.search_box, grid.filter_button, grid.clear_button):
        assert widget.accessibleName()


def test_empty_tables(grid):
    grid.set_table(accounts(0))
    grid.grab()
    assert grid.model.rowCount() == 0
    grid.view.selectAll()
    grid.copy()
    grid.set_table(Table("", ()))
    grid.grab()


def test_select_all_of_many_is_instant_and_survives(grid):
    grid.set_table(accounts(200_000))
    grid.view.selectAll()
    grid.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    selection = grid.view.selectionModel().selection()
    assert selection.size() == 1
    assert selection.at(0).height() == 200_000
    header = grid.view.columns.selectionModel()
    assert isinstance(header, QItemSelectionModel)
    assert not header.hasSelection()


def test_years_are_not_grouped_and_counts_are(qtbot):
    years = Column("founded", "Founded", ValueKind.INTEGER, np.array([1996]), digits=0)
    people = Column("employees", "Employees", ValueKind.INTEGER, np.array([1996]))
    grid = Grid(name="Accounts", locale=ENGLISH)
    qtbot.addWidget(grid)
    grid.set_table(Table("Accounts", (years, people)))
    model = grid.view.model()
    assert [model.index(0, place).data() for place in (0, 1)] == ["1996", "1,996"]


def test_files_dropped_on_the_search_field_are_left_to_the_window(qtbot):
    grid = Grid()
    qtbot.addWidget(grid)
    assert not grid.search_box.acceptDrops()
