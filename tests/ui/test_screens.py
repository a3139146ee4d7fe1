"""Pictures of all tabs, as the command line asks for them."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui.launcher import Launcher
from salesops_desktop.ui.tabs.registry import TABS


def test_every_tab_gets_a_picture_that_is_not_blank(themed, tmp_path):
    path = tmp_path / "Company.salesops"
    Workspace.create(path, currency="USD").close()
    before = path.read_bytes()
    written = Launcher().screens(path, tmp_path / "out", [(1024, 700)], ["light", "dark"])
    names = {p.name for p in written}
    assert {f"{spec.name}-{theme}-1024x700.png" for spec in TABS for theme in ("light", "dark")} <= names
    assert {"start-light-1024x700.png", "import-light.png", "palette-dark.png"} <= names
    for picture in written:
        image = QImage(str(picture))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colours) > 8, picture.name
    light, dark = (QImage(str(tmp_path / "out" / f"data-{t}-1024x700.png")) for t in ("light", "dark"))
    assert light.size().toTuple() == (1024, 700)
    assert light.pixelColor(5, 300).lightness() > 200 > 80 > dark.pixelColor(5, 300).lightness()
    assert path.read_bytes() == before


def test_a_workspace_that_cannot_be_opened_is_a_sentence(themed, tmp_path):
    path = tmp_path / "broken.salesops"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(SalesOpsError):
        Launcher().screens(path, tmp_path / "out", [(800, 600)], ["light"])
