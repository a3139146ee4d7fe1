"""Painting the grid's cells and row numbers in one go: Qt's delegate asks seven roles of each cell, over and over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyleOptionFocusRect, QTableView, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.grid_model import RIGHT, GridModel

_NO_BLOCKS: Final = np.empty((0, 4), dtype=np.int64)
_ELLIPSIS: Final = "…"
_UNSHOWABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_PARTS: Final = 4
_HEADER_PADDING: Final = 6
"""Pixels beside a row number, as the style sheet has it for the column headers."""

Text = tuple[QPointF, str]
"""Where a text starts on its base line (between pixels, or numbers would not end in line), and the text."""


class CellTable(QTableView):
    """A table view that paints a :class:`GridModel` itself, looking as Qt would have it look."""

    def __init__(self, model: GridModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid_model = model
        self._blocks: npt.NDArray[np.int64] | None = None
        rows = RowNumbers(self)
        rows.setSectionsClickable(True)
        self.setVerticalHeader(rows)
        for moved in (model.modelReset, model.layoutChanged, model.rows_changed):
            moved.connect(self._forget_blocks)

    def setSelectionModel(self, selection: QItemSelectionModel) -> None:  # noqa: N802
        """Follow the selection."""
        super().setSelectionModel(selection)
        selection.selectionChanged.connect(self._forget_blocks)
        self._forget_blocks()

    def _forget_blocks(self) -> None:
        self._blocks = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the cells that the event uncovers, and an outline around the current one."""
        painter = QPainter(self.viewport())
        painter.setLayoutDirection(self.layoutDirection())
        for area in _parts(event):
            self._paint_area(painter, area)
        if self.hasFocus() and self.currentIndex().isValid():
            self._outline(painter, self.visualRect(self.currentIndex()))
        painter.end()

    def _paint_area(self, painter: QPainter, area: QRect) -> None:
        top, bottom = self.rowAt(area.top()), self.rowAt(area.bottom())
        if top < 0:
            return
        if bottom < 0:
            bottom = len(self.grid_model.records) - 1
        tops = [self.rowViewportPosition(row) for row in range(top, bottom + 1)]
        columns = self._columns_in(area)
        if not columns:
            return
        chosen = self._chosen(top, bottom)
        self._paint_backgrounds(painter, top, tops, columns, chosen)
        self._paint_texts(painter, top, tops, columns, chosen)
        self._paint_lines(painter, tops, columns, area)

    def _columns_in(self, area: QRect) -> list[tuple[int, int, int]]:
        """Model column, left edge and width of the columns that ``area`` touches."""
        header = self.horizontalHeader()
        last = header.count() - 1
        ends = [last if at < 0 else at for at in map(header.visualIndexAt, (area.left(), area.right()))]
        found = []
        for visual in range(min(ends), max(ends) + 1):
            column = header.logicalIndex(visual)
            if header.isSectionHidden(column):
                continue
            found.append((column, header.sectionViewportPosition(column), header.sectionSize(column)))
        return found

    # --- selection ----------------------------------------------------------------------------------------------

    def _chosen(self, top: int, bottom: int) -> list[list[bool]] | None:
        """Per model column, which of the rows are selected; None when none is."""
        if self._blocks is None:
            ranges = self.selectionModel().selection()
            found = [(r.top(), r.bottom(), r.left(), r.right()) for r in (ranges.at(i) for i in range(ranges.size()))]
            self._blocks = np.array(found, dtype=np.int64) if found else _NO_BLOCKS
        blocks = self._blocks[(self._blocks[:, 0] <= bottom) & (self._blocks[:, 1] >= top)]
        if not len(blocks):
            return None
        chosen = np.zeros((self.grid_model.columnCount(), bottom - top + 1), dtype=np.bool_)
        for first, last, left, right in blocks.tolist():
            chosen[left : right + 1, max(0, first - top) : last - top + 1] = True
        result: list[list[bool]] = chosen.tolist()
        return result

    # --- painting -----------------------------------------------------------------------------------------------

    def _color(self, role: QPalette.ColorRole) -> QColor:
        group = QPalette.ColorGroup.Inactive
        if not self.isEnabled():
            group = QPalette.ColorGroup.Disabled
        elif self.isActiveWindow():
            group = QPalette.ColorGroup.Active
        return self.palette().color(group, role)

    def _paint_backgrounds(
        self,
        painter: QPainter,
        top: int,
        tops: list[int],
        columns: list[tuple[int, int, int]],
        chosen: list[list[bool]] | None,
    ) -> None:
        height = self.verticalHeader().defaultSectionSize()
        left = min(x for _, x, _ in columns)
        width = max(x + w for _, x, w in columns) - left
        other = self._color(QPalette.ColorRole.AlternateBase)
        for y in tops[1 - top % 2 :: 2]:
            painter.fillRect(left, y, width, height, other)
        if chosen is None:
            return
        highlight = self._color(QPalette.ColorRole.Highlight)
        for column, x, width in columns:
            for first, last in _runs(chosen[column]):
                painter.fillRect(x, tops[first], width, tops[last] + height - tops[first], highlight)

    def _paint_texts(
        self,
        painter: QPainter,
        top: int,
        tops: list[int],
        columns: list[tuple[int, int, int]],
        chosen: list[list[bool]] | None,
    ) -> None:
        metrics = self.fontMetrics()
        height = self.verticalHeader().defaultSectionSize() - 1
        base = (height - metrics.height()) // 2 + metrics.ascent()
        bases = [y + base for y in tops]
        records: list[int] = self.grid_model.records[top : top + len(tops)].tolist()
        plain: list[Text] = []
        lit: list[Text] = []
        for column, left, width in columns:
            texts = self._texts_of(column, left, width, records, bases)
            if chosen is None:
                plain += [text for text in texts if text is not None]
                continue
            for text, is_chosen in zip(texts, chosen[column], strict=True):
                if text is not None:
                    (lit if is_chosen else plain).append(text)
        # Two passes, for changing the pen costs as much as a text.
        for part, role in ((plain, QPalette.ColorRole.Text), (lit, QPalette.ColorRole.HighlightedText)):
            painter.setPen(self._color(role))
            for place, words in part:
                painter.drawText(place, words)

    def _texts_of(
        self, column: int, left: int, width: int, records: list[int], bases: list[int]
    ) -> Iterator[Text | None]:
        """The texts of one column, cut to its width and aligned; None for an empty cell."""
        metrics = QFontMetricsF(self.font())
        advance = metrics.horizontalAdvance
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self) + 1
        room = width - 1 - 2 * margin
        left += margin
        right = self.grid_model.alignment_of(column) == RIGHT
        if self.isRightToLeft():
            left, right = left + 1, not right
        shown, unshowable = self.grid_model.writer_of(column), _UNSHOWABLE.search
        for record, y in zip(records, bases, strict=True):
            text = shown(record)
            if not text:
                yield None
                continue
            if unshowable(text):
                text = one_line(text)
            text = text[: max(room, 0)]  # no sign is narrower than a pixel; measuring pages of notes takes long
            wide = advance(text)
            if wide > room:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
                wide = advance(text)
            yield QPointF(left + room - wide if right else left, y), text

    def _paint_lines(
        self, painter: QPainter, tops: list[int], columns: list[tuple[int, int, int]], area: QRect
    ) -> None:
        line = theme.color("grid_line")
        height = self.verticalHeader().defaultSectionSize()
        left = max(area.left(), min(x for _, x, _ in columns))
        right = min(area.right() + 1, max(x + w for _, x, w in columns))
        for y in tops:
            painter.fillRect(left, y + height - 1, right - left, 1, line)
        mirrored = self.isRightToLeft()
        for _, x, width in columns:
            painter.fillRect(x if mirrored else x + width - 1, tops[0], 1, tops[-1] + height - tops[0], line)

    def _outline(self, painter: QPainter, cell: QRect) -> None:
        option = QStyleOptionFocusRect()
        option.initFrom(self)
        option.rect = cell
        option.state |= QStyle.StateFlag.State_KeyboardFocusChange | QStyle.StateFlag.State_Item
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option, painter, self)
        painter.setPen(QPen(theme.color("focus"), 2))
        painter.drawRect(cell.adjusted(1, 1, -1, -1))


class RowNumbers(QHeaderView):
    """The row numbers: all sections are as high, so that one pass paints them without a style call for each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the numbers that the event uncovers."""
        painter = QPainter(self.viewport())
        ground, border = theme.color("header"), theme.color("border")
        width, height = self.viewport().width(), self.defaultSectionSize()
        painter.setPen(theme.color("text"))
        model: QAbstractItemModel = self.model()
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
        for area in _parts(event):
            painter.fillRect(area, ground)
            top, bottom = self.logicalIndexAt(area.top()), self.logicalIndexAt(area.bottom())
            if top < 0:
                continue
            if bottom < 0:
                bottom = self.count() - 1
            for row in range(top, bottom + 1):
                y = self.sectionViewportPosition(row)
                painter.fillRect(width - 1, y, 1, height, border)
                painter.fillRect(0, y + height - 1, width, 1, border)
                number: Any = model.headerData(row, Qt.Orientation.Vertical)
                painter.drawText(_HEADER_PADDING, y, width - 1 - 2 * _HEADER_PADDING, height - 1, flags, str(number))
        painter.end()


def one_line(text: str) -> str:
    """A text with line breaks cut to its first line, tabs and other signs without a shape as blanks."""
    lines = text.splitlines() or [""]
    first = _UNSHOWABLE.sub(" ", lines[0])
    return f"{first}{_ELLIPSIS}" if len(lines) > 1 else first


def _parts(event: QPaintEvent) -> Iterable[QRect]:
    """The rectangles to paint: a scroll may uncover two strips far apart."""
    region = event.region()
    if region.rectCount() > _MOST_PARTS:
        return [event.rect()]
    return cast("Iterable[QRect]", region)  # Qt's stubs do not tell that it is one


def _runs(flags: list[bool]) -> Iterator[tuple[int, int]]:
    """First and last place of each stretch of True."""
    start = None
    for place, flag in enumerate(flags):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            yield start, place - 1
            start = None
    if start is not None:
        yield start, len(flags) - 1
