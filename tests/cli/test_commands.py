"""Each command loads its own job only; the map of commands to modules is true."""

from __future__ import annotations

import importlib
import subprocess
import sys

from salesops_desktop.cli.commands import MODULES, jobs_for
from salesops_desktop.jobs.declare import REGISTRY


def test_the_map_names_every_command_and_its_module():
    importlib.import_module("salesops_desktop.jobs.catalogue")
    for job in REGISTRY.values():
        module = job.function.__module__.removeprefix("salesops_desktop.jobs.")
        assert module in MODULES[job.command.split()[0]], job.command
    assert {job.command.split()[0] for job in REGISTRY.values()} == set(MODULES)


def test_an_unknown_word_loads_all_of_them():
    assert {job.command for job in jobs_for(["--help"])} == set(REGISTRY)


def test_history_needs_no_pandas():
    code = (
        "import sys; from salesops_desktop.cli.commands import jobs_for; jobs_for(['history']);"
        "sys.exit('pandas' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
