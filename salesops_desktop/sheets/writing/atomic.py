"""Files a person keeps are replaced whole or not at all: a full disk never costs the old one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from salesops_desktop.model.errors import DiskFullError, InputRefusedError, SalesOpsError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def write_atomically(path: Path, writer: Callable[[BinaryIO], None]) -> None:
    """Write a file through a temporary one in the same folder, then put it in place of the old one.

    Args:
        path: the file wanted; a symbolic link stays a link, its target is replaced.
        writer: writes the contents to the open binary stream it is given. Whatever it raises (also a cancellation)
            leaves the old file as it was and no temporary file behind.

    Raises:
        DiskFullError: the disk (named in the sentence) has no room; the old file is intact.
        InputRefusedError: the folder is missing or not writable, or another program holds the file.
    """
    target = Path(os.path.realpath(path))
    if os.path.isdir(target):  # noqa: PTH112  # Path.is_dir raises where a name is too long
        raise InputRefusedError(
            "There is a folder of this name.", where=str(path), way_out="Choose another name for the file."
        )
    written = False
    temporary = target.with_name(f".{target.name[:60]}.{secrets.token_hex(6)}.part")
    try:
        _write_and_sync(temporary, writer)
        written = True
        if _exists(target):
            shutil.copymode(target, temporary)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _sentence(error, path, target, written=written) from error
    finally:
        _remove(temporary)


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` as :func:`write_atomically` does (pictures, settings)."""

    def write(stream: BinaryIO) -> None:
        stream.write(content)

    write_atomically(path, write)


def disk_of(path: Path) -> str:
    """The disk that holds ``path``: its mount point, or its drive on Windows."""
    place = Path(os.path.realpath(path))
    while not place.is_mount() and place != place.parent:
        place = place.parent
    return str(place)


def _write_and_sync(temporary: Path, writer: Callable[[BinaryIO], None]) -> None:
    # The person's umask decides who may read the file, which mkstemp would not let it.
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "w+b") as stream:
        writer(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network folders cannot be synced; the file itself has been
    finally:
        os.close(descriptor)


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):  # if the folder has gone, so has what was left of the temporary file
        temporary.unlink(missing_ok=True)


def _exists(target: Path) -> bool:
    return os.path.exists(target)  # noqa: PTH110  # Path.exists raises where a name is too long


def _sentence(error: OSError, path: Path, target: Path, *, written: bool) -> SalesOpsError:
    kept = " The file that was there is unchanged." if _exists(target) else ""
    details = f"{type(error).__name__}: {error}"
    if error.errno in _FULL:
        return DiskFullError(
            f"The disk {disk_of(target.parent)} is full ({_free(target.parent)} free): the file was not written.{kept}",
            where=str(path),
            way_out="Free some space there or choose another disk, then export again.",
            details=details,
        )
    if error.errno in _FORBIDDEN:
        if written:  # the folder took the temporary file, so it is the old one that cannot be replaced
            return InputRefusedError(
                "The file is open in another program, or you may not change it.",
                where=str(path),
                way_out="Close it there, or choose another name.",
                details=details,
            )
        return InputRefusedError(
            f"You may not write in the folder {target.parent} on the disk {disk_of(target.parent)}.",
            where=str(path),
            way_out="Choose another folder.",
            details=details,
        )
    if not target.parent.is_dir():
        return InputRefusedError(
            f"The folder {target.parent} does not exist, or its disk is no longer there.",
            where=str(path),
            way_out="Choose another folder, or connect the disk again.",
            details=details,
        )
    return InputRefusedError(
        f"The file could not be written to the disk {disk_of(target.parent)}: {error.strerror or error}.{kept}",
        where=str(path),
        way_out="Choose another name or folder.",
        details=details,
    )


def _free(folder: Path) -> str:
    try:
        return f"{shutil.disk_usage(folder).free / 1e6:,.1f} MB"
    except OSError:
        return "an unknown amount"
