"""The lock files say what pyproject.toml asks for, completely and without an address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = ROOT / "installer" / "requirements.lock"
DEV = ROOT / "installer" / "requirements-dev.lock"


def pins(path):
    """Package → the versions it is locked at (one a platform or Python)."""
    found = {}
    for name, version in re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", path.read_text("utf-8"), flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (RUNTIME, PROJECT["project"]["dependencies"]),
        (DEV, PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
    ids=["runtime", "dev"],
)
def test_everything_the_project_asks_for_is_locked(path, wanted):
    locked = pins(path)
    for text in wanted:
        requirement = Requirement(text)
        versions = locked[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_tests_run_on_the_versions_the_program_ships_with():
    runtime, dev = pins(RUNTIME), pins(DEV)
    assert {name: dev[name] for name in runtime} == runtime


@pytest.mark.parametrize("path", [RUNTIME, DEV], ids=["runtime", "dev"])
def test_every_package_has_hashes_and_no_address(path):
    text = path.read_text("utf-8")
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "://" not in text
    assert "--index" not in text
