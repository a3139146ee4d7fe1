"""The chart: a themed plot with legend, read-out, picture to copy and figures to list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.chart_marks import (
    EMPTY,
    Band,
    Bars,
    ChartContent,
    Floating,
    Line,
    Marker,
    Note,
    Scatter,
    Series,
    Ticks,
    as_table,
    days,
    describe,
    spoken_series,
    write_x,
    write_y,
)
from salesops_desktop.ui.widgets.chart_picture import save_picture
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.still import Still

__all__ = [
    "Band",
    "Bars",
    "Chart",
    "ChartContent",
    "Floating",
    "Line",
    "Marker",
    "Note",
    "Scatter",
    "Series",
    "Ticks",
    "days",
]

_GLYPHS = {Line: "━", Scatter: "●", Ticks: "▬"}


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
    picture_requested = Signal(object)
    """The person wants the picture as a file: this chart."""
    walked = Signal(float)
    """The x of the place read out, by pointer or keys."""
    picked = Signal(float)
    """The x of a place that was clicked, or entered with Enter: what lies behind it is wanted."""

    def __init__(self, parent: QWidget | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent)
        self.formats = Formats(locale)
        self.content = EMPTY
        self._drawn = EMPTY
        self._look: object = None  # the theme it is drawn in
        self._plot: Any = None
        self._cross: Any = None
        self._xs: np.ndarray[tuple[int], np.dtype[np.float64]] = np.zeros(0)
        self._at: int | None = None
        self._stale = True
        self._posing = False
        self._title = ElidedLabel()
        theme.dress(self._title, role="strong")
        self._subtitle = _small()
        self._source = _small()
        self._readout = QLabel()
        self._readout.setTextFormat(Qt.TextFormat.RichText)
        self._readout.setWordWrap(True)
        self._menu_button = QToolButton()
        self._menu_button.setText("⋯")
        self._menu_button.setAutoRaise(True)
        self._menu_button.setAccessibleName(tr("Chart menu"))
        self._menu_button.setToolTip(tr("Copy or save the picture, list the figures"))
        self._menu_button.clicked.connect(lambda: self._menu(self._menu_button.mapToGlobal(QPoint(0, 24))))
        self._holder = QVBoxLayout()
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 140)
        theme.theme().changed.connect(self._rebuild)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        self._heading = Still(self._title)
        head.addWidget(self._heading, 1)
        head.addWidget(self._menu_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 10, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._subtitle)
        column.addWidget(self._readout)
        column.addLayout(self._holder, 1)
        column.addWidget(self._source)

    # --- content ------------------------------------------------------------------------------------------------

    def set_content(self, content: ChartContent) -> None:
        """Show something."""
        self.content = content
        self._title.setText(content.title)
        self._heading.setVisible(bool(content.title))
        for label, text in ((self._subtitle, content.subtitle), (self._source, content.source)):
            label.setText(text)
            label.setVisible(bool(text))
        before = None if self._at is None or self._at >= len(self._xs) else float(self._xs[self._at])
        told = spoken_series(content)
        xs = [s.x for s in told if not isinstance(s, Scatter)] or [s.x for s in told]
        self._xs = np.unique(np.concatenate(xs)) if xs else np.zeros(0)
        stays = before is not None and self.hasFocus() and bool((self._xs == before).any())
        self._at = int(np.flatnonzero(self._xs == before)[0]) if stays else None
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

    def save_picture(self, path: Path) -> None:
        """Write the picture, as SVG or PNG by the name's ending.

        Raises:
            SalesOpsError: it cannot be written.
        """
        self._build_now()
        at, self._at = self._at, None
        self._posing = True
        self._menu_button.setVisible(False)
        self._show_readout()
        try:
            save_picture(self, path)
        finally:
            self._menu_button.setVisible(True)
            self._posing = False
            self._at = at
            self._show_readout()

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
        from salesops_desktop.ui.widgets.chart_plot import (  # noqa: PLC0415  # heavy; on first sight
            fill_plot,
            hairline,
            move_plot,
        )

        self._stale = False
        if self._plot is None:
            self._plot = self._make()
        drawn, self._drawn = self._drawn, self.content
        if self._look is theme.tokens() and move_plot(self._plot, drawn, self.content):
            self._show_readout()
            return
        self._look = theme.tokens()
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
        plot.scene().sigMouseClicked.connect(self._clicked)
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
            self._show_tip(self._plot.mapToGlobal(self._plot.mapFromScene(at)))

    def _show_tip(self, at: QPoint) -> None:
        if self._at is None:
            return
        lines = [f"<b>{_escape(self._place())}</b>"]
        lines += [
            f"{_escape(name)}: <b>{_escape(value)}</b>" for name, value in self.readout() if value not in {"", "–"}
        ]
        QToolTip.showText(at + QPoint(14, 14), "<br>".join(lines), self)

    def _clicked(self, event: Any) -> None:
        box = self._plot.getPlotItem().getViewBox()
        at = event.scenePos()
        if event.button() == Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(at):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._go_to(float(box.mapSceneToView(at).x()))
            self._pick()

    def _pick(self) -> None:
        if self._at is not None:
            self.picked.emit(float(self._xs[self._at]))

    def _go_to(self, x: float) -> None:
        if len(self._xs):
            self._read_at(int(np.argmin(np.abs(self._xs - x))))

    def _read_at(self, place: int) -> None:
        if place != self._at:
            self._at = place
            self._show_readout()
            self.walked.emit(float(self._xs[place]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Drop the read-out when the pointer leaves the plot."""
        if event.type() == QEvent.Type.Leave:
            self._at = None
            self._show_readout()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Left and right walk along the values, Home and End to their ends, Enter picks, Ctrl+C copies the picture."""
        last = len(self._xs) - 1
        start = self._at
        key = event.key()
        steps = {
            Qt.Key.Key_Left: last if start is None else start - 1,
            Qt.Key.Key_Right: 0 if start is None else start + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        wanted = steps.get(Qt.Key(key))
        if wanted is not None and last >= 0:
            self._read_at(min(max(wanted, 0), last))
            self._speak()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self._pick()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_picture()
        else:
            super().keyPressEvent(event)

    def _speak(self) -> None:
        """Tell screen readers what is read out."""
        said = self.spoken()
        self.setAccessibleDescription(said)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def spoken(self) -> str:
        """The place read out in words; the whole chart's description when nothing is."""
        if self._at is None:
            return self.description()
        known = [f"{name} {value}" for name, value in self.readout() if value not in {"", "–"}]
        return f"{self._place()}: {', '.join(known) or tr('no values')}"

    def readout(self) -> list[tuple[str, str]]:
        """Name and value of each series at the place read out; values are empty when nothing is."""
        return [(series.name, self._value_at(series)) for series in self.content.series]

    def _place(self) -> str:
        return "" if self._at is None else write_x(self.content, float(self._xs[self._at]), self.formats)

    def _value_at(self, series: Series) -> str:
        if self._at is None or (isinstance(series, Line) and series.silent):
            return ""
        hit = np.flatnonzero(series.x == self._xs[self._at])
        if not len(hit):
            return "–"
        place = int(hit[0])
        value = write_y(self.content, float(series.y[place]), self.formats)
        if isinstance(series, Scatter) and series.labels:
            return f"{value} ({series.labels[place]})"
        bands = series.bands if isinstance(series, Line) else ()
        told = next((b for b in bands if b.name.startswith("80")), bands[-1] if bands else None)
        if told is None or not np.isfinite(told.low[place]):
            return value
        low, high = (write_y(self.content, float(end[place]), self.formats) for end in (told.low, told.high))
        return tr("{value} ({band}: {low} to {high})", value=value, band=told.name, low=low, high=high)

    def _show_readout(self) -> None:
        parts = []
        if self._at is not None:
            parts.append(f"<b>{_escape(self._place())}</b>")
        for place, (name, value) in enumerate(self.readout()):
            if not name or (value == "–" and self._at is not None):
                continue
            series = self.content.series[place]
            parts.append(f"{self._glyph(series, place)}{_escape(name)} <b>{_escape(value)}</b>".rstrip())
        self._readout.setText("&nbsp;&nbsp; ".join(parts))
        self._readout.setVisible(bool(parts))
        if self._cross is not None:
            self._cross.setVisible(self._at is not None)
            if self._at is not None:
                self._cross.setPos(float(self._xs[self._at]))

    def _glyph(self, series: Series, place: int) -> str:
        """The sign of a series in its colour; none where each bar has its own."""
        if isinstance(series, Floating) and series.tints:
            return ""
        glyph = "╍" if isinstance(series, Line) and series.dashed else _GLYPHS.get(type(series), "■")
        tokens, color = theme.tokens(), series.color
        drawn = tokens.color(color) if isinstance(color, str) else tokens.line_color(place if color is None else color)
        return f'<span style="color:{drawn}">{glyph}</span> '

    # --- focus and menu -----------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The ground, one with the plot's; its frame says whether the keys go here."""
        super().paintEvent(event)
        marked = self.hasFocus() and not self._posing
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("focus" if marked else "border"), 2 if marked else 1))
        if self._posing:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("surface"))
        radius = theme.tokens().radius["m"]
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show that keys go here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show that they no longer do, and describe the whole chart again."""
        super().focusOutEvent(event)
        self.setAccessibleDescription(self.description())
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The chart's menu."""
        self._menu(event.globalPos())

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy picture"), self.copy_picture)
        menu.addAction(tr("Save picture…"), lambda: self.picture_requested.emit(self))
        menu.addAction(tr("Show as table"), self.ask_table)
        menu.addAction(tr("Show everything"), self._show_all)
        menu.popup(at)

    def _show_all(self) -> None:
        if self._plot is not None:
            self._plot.getPlotItem().enableAutoRange()


def _small() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setVisible(False)
    theme.dress(label, role="small", tone="text_muted")
    return label


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(" ", "&nbsp;")


def line(name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    """A line from plain numbers."""
    return Line(name, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
