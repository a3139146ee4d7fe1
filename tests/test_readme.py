"""The README is true: its commands exist, its table of commands is whole, its Python runs, its files are there."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import re
import shlex
import sys

import numpy as np
import pandas as pd
import pytest

from salesops_desktop.cli import parser
from salesops_desktop.cli.window_commands import window_jobs
from salesops_desktop.jobs import import_draft
from salesops_desktop.jobs.declare import REGISTRY
from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.launcher import Launcher
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
INLINE = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", README)
LINES = [line for language, block in BLOCKS if not language for line in block.splitlines()]


@pytest.fixture(scope="module")
def jobs():
    importlib.import_module("salesops_desktop.jobs.catalogue")
    return {job.command: job for job in [*REGISTRY.values(), *window_jobs(Launcher())]}


@pytest.fixture(scope="module")
def understood(jobs):
    """Whether the command line takes a line that begins with ``salesops``."""
    commands = parser.build(jobs.values())

    def take(line):
        try:
            commands.parse_args(shlex.split(line)[1:])
        except SystemExit as stop:
            return stop.code == 0
        return True

    return take


def test_every_quoted_command_line_is_understood(jobs, understood):
    lines = [line for line in LINES if line.startswith("salesops ")]
    assert len(lines) > 20
    named = [line for line in INLINE if line.startswith("salesops ") and line.partition(" ")[2] not in jobs]
    assert [line for line in [*lines, *named] if not understood(line)] == []
    assert not understood("salesops kpis")
    assert not understood("salesops fly company.salesops")


def test_every_example_of_the_help_is_understood(jobs, understood):
    lines = [f"salesops {line}" for job in jobs.values() for line in job.examples]
    assert [line for line in lines if not understood(line)] == []


def test_the_table_of_commands_is_whole(jobs):
    section = README.partition("All commands (`salesops --help`):")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `([\w -]+)` \| (.+) \|$", section, flags=re.MULTILINE))
    assert table == {command: job.title[0].lower() + job.title[1:] for command, job in jobs.items()}
    assert list(table) == sorted(table)


def test_what_it_points_at_is_there():
    rooms = next(block for _, block in BLOCKS if block.startswith("salesops_desktop/"))
    for indent, name in re.findall(r"^( *)([\w.]+)/ ", rooms, flags=re.MULTILINE):
        assert (ROOT / ("salesops_desktop" if indent else "") / name).is_dir(), name
    pictures = re.findall(r"^!\[[^]]+\]\(([^)]+)\)$", README, flags=re.MULTILINE)
    assert pictures
    assert sum((ROOT / picture).stat().st_size for picture in pictures) < 300_000
    scripts = re.findall(r"python3? ((?:-m )?[\w./]+)", "\n".join([*LINES, *INLINE]))
    assert len(scripts) > 8
    for script in scripts:
        module = script.removeprefix("-m ")
        if module != script and module.partition(".")[0] not in {"benchmarks", "salesops_desktop"}:
            assert importlib.util.find_spec(module), script  # somebody else's: pip, pytest
            continue
        path = ROOT / (module.replace(".", "/") if module != script else module)
        assert any(place.is_file() for place in (path, path.with_suffix(".py"), path / "__main__.py")), script


def test_its_mapping_file_is_one(tmp_path):
    quoted = [text for text in INLINE if text.startswith("{")]
    assert len(quoted) == 1
    (tmp_path / "mapping.json").write_text(quoted[0], "utf-8")
    document = json.loads(quoted[0])
    mapping = import_draft._read_mapping(tmp_path / "mapping.json")
    assert (mapping.entity, mapping.fields) == (document["entity"], document["fields"])
    orders = document["date_orders"]
    assert set(orders) <= set(mapping.fields)
    assert {entity(mapping.entity).field(mapping.fields[header]).kind for header in orders} <= {
        ValueKind.DATE,
        ValueKind.DATETIME,
    }


def test_its_python_runs(monkeypatch, capsys):
    blocks = [block for language, block in BLOCKS if language == "python"]
    assert len(blocks) == 1
    days = pd.date_range("2023-01-31", dt.datetime.now(tz=dt.UTC).date(), freq="ME")
    amounts = 100_000 + 20_000 * np.sin(np.arange(len(days)))
    deals = pd.DataFrame({"close_on": days.date, "amount_minor": amounts.astype("int64")})
    exec(blocks[0], {"deals": deals})  # what the README tells people to do
    said = capsys.readouterr().out.splitlines()
    assert any("back-test" in line.lower() for line in said), said


def test_the_pythons_it_names_are_those_of_the_installer(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "installer"))
    bootstrap = importlib.import_module("bootstrap")
    sys.modules.pop("bootstrap")
    oldest, newest = (".".join(map(str, version)) for version in (bootstrap.OLDEST, bootstrap.NEWEST))
    assert f"Python {oldest} to {newest}" in README
