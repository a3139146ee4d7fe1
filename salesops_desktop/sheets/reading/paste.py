"""Pasted cells: the same pipeline as for files, by way of a private temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.sheets.reading.inspection import FileInspection, ReadOptions
from salesops_desktop.sheets.reading.reader import SheetReader

PASTED = "Pasted cells"


@contextmanager
def pasted_file(text: str) -> Iterator[Path]:
    """Keep pasted text (tab-separated, as Excel puts it on the clipboard) in a file that only this user can read.

    The path is good for :meth:`SheetReader.inspect` and :meth:`SheetReader.stage` inside the ``with`` block.
    """
    with tempfile.TemporaryDirectory(prefix="salesops-paste-") as folder:
        path = Path(folder) / f"{PASTED}.tsv"
        path.write_text(text, encoding="utf-8", newline="")
        yield path


def inspect_text(
    reader: SheetReader, text: str, *, options: ReadOptions | None = None, progress: Progress = silent
) -> FileInspection:
    """Say what is in pasted text.

    Args:
        reader: the reader to ask.
        text: the text as it came from the clipboard.
        options: decisions of a person against the detection.
        progress: told how far the reading is.

    Raises:
        InputRefusedError: nothing that can be read.
    """
    with pasted_file(text) as path:
        return reader.inspect(path, options=options, progress=progress)
