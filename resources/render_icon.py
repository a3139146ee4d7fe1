# ruff: noqa: INP001  # a script beside the files it makes, no package
"""Render ``icons/app.svg`` to the sizes that desktops want: ``python resources/render_icon.py``."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent / "icons"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def render(source: Path, size: int) -> QImage:
    """The picture in ``source`` as a square of ``size`` pixels."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(source)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image


def main() -> None:
    """Write ``app_16.png`` to ``app_512.png``."""
    application = QGuiApplication([])
    for size in SIZES:
        render(ICONS / "app.svg", size).save(str(ICONS / f"app_{size}.png"))
    del application


if __name__ == "__main__":
    main()
