"""The installer's modules, importable as they are when bootstrap runs, and small broken worlds to run it in."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "installer"


@pytest.fixture
def installer(monkeypatch):
    """Import a module of the installer by name."""
    monkeypatch.syspath_prepend(str(INSTALLER))

    def load(name):
        return __import__(name)

    yield load
    for name in [path.stem for path in INSTALLER.glob("*.py")]:
        sys.modules.pop(name, None)


@pytest.fixture
def checkout(tmp_path):
    """A checkout with only the installer in it, under a path with spaces and letters outside ASCII."""
    place = tmp_path / "Größe und Maß"
    (place / "installer").mkdir(parents=True)
    for path in INSTALLER.glob("*"):
        if path.is_file():
            (place / "installer" / path.name).write_bytes(path.read_bytes())
    return place


@pytest.fixture
def bootstrap(checkout, tmp_path):
    """Run bootstrap in the checkout as its own process: ``bootstrap("run", PATH=...)``.

    Nothing is on the search path, so that no test installs anything on the machine.
    """
    nothing = tmp_path / "nothing"
    nothing.mkdir()

    def run(*words, python=sys.executable, preexec=None, **variables):
        return subprocess.run(
            [python, str(checkout / "installer" / "bootstrap.py"), *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=200,
            preexec_fn=preexec,
            env={"PATH": str(nothing), "HOME": str(checkout), "PYTHONUTF8": "1", **variables},
        )

    return run
