"""Where the files that come with the product are: outlines, places, fonts, icons, themes."""

from __future__ import annotations

import functools
import sys
import sysconfig
from pathlib import Path

from salesops_desktop.model.errors import SalesOpsError

_MARKER = "THIRD_PARTY_NOTICES.md"


def _candidates() -> list[Path]:
    """The folders to look in: a frozen app, a checkout, an installed package."""
    here = Path(__file__).resolve()
    frozen = getattr(sys, "_MEIPASS", None)
    bundle = [Path(frozen) / "resources"] if frozen else []
    return [
        *bundle,
        here.parents[2] / "resources",
        here.parents[1] / "resources",
        Path(sysconfig.get_path("data")) / "share" / "salesops-desktop" / "resources",
    ]


@functools.cache
def resources_folder() -> Path:
    """The folder with the product's own files.

    Raises:
        SalesOpsError: the installation is incomplete.
    """
    candidates = _candidates()
    for folder in candidates:
        if (folder / _MARKER).is_file():
            return folder
    raise SalesOpsError(
        "The files that come with the program are missing.",
        where=str(candidates[0]),
        way_out="Install the program again.",
        details="\n".join(map(str, candidates)),
    )


def resource(*parts: str) -> Path:
    """The path of one file that comes with the product, e.g. ``resource("icons", "map.svg")``.

    Raises:
        SalesOpsError: there is no such file.
    """
    path = resources_folder().joinpath(*parts)
    if not path.exists():
        raise SalesOpsError(
            f"The file {'/'.join(parts)!r} that comes with the program is missing.",
            where=str(path),
            way_out="Install the program again.",
        )
    return path
