"""What the programs we start see of the machine."""

from __future__ import annotations

import os
import sys

_MISLEADING = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT")


def clean_variables() -> dict[str, str]:
    """The environment variables without those that would lead Python or pip to other places."""
    variables = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    variables.update(PYTHONNOUSERSITE="1", PYTHONUTF8="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    return variables


def has_screen() -> bool:
    """Whether a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
