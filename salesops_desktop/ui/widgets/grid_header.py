"""The grid's column header with a row of filter fields under it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHeaderView, QLineEdit, QWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.theme import dress

_WAIT_MS = 250


class FilterHeader(QHeaderView):
    """A horizontal header; fields are made only for the columns in sight."""

    filter_typed = Signal(int, str)
    """Column and text, a moment after the last key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._fields: dict[int, QLineEdit] = {}
        self._texts: dict[int, str] = {}
        self._faults: dict[int, str] = {}
        self._shown = False
        self._waiting: int | None = None
        self._timer = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._timer.timeout.connect(self._tell)
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setSortIndicatorClearable(True)
        self.setStretchLastSection(False)
        self.setMinimumSectionSize(32)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(tr("Column headers"))
        for moved in (self.sectionResized, self.sectionMoved):
            moved.connect(self.place_fields)
        self.geometriesChanged.connect(self.place_fields)

    @property
    def filters_shown(self) -> bool:
        """Whether the filter fields are in sight."""
        return self._shown

    def show_filters(self, shown: bool = True) -> None:
        """Show or hide the filter fields."""
        self._shown = shown
        self.updateGeometries()
        self.updateGeometry()
        self.place_fields()
        parent = self.parentWidget()
        if parent is not None:
            parent.updateGeometry()

    def texts(self) -> tuple[dict[int, str], dict[int, str]]:
        """The filters and faults shown, by column."""
        return self._texts, self._faults

    def set_texts(self, texts: dict[int, str], faults: dict[int, str]) -> None:
        """Show these filters (by column) and mark the faulty ones."""
        self._texts = texts
        self._faults = faults
        for column, field in self._fields.items():
            wanted = texts.get(column, "")
            if field.text() != wanted and column != self._waiting:
                field.setText(wanted)
            self._mark(column, field)

    def forget_fields(self) -> None:
        """Drop the fields: the columns are others now."""
        self._timer.stop()
        self._waiting = None
        for field in self._fields.values():
            field.hide()
            field.deleteLater()
        self._fields.clear()
        self._texts.clear()
        self._faults.clear()

    def focus_field(self, column: int) -> None:
        """Put the cursor into the filter field of a column."""
        self.show_filters()
        field = self._field(column)
        self.place_fields()
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def sizeHint(self) -> QSize:  # noqa: N802
        """The header's own height and that of the fields."""
        hint = super().sizeHint()
        height = max(hint.height(), self.fontMetrics().height() + 10)
        return QSize(hint.width(), height + (self._field_height() if self._shown else 0))

    def updateGeometries(self) -> None:  # noqa: N802
        """Leave room for the fields below the sections."""
        self.setViewportMargins(0, 0, 0, self._field_height() if self._shown else 0)
        super().updateGeometries()

    def place_fields(self) -> None:
        """Put each field under its section."""
        if not self._shown:
            for field in self._fields.values():
                field.hide()
            return
        height, top, width = self._field_height(), self.height() - self._field_height(), self.width()
        in_sight: set[int] = set()
        for visual in range(max(0, self.visualIndexAt(0)), self.count()):
            column = self.logicalIndex(visual)
            if self.isSectionHidden(column):
                continue
            left = self.sectionViewportPosition(column)
            if left > width:
                break
            in_sight.add(column)
            field = self._field(column)
            field.setGeometry(left, top, self.sectionSize(column), height)
            field.show()
        for column, field in self._fields.items():
            if column not in in_sight:
                field.hide()

    def _field(self, column: int) -> QLineEdit:
        field = self._fields.get(column)
        if field is None:
            field = QLineEdit(self)
            field.setAcceptDrops(False)  # a file dropped here is meant for the window
            label = str(self.model().headerData(column, Qt.Orientation.Horizontal))
            field.setPlaceholderText(tr("Filter"))
            field.setAccessibleName(tr("Filter {column}", column=label))
            field.setAccessibleDescription(
                tr("Part of a text; =, <>, <, >, from..to; (blank) or (filled). Press Enter to go to the rows.")
            )
            field.setToolTip(field.accessibleDescription())
            field.setClearButtonEnabled(True)
            field.setText(self._texts.get(column, ""))
            field.textEdited.connect(lambda _text, c=column: self._typed(c))
            field.textChanged.connect(lambda text, c=column: None if text else self._typed(c))
            field.returnPressed.connect(self._enter)
            self._fields[column] = field
            self._mark(column, field)
        return field

    def _typed(self, column: int) -> None:
        if self._waiting is not None and self._waiting != column:
            self._tell()
        self._waiting = column
        self._timer.start()

    def _enter(self) -> None:
        self._tell()
        view = self.parentWidget()
        if view is not None:
            view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self) -> None:
        self._timer.stop()
        column, self._waiting = self._waiting, None
        if column is not None and column in self._fields:
            text = self._fields[column].text()
            if text != self._texts.get(column, ""):
                self.filter_typed.emit(column, text)

    def _mark(self, column: int, field: QLineEdit) -> None:
        fault = self._faults.get(column, "")
        state = "error" if fault else "active" if field.text() else ""
        dress(field, state=state)
        field.setToolTip(fault or field.accessibleDescription())

    def _field_height(self) -> int:
        return self.fontMetrics().height() + 8
