"""Boxes that offer choices, and how changes of shares are said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats


def offer(box: QComboBox, choices: Sequence[tuple[str, Any]], chosen: Any) -> None:
    """Offer choices (text, value) in a box, one of them chosen."""
    if list(choices) != [(box.itemText(i), box.itemData(i)) for i in range(box.count())]:
        box.clear()
        for text, value in choices:
            box.addItem(text, value)
    box.setCurrentIndex(box.findData(chosen))


def points(change: float, formats: Formats) -> str:
    """A change of a share in percentage points, with its sign; empty where there is none to speak of."""
    if abs(change) < 5e-5:
        return ""
    size = formats.percent(abs(change), 2).replace("%", "").strip()
    return tr("{sign}{size} points", sign="+" if change > 0 else "−", size=size)
