"""Everything the program needs at run time is in the wheel: what packaging would leave out without a word."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
NOT_SHIPPED = {"resources/build_geography.py", "resources/render_icon.py"}
"""Scripts that made the resources; the program does not need them, nor the pictures of the README."""


def files(folder):
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {p.relative_to(ROOT).as_posix() for p in found if not any("cache" in part for part in p.parts)}


def shipped_data():
    """Where each file of ``data_files`` lands below the folder of shared data."""
    for target, patterns in SETTINGS["data-files"].items():
        for pattern in patterns:
            for path in ROOT.glob(pattern):
                yield path.relative_to(ROOT).as_posix(), target


def test_every_resource_ships_to_where_the_program_looks():
    data = dict(shipped_data())
    assert files("resources") - files("resources/pictures") - set(data) == NOT_SHIPPED
    for path, target in data.items():
        assert f"{target}/{Path(path).name}" == f"share/salesops-desktop/{path}"


def test_every_pattern_matches_something():
    for patterns in SETTINGS["data-files"].values():
        assert [pattern for pattern in patterns if not list(ROOT.glob(pattern))] == []


def test_every_file_of_the_packages_ships():
    shipped = {path for path in files("salesops_desktop") if path.endswith(".py")}
    for package, patterns in SETTINGS["package-data"].items():
        for pattern in patterns:
            found = list(ROOT.glob(f"{package.replace('.', '/')}/{pattern}"))
            assert found, f"{package}: {pattern}"
            shipped |= {path.relative_to(ROOT).as_posix() for path in found}
    assert files("salesops_desktop") - shipped == set()


def test_no_folder_of_modules_is_left_out_for_want_of_an_init():
    folders = {Path(path).parent for path in files("salesops_desktop") if path.endswith(".py")}
    assert [folder.as_posix() for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("group", ["scripts", "gui-scripts"])
def test_the_commands_lead_somewhere(group):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for entry in project[group].values():
        module, _, name = entry.partition(":")
        assert f"def {name}(" in (ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8")
