"""A process killed at any moment loses nothing it had finished and leaves nothing by halves."""

import subprocess
import sys
from pathlib import Path

import pytest

PROOF = Path(__file__).with_name("kill_proof.py")


def prove(kills, seed):
    proof = subprocess.run(
        [sys.executable, PROOF, "--kills", str(kills), "--seed", str(seed)], capture_output=True, text=True, check=False
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert f"{kills} kills" in proof.stdout
    return proof.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_twenty_kills():
    assert "0 faults" in prove(20, 7)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_two_hundred_kills():
    report = prove(200, 1)
    assert "0 faults" in report
    assert "0 left a log to fold in" not in report
