"""The compiled inner loops of the territory engine.

numba compiles them for this machine's processor once, at set-up (``python -m salesops_desktop.territory.kernels``), and
keeps the result in the ``__pycache__`` beside them; later starts load it in a fraction of a second. A kernel that calls
another one holds a copy of it, which numba does not notice when that other one changes: therefore a change in any of
these files throws all kept results away.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_HERE = Path(__file__).parent
_KEPT = _HERE / "__pycache__"
_STAMP = _KEPT / "kernels.sha256"


def names() -> list[str]:
    """The modules with kernels in them."""
    return sorted(found.name for found in pkgutil.iter_modules([str(_HERE)]) if found.name != "__main__")


def compile_all(told: Callable[[int, int, str], None] = lambda *_: None) -> None:
    """Compile every kernel, or load what was kept of it.

    Args:
        told: called with (done, total, name) before each module.
    """
    modules = names()
    for number, name in enumerate(modules):
        told(number, len(modules), name)
        importlib.import_module(f"{__name__}.{name}")


def _sources() -> str:
    digest = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _freshen() -> None:
    """Throw away what was compiled from other sources than these."""
    now = _sources()
    with suppress(OSError):
        if _STAMP.is_file() and _STAMP.read_text("ascii") == now:
            return
        for kept in (*_KEPT.glob("*.nbi"), *_KEPT.glob("*.nbc")):
            kept.unlink(missing_ok=True)
        _KEPT.mkdir(exist_ok=True)
        _STAMP.write_text(now, "ascii")


_freshen()
