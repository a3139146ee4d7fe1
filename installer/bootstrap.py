"""Set up and start SalesOps Desktop from a checkout, with nothing but Python.

    python3 installer/bootstrap.py demo     build the sample company, run all jobs on it, write everything into demo/
    python3 installer/bootstrap.py run      open the window (further words go to the program, e.g. a workspace)
    python3 installer/bootstrap.py test     run the tests (further words go to pytest)

The first start makes ``.venv`` in the checkout and installs the locked, hash-checked packages there; later starts take
seconds. ``--offline-check`` only says whether a start would need the network. This file runs on Python 3.8 too, so
that an old one can say what is needed.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWEST = (3, 13) if sys.platform == "darwin" and platform.machine() == "x86_64" else (3, 14)
"""The compiler of the territory engine has no wheels for Python 3.14 on Macs with Intel processors."""
HERE = Path(__file__).resolve().parent
COMMANDS = ("demo", "run", "test")


def supported(version: tuple[int, int]) -> bool:
    """Whether the locked packages exist for that Python."""
    return OLDEST <= version <= NEWEST


def other_python() -> str | None:
    """A supported Python on the search path, newest first."""
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in [*names, "python3", "python"]:
        found = shutil.which(name)
        if found and supported(version_of(found)):
            return found
    return None


def version_of(python: str) -> tuple[int, int]:
    """The version of a Python; (0, 0) where it does not start."""
    try:
        told = subprocess.check_output([python, "-c", "import sys; print(*sys.version_info[:2])"])
        major, minor = (int(part) for part in told.split())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0, 0
    return major, minor


def main(arguments: list[str]) -> int:
    """Set up, then do as asked; the exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        print(f"Unknown command {arguments[0]!r}: say demo, run or test.", file=sys.stderr)
        return 2
    here = (sys.version_info[0], sys.version_info[1])
    if not supported(here):
        return elsewhere(f"{here[0]}.{here[1]}", arguments)
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True  # the set-up leaves nothing beside .venv
    from setup_flow import follow  # noqa: PLC0415  # newer words in it: only once the version is known

    return follow(str(HERE.parent), arguments[0], arguments[1:])


def elsewhere(version: str, arguments: list[str]) -> int:
    """Go on with a supported Python, or say that there is none."""
    found = other_python()
    if found is None:
        print(
            f"SalesOps Desktop needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}; this is Python "
            f"{version}. Install one of them (python.org, or your system's packages) and start again with it.",
            file=sys.stderr,
        )
        return 1
    print(f"This is Python {version}; going on with {found}.", flush=True)
    return subprocess.call([found, str(HERE / "bootstrap.py"), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
