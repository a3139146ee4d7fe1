"""What is remembered between starts, and that a spoilt settings file costs nothing but itself."""

from __future__ import annotations

import pytest

from salesops_desktop.ui.dropping import sort_paths
from salesops_desktop.ui.preferences import RECENT_LIMIT, Preferences, default_folder
from salesops_desktop.ui.status import time_left


def test_the_environment_moves_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SALESOPS_CONFIG", str(tmp_path / "elsewhere"))
    assert default_folder() == tmp_path / "elsewhere"


def test_recent_files_newest_first_without_those_that_are_gone(tmp_path):
    made = [tmp_path / f"{i} ä.salesops" for i in range(RECENT_LIMIT + 3)]
    kept = Preferences(tmp_path)
    for path in made:
        path.touch()
        kept.add_recent(path)
    kept.add_recent(made[5])
    made[-1].unlink()
    kept.save()
    recent = Preferences(tmp_path).recent()
    assert recent[0] == made[5]
    assert made[-1] not in recent
    assert len(recent) == RECENT_LIMIT - 1


def test_one_recent_file_is_still_a_list(tmp_path):
    path = tmp_path / "a, b.salesops"
    path.touch()
    first = Preferences(tmp_path)
    first.add_recent(path)
    first.save()
    assert Preferences(tmp_path).recent() == [path]


def test_a_spoilt_settings_file_is_read_as_far_as_it_goes(tmp_path):
    (tmp_path / "window.ini").write_text("[window]\ntheme=purple\n[files\nrecent=@Invalid()\n", encoding="utf-8")
    kept = Preferences(tmp_path)
    assert kept.theme == "system"
    assert kept.recent() == []
    assert kept.last_workspace is None
    assert kept.state("geometry") is None


def test_dropped_files_are_sorted_by_what_can_be_done(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    for name in ("b.CSV", "a.xlsx", "notes.docx"):
        (folder / name).touch()
    drop = sort_paths([folder, tmp_path / "w.SalesOps", tmp_path / "p.png"])
    assert [p.name for p in drop.spreadsheets] == ["a.xlsx", "b.CSV"]
    assert [p.name for p in drop.workspaces] == ["w.SalesOps"]
    assert [p.name for p in drop.others] == ["p.png"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2, "a few seconds left"), (43, "about 45 s left"), (100, "about 2 min left"), (600, "about 10 min left")],
)
def test_time_left_is_rough(seconds, text):
    assert time_left(seconds) == text
