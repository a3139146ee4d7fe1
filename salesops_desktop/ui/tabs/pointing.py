"""Points at a row of a grid without selecting every cell of it, which would sum figures that do not add up."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QItemSelectionModel

from salesops_desktop.ui.widgets.grid import Grid


def point_at(grid: Grid, record: int) -> bool:
    """Make a row of the table the current one, in the column the cursor is in; whether it is on screen at all.

    Args:
        grid: the grid.
        record: the row's place in its table.
    """
    rows = np.flatnonzero(np.asarray(grid.model.records) == record)
    visible = grid.view.visible_columns()
    if not len(rows) or not visible:
        return False
    column = grid.view.currentIndex().column()
    index = grid.model.index(int(rows[0]), column if column in visible else visible[0])
    grid.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    grid.view.scrollTo(index)
    return True
