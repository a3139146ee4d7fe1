"""An old file survives whatever goes wrong while the new one is written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from salesops_desktop.model.errors import Cancelled, InputRefusedError
from salesops_desktop.sheets.writing.atomic import disk_of, write_atomically, write_bytes_atomically

ROOT = Path(__file__).parents[3]
OLD = b"the old export" * 100

EXPORT = """
import sys
from pathlib import Path
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.sheets.writing.table_export import export_table
from tests.sheets.writing import examples

rows = examples.kpi_rows(20_000)
for path, limit in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        export_table(Path(path), rows, examples.provenance("View"))
    except SalesOpsError as error:
        print(type(error).__name__, error.sentence)
    else:
        print("written")
"""


def exports_in_child(*wanted: tuple[Path, int]) -> list[str]:
    """Export 20,000 rows to each path in a process that may write files of so many bytes (0: any) at most.

    Returns:
        What was said of each.
    """
    words = [word for path, limit in wanted for word in (str(path), str(limit))]
    command = [sys.executable, "-W", "error", "-c", EXPORT, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes_atomically(path, b"one")
    write_bytes_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("error", [RuntimeError("broken"), Cancelled(), KeyboardInterrupt()])
def test_whatever_the_writer_raises_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OLD)

    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, fail)
    assert path.read_bytes() == OLD
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.skipif(os.name == "nt", reason="file modes and links of POSIX systems")
def test_keeps_the_mode_and_the_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.bin", tmp_path / "link.bin"
    path.write_bytes(OLD)
    path.chmod(0o640)
    link.symlink_to(path)
    write_bytes_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_missing_folder_and_a_folder_of_that_name_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match=r"folder .*nowhere does not exist.*Choose another folder"):
        write_bytes_atomically(tmp_path / "nowhere" / "a.bin", b"")
    with pytest.raises(InputRefusedError, match=r"There is a folder of this name\. Choose another name"):
        write_bytes_atomically(tmp_path, b"")
    with pytest.raises(InputRefusedError, match="Choose another name or folder"):
        write_bytes_atomically(tmp_path / ("n" * 400), b"")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX folder modes")
def test_a_read_only_folder_is_a_sentence(public_folder: Path) -> None:
    shut = public_folder / "shut"
    shut.mkdir()
    (shut / "a.csv").write_bytes(OLD)
    shut.chmod(0o555)
    call = "from pathlib import Path; from salesops_desktop.sheets.writing.atomic import *\nimport os\n"
    call += "if os.geteuid() == 0:\n    os.setgid(65534); os.setuid(65534)\n"  # root may write anywhere
    call += f"write_bytes_atomically(Path({str(shut / 'a.csv')!r}), b'new')"
    done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "InputRefusedError" in done.stderr
    assert "You may not write in the folder" in done.stderr
    assert (shut / "a.csv").read_bytes() == OLD


@pytest.mark.skipif(os.name == "nt", reason="file size limits of POSIX systems")
def test_a_file_size_limit_leaves_the_old_export(tmp_path: Path) -> None:
    limits = (0, 60_000, 5_000, 1)
    wanted = [(tmp_path / f"{limit}{kind}", limit) for limit in limits for kind in (".xlsx", ".csv")]
    for path, _ in wanted:
        path.write_bytes(OLD)
    for (path, limit), said in zip(wanted, exports_in_child(*wanted), strict=True):
        if limit == 0:
            assert said == "written"
            assert path.read_bytes() != OLD
        else:
            assert said.startswith(f"DiskFullError {path}: The disk {disk_of(tmp_path)} is full")
            assert "unchanged" in said
            assert path.read_bytes() == OLD
    assert {p.name for p in tmp_path.iterdir()} == {path.name for path, _ in wanted}


def test_a_full_disk_leaves_the_old_export_and_is_named(tmp_path: Path) -> None:
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can only be mounted by root on Linux")
    try:
        paths = [disk / "view.xlsx", disk / "view.csv"]
        for path in paths:
            path.write_bytes(OLD)
        for path, said in zip(paths, exports_in_child(*((path, 0) for path in paths)), strict=True):
            assert said.startswith(f"DiskFullError {path}: The disk {disk} is full")
            assert path.read_bytes() == OLD
        assert {p.name for p in disk.iterdir()} == {path.name for path in paths}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
