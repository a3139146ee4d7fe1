"""Bootstrap as people meet it: a process in a world where something is wrong."""

import ast
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")


def one_sentence(result):
    """The failure that was told: on the error channel, without a traceback."""
    told = result.stderr.strip()
    assert "Traceback" not in told
    assert result.returncode == 1
    assert "\n" not in told
    return told


def write_wheel(folder, name, files):
    """A wheel as an index would serve it; its line in a lock file."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    meta = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for place, text in files.items():
            wheel.writestr(place, text)
        wheel.writestr(f"{meta}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{meta}/RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def index(tmp_path):
    """A folder of packages in the place of an index: pip's settings for it."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return folder, settings


@pytest.fixture
def small_checkout(checkout, index):
    """A checkout that needs two tiny packages, so that a whole set-up takes seconds."""
    toolkit = write_wheel(
        index[0],
        "PySide6",
        {
            "PySide6/__init__.py": "",
            "PySide6/QtWidgets.py": "class QApplication:\n    def __init__(self, words): pass\n",
        },
    )
    tester = write_wheel(index[0], "pytest", {"pytest.py": "import sys; print('tested', sys.argv[1:])"})
    (checkout / "installer" / "requirements.lock").write_text(toolkit, "utf-8")
    (checkout / "installer" / "requirements-dev.lock").write_text(toolkit + tester, "utf-8")
    (checkout / "salesops_desktop").mkdir()
    (checkout / "salesops_desktop" / "__init__.py").write_text("", "utf-8")
    (checkout / "salesops_desktop" / "__main__.py").write_text("import sys; print('started', sys.argv[1:])", "utf-8")
    return checkout


def test_without_a_command_it_explains_itself(bootstrap):
    result = bootstrap()
    assert result.returncode == 2
    assert "bootstrap.py demo" in result.stdout
    assert bootstrap("--help").returncode == 0
    wrong = bootstrap("tset")
    assert wrong.returncode == 2
    assert "say demo, run or test" in wrong.stderr


def test_a_set_up_from_nothing(bootstrap, small_checkout, index, tmp_path):
    settings = index[1]
    before = sorted(path.name for path in (small_checkout / "installer").iterdir())
    assert bootstrap("test", "--offline-check", **settings).returncode == 1
    first = bootstrap("test", "--tell", "ä ö", **settings)
    assert first.returncode == 0, first.stderr
    assert "[1/2] fetching PySide6" in first.stdout
    assert "[2/2] fetching pytest" in first.stdout
    assert "tested ['-n', '3', '--dist', 'loadfile', '--tell', 'ä ö']" in first.stdout
    # nothing lies outside .venv, nor are downloads left in it
    names = {path.name for path in small_checkout.iterdir()}
    assert names - {"__pycache__"} == {".venv", "installer", "salesops_desktop"}
    assert sorted(path.name for path in (small_checkout / "installer").iterdir()) == before
    assert not (small_checkout / ".venv" / "downloads").exists()
    # a second start needs nothing, not even the index; the tests' packages serve the program too
    assert bootstrap("run", "--offline-check").returncode == 0
    second = bootstrap("test", "-n0", PIP_NO_INDEX="1")
    assert "fetching" not in second.stdout
    assert "tested ['-n0']" in second.stdout
    shown = bootstrap("run", "my.salesops", DISPLAY="" if sys.platform.startswith("linux") else "x")
    assert ("no screen" in shown.stderr) == sys.platform.startswith("linux")
    demo = bootstrap("demo")
    assert "started ['demo', '--out', 'demo'" in demo.stdout
    if sys.platform != "win32":
        script = small_checkout / ".venv" / "bin" / "salesops"
        told = subprocess.run([str(script), "kpis"], capture_output=True, text=True, cwd=tmp_path, check=True)
        assert told.stdout.strip() == "started ['kpis']"
    # a new lock file is noticed
    lock = small_checkout / "installer" / "requirements-dev.lock"
    lock.write_text(lock.read_text("utf-8") + "# renewed\n", "utf-8")
    assert bootstrap("test", "--offline-check").returncode == 1


def test_packages_that_cannot_be_fetched(bootstrap, checkout, index):
    folder, settings = index
    lock = checkout / "installer" / "requirements.lock"
    stamp = checkout / ".venv" / "set-up.json"

    # a damaged environment is made again first
    scripts = checkout / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
    scripts.mkdir(parents=True)
    (scripts / ("python.exe" if sys.platform == "win32" else "python")).write_text("not a program", "utf-8")

    nowhere = "http://127.0.0.1:9"  # the discard port: nobody listens
    offline = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "PIP_INDEX_URL": "https://index.invalid/simple"}
    result = bootstrap("demo", PIP_CONFIG_FILE=os.devnull, **offline)
    assert "Making " in result.stdout
    told = one_sentence(result)
    assert "no connection to the package index" in told
    assert "start again" in told
    assert not stamp.exists()
    assert "index.invalid" in (checkout / ".venv" / "set-up.log").read_text("utf-8")

    line = write_wheel(folder, "tampered", {"tampered.py": ""})
    lock.write_text(line.split("sha256:")[0] + f"sha256:{'0' * 64}\n", "utf-8")
    assert "not the one that was checked" in one_sentence(bootstrap("demo", **settings))
    assert not stamp.exists()

    lock.write_text(f"absent==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    told = one_sentence(bootstrap("demo", **settings))
    assert "no ready-made package absent==1.0" in told
    assert "glibc 2.34" in told
    assert not stamp.exists()


@POSIX
@pytest.mark.parametrize("kilobytes", [16, 512])
def test_a_full_disk(bootstrap, checkout, kilobytes):
    import resource  # noqa: PLC0415

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    told = one_sentence(bootstrap("demo", preexec=small_files))
    assert "no room left on the disk" in told
    assert not (checkout / ".venv" / "set-up.json").exists()


def test_an_old_python_can_at_least_read_it(checkout):
    """Only the file that tells an old Python what is needed has to be understood by one."""
    ast.parse((checkout / "installer" / "bootstrap.py").read_text("utf-8"), feature_version=(3, 8))


def fake_python(folder, name, version, body=""):
    """A program that answers as a Python of ``version`` and runs ``body`` otherwise."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\nif [ "$1" = -c ]; then echo "{version}"; exit 0; fi\n{body}\n', "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


OLD = """
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@POSIX
def test_an_old_python_says_what_is_needed(bootstrap, checkout, tmp_path):
    (tmp_path / "bin").mkdir()
    told = _as_old_python(checkout, str(tmp_path / "bin"))
    assert told.returncode == 1
    assert "needs Python 3.11 to 3.14; this is Python 3.9." in told.stderr
    assert "Traceback" not in told.stderr


@POSIX
def test_an_old_python_hands_over_to_a_newer_one(checkout, tmp_path):
    folder = tmp_path / "bin"
    fake_python(folder, "python3.13", "3 9")  # lies about its name
    fake_python(folder, "python3.12", "3 12", 'echo "twelve was given: $2"')
    told = _as_old_python(checkout, f"{folder}:/bin:/usr/bin")
    assert told.returncode == 0
    assert f"going on with {folder}/python3.12" in told.stdout
    assert "twelve was given: demo" in told.stdout


def _as_old_python(checkout, path):
    return subprocess.run(
        [sys.executable, "-c", OLD, str(checkout / "installer" / "bootstrap.py"), "demo"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": path},
    )


@POSIX
def test_python_without_ensurepip(bootstrap, checkout, tmp_path):
    """As Debian ships it: the module is not there until python3-venv is installed."""
    hidden = tmp_path / "site"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'ensurepip':\n"
        "            raise ModuleNotFoundError(\"No module named 'ensurepip'\", name=name)\n"
        "sys.meta_path.insert(0, Hide())\n",
        "utf-8",
    )
    told = one_sentence(bootstrap("demo", PYTHONPATH=str(hidden)))
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"sudo apt-get install python{version}-venv" in told
    assert not (checkout / ".venv").exists()


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(bootstrap, checkout):
    checkout.chmod(0o500)
    try:
        assert "cannot be written" in one_sentence(bootstrap("demo"))
    finally:
        checkout.chmod(0o700)


def test_the_newest_python_is_found_by_its_real_version(installer, monkeypatch, tmp_path):
    bootstrap = installer("bootstrap")
    assert bootstrap.version_of(sys.executable) == sys.version_info[:2]
    assert bootstrap.version_of(str(tmp_path / "nothing")) == (0, 0)
    assert bootstrap.supported((3, 11))
    assert not bootstrap.supported((3, 10))
    assert not bootstrap.supported((3, 15))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.other_python() is None
    assert shutil.which("python3") is None
