"""The chart: a themed plot with legend, read-out, picture to copy and figures to list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import (
    EMPTY,
    Band,
    Bars,
    ChartContent,
    Line,
    Marker,
    Scatter,
    Series,
    as_table,
    days,
    describe,
    write_x,
    write_y,
)
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.formats import Formats

__all__ = ["Band", "Bars", "Chart", "ChartContent", "Line", "Marker", "Scatter", "Series", "days"]


def load_plotting() -> None:
    """Load the plotting library ahead of the first chart, on any thread: on the UI thread it is felt."""
    from salesops_desktop.ui.widgets import chart_plot  # noqa: F401, PLC0415  # heavy; that is the point


class Chart(QWidget):
    """Shows a :class:`ChartContent`; the plotting library is loaded when the chart is first seen.

    Args:
        parent: Qt's parent.
        locale: how numbers and dates are written.
    """

    table_requested = Signal(object)
    """The person wants the figures as a table: the Table."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent)
        self.formats = Formats(locale)
        self.content = EMPTY
        self._plot: Any = None
        self._cross: Any = None
        self._xs: np.ndarray[tuple[int], np.dtype[np.float64]] = np.zeros(0)
        self._at: int | None = None
        self._stale = True
        self._title = ElidedLabel()
        theme.dress(self._title, role="strong")
        self._readout = QLabel()
        self._readout.setTextFormat(Qt.TextFormat.RichText)
        self._readout.setWordWrap(True)
        self._menu_button = QToolButton()
        self._menu_button.setText("⋯")
        self._menu_button.setAutoRaise(True)
        self._menu_button.setAccessibleName(tr("Chart menu"))
        self._menu_button.setToolTip(tr("Copy the picture, list the figures"))
        self._menu_button.clicked.connect(lambda: self._menu(self._menu_button.mapToGlobal(QPoint(0, 24))))
        self._holder = QVBoxLayout()
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 140)
        theme.theme().changed.connect(self._rebuild)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._menu_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._readout)
        column.addLayout(self._holder, 1)

    # --- content ------------------------------------------------------------------------------------------------

    def set_content(self, content: ChartContent) -> None:
        """Show something."""
        self.content = content
        self._title.setText(content.title)
        self._title.setVisible(bool(content.title))
        xs = [series.x for series in content.series if not isinstance(series, Scatter)]
        self._xs = np.unique(np.concatenate(xs)) if xs else np.zeros(0)
        self._at = None
        self.setAccessibleName(content.title or tr("Chart"))
        self.setAccessibleDescription(self.description())
        self._rebuild()

    def description(self) -> str:
        """The chart in a few sentences."""
        return describe(self.content, self.formats)

    def copy_picture(self) -> None:
        """Put the picture on the clipboard."""
        self._build_now()
        QGuiApplication.clipboard().setPixmap(self.grab())

    def ask_table(self) -> None:
        """Ask for the figures to be shown as a table."""
        self.table_requested.emit(as_table(self.content))

    # --- drawing ------------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        self._stale = True
        if self._plot is None and self.isVisible():
            QTimer.singleShot(0, self, self._build_now)
        else:
            self._build_now()

    def _build_now(self) -> None:
        if self._stale and self.isVisible():
            self._build()

    def _build(self) -> None:
        from salesops_desktop.ui.widgets.chart_plot import fill_plot, hairline  # noqa: PLC0415  # heavy; on first sight

        self._stale = False
        if self._plot is None:
            self._plot = self._make()
        fill_plot(self._plot, self.content, theme.tokens())
        self._plot.setAccessibleName(tr("Plot of {title}", title=self.content.title))
        self._plot.addItem(self._cross, ignoreBounds=True)
        self._cross.setPen(hairline(theme.tokens().color("border_strong")))
        self._show_readout()

    def _make(self) -> Any:
        from salesops_desktop.ui.widgets.chart_plot import make_plot, vertical_line  # noqa: PLC0415

        plot = make_plot(self.formats)
        self._cross = vertical_line(theme.tokens().color("border_strong"))
        plot.scene().sigMouseMoved.connect(self._hover)
        plot.viewport().installEventFilter(self)
        self._holder.addWidget(plot)
        return plot

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Draw when first seen; each chart of a page in its own turn of the event loop."""
        if self._stale:
            QTimer.singleShot(0, self, self._build_now)
        super().showEvent(event)

    # --- read-out -----------------------------------------------------------------------------------------------

    def _hover(self, at: object) -> None:
        box = self._plot.getPlotItem().getViewBox()
        if box.sceneBoundingRect().contains(at):
            self._go_to(float(box.mapSceneToView(at).x()))

    def _go_to(self, x: float) -> None:
        if len(self._xs):
            self._at = int(np.argmin(np.abs(self._xs - x)))
            self._show_readout()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Drop the read-out when the pointer leaves the plot."""
        if event.type() == QEvent.Type.Leave:
            self._at = None
            self._show_readout()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Left and right walk along the values, Ctrl+C copies the picture."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and len(self._xs):
            start = self._at if self._at is not None else (-1 if step > 0 else len(self._xs))
            self._at = min(max(start + step, 0), len(self._xs) - 1)
            self._show_readout()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_picture()
        else:
            super().keyPressEvent(event)

    def readout(self) -> list[tuple[str, str]]:
        """Name and value of each series at the place read out; values are empty when nothing is."""
        return [(series.name, self._value_at(series)) for series in self.content.series]

    def _value_at(self, series: Series) -> str:
        if self._at is None:
            return ""
        hit = np.flatnonzero(series.x == self._xs[self._at])
        return write_y(self.content, float(series.y[hit[0]]), self.formats) if len(hit) else "–"

    def _show_readout(self) -> None:
        tokens = theme.tokens()
        parts = []
        if self._at is not None:
            parts.append(f"<b>{write_x(self.content, float(self._xs[self._at]), self.formats)}</b>")
        for place, (name, value) in enumerate(self.readout()):
            chosen = self.content.series[place].color
            color = tokens.line_color(place if chosen is None else chosen)
            parts.append(f'<span style="color:{color}">●</span> {_escape(name)} <b>{_escape(value)}</b>'.rstrip())
        self._readout.setText("&nbsp;&nbsp; ".join(parts))
        self._readout.setVisible(bool(parts))
        if self._cross is not None:
            self._cross.setVisible(self._at is not None)
            if self._at is not None:
                self._cross.setPos(float(self._xs[self._at]))

    # --- menu ---------------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The chart's menu."""
        self._menu(event.globalPos())

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy picture"), self.copy_picture)
        menu.addAction(tr("Show as table"), self.ask_table)
        menu.addAction(tr("Show everything"), self._show_all)
        menu.popup(at)

    def _show_all(self) -> None:
        if self._plot is not None:
            self._plot.getPlotItem().enableAutoRange()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(" ", "&nbsp;")


def line(name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    """A line from plain numbers."""
    return Line(name, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
