"""Theme, icons and words of a running application."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPalette
from PySide6.QtWidgets import QPushButton

from salesops_desktop.ui import i18n, theme

CIRCLE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
    b'<rect x="2" y="2" width="16" height="16" fill="currentColor"/></svg>'
)


@pytest.fixture
def circle(monkeypatch):
    monkeypatch.setattr(theme, "_icon_source", lambda name: CIRCLE if name == "circle" else None)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_palette_follows_mode(qapp, mode):
    theme.apply_theme(qapp, mode)
    assert qapp.palette().color(QPalette.ColorRole.Text).name() == theme.tokens().color("text").lower()
    assert theme.tokens().name == mode


def test_change_is_told(qapp, qtbot):
    theme.apply_theme(qapp, "light")
    with qtbot.waitSignal(theme.theme().changed, timeout=500):
        theme.apply_theme(qapp, "dark")


def test_system_mode_asks_the_system(qapp, monkeypatch):
    theme.apply_theme(qapp, "system")
    scheme = qapp.styleHints().colorScheme()
    assert theme.tokens().name == ("dark" if scheme == Qt.ColorScheme.Dark else "light")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_icon_is_tinted_and_crisp(qapp, circle, mode):
    theme.apply_theme(qapp, mode)
    picture = theme.icon("circle").pixmap(20, 20, QIcon.Mode.Normal)
    assert picture.toImage().pixelColor(10, 10).name() == theme.tokens().color("text").lower()
    large = theme.icon("circle", "accent").pixmap(theme.QSize(20, 20), 2.0)
    assert large.width() == 40
    assert large.toImage().pixelColor(10, 10).name() == theme.tokens().color("accent").lower()


def test_missing_icon_is_empty(qapp, circle):
    assert theme.icon("nowhere").isNull()


def test_icon_survives_in_a_button(qtbot, circle):
    button = QPushButton("Text")
    qtbot.addWidget(button)
    button.setIcon(theme.icon("circle"))
    button.show()
    assert not button.grab().isNull()


def test_words():
    assert i18n.tr("Rows: {n}", n=3) == "Rows: 3"
    assert i18n.trn("{n} row", "{n} rows", 1) == "1 row"
    assert i18n.trn("{n} row", "{n} rows", 2) == "2 rows"


def test_pseudo_locale_lengthens_and_keeps_places():
    i18n.set_pseudo_locale(True)
    try:
        shown = i18n.tr("Open {name} &file <b>now</b>", name="x")
    finally:
        i18n.set_pseudo_locale(False)
    assert "x" in shown
    assert "&f" in shown
    assert "<b>" in shown
    plain = len("Open  file now")
    assert len(shown) >= plain * 1.4
