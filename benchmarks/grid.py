"""The grid at a million rows beside what one would use instead: QTableView, a pandas model and a sorting proxy.

Run: ``python benchmarks/grid.py [--rows 1000000]``. Times are milliseconds of CPU on this machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
from PySide6.QtCore import QAbstractTableModel, QPoint, QSortFilterProxyModel, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QTableView

from salesops_desktop.model.tables import Column, Table, ValueKind
from salesops_desktop.ui.theme import apply_theme
from salesops_desktop.ui.widgets.grid import Grid

WIDTH, HEIGHT = 1400, 650


def sample(rows: int) -> Table:
    rng = np.random.default_rng(7)
    names = np.array([f"Account {i:07d}" for i in rng.permutation(rows)], dtype=object)
    regions = np.array(["North", "South", "East", "West", None], dtype=object)[rng.integers(0, 5, rows)]
    days = (np.datetime64("2023-01-01") + rng.integers(0, 1200, rows)).astype("datetime64[D]")
    columns = [
        Column("name", "Account", ValueKind.TEXT, names),
        Column("region", "Region", ValueKind.TEXT, regions),
        Column("amount", "Amount", ValueKind.MONEY, rng.integers(0, 10**8, rows), None, "USD"),
        Column("closed", "Close date", ValueKind.DATE, days),
        Column("chance", "Chance", ValueKind.RATE, rng.integers(0, 10**6, rows)),
    ]
    columns += [Column(f"m{k}", f"Measure {k}", ValueKind.NUMBER, rng.normal(0, 1000, rows)) for k in range(15)]
    return Table("Accounts", tuple(columns), "account", np.arange(rows, dtype=np.int64))


class PandasModel(QAbstractTableModel):
    """The model of every tutorial."""

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__()
        self.frame = frame

    def rowCount(self, _parent=None):  # noqa: N802
        return len(self.frame)

    def columnCount(self, _parent=None):  # noqa: N802
        return self.frame.shape[1]

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if role == Qt.ItemDataRole.DisplayRole:
            return str(self.frame.iloc[index.row(), index.column()])
        return None


def cpu_ms(work: Callable[[], object], times: int = 1) -> float:
    QApplication.processEvents()
    start = time.process_time()
    for _ in range(times):
        work()
        QApplication.processEvents()
    return (time.process_time() - start) * 1000 / times


def wheel(view: QTableView) -> None:
    at = QPoint(300, 300)
    event = QWheelEvent(
        at,
        view.viewport().mapToGlobal(at),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003
    )
    QApplication.sendEvent(view.viewport(), event)


def jump(view: QTableView) -> Callable[[], None]:
    rng = np.random.default_rng(1)
    return lambda: view.verticalScrollBar().setValue(int(rng.integers(0, view.verticalScrollBar().maximum())))


def measure_grid(table: Table) -> dict[str, float]:
    grid = Grid()
    grid.resize(WIDTH, HEIGHT)
    grid.show()
    figures = {"set table + first paint": cpu_ms(lambda: grid.set_table(table))}
    figures["wheel step"] = cpu_ms(lambda: wheel(grid.view), 100)
    figures["jump"] = cpu_ms(jump(grid.view), 50)
    figures["select all"] = cpu_ms(grid.view.selectAll)
    grid.view.clearSelection()
    for label, column in (("number", 6), ("money", 2), ("date", 3), ("few texts", 1), ("unique texts", 0)):
        down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
        figures[f"sort {label}, first"] = cpu_ms(partial(grid.view.sortByColumn, column, up))
        figures[f"sort {label}, again"] = cpu_ms(partial(grid.view.sortByColumn, column, down))
    grid.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    figures["filter text, first"] = cpu_ms(lambda: grid.set_filter("name", "99 "))
    figures["filter text, again"] = cpu_ms(lambda: grid.set_filter("name", "0012"))
    figures["filter number"] = cpu_ms(lambda: grid.set_filter("m1", ">100"))
    grid.close()
    return figures


def measure_stock(table: Table) -> dict[str, float]:
    frame = pd.DataFrame({c.name: c.values for c in table.columns})
    model = PandasModel(frame)
    proxy = QSortFilterProxyModel()
    view = QTableView()
    view.resize(WIDTH, HEIGHT)
    view.show()

    def install() -> None:
        proxy.setSourceModel(model)
        view.setModel(proxy)

    figures = {"set table + first paint": cpu_ms(install)}
    figures["wheel step"] = cpu_ms(lambda: wheel(view), 20)
    figures["jump"] = cpu_ms(jump(view), 20)
    figures["select all"] = cpu_ms(view.selectAll)
    view.clearSelection()
    figures["sort number, first"] = cpu_ms(lambda: proxy.sort(6))
    proxy.setFilterKeyColumn(0)
    figures["filter text, first"] = cpu_ms(lambda: proxy.setFilterFixedString("99 "))
    view.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stock-rows", type=int, default=100_000, help="rows for the stock view, which is slow")
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    table = sample(arguments.rows)
    ours = measure_grid(table)
    stock = measure_stock(table.take(np.arange(arguments.stock_rows)))
    print(
        f"{'CPU ms':28} {'grid ' + format(arguments.rows, ','):>18} {'stock ' + format(arguments.stock_rows, ','):>18}"
    )
    for label, figure in ours.items():
        other = f"{stock[label]:18.1f}" if label in stock else f"{'':18}"
        print(f"{label:28} {figure:18.1f} {other}")


if __name__ == "__main__":
    main()
