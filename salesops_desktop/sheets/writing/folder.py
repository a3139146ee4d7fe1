"""Several workbooks in a folder, all of them or none: a part for each manager."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.writing.book import Book, Saved
from salesops_desktop.sheets.writing.text import clean


def write_folder(folder: Path, books: Iterable[tuple[str, Book]], progress: Progress = silent) -> tuple[Saved, ...]:
    """Write workbooks into a folder, all of them or none.

    The files are written into a folder beside it first and then moved, so that a full disk or a cancellation leaves
    the folder as it was.

    Args:
        folder: made if it does not exist; files of the same names are replaced, others stay.
        books: file name and workbook.
        progress: may cancel.

    Raises:
        DiskFullError: no room; the folder is as it was.
        InputRefusedError: the folder cannot be written to.
    """
    target = folder.resolve()
    if target.exists() and not target.is_dir():
        raise InputRefusedError("A file of this name is there.", where=str(folder), way_out="Choose another folder.")
    fresh = target.with_name(f".{target.name[:60]}.{secrets.token_hex(6)}.part")
    try:
        try:
            fresh.mkdir()
        except OSError as error:
            raise InputRefusedError(
                f"The folder cannot be made: {error.strerror}.", where=str(folder), way_out="Choose another place."
            ) from error
        saved = [book.save(fresh / name, progress) for name, book in books]
        if not target.exists():
            fresh.replace(target)
        else:
            for file in saved:
                (fresh / file.path.name).replace(target / file.path.name)
        return tuple(replace(file, path=folder / file.path.name) for file in saved)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def file_name(raw: str, taken: set[str], otherwise: str) -> str:
    """A name for an .xlsx file that every file system accepts and that is not ``taken`` yet.

    Args:
        raw: what it should be called.
        taken: names given so far, folded; the new one is added.
        otherwise: the name if nothing of ``raw`` can stand in one.
    """
    plain = " ".join(re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", clean(raw)[0]).split()).strip(". ")
    plain = plain.encode()[:150].decode(errors="ignore").strip(". ") or otherwise
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain} ({number})"
    taken.add(name.casefold())
    return f"{name}.xlsx"
