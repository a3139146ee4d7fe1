"""Backups: taken, checked, rotated, put back."""

import datetime as dt
import os
import sqlite3
from contextlib import closing

import pytest

from salesops_desktop.model.errors import Cancelled, WorkspaceError, WorkspaceLockedError
from salesops_desktop.workspace import Workspace, backups, content_hash
from salesops_desktop.workspace.backups import folder_of, list_backups, rotate, write_backup

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "Müller.salesops"
    with Workspace.create(file) as workspace:
        add(workspace, "first")
    return file


def add(workspace, name):
    with workspace.action(f"Add {name}") as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES (?)", (name,))


def names(path):
    with Workspace.open(path, read_only=True) as workspace, workspace.read() as connection:
        return connection.exec_driver_sql("SELECT name FROM account ORDER BY id").scalars().all()


def test_a_backup_is_the_last_commit(path):
    with Workspace.open(path) as workspace:
        add(workspace, "second")
        backup = workspace.backup("import")
        add(workspace, "third")
        (record,) = workspace.backups()
    assert (record.path, record.reason, record.bytes) == (backup, "import", backup.stat().st_size)
    assert backup.parent == path.with_name("Müller.salesops-backups")
    assert abs(record.taken_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert names(backup) == ["first", "second"]
    assert os.name != "posix" or backup.stat().st_mode & 0o077 == 0
    assert [file.name for file in backup.parent.iterdir()] == [backup.name]


def test_a_backup_can_be_taken_while_an_action_is_under_way(path):
    with Workspace.open(path) as workspace, workspace.action("Import") as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES ('half')")
        backup = workspace.backup("import")
    assert names(backup) == ["first"]


def test_a_cancelled_backup_leaves_nothing(path):
    def progress(done, total, what=""):
        raise Cancelled

    with Workspace.open(path) as workspace:
        with pytest.raises(Cancelled):
            workspace.backup("import", progress=progress)
        assert workspace.backups() == []
        assert list(folder_of(path).iterdir()) == []


def test_progress_counts_bytes(path):
    seen = []
    with Workspace.open(path) as workspace:
        workspace.backup("import", progress=lambda done, total, what="": seen.append((done, total, what)))
    assert seen[-1] == (seen[-1][1], path.stat().st_size, "Backing up")


def test_a_reason_with_signs_makes_a_plain_name(path):
    backup = write_backup(path, "import of ../../etc: a*b?.xlsx", now=NOW)
    assert backup.parent == folder_of(path)
    assert backup.name == "2026-11-21T12-00-00-000000Z import of ______etc_ a_b__xlsx.salesops"


def stamped(path, moment, reason="import"):
    """An empty file with the name of a backup: rotating looks at names only."""
    folder_of(path).mkdir(exist_ok=True)
    file = folder_of(path) / f"{moment:%Y-%m-%dT%H-%M-%S-%fZ} {reason}.salesops"
    file.touch()
    return file


def test_ten_newest_stay_then_one_a_week_for_a_year(path):
    moments = [NOW - dt.timedelta(hours=6 * step) for step in range(4 * 500)]
    for moment in moments:
        stamped(path, moment)
    rotate(path)
    kept = [record.taken_at for record in list_backups(path)]
    assert kept[:10] == moments[:10]
    weekly = kept[10:]
    weeks = [moment.isocalendar()[:2] for moment in weekly]
    assert len(weeks) == len(set(weeks))
    assert 51 <= len(weekly) <= 53
    assert weekly[-1] >= NOW - dt.timedelta(weeks=52)
    for moment in weekly[1:]:
        assert moment.isocalendar()[2] == 7, "the newest of each week is the one that stays"


def test_rotating_day_by_day_keeps_a_backup_of_every_week(path):
    for day in range(100):
        stamped(path, NOW + dt.timedelta(days=day))
        rotate(path)
    kept = [record.taken_at for record in list_backups(path)]
    assert kept[:10] == [NOW + dt.timedelta(days=day) for day in range(99, 89, -1)]
    weeks = {moment.isocalendar()[:2] for moment in kept}
    assert weeks == {(NOW + dt.timedelta(days=day)).isocalendar()[:2] for day in range(100)}


def test_other_files_in_the_folder_are_left_alone(path):
    for day in range(30):
        stamped(path, NOW + dt.timedelta(days=day / 100))
    mine = folder_of(path) / "my notes.txt"
    mine.write_text("keep")
    rotate(path)
    assert mine.read_text() == "keep"
    assert len(list_backups(path)) == 11


def test_restoring_brings_back_the_rows_and_keeps_what_was_there(path):
    with Workspace.open(path) as workspace:
        backup = workspace.backup("lock")
        add(workspace, "second")
    kept = Workspace.restore(backup, path)
    assert names(path) == ["first"]
    assert names(kept) == ["first", "second"]
    assert [record.reason for record in list_backups(path)] == ["restore", "lock"]
    with Workspace.open(path) as workspace:
        assert workspace.check().sound
        add(workspace, "third")


def test_restoring_over_a_damaged_file_keeps_it_aside(path):
    backup = write_backup(path, "lock")
    path.write_bytes(b"broken" * 1000)
    kept = Workspace.restore(backup, path)
    assert kept.read_bytes() == b"broken" * 1000
    assert kept.parent == folder_of(path)
    assert names(path) == ["first"]


def test_restoring_over_an_unfolded_file_does_not_mix_the_two(path, tmp_path):
    """A log of the old file beside the new one would damage it."""
    backup = write_backup(path, "lock")
    with Workspace.open(path) as workspace:
        add(workspace, "late")
        content, log = path.read_bytes(), path.with_name(path.name + "-wal").read_bytes()
    path.write_bytes(content)
    path.with_name(path.name + "-wal").write_bytes(log)
    kept = Workspace.restore(backup, path)
    assert names(path) == ["first"]
    assert names(kept) == ["first", "late"]
    assert not path.with_name(path.name + "-wal").exists()


def test_restoring_where_nothing_is_left(path):
    backup = write_backup(path, "lock")
    path.unlink()
    assert Workspace.restore(backup, path) is None
    assert names(path) == ["first"]


def test_an_open_workspace_is_not_restored_over(path):
    backup = write_backup(path, "lock")
    with Workspace.open(path, who="ana") as workspace:
        add(workspace, "second")
        with pytest.raises(WorkspaceLockedError, match="open by ana"):
            Workspace.restore(backup, path)
    assert names(path) == ["first", "second"]


@pytest.mark.parametrize("damage", [b"", b"x" * 5000, None])
def test_a_backup_that_is_none_is_refused(path, damage):
    backup = write_backup(path, "lock")
    before = path.read_bytes()
    if damage is None:
        backup.unlink()
    else:
        backup.write_bytes(damage)
    with pytest.raises(WorkspaceError, match="This backup cannot be used"):
        Workspace.restore(backup, path)
    assert path.read_bytes() == before
    assert names(path) == ["first"]


def test_a_copy_that_comes_out_damaged_is_not_kept(path, monkeypatch):
    """A disk that stores other bytes than it was given is found out at once."""
    real = backups.admit

    def spoilt(partial):
        with partial.open("rb+") as file:
            file.seek(4096 * 3)
            file.write(bytes(4096))
        return real(partial)

    monkeypatch.setattr(backups, "admit", spoilt)
    with pytest.raises(WorkspaceError, match="damaged"):
        write_backup(path, "import")
    assert list(folder_of(path).iterdir()) == []


def test_a_backup_has_the_same_content(path):
    backup = write_backup(path, "by hand")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    hashes = []
    for file in (path, backup):
        with Workspace.open(file, read_only=True) as workspace, workspace.read() as connection:
            hashes.append(content_hash(connection))
    assert hashes[0] == hashes[1]


def test_what_a_killed_backup_left_is_cleared_away(path):
    folder_of(path).mkdir()
    torn = folder_of(path) / "2026-01-01T00-00-00-000000Z import.salesops.partial"
    torn.write_bytes(b"torn")
    assert list_backups(path) == []
    write_backup(path, "import")
    assert not torn.exists()
