"""The files that come with the product are whole, consistent and of known origin."""

from __future__ import annotations

import re

import pytest
from defusedxml import ElementTree
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QPainter, QRawFont
from PySide6.QtSvg import QSvgRenderer

from salesops_desktop.model.resources import resource, resources_folder

ICONS = sorted(path for path in resource("icons").glob("*.svg") if path.stem != "app")


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_an_icon_is_one_colour_on_one_grid_and_draws(path, qapp):
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 20 20"
    assert root.get("stroke-width") == "1.5"
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', text)) <= {"currentColor", "none"}
    renderer = QSvgRenderer(QByteArray(text.encode()))
    assert renderer.isValid()
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    inked = sum(image.pixelColor(x, y).alpha() > 0 for x in range(20) for y in range(20))
    assert inked > 15


def test_the_app_icon_comes_in_the_sizes_desktops_want(qapp):
    for size in (16, 24, 32, 48, 64, 128, 256, 512):
        image = QImage(str(resource("icons", f"app_{size}.png")))
        assert (image.width(), image.height()) == (size, size)
        assert image.pixelColor(size // 2, size // 2).alpha() == 255
        assert image.pixelColor(0, 0).alpha() == 0


@pytest.mark.parametrize("name", ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"])
def test_the_typeface_has_what_the_window_writes(name, qapp):
    font = QRawFont(str(resource("fonts", name)), 12)
    assert font.isValid()
    missing = [letter for letter in "AZazÄÖÜßéøŁčЖΩ€£¥…–→←≤≥±×✓•∑" if not font.supportsCharacter(ord(letter))]
    assert missing == []


def test_every_file_of_others_is_in_the_notices():
    notices = resource("THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    for folder in ("map", "places"):
        for path in (resources_folder() / folder).iterdir():
            assert f"`{folder}/{path.name}`" in notices
    assert "`fonts/DejaVuSans*.ttf`" in notices
    assert {path.name for path in (resources_folder() / "fonts").iterdir()} == {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf"}


def test_the_outlines_stay_small():
    assert sum(path.stat().st_size for path in (resources_folder() / "map").iterdir()) < 1_500_000
