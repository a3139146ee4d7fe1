"""The virtual environment of the checkout: made once, filled from a lock file, recognised in no time."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from failures import SetupError, explain, no_room, no_venv_module
from surroundings import clean_variables
from system_libraries import install_as_root

ROOM = 1_500_000_000
"""Bytes the environment takes, with the downloads beside it for a while."""

KERNELS = ("salesops_desktop", "territory", "kernels")
"""Where the compiled inner loops are; importing the package as a program compiles them."""


_STARTED = re.compile(
    r"\s*(?:(?:Collecting|Requirement already satisfied:) ([\w.-]+)|Processing (?:.*[/\\])?([\w.]+)-[^/\\]+\.whl)"
)
"""What pip prints when it turns to the next package, on an index or in a folder."""


class Display:
    """Says how far the set-up is: one line that changes on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.last = ""

    def show(self, done: int, total: int, what: str) -> None:
        """Show ``done`` of ``total`` and what is being done."""
        width = len(str(total))
        text = f"[{min(done, total):{width}}/{total}] {what}"
        if text == self.last:
            return
        self.last = text
        if self.terminal:
            columns = shutil.get_terminal_size().columns - 1
            sys.stdout.write("\r" + text[:columns].ljust(columns))
        else:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.terminal and self.last:
            sys.stdout.write("\n")
        self.last = ""


class Environment:
    """``.venv`` of a checkout.

    Args:
        root: the checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.stamp = self.folder / "set-up.json"
        self.log = self.folder / "set-up.log"
        self.cache = self.folder / "downloads"
        windows = sys.platform == "win32"
        self.scripts = self.folder / ("Scripts" if windows else "bin")
        self.python = self.scripts / ("python.exe" if windows else "python")

    def lock(self, *, dev: bool) -> Path:
        """The lock file to install from."""
        return self.root / "installer" / ("requirements-dev.lock" if dev else "requirements.lock")

    def _wanted(self, *, dev: bool) -> str:
        content = self.lock(dev=dev).read_bytes() + bytes(str(self.folder), "utf-8", "surrogateescape")
        return hashlib.sha256(content).hexdigest()

    def is_ready(self, *, dev: bool) -> bool:
        """Whether what the lock file names is installed here; the tests' packages include the program's."""
        try:
            done = json.loads(self.stamp.read_text("utf-8"))
        except (OSError, ValueError):
            return False
        if not self.python.exists():
            return False
        full = bool(done.get("dev") == self._wanted(dev=True))
        return full if dev else full or bool(done.get("runtime") == self._wanted(dev=False))

    def prepare(self, *, dev: bool) -> Path:
        """Make the environment complete; its Python.

        Raises:
            SetupError: it cannot be done.
        """
        if not self.is_ready(dev=dev):
            self._fill(dev=dev)
        self._compile()
        return self.python

    def _fill(self, *, dev: bool) -> None:
        try:
            if shutil.disk_usage(self.root).free < ROOM and not self.stamp.exists():
                raise no_room()
            self._make()
            self._install(dev=dev)
            self._link()
            kind = "dev" if dev else "runtime"
            self.stamp.write_text(json.dumps({kind: self._wanted(dev=dev)}), "utf-8")
        except OSError as error:
            raise explain(str(error)) from error
        shutil.rmtree(self.cache, ignore_errors=True)

    def _compile(self) -> None:
        """Have the territory engine compiled for this processor, so that the first design does not wait for it."""
        sources = sorted(self.root.joinpath(*KERNELS).glob("*.py"))
        content = b"".join(path.name.encode() + path.read_bytes() for path in sources)
        wanted = hashlib.sha256(content + bytes(str(self.root), "utf-8", "surrogateescape")).hexdigest()
        done = self.folder / "compiled.sha256"
        if not sources or (done.exists() and done.read_text("ascii") == wanted):
            return
        print("Preparing the territory engine for this processor: once, about a minute.", flush=True)
        if self._run("-m", ".".join(KERNELS)) == 0:
            done.write_text(wanted, "ascii")
        else:
            print("That did not work; the first design will do it and take longer.", flush=True)

    def _make(self) -> None:
        """Make ``.venv`` unless its Python works."""
        if self.python.exists() and self._run("-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))") == 0:
            self.stamp.unlink(missing_ok=True)
            return
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if not can_make_environments() and not install_as_root([f"python{version}-venv"]):
            raise no_venv_module(version)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        print(f"Making {self.folder}", flush=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(self.folder)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=clean_variables(),
        )
        output = made.stdout + made.stderr
        if made.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            if "ensurepip is not" in output or "No module named" in output:
                raise no_venv_module(version)
            # venv hides why pip could not be unpacked; a full disk is the usual reason.
            raise explain(output if "[Errno" in output else probe_disk() or output)

    def _run(self, *words: str) -> int:
        try:
            return subprocess.call(
                [str(self.python), *words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=clean_variables(),
            )
        except OSError:
            return 1

    def _install(self, *, dev: bool) -> None:
        lock = self.lock(dev=dev)
        command = [
            str(self.python),
            "-u",
            "-m",
            "pip",
            "install",
            "--no-input",
            "--progress-bar",
            "off",
            "--retries",
            "2",
        ]
        command += ["--timeout", "20", "--cache-dir", str(self.cache), "--require-hashes", "--only-binary", ":all:"]
        command += ["--requirement", str(lock)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=clean_variables(),
            cwd=self.root,
        )
        output = self._watch(process, len(names_in(lock)))
        self.log.write_text(output, encoding="utf-8")
        if process.returncode:
            raise explain(output, self.log)

    def _watch(self, process: subprocess.Popen[str], total: int) -> str:
        """Show how far pip is; all it printed. Half of the way is fetching, half unpacking."""
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_read, args=(process, lines), daemon=True).start()
        display, output, seen = Display(), [], 0
        unpacking = False
        try:
            while True:
                try:
                    line = lines.get(timeout=0.5)
                except queue.Empty:
                    if unpacking:
                        display.show(*self._unpacked(total))
                    continue
                if line is None:
                    break
                output.append(line)
                total -= line.startswith("Ignoring ")  # not for this platform or Python
                started = _STARTED.match(line)
                if started:
                    seen += 1
                    display.show(seen, total, f"fetching {started[1] or started[2]}")
                unpacking = unpacking or line.startswith("Installing collected packages")
        finally:
            display.end()
            if process.poll() is None and sys.exc_info()[0] is not None:
                process.terminate()
            process.wait()
        return "".join(output)

    def _unpacked(self, total: int) -> tuple[int, int, str]:
        """How many packages are unpacked, and the latest one."""
        found = [path for path in self._site_packages().glob("*.dist-info") if not path.name.startswith("pip-")]
        latest = max(found, key=_changed, default=None)
        return len(found), total, f"unpacked {latest.name.split('-')[0]}" if latest else "unpacking"

    def _site_packages(self) -> Path:
        for pattern in ("lib/python3*/site-packages", "Lib/site-packages"):
            for path in self.folder.glob(pattern):
                return path
        raise SetupError("The folder .venv is damaged.", "Delete it and start again.")

    def _link(self) -> None:
        """Make the checkout importable and callable from the environment, without building a package.

        The path is relative, so letters outside ASCII in the checkout's own path never meet the encoding of .pth
        files, and the checkout stays the only place where the program's code lives.
        """
        packages = self._site_packages()
        (packages / "salesops_desktop.pth").write_text(os.path.relpath(self.root, packages) + "\n", encoding="ascii")
        if sys.platform == "win32":
            (self.scripts / "salesops.cmd").write_text(
                '@"%~dp0python.exe" -m salesops_desktop %*\r\n', encoding="ascii", newline=""
            )
            return
        script = self.scripts / "salesops"
        script.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m salesops_desktop "$@"\n', encoding="ascii")
        script.chmod(0o755)


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def probe_disk() -> str:
    """What goes wrong when a file of a few megabytes is written; empty where nothing does."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(8_000_000))
            file.flush()
    except OSError as error:
        return str(error)
    return ""


def can_make_environments() -> bool:
    """Whether this Python has what ``venv`` needs."""
    try:
        importlib.import_module("venv")
        importlib.import_module("ensurepip")
    except ImportError:
        return False
    return True


def names_in(lock: Path) -> list[str]:
    """The packages of a lock file; one that differs by platform or Python appears more than once."""
    return re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text("utf-8"), flags=re.MULTILINE)
