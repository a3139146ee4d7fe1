import sys

import pytest

OUTPUTS = {
    "no room left": [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "OSError: [Errno 27] File too large",
    ],
    "not the one that was checked": ["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."],
    "could not prove who it is": ["SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]"],
    "no connection to the package index": [
        "[Errno -2] Name or service not known\nERROR: No matching distribution found for numpy==2.4.6",
        "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))",
        "ReadTimeoutError: HTTPSConnectionPool(): Read timed out.",
    ],
    "cannot be written": ["Error: [Errno 13] Permission denied: '/opt/app/.venv'"],
    "no ready-made package pyside6-essentials==6.11.3": [
        "ERROR: No matching distribution found for pyside6-essentials==6.11.3"
    ],
    "could not be completed: ERROR: something new": ["line\nERROR: something new\n\n"],
    "could not be completed: nothing was said": [""],
}


@pytest.mark.parametrize(("sentence", "output"), [(s, o) for s, outputs in OUTPUTS.items() for o in outputs])
def test_each_failure_has_its_sentence_and_a_way_out(installer, sentence, output):
    error = installer("failures").explain(output)
    assert sentence in error.what
    assert error.way_out.endswith((".", "again"))
    assert "again" in error.way_out or "needs" in error.way_out


def test_names_of_debian_packages(installer):
    names = installer("system_libraries").debian_names
    wanted = ["libglib2.0-0", "libgl1"]
    assert names(wanted, 'ID=debian\nVERSION_ID="12"\n') == wanted
    assert names(wanted, 'ID=debian\nVERSION_ID="13"\n') == ["libglib2.0-0t64", "libgl1"]
    assert names(wanted, 'ID=ubuntu\nVERSION_ID="22.04"\n') == wanted
    assert names(wanted, 'ID=ubuntu\nVERSION_ID="24.04"\n') == ["libglib2.0-0t64", "libgl1"]
    assert names(wanted, "") == wanted


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks Qt's libraries")
def test_a_missing_system_library(installer, monkeypatch, tmp_path):
    """A Python whose Qt cannot be loaded, on a system where nothing may be installed."""
    module = installer("system_libraries")
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho 'ImportError: libGL.so.1: cannot open shared object file: No such file' >&2\nexit 1\n",
        "utf-8",
    )
    python.chmod(0o755)
    monkeypatch.setattr(module, "install_as_root", lambda packages: False)
    with pytest.raises(Exception, match=r"needs is missing: libGL\.so\.1\..*(apt-get install --yes|dnf install)"):
        module.provide(python, window=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks Qt's libraries")
def test_qt_starts_here(installer):
    assert installer("system_libraries").probe(sys.executable, window=False) == ""
