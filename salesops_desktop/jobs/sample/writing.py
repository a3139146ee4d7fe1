"""Files on disk from tables of cells, the same bytes for the same cells.

Plain csv and openpyxl, not the project's own writers: these files play the part of another program's.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import openpyxl

from salesops_desktop.jobs.sample.exports import Export

_STAMP = (2026, 10, 1, 6, 0, 0)


def write_export(export: Export, folder: Path) -> Path:
    """Write one file into ``folder`` and return its path."""
    path = folder / export.file
    path.write_bytes(_workbook(export) if export.is_workbook else _text(export))
    return path


def _text(export: Export) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=export.delimiter, lineterminator="\r\n")
    writer.writerow(export.headers)
    writer.writerows(export.rows)
    if export.footer:
        writer.writerow([])
        writer.writerows([[line] if line else [] for line in export.footer])
    return buffer.getvalue().encode(export.encoding)


def _workbook(export: Export) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(export.sheet)
    sheet.freeze_panes = "A2"
    sheet.append(list(export.headers))
    for row in export.rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _without_clock(data: bytes) -> bytes:
    """The same workbook with a fixed time in its parts and properties, which openpyxl takes from the clock."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = dt.datetime(*_STAMP, tzinfo=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return packed.getvalue()
