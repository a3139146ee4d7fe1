"""The libraries of the operating system that Qt needs and that a bare Linux lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from failures import SetupError
from surroundings import clean_variables

ALWAYS = "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6".split()
WINDOW = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    "libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0"
).split()

_RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}
"""Names since the change to 64-bit time (Debian 13, Ubuntu 24.04)."""

_PROBE = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication
application = QApplication([])
if {window}:
    import ctypes, pathlib, PySide6
    plugin = pathlib.Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"
    ctypes.CDLL(str(plugin))
"""


def provide(python: Path, *, window: bool) -> None:
    """Make sure Qt starts; install what it lacks where that is allowed.

    Args:
        python: the environment's Python.
        window: whether a window on an X11 screen is wanted, beside pictures of it.

    Raises:
        SetupError: it does not start, with the command that mends it.
    """
    if not sys.platform.startswith("linux"):
        return
    x11 = window and bool(os.environ.get("DISPLAY"))
    fault = probe(python, window=x11)
    if not fault:
        return
    packages = debian_names(ALWAYS + (WINDOW if x11 else []))
    if shutil.which("apt-get") and install_as_root(packages):
        fault = probe(python, window=x11)
        if not fault:
            return
    raise SetupError(_what(fault), _way_out(packages))


def probe(python: Path, *, window: bool) -> str:
    """What goes wrong when Qt starts; empty where nothing does."""
    result = subprocess.run(
        [str(python), "-c", _PROBE.format(window=window)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=clean_variables(),
    )
    if result.returncode == 0:
        return ""
    return result.stderr.strip() or f"it ended with status {result.returncode}"


def reaches_screen(python: Path) -> bool:
    """Whether the screen that the environment variables name is really there (one may have been left behind)."""
    if not sys.platform.startswith("linux"):
        return True
    words = [str(python), "-c", "from PySide6.QtWidgets import QApplication; QApplication([])"]
    return subprocess.run(words, capture_output=True, check=False, env=clean_variables()).returncode == 0


def _what(fault: str) -> str:
    library = re.search(r"([\w.+-]+\.so[\w.]*): cannot open shared object file", fault)
    if library:
        return f"A library of the operating system that the window needs is missing: {library[1]}."
    return f"The window's toolkit does not start: {fault.splitlines()[-1]}"


def _way_out(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"Run: sudo apt-get install --yes {' '.join(packages)} and start again."
    return (
        "Install it with your system's packages and start again (Fedora: sudo dnf install glib2 mesa-libGL mesa-libEGL "
        "libxkbcommon dbus-libs fontconfig xcb-util-cursor)."
    )


def debian_names(packages: list[str], release: str | None = None) -> list[str]:
    """The packages under the names of this Debian or Ubuntu release.

    Args:
        packages: names as in Debian 12.
        release: the text of ``/etc/os-release``; read where None.
    """
    if release is None:
        path = Path("/etc/os-release")
        release = path.read_text("utf-8") if path.exists() else ""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', release, flags=re.MULTILINE))
    version = re.match(r"\d+(?:\.\d+)?", fields.get("VERSION_ID", ""))
    number = float(version[0]) if version else 0.0
    renamed = number >= (24.04 if "ubuntu" in fields.get("ID", "") else 13)
    return [_RENAMED.get(name, name) if renamed else name for name in packages]


def install_as_root(packages: list[str]) -> bool:
    """Install Debian packages where this is allowed without asking; whether it was done."""
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    variables = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = [apt, "install", "--yes", "--no-install-recommends", "-qq", *packages]
    for command in ([apt, "update", "-qq"], install):
        done = subprocess.run(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if command is install and done.returncode:
            print(done.stderr.decode("utf-8", "replace").strip(), file=sys.stderr)
            return False
    return True
