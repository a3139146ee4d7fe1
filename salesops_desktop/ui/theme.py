"""Light and dark: tokens to Qt's palette, icons tinted with it, and the font for machines without one."""

from __future__ import annotations

import functools
from typing import Final, Literal

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from salesops_desktop.model.resources import resources_folder
from salesops_desktop.model.tokens import ThemeTokens, load_tokens

Mode = Literal["system", "light", "dark"]

_ROLES: Final = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "surface_alternate",
    QPalette.ColorRole.ToolTipBase: "tooltip",
    QPalette.ColorRole.ToolTipText: "tooltip_text",
    QPalette.ColorRole.PlaceholderText: "text_muted",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "control",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "error",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "selection_text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "link",
    QPalette.ColorRole.LinkVisited: "link",
    QPalette.ColorRole.Light: "surface_raised",
    QPalette.ColorRole.Midlight: "border",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border_strong",
    QPalette.ColorRole.Shadow: "border_strong",
}

_DISABLED: Final = (
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.ButtonText,
    QPalette.ColorRole.HighlightedText,
)


class Theme(QObject):
    """The theme in force. Connect to :attr:`changed` to repaint what the palette does not reach."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.mode: Mode = "system"
        self.tokens: ThemeTokens = load_tokens("light")
        self._follows = False

    def apply(self, app: QApplication, mode: Mode) -> None:
        """Set style, palette and the few rules that the palette cannot say; tell everybody when it changed."""
        self.mode = mode
        if not self._follows:
            app.styleHints().colorSchemeChanged.connect(self._system_changed)
            self._follows = True
        app.setStyle(QStyleFactory.create("Fusion"))
        self._wear(app)

    def _system_changed(self) -> None:
        app = QApplication.instance()
        if self.mode == "system" and isinstance(app, QApplication):
            self._wear(app)

    def _wear(self, app: QApplication) -> None:
        self.tokens = load_tokens(wanted_theme(self.mode))
        app.setPalette(qt_palette(self.tokens))
        app.setStyleSheet(_style_sheet(self.tokens))
        self.changed.emit()


@functools.cache
def theme() -> Theme:
    """The one theme object of the process."""
    return Theme()


def wanted_theme(mode: Mode) -> str:
    """``light`` or ``dark``: the mode itself, or what the system asks for."""
    if mode != "system":
        return mode
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def apply_theme(app: QApplication, mode: Mode = "system") -> Theme:
    """Dress the application; call again to change the mode."""
    load_bundled_font(app)
    theme().apply(app, mode)
    return theme()


def tokens() -> ThemeTokens:
    """The tokens of the theme in force."""
    return theme().tokens


def color(role: str) -> QColor:
    """The colour of a role in the theme in force."""
    return QColor(theme().tokens.color(role))


def qt_palette(tokens: ThemeTokens) -> QPalette:
    """Qt's palette made from tokens."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, QColor(tokens.color(name)))
    for role in _DISABLED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.color("text_disabled")))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(tokens.color("border")))
    return palette


def _style_sheet(tokens: ThemeTokens) -> str:
    """Only what no palette role reaches: lines and gradients that Fusion derives are too faint in the dark."""
    body = QGuiApplication.font().pointSizeF()
    colors = {**tokens.colors, **{role: f"{body * factor:.1f}" for role, factor in tokens.type.items()}}
    return """
        QToolTip {{ color: {tooltip_text}; background: {tooltip}; border: 1px solid {border}; padding: 3px; }}
        QHeaderView {{ background: {header}; }}
        QHeaderView::section {{
            background: {header}; color: {text}; border: none; padding: 3px 6px;
            border-right: 1px solid {border}; border-bottom: 1px solid {border};
        }}
        QHeaderView::up-arrow, QHeaderView::down-arrow {{ subcontrol-position: top center; width: 13px; height: 9px; }}
        QTableView {{ gridline-color: {grid_line}; }}
        QTableCornerButton::section {{ background: {header}; border: none; border-bottom: 1px solid {border}; }}
        QLineEdit {{
            background: {surface}; border: 1px solid {border_strong}; border-radius: 4px; padding: 3px 6px;
            selection-background-color: {selection}; selection-color: {selection_text};
        }}
        QLineEdit:focus {{ border: 2px solid {focus}; padding: 2px 5px; }}
        QLineEdit:disabled {{ border-color: {border}; background: {window}; }}
        QLineEdit[state="error"] {{ background: {error_surface}; border-color: {error}; }}
        QLineEdit[state="active"] {{ background: {info_surface}; }}
        QHeaderView QLineEdit {{ border-radius: 0; padding: 0 3px; border: 1px solid {border}; }}
        QHeaderView QLineEdit:focus {{ border: 2px solid {focus}; padding: 0 2px; }}
        QTableView QLineEdit {{ border-radius: 0; padding: 0 1px; }}
        QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ border: none; padding: 0; background: transparent; }}
        QComboBox, QPushButton {{ min-height: 1.25em; }}
        QPushButton[role="primary"] {{
            background: {accent}; color: {accent_text}; border: 1px solid {accent}; border-radius: 4px;
            padding: 3px 10px; font-weight: 600;
        }}
        QPushButton[role="primary"]:hover, QPushButton[role="primary"]:pressed {{ border-color: {text}; }}
        QPushButton[role="primary"]:focus {{ border: 2px solid {text}; padding: 2px 9px; }}
        QPushButton[role="primary"]:disabled {{
            background: {control}; color: {text_disabled}; border-color: {border};
        }}
        QAbstractSpinBox {{
            background: {surface}; border: 1px solid {border_strong}; border-radius: 4px; padding: 2px 4px;
        }}
        QAbstractSpinBox:focus {{ border: 2px solid {focus}; padding: 1px 3px; }}
        QCheckBox::indicator:unchecked {{
            background: {surface}; border: 1px solid {border_strong}; border-radius: 3px; width: 12px; height: 12px;
        }}
        QCheckBox::indicator:unchecked:focus {{ border: 2px solid {focus}; width: 10px; height: 10px; }}
        QLabel[tone="text_muted"] {{ color: {text_muted}; }}
        QLabel[tone="info"] {{ color: {info}; }}
        QLabel[tone="success"] {{ color: {success}; }}
        QLabel[tone="warning"] {{ color: {warning}; }}
        QLabel[tone="error"] {{ color: {error}; }}
        QLabel[role="small"] {{ font-size: {small}pt; }}
        QLabel[role="strong"] {{ font-size: {strong}pt; font-weight: 600; }}
        QLabel[role="title"] {{ font-size: {title}pt; font-weight: 600; }}
        QLabel[role="headline"] {{ font-size: {headline}pt; font-weight: 600; }}
    """.format_map(colors)


def dress(widget: QWidget, **looks: str) -> None:
    """Give a widget looks that the theme knows and keeps up to date.

    Args:
        widget: a label (``tone``: a status role or ``text_muted``; ``role``: a type role), a line edit (``state``:
            ``error``, ``active``) or the page's main button (``role``: ``primary``).
        looks: the looks by name; an empty text takes one away.
    """
    if all(widget.property(name) == look for name, look in looks.items()):
        return
    for name, look in looks.items():
        widget.setProperty(name, look)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def scaled_font(font: QFont, role: str, *, bold: bool = False) -> QFont:
    """A copy of ``font`` at the size of a type role (``small``, ``strong``, ``title``, ``headline``)."""
    copy = QFont(font)
    factor = theme().tokens.type[role]
    if font.pointSizeF() > 0:
        copy.setPointSizeF(font.pointSizeF() * factor)
    else:
        copy.setPixelSize(round(font.pixelSize() * factor))
    if bold:
        copy.setWeight(QFont.Weight.DemiBold)
    return copy


def load_bundled_font(app: QApplication) -> bool:
    """Load the shipped fonts when the machine has none (text would be silently blank). Whether it did."""
    if QFontDatabase.families():
        return False
    families: list[str] = []
    for path in sorted((resources_folder() / "fonts").glob("*.[ot]tf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    if families:
        app.setFont(QFont(families[0], 10))
    return bool(families)


class _TintedSvg(QIconEngine):
    """Draws an SVG in the palette's colour at any size, so icons follow the theme and stay crisp."""

    def __init__(self, source: bytes, role: str) -> None:
        super().__init__()
        self._source = source
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002  # Qt's
        """Render into ``rect``."""
        from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415  # not needed before the first icon

        role = "text_disabled" if mode == QIcon.Mode.Disabled else self._role
        tinted = self._source.replace(b"currentColor", color(role).name().encode())
        QSvgRenderer(tinted).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as a picture of ``size`` device pixels."""
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, image.rect(), mode, state)
        painter.end()
        return QPixmap.fromImage(image)

    def clone(self) -> QIconEngine:
        """Another engine of the same icon."""
        return _TintedSvg(self._source, self._role)


@functools.cache
def _icon_source(name: str) -> bytes | None:
    path = resources_folder() / "icons" / f"{name}.svg"
    return path.read_bytes() if path.is_file() else None


def icon(name: str, role: str = "text") -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in the colour of ``role``; an empty icon when it does not exist."""
    source = _icon_source(name)
    return QIcon() if source is None else QIcon(_TintedSvg(source, role))
