"""Carrying a selection to another group: by mouse or keys, with a card that says what the drop would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from salesops_desktop.ui import theme

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Card:
    """What a drop would do: a heading, and lines of (text, colour role)."""

    title: str
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Carry:
    """The state of carrying.

    Attributes:
        armed: a press on the selection may become a drag.
        active: something is being carried.
        by_keys: with keys, not the mouse.
        at: the pointer.
        target: the group under it.
        choices: the groups that keys walk through, nearest first.
        card: what is said about the drop.
    """

    armed: bool = False
    active: bool = False
    by_keys: bool = False
    at: QPointF = field(default_factory=QPointF)
    target: int = NOWHERE
    choices: Sequence[int] = ()
    card: Card | None = None

    def step(self, by: int) -> int:
        """The choice after or before the present one."""
        if not self.choices:
            return NOWHERE
        if self.target not in self.choices:
            return self.choices[0 if by > 0 else -1]
        return self.choices[(list(self.choices).index(self.target) + by) % len(self.choices)]


def paint_card(painter: QPainter, card: Card, at: QPointF, area: QRectF, font: QFont, bold: QFont) -> QRectF:
    """Draw the card beside the pointer, inside ``area``; returns its box."""
    metrics, head = QFontMetricsF(font), QFontMetricsF(bold)
    width = max([head.horizontalAdvance(card.title)] + [metrics.horizontalAdvance(text) for text, _ in card.lines]) + 24
    width = min(width, area.width() - 8)
    height = head.height() + len(card.lines) * (metrics.height() + 3) + 18
    left = at.x() + 18 if at.x() + 18 + width < area.right() else at.x() - 18 - width
    left = max(area.left() + 4, left)
    top = min(max(area.top() + 4, at.y() - height / 2), area.bottom() - height - 4)
    box = QRectF(left, top, width, height)
    ground = theme.color("surface_raised")
    ground.setAlpha(245)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 6, 6)
    painter.setFont(bold)
    painter.setPen(theme.color("text"))
    line = QRectF(box.left() + 12, box.top() + 7, width - 24, head.height())
    painter.drawText(
        line, int(Qt.AlignmentFlag.AlignVCenter), head.elidedText(card.title, Qt.TextElideMode.ElideRight, line.width())
    )
    painter.setFont(font)
    top = line.bottom() + 4
    for text, tone in card.lines:
        row = QRectF(box.left() + 12, top, width - 24, metrics.height())
        painter.setPen(theme.color(tone))
        painter.drawText(
            row, int(Qt.AlignmentFlag.AlignVCenter), metrics.elidedText(text, Qt.TextElideMode.ElideRight, row.width())
        )
        top += metrics.height() + 3
    return box
