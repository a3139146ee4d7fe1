"""Renew the lock files: ``python installer/lock.py`` (needs ``uv`` and a network; people who set up need neither).

``requirements.lock`` is what the program runs on, ``requirements-dev.lock`` adds what its tests need, at the same
versions. Both hold the hash of every wheel for Python 3.11 to 3.14 on Windows, macOS and Linux, and no address of an
index, so that a company's own mirror serves as well. ``--check`` asks for each platform whether every package has a
ready-made wheel there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

COMPILE = (
    "pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet "
    "--python-version 3.11 --only-binary :all:"
).split()

INSTALL = "pip install --dry-run --only-binary :all: --no-deps --require-hashes".split()

CONSTRAINTS = """\
# Later ones have no wheels for Macs with Intel processors.
cryptography<49 ; sys_platform == 'darwin' and platform_machine == 'x86_64'
numba<0.63 ; sys_platform == 'darwin' and platform_machine == 'x86_64'
numba>=0.63 ; sys_platform != 'darwin' or platform_machine != 'x86_64'
"""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    "x86_64-manylinux_2_34",
    "aarch64-manylinux_2_39",
    "windows",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
)
"""The oldest Linux systems PySide6 has wheels for: glibc 2.34 (Ubuntu 22.04, Debian 12), on ARM 2.39 (Debian 13)."""

WITHOUT = {("x86_64-apple-darwin", "3.14")}
"""Where numba has no wheels; bootstrap.py sends those who have that to another Python."""


def renew() -> None:
    """Write both lock files."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text(CONSTRAINTS, encoding="utf-8")
        runtime, dev = HERE / "requirements.lock", HERE / "requirements-dev.lock"
        source = str(ROOT / "pyproject.toml")
        _uv(*COMPILE, source, "--constraints", str(constraints), "--output-file", str(runtime))
        limits = ("--constraints", str(runtime), "--constraints", str(constraints))
        _uv(*COMPILE, source, "--group", f"{source}:dev", *limits, "--output-file", str(dev))


def check() -> bool:
    """Whether all packages have wheels on all platforms; prints what is missing."""
    complete = True
    for platform in PLATFORMS:
        for python in PYTHONS:
            if (platform, python) in WITHOUT:
                continue
            with tempfile.TemporaryDirectory() as folder:
                options = ("--python-platform", platform, "--python-version", python, "--target", folder)
                result = subprocess.run(
                    _command(*INSTALL, *options, "--requirements", str(HERE / "requirements-dev.lock")),
                    capture_output=True,
                    text=True,
                    check=False,
                )
            complete &= result.returncode == 0
            print(f"{platform} {python}: {'complete' if result.returncode == 0 else result.stderr.strip()}")
    return complete


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "uv", *arguments]


def _uv(*arguments: str) -> None:
    subprocess.run(_command(*arguments), check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(0 if check() else 1)
    renew()
