"""A full disk or a limit on the file: a sentence that names the disk, and the last commit as it was."""

import errno
import multiprocessing
import os
import shutil
import sqlite3
import subprocess

import pytest
from sqlalchemy.exc import OperationalError

from salesops_desktop.model.errors import DiskFullError, ReadOnlyError, WorkspaceError, WorkspaceLockedError
from salesops_desktop.workspace import Workspace, content_hash
from salesops_desktop.workspace.faults import as_sentence, disk_of, need_room, told_as_sentences

resource = pytest.importorskip("resource", reason="limits of POSIX")

FILL = (
    "INSERT INTO account (name, segment) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT ?) "
    "SELECT 'Account ' || i, hex(zeroblob(200)) FROM n"
)


def fill(workspace, rows=20_000):
    with workspace.action("Import accounts.csv") as unit:
        unit.connection.exec_driver_sql(FILL, (rows,))


def told(work, disk):
    """``work`` fails with the sentence for a full disk."""
    with pytest.raises(DiskFullError, match=r"has no room for .* may not grow") as caught:
        work()
    assert f"The disk {disk} (" in caught.value.sentence
    assert "Nothing was changed; make room there and try again." in caught.value.sentence


def still_whole(path, expected):
    """The file opens, is sound, has the content of its last commit and takes changes again."""
    with Workspace.open(path) as workspace:
        assert workspace.check().sound
        with workspace.read() as connection:
            assert content_hash(connection) == expected
        fill(workspace, 10)
        workspace.undo()


def state(workspace):
    with workspace.read() as connection:
        return content_hash(connection)


@pytest.fixture(params=[4_500_000, 6_000_000])
def small_disk(request, tmp_path):
    """A disk of a few megabytes."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "small disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_during_an_import(small_disk):
    path = small_disk / "w.salesops"
    (small_disk / "ballast").write_bytes(bytes(1_500_000))
    with Workspace.create(path) as workspace:
        fill(workspace, 1000)
        before = state(workspace)
        told(lambda: fill(workspace), small_disk)
        assert state(workspace) == before
        assert [record.name for record in workspace.history()] == ["Import accounts.csv"]
        fill(workspace, 10)
        workspace.undo()
    (small_disk / "ballast").unlink()
    still_whole(path, before)
    assert [file.name for file in small_disk.iterdir()] == ["w.salesops"]


def test_a_disk_too_full_for_a_backup(small_disk):
    path = small_disk / "w.salesops"
    with Workspace.create(path) as workspace:
        fill(workspace, 1000)
        before = state(workspace)
        (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 300_000))
        told(lambda: workspace.backup("import"), small_disk)
        assert workspace.backups() == []
        assert list((small_disk / "w.salesops-backups").iterdir()) == []
        (small_disk / "ballast").unlink()
    still_whole(path, before)


def test_a_disk_too_full_for_a_new_workspace(small_disk):
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 200_000))
    told(lambda: Workspace.create(small_disk / "w.salesops"), small_disk)
    assert [file.name for file in small_disk.iterdir()] == ["ballast"]


def test_a_disk_without_a_byte_left_still_opens_for_reading(small_disk):
    path = small_disk / "w.salesops"
    with Workspace.create(path) as workspace:
        fill(workspace, 100)
        before = state(workspace)
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with Workspace.open(path, read_only=True) as reader:
        assert state(reader) == before
    (small_disk / "ballast").unlink()
    still_whole(path, before)


def limited(work, path, size, answers):
    """In a child: no file may grow beyond ``size`` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        work(path)
    except WorkspaceError as error:
        answers.send(("WorkspaceError", error.sentence))
    except DiskFullError as error:
        answers.send(("DiskFullError", error.sentence))
    else:
        answers.send(("done", ""))


def under_limit(work, path, size):
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=limited, args=(work, path, size, sender))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    return receiver.recv()


def importing(path):
    with Workspace.open(path) as workspace:
        fill(workspace)


def backing_up(path):
    with Workspace.open(path) as workspace:
        workspace.backup("import")


def creating(path):
    Workspace.create(path.with_name("new.salesops"))


@pytest.mark.parametrize("size", [1_200_000, 2_000_000, 5_000_000])
@pytest.mark.parametrize("work", [importing, backing_up, creating])
def test_a_limit_on_the_size_of_files(tmp_path, work, size):
    path = tmp_path / "w.salesops"
    with Workspace.create(path) as workspace:
        fill(workspace, 3000)
        before = state(workspace)
    limit = {importing: size, backing_up: path.stat().st_size - 1000 * (size // 1_000_000), creating: size // 10}[work]
    kind, sentence = under_limit(work, path, limit)
    assert kind == "DiskFullError"
    assert f"The disk {disk_of(path)} (" in sentence
    assert not (tmp_path / "new.salesops").exists()
    still_whole(path, before)
    assert not [file.name for file in tmp_path.rglob("*partial*")]


def error_of(code):
    error = sqlite3.OperationalError("technical")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_X"
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFullError),
        (sqlite3.SQLITE_IOERR_WRITE, DiskFullError),
        (sqlite3.SQLITE_IOERR_SHMSIZE, DiskFullError),
        (sqlite3.SQLITE_IOERR_READ, WorkspaceError),
        (sqlite3.SQLITE_BUSY, WorkspaceLockedError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, WorkspaceLockedError),
        (sqlite3.SQLITE_READONLY_DBMOVED, ReadOnlyError),
        (sqlite3.SQLITE_CORRUPT, WorkspaceError),
        (sqlite3.SQLITE_NOTADB, WorkspaceError),
        (sqlite3.SQLITE_CANTOPEN, WorkspaceError),
    ],
)
def test_faults_of_the_file_become_sentences(tmp_path, code, kind):
    wrapped = OperationalError("SELECT 1", {}, error_of(code))
    sentence = as_sentence(wrapped, tmp_path / "w.salesops")
    assert type(sentence) is kind
    assert "w.salesops" in sentence.sentence
    assert sentence.way_out
    assert "technical" not in sentence.sentence
    assert "technical" in sentence.details


def test_faults_of_a_job_stay_what_they_are(tmp_path):
    assert as_sentence(error_of(sqlite3.SQLITE_CONSTRAINT), tmp_path) is None
    assert as_sentence(ValueError("x"), tmp_path) is None
    assert as_sentence(OSError(errno.EPIPE, "x"), tmp_path) is None
    with pytest.raises(ZeroDivisionError), told_as_sentences(tmp_path):
        raise ZeroDivisionError


def test_another_program_that_holds_the_file_is_told_about(tmp_path, monkeypatch):
    path = tmp_path / "w.salesops"
    monkeypatch.setattr("salesops_desktop.workspace.connect.BUSY_SECONDS", 0.05)
    with Workspace.create(path) as workspace:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkspaceLockedError, match="Another program is writing"):
            fill(workspace)
        other.execute("ROLLBACK")
        other.close()
        fill(workspace)


def test_room_is_looked_for_before_it_is_used(tmp_path):
    need_room(tmp_path / "x", 1)
    with pytest.raises(DiskFullError):
        need_room(tmp_path / "x", 10**18)
