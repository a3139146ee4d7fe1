from __future__ import annotations

from pathlib import Path

import pytest

from salesops_desktop.model import resources
from salesops_desktop.model.errors import SalesOpsError


@pytest.fixture(autouse=True)
def _forget():
    resources.resources_folder.cache_clear()
    yield
    resources.resources_folder.cache_clear()


def test_finds_the_checkouts_files():
    assert resources.resource("map", "world.npz").stat().st_size > 100_000


def test_a_frozen_apps_files_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bundled = tmp_path / "resources"
    bundled.mkdir()
    (bundled / "THIRD_PARTY_NOTICES.md").write_text("x")
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert resources.resources_folder() == bundled


def test_an_installed_packages_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shared = tmp_path / "share" / "salesops-desktop" / "resources"
    shared.mkdir(parents=True)
    (shared / "THIRD_PARTY_NOTICES.md").write_text("x")
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "a" / "b" / "c" / "resources.py"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    assert resources.resources_folder() == shared


def test_a_missing_file_is_a_sentence():
    with pytest.raises(SalesOpsError, match=r"'map/atlantis\.npz'.*Install the program again"):
        resources.resource("map", "atlantis.npz")


def test_an_incomplete_installation_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resources, "_candidates", lambda: [tmp_path])
    with pytest.raises(SalesOpsError, match="Install the program again"):
        resources.resources_folder()
