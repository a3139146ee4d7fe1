"""What an opening refuses: in one sentence, and without touching a byte."""

import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import filelock
import pytest

from salesops_desktop.model.errors import InputRefusedError, ReadOnlyError, WorkspaceError, WorkspaceLockedError
from salesops_desktop.workspace import Workspace
from salesops_desktop.workspace.version import APPLICATION_ID, SCHEMA_VERSION

ROOT = Path(__file__).parents[2]


def company(folder):
    file = folder / "w.salesops"
    with Workspace.create(file) as workspace, workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO account (name) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 3000) "
            "SELECT 'Account ' || i FROM n"
        )
    return file


@pytest.fixture
def path(tmp_path):
    return company(tmp_path)


@pytest.fixture
def public_path(public_folder):
    """Where somebody else can reach it."""
    return company(public_folder)


def refuse(path, match, **options):
    """The opening is refused with one sentence, and the folder stays as it is to the last byte."""
    folder = path.parent
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    for read_only in (False, True):
        with pytest.raises(WorkspaceError, match=match) as caught:
            Workspace.open(path, read_only=read_only, **options)
        assert path.name in caught.value.sentence
        assert "\n" not in caught.value.sentence
        assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before


def patch(path, offset, content):
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(content)


def test_a_missing_file(tmp_path):
    refuse(tmp_path / "none.salesops", "There is no such file")


def test_a_folder(tmp_path):
    (tmp_path / "folder.salesops").mkdir()
    refuse(tmp_path / "folder.salesops", "is a folder")


def test_an_empty_file(tmp_path):
    (tmp_path / "w.salesops").touch()
    refuse(tmp_path / "w.salesops", "empty \\(0 bytes\\)")


@pytest.mark.parametrize("content", [b"PK\x03\x04 a workbook", b"x", b"SQLite format 2" + bytes(200), bytes(5000)])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "w.salesops").write_bytes(content)
    refuse(tmp_path / "w.salesops", "not a workspace")


def test_a_database_of_another_program(tmp_path):
    path = tmp_path / "w.salesops"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
    refuse(path, "database of another program")


def test_a_database_that_only_claims_to_be_a_workspace(tmp_path):
    path = tmp_path / "w.salesops"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
    refuse(path, "Tables of the workspace are missing")


def test_a_newer_file(path):
    patch(path, 60, struct.pack(">I", SCHEMA_VERSION + 1))
    refuse(path, f"newer SalesOps Desktop \\(form {SCHEMA_VERSION + 1}")


def test_a_newer_file_whose_header_does_not_say_so_yet(path):
    """A newer program was killed after migrating: only its unfolded log knows."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
        connection.commit()
        copy = path.with_name("copy.salesops")
        copy.write_bytes(path.read_bytes())
        copy.with_name("copy.salesops-wal").write_bytes(path.with_name("w.salesops-wal").read_bytes())
    content = copy.read_bytes(), copy.with_name("copy.salesops-wal").read_bytes()
    with pytest.raises(WorkspaceError, match="newer SalesOps Desktop"):
        Workspace.open(copy)
    assert (copy.read_bytes(), copy.with_name("copy.salesops-wal").read_bytes()) == content


@pytest.mark.parametrize("keep", [50, 99, 100, 4096, 10_000, 0.5, 0.99, -1])
def test_a_truncated_file(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    refuse(path, "cut short|damaged")


@pytest.mark.parametrize("page", [0, 1, 2, 5, 20, -2])
@pytest.mark.parametrize("how", ["zeros", "noise"])
def test_damaged_pages(path, page, how):
    pages = path.stat().st_size // 4096
    offset = (page % pages) * 4096 + (100 if page == 0 else 0)
    patch(path, offset, bytes(3000) if how == "zeros" else bytes((i * 37 + 11) % 256 for i in range(3000)))
    refuse(path, "damaged|missing")


def test_a_pipe(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "w.salesops")
    refuse(tmp_path / "w.salesops", "no ordinary file")


LOOK = """
import os, sys, tempfile
from pathlib import Path
from salesops_desktop.model.errors import WorkspaceError
from salesops_desktop.workspace import Workspace
with tempfile.TemporaryDirectory() as folder:  # what is imported late may lie where others cannot read it
    Workspace.create(Path(folder) / "w.salesops").close()
    Workspace.open(Path(folder) / "w.salesops").close()
if os.getuid() == 0:  # root's rights reach everything
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for read_only in (False, True):
    try:
        with Workspace.open(Path(sys.argv[1]), read_only=read_only) as workspace, workspace.read() as connection:
            print("opened", connection.exec_driver_sql("SELECT count(*) FROM account").scalar())
    except WorkspaceError as error:
        print(type(error).__name__, error)
"""


def as_somebody_else(path):
    """What a user without rights is told, opening ``path`` for writing and then for reading."""
    looked = subprocess.run([sys.executable, "-c", LOOK, str(path)], cwd=ROOT, capture_output=True, check=False)
    assert looked.returncode == 0, looked.stderr.decode()
    return looked.stdout.decode().splitlines()


posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="rights of POSIX")


@posix
def test_a_file_that_may_not_be_read(public_path):
    public_path.chmod(0)
    before = sorted(file.name for file in public_path.parent.iterdir())
    answers = as_somebody_else(public_path)
    assert len(answers) == 2
    assert all(f"WorkspaceError {public_path}: The file cannot be read. Ask its owner" in answer for answer in answers)
    assert sorted(file.name for file in public_path.parent.iterdir()) == before


@posix
def test_a_read_only_folder_is_read(public_path):
    public_path.chmod(0o444)
    public_path.parent.chmod(0o555)
    refused, opened = as_somebody_else(public_path)
    public_path.parent.chmod(0o755)
    assert refused.startswith("ReadOnlyError")
    assert "Open the workspace read-only" in refused
    assert opened == "opened 3000"
    assert [file.name for file in public_path.parent.iterdir()] == [public_path.name]


@posix
def test_a_read_only_folder_with_an_unfolded_log_says_how_to_read_it(public_path):
    wal = public_path.with_name(public_path.name + "-wal")
    with closing(sqlite3.connect(public_path)) as connection:
        connection.execute("UPDATE current_action SET logged = 0")
        connection.execute("UPDATE account SET name = 'changed'")
        connection.execute("UPDATE current_action SET logged = 1")
        connection.commit()
        log = wal.read_bytes()
    wal.write_bytes(log)
    for file in (public_path, wal):
        file.chmod(0o444)
    public_path.parent.chmod(0o555)
    _refused, reading = as_somebody_else(public_path)
    public_path.parent.chmod(0o755)
    assert reading.startswith("ReadOnlyError")
    assert f"Copy it together with {wal.name}" in reading


def test_a_killed_session_is_folded_in(path, tmp_path):
    """The log of the last session belongs to the file."""
    copy = tmp_path / "copy.salesops"
    with Workspace.open(path) as workspace:
        with workspace.action("Late") as unit:
            unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES ('late')")
        copy.write_bytes(path.read_bytes())
        copy.with_name("copy.salesops-wal").write_bytes(path.with_name("w.salesops-wal").read_bytes())
    with Workspace.open(copy) as recovered:
        assert recovered.undo_name == "Undo Late"
    assert not copy.with_name("copy.salesops-wal").exists()


def test_a_lock_that_cannot_be_taken_leaves_everything(path):
    with Workspace.open(path, who="ana"):
        before = path.read_bytes()
        with pytest.raises(WorkspaceLockedError, match="open by ana"):
            Workspace.open(path)
        assert path.read_bytes() == before


def test_the_lock_goes_with_its_process(path):
    script = (
        "import sys, os\nfrom pathlib import Path\nfrom salesops_desktop.workspace import Workspace\n"
        "w = Workspace.open(Path(sys.argv[1]), who='ana')\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with child:
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(WorkspaceLockedError, match="open by ana"):
            Workspace.open(path)
        child.kill()
        child.wait(10)
    with Workspace.open(path) as workspace:
        assert workspace.check().sound
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"currency": "EURO"}, "no currency"),
        ({"currency": "eur"}, "no currency"),
        ({"fiscal_start_month": 13}, "month 13"),
    ],
)
def test_nonsense_makes_no_file(tmp_path, options, match):
    with pytest.raises(InputRefusedError, match=match):
        Workspace.create(tmp_path / "w.salesops", **options)
    assert list(tmp_path.iterdir()) == []


def test_no_folder_makes_no_file(tmp_path):
    with pytest.raises(WorkspaceError, match="There is no folder"):
        Workspace.create(tmp_path / "none" / "w.salesops")


def test_a_file_on_a_read_only_disk_is_refused_for_writing(path, monkeypatch):
    """The lock file cannot be made where nothing can be made."""

    def refuse_lock(self, *_args, **_options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse_lock)
    with pytest.raises(ReadOnlyError, match="Open the workspace read-only"):
        Workspace.open(path)
