"""The main job through the command line: spreadsheets in, every engine, workbooks out, and all of it taken back."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from salesops_desktop import cli
from salesops_desktop.jobs.sample import generate
from tests.sheets.writing.reading_back import differences, formulas, recalculated_all

DONE_IN_ORDER = (
    "Import 15 files",
    "Design territories",
    "Set up starter plans",
    "Calculate commissions 2026-09",
    "Forecast 2026-09-30 by month",
)
ASKED_FOR = DONE_IN_ORDER[:-1]
"""What undo takes back one by one: a forecast is kept by itself, and goes with the data it was made of."""
WORKBOOKS = ("territories", "commissions", "forecast", "kpis")


class NoWindow:
    """The command line without a window."""

    def open(self, path):
        raise AssertionError

    def screens(self, workspace, out, sizes, themes):
        raise AssertionError


class Terminal:
    """Runs commands on one workspace and keeps what they said."""

    def __init__(self, workspace):
        self.workspace = workspace

    def run(self, command, *rest, status=0):
        """One command with ``--json``: what it answered."""
        words = [*command.split(), str(self.workspace), *map(str, rest), "--json"]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            left = cli.main(words, NoWindow())
        assert left == status, said.getvalue()
        return json.loads(said.getvalue())

    def content(self):
        """The workspace's content as one number."""
        report = self.run("check")
        assert report["faults"] == []
        return report["sentences"][-1]


class Company:
    """What the whole way left behind."""

    def __init__(self, folder):
        self.folder = folder
        self.workspace = folder / "small.salesops"
        self.answers = {}
        self.empty = self.full = ""
        self.paths: list[Path] = []


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """The small sample company, taken the whole way once."""
    made = Company(tmp_path_factory.mktemp("company"))
    walk(made, Terminal(made.workspace))
    return made


@pytest.fixture
def terminal(company):
    """A terminal on the workspace after the whole way."""
    return Terminal(company.workspace)


def walk(company, terminal):
    sample = generate(company.folder / "files", scale=0.05)
    terminal.run("new", "--company", "Small")
    company.empty = terminal.content()
    answers = company.answers
    answers["import"] = terminal.run("import", *sample.paths, "--as-of", sample.as_of)
    answers["territories"] = terminal.run("territories design")
    answers["plans"] = terminal.run("commissions starter-plans")
    answers["commissions"] = terminal.run("commissions run")
    answers["forecast"] = terminal.run("forecast run")
    answers["kpis"] = terminal.run("kpis")
    company.full = terminal.content()
    for what in WORKBOOKS:
        written = terminal.run("export", what, company.folder / f"{what}.xlsx")
        company.paths += [Path(saved["path"]) for saved in written["files"]]
    written = terminal.run("export", "statements", company.folder / "statements")
    saved = [Path(file["path"]) for file in written["files"]]
    answers["statements"] = [path for path in saved if path.parent == company.folder / "statements"]
    company.paths += saved[::4]  # statements and packs are one kind of workbook


def column(table, name):
    """A column's values of a table told as JSON."""
    place = [c["name"] for c in table["columns"]].index(name)
    return [row[place] for row in table["rows"]]


def test_every_row_of_every_file_arrives(company, terminal):
    for outcome in company.answers["import"]["outcomes"]:
        assert outcome["rows"] == outcome["new"] + outcome["changed"] + outcome["unchanged"] > 0, outcome["file"]
        assert outcome["rejected"] == 0
    contents = {each["name"]: each["rows"] for each in terminal.run("contents")["entities"]}
    told = Counter()
    for outcome in company.answers["import"]["outcomes"]:
        told[outcome["entity"]] += outcome["new"]
        told["snapshot_line"] += outcome["snapshot_lines"]
    assert contents == dict(told)


def test_exports_change_nothing(company, terminal):
    assert terminal.content() == company.full != company.empty


def test_the_parts_of_a_run_sum_to_the_whole(company, terminal):
    run = company.answers["commissions"]
    lines = run["lines"]
    sums = Counter()
    place = [c["name"] for c in lines["columns"]].index("payout")
    stored = terminal.run("commissions show", run["head"]["id"])["lines"]
    assert lines == stored
    assert lines["rows"]
    by_person = dict(zip(column(run["people"], "person"), column(run["people"], "payout"), strict=True))
    for person, payout in zip(column(lines, "person"), (row[place] for row in lines["rows"]), strict=True):
        sums[person] += Decimal(payout)
    assert {person: str(total) for person, total in sums.items()} == by_person
    assert len(company.answers["statements"]) == len(by_person)


def test_statements_sum_to_the_run(company, terminal):
    run = company.answers["commissions"]
    owed = sorted(Decimal(payout) for payout in column(run["people"], "payout"))
    paid = []
    for path in company.answers["statements"]:
        sheet = load_workbook(path, data_only=True)["Statement"]
        labelled = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
        paid.append(Decimal(str(labelled["Earned"])))
    assert sorted(paid) == owed


@pytest.mark.libreoffice
def test_another_program_finds_the_same_figures_in_every_workbook(company, terminal, tmp_path):
    again = recalculated_all(company.paths, tmp_path)
    for path, other in zip(company.paths, again, strict=True):
        assert sum(map(len, formulas(path).values())) > 10, path.name
        assert differences(path, other) == [], path.name
        assert load_workbook(other, data_only=True)["Checks"]["B3"].value == 0, path.name


def test_history_tells_all_and_everything_can_be_taken_back(company, terminal):
    done = terminal.run("history")["actions"]
    assert tuple(action["name"] for action in reversed(done)) == DONE_IN_ORDER
    assert all(action["who"] and action["at"] for action in done)
    rows = sum(outcome["new"] for outcome in company.answers["import"]["outcomes"])
    assert sum(count["inserted"] for count in done[-1]["tables"]) > rows
    for _ in ASKED_FOR:
        terminal.run("undo")
    assert terminal.content() == company.empty
    assert "nothing to undo" in terminal.run("undo", status=1)["error"]
    assert terminal.run("contents")["entities"] == [
        {**each, "rows": 0} for each in terminal.run("contents")["entities"]
    ]
    for _ in DONE_IN_ORDER:
        terminal.run("redo")
    assert terminal.content() == company.full
    assert "nothing to redo" in terminal.run("redo", status=1)["error"]
    told = terminal.run("history")["actions"]
    assert len(told) == 3 * len(DONE_IN_ORDER)
    assert terminal.run("commissions list")["runs"][0]["id"] == company.answers["commissions"]["head"]["id"]
