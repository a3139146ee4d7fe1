"""A widget as a picture file: PNG at twice its size on screen, or SVG, whose texts and lines stay sharp at any."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr

SHARPNESS = 2
"""Pixels of a PNG for one on screen."""


def save_picture(widget: QWidget, path: Path) -> None:
    """Write what a widget shows, on the surface of the theme, to a file.

    Args:
        widget: what is drawn.
        path: ``.svg`` is written as SVG, all else as PNG.

    Raises:
        SalesOpsError: the file cannot be written; an older one of that name is kept.
    """
    content = _svg(widget) if path.suffix.lower() == ".svg" else _png(widget)
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SalesOpsError(
            tr("The picture could not be written: {reason}.", reason=error.strerror or str(error)),
            where=str(path),
            way_out=tr("Choose another folder."),
        ) from error


def _png(widget: QWidget) -> bytes:
    image = QImage(widget.size() * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    image.fill(theme.color("surface"))
    painter = QPainter(image)
    _draw(widget, painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know paths only
    return bytes(buffer.data().data())


def _svg(widget: QWidget) -> bytes:
    from PySide6.QtSvg import QSvgGenerator  # noqa: PLC0415  # when the first picture is saved

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    generator.setResolution(96)
    generator.setTitle(widget.accessibleName())
    generator.setDescription(widget.accessibleDescription())
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), theme.color("surface"))
    _draw(widget, painter)
    painter.end()
    return bytes(buffer.data().data())


def _draw(widget: QWidget, painter: QPainter) -> None:
    widget.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
