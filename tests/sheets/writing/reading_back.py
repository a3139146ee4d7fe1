"""What other programs find in a workbook: stored values, and the values LibreOffice calculates."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import CalamineWorkbook

VALUE = re.compile(rb"(<c [^>]*?)( t=\"\w+\")?>(<f>.*?</f>)<v>[^<]*</v></c>")


def stored_values(path: Path) -> dict[str, list[list[object]]]:
    """Every sheet's stored values as python-calamine reads them, from A1 on."""
    with CalamineWorkbook.from_path(path) as book:
        return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def formulas(path: Path) -> dict[str, dict[str, str]]:
    """Every sheet's formulas by cell."""
    book = load_workbook(path)
    found = {
        sheet.title: {c.coordinate: c.value for row in sheet.iter_rows() for c in row if c.data_type == "f"}
        for sheet in book
    }
    book.close()
    return found


def without_stored_values(path: Path, target: Path) -> int:
    """Copy a workbook with the values of its formulas taken out; returns how many were."""
    count = 0
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for item in source.infolist():
            content = source.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                content, found = VALUE.subn(rb"\1>\3</c>", content)
                count += found
            copy.writestr(item.filename, content)
    return count


def recalculated(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it after calculating every formula anew; skips where it is absent."""
    return recalculated_all([path], folder)[0]


def recalculated_all(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Several workbooks of different names as LibreOffice saves them, in one start of it; skips where it is absent."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed here")
    bare = [folder / "bare" / path.name for path in paths]
    (folder / "bare").mkdir(exist_ok=True)
    for path, emptied in zip(paths, bare, strict=True):
        without_stored_values(path, emptied)
    done = folder / "calculated"
    command = [program, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--convert-to", "xlsx", "--outdir", str(done), *map(str, bare)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return [done / path.name for path in paths]


def differences(path: Path, again: Path) -> list[str]:
    """Cells whose stored value is not what the other program calculated."""
    ours, theirs, found = stored_values(path), stored_values(again), []
    for sheet, cells in formulas(path).items():
        for place in cells:
            row, column = load_place(place)
            mine, other = ours[sheet][row][column], theirs[sheet][row][column]
            if isinstance(mine, float) and isinstance(other, float):
                if abs(mine - other) > 1e-9 * max(1.0, abs(mine)):
                    found.append(f"{sheet}!{place}: {mine} stored, {other} calculated")
            elif mine != other:
                found.append(f"{sheet}!{place}: {mine!r} stored, {other!r} calculated")
    return found


def load_place(place: str) -> tuple[int, int]:
    row, column = coordinate_to_tuple(place)
    return row - 1, column - 1
