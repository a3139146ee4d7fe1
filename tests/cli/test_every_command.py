"""Every command: its help, its JSON, its exit status, its errors."""

from __future__ import annotations

import dataclasses
import functools
import json
import shlex
import subprocess
import sys

import pytest
from openpyxl import load_workbook

from salesops_desktop import cli
from salesops_desktop.cli import parser
from salesops_desktop.cli.window_commands import window_jobs
from salesops_desktop.jobs import catalogue
from salesops_desktop.jobs.declare import REGISTRY, Needs
from salesops_desktop.workspace import Workspace
from tests.conftest import ROOT

COMMANDS = {job.command: job for job in (*catalogue.JOBS.values(), *window_jobs(None))}

ASKED = {
    "new": "{tmp}/new.salesops",
    "sample": "{tmp}/made.salesops --scale 0.02",
    "demo": "--out {tmp}/demo --scale 0.02",
    "open": "{company}",
    "screens": "{company} {tmp}/pictures",
    "restore": "{backup} {tmp}/restored.salesops",
    "inspect": "{company} {files}/people.csv",
    "import": "{company} {files}/people.csv",
    "show": "{company} product",
    "export": "{company} kpis {tmp}/kpis.xlsx",
    "export-table": "{company} account {tmp}/accounts.xlsx",
    "undo": "{company}",
    "redo": "{undone}",
    "commissions show": "{company} 1",
    "commissions trace": "{company} 1 1",
    "commissions why-not": "{company} 1",
    "commissions set-status": "{company} 1 'in review'",
    "commissions goal-seek": "{company} 2026-09 {paid} 80000",
    "commissions what-if": "{company} 2026-09 --rates 110 --check",
    "commissions compare": "{compared} 1 2",
    "commissions compare-plans": "{company} 'Rep plan USD' 'Overlay plan USD' 2026-09",
    "commissions assignments": "{company}",
    "commissions assign": "{company} 'Overlay plan USD' 2026-10-01 --role overlay",
    "commissions unassign": "{company} 'Rep plan USD' 2026-10-01 --role rep",
    "commissions adjust": "{company} 1 10.50 --line 1 --reason 'Agreed'",
    "commissions hold": "{company} 1 --line 1 --reason 'Disputed'",
    "commissions release": "{held} 1 1",
    "commissions ask": "{company} 1 1 'Why?'",
    "commissions answer": "{asked} 1 'Because'",
    "commissions retro": "{company} 2026-09",
    "commissions payroll": "{approved} 1 {tmp}/payroll.csv",
    "commissions amortise": "{approved}",
    "commissions starter-plans": "{planless}",
    "commissions templates": "",
    "commissions new-plan": "{company} 'manager override'",
    "commissions write-plan": "{company} 'Rep plan USD' {tmp}/plan.json",
    "commissions save-plan": "{company} {plan}",
    "commissions remove-plan": "{company} 'Rep plan USD'",
    "commissions book": "{bookless}",
    "forecast comment": "{company} 'Two large deals slipped.' --region EMEA",
    "forecast comments": "{company}",
    "forecast assume": "{company} 'Hiring freeze' --heads 0.9 --note 'Until May'",
    "forecast forget-assumption": "{assumed} 'Hiring freeze'",
    "forecast correct": "{leaning} Ann --reason Agreed",
    "forecast withdraw-correction": "{corrected} Ann --as-of 2030-12-31",
    "forecast rebuild": "{company} --periods 1",
    "forecast packs": "{company} {tmp}/packs",
    "forecast judge": "{company} commit --deal {deal} --why Signed",
    "forecast import-judgements": "{company} {answered}",
    "forecast accept-judgements": "{judged}",
    "forecast decline-judgements": "{judged}",
    "forecast withdraw-judgements": "{accepted}",
    "absences add": "{company} {territory} --start 2027-01-01",
    "absences delete": "{away} 1",
    "territories show": "{company} 1",
    "territories move": "{company} 1 {territory} 1 2 3",
    "territories packs": "{company} 1 {tmp}/packs",
    "territories import-proposals": "{company} {returned}",
    "territories accept-proposals": "{proposed} 1",
    "territories decline-proposals": "{proposed} 1",
    "territories make-current": "{company} 1 --effective-from 2027-01-01",
    "territories copy": "{company} 1 Second",
    "territories rename": "{company} 1 Second",
    "territories route": "{company} 1 --what leads --all-open",
    "territories note": "{company} 1 'Agreed'",
    "territories delete": "{company} 1",
    "territories prove": "{company} 1 --seconds 1",
    "territories staff": "{company} 1 {territory}",
    "territories compare": "{company} 0 1",
    "territories lock": "{company} 1 1 2",
    "territories lock-territory": "{company} 1 {territory}",
    "territories name-accounts": "{company} {territory} 1",
    "territories forbid-accounts": "{company} {territory} 1",
    "territories forget-rules": "{ruled} 1",
    "territories why": "{company} 1 1",
}
"""What to ask of the commands that need more than a workspace."""


def sandbagged(company):
    """The company with two years of Ann's numbers, each four fifths of what came."""
    with Workspace.open(company) as workspace, workspace.action("Ann's numbers", kind="edit") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO judgement (who, at, as_of, scope, node_key, period_start, period_end, field, value, status) "
            "SELECT 'Ann', min(booked_on) || ' 09:00:00', min(booked_on), 'node', '{}', quarter, "
            "date(quarter, '+3 months', '-1 day'), 'own number', CAST(sum(amount) * 8 / 10 AS TEXT), 'open' FROM ("
            "SELECT booked_on, amount, date(booked_on, 'start of month', "
            "'-' || ((strftime('%m', booked_on) + 2) % 3) || ' months') AS quarter "
            "FROM \"transaction\" WHERE kind IN ('booking', 'refund')) GROUP BY quarter"
        )
    return company


def returned_workbook(salesops, company, folder):
    """A scenario's workbook with a comment on one account, as a manager sends it back."""
    path = folder / "returned.xlsx"
    assert salesops("export", company, "territories", path, "--number", "1")[0] == 0
    book = load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows(max_row=60):
            named = {cell.value: cell for cell in row}
            if {"Ref.", "Comment"} <= named.keys():
                sheet.cell(row[0].row + 1, named["Comment"].column).value = "please call first"
                book.save(path)
                return path
    raise AssertionError("no list with proposals")


def answered_workbook(salesops, company, folder):
    """A manager's forecast workbook with a comment on one deal, as it is sent back."""
    assert salesops("forecast", "packs", company, folder / "packs")[0] == 0
    path = min((folder / "packs").iterdir())
    book = load_workbook(path)
    sheet = book["Deals"]
    head = next(row for row in sheet.iter_rows() if "Ref." in [cell.value for cell in row])
    place = next(cell.column for cell in head if cell.value == "Comment")
    sheet.cell(head[0].row + 1, place).value = "signed by their legal"
    book.save(path)
    return path


@pytest.fixture
def places(finished, company, salesops, tmp_path):
    """The words of :data:`ASKED` filled in; workspaces in the state that a command needs are made on demand."""

    def of(command):
        text = ASKED.get(command, "{company}")
        made = {"tmp": tmp_path, "company": company, "files": finished.parent / "files"}
        if "{backup}" in text:
            made["backup"] = json.loads(salesops("backup", company, "--json")[1])["path"]
        if "{undone}" in text:
            assert salesops("undo", company)[0] == 0
            made["undone"] = company
        if "{away}" in text:
            person = json.loads(salesops("territories", "show", company, "1", "--json")[1])["territories"]["rows"][0][0]
            assert salesops("absences", "add", company, person, "--start", "2027-01-01")[0] == 0
            made["away"] = company
        if "{ruled}" in text:
            person = json.loads(salesops("territories", "show", company, "1", "--json")[1])["territories"]["rows"][0][0]
            assert salesops("territories", "name-accounts", company, person, "1")[0] == 0
            made["ruled"] = company
        if "{paid}" in text:
            shown = json.loads(salesops("commissions", "show", company, "1", "--json")[1])
            made["paid"] = shown["people"]["rows"][-1][0]
        if "{compared}" in text:
            assert salesops("commissions", "run", company, "2026-08")[0] == 0
            made["compared"] = company
        if "{leaning}" in text or "{corrected}" in text:
            made["leaning"] = made["corrected"] = sandbagged(company)
        if "{corrected}" in text:
            assert salesops("forecast", "correct", company, "Ann")[0] == 0
        if "{assumed}" in text:
            assert salesops("forecast", "assume", company, "Hiring freeze", "--heads", "0.9")[0] == 0
            made["assumed"] = company
        if "{held}" in text:
            assert salesops("commissions", "hold", company, 1, "--line", 1, "--reason", "Disputed")[0] == 0
            made["held"] = company
        if "{asked}" in text:
            assert salesops("commissions", "ask", company, 1, 1, "Why?")[0] == 0
            made["asked"] = company
        if "{approved}" in text:
            for status in ("in review", "approved"):
                assert salesops("commissions", "set-status", company, 1, status)[0] == 0
            made["approved"] = company
        if "{plan}" in text:
            made["plan"] = tmp_path / "plan.json"
            assert salesops("commissions", "write-plan", company, "Rep plan USD", made["plan"])[0] == 0
        if "{planless}" in text or "{bookless}" in text:
            blank = tmp_path / "blank.salesops"
            file = "people.csv" if "{planless}" in text else "opportunities.csv"
            assert salesops("new", blank)[0] == 0
            assert salesops("import", blank, finished.parent / "files" / file)[0] == 0
            made["planless"] = made["bookless"] = blank
        if "{returned}" in text or "{proposed}" in text:
            made["returned"] = returned_workbook(salesops, company, tmp_path)
        if "{proposed}" in text:
            assert salesops("territories", "import-proposals", company, made["returned"])[0] == 0
            made["proposed"] = company
        if "{answered}" in text:
            made["answered"] = answered_workbook(salesops, company, tmp_path)
        if "{deal}" in text or "{judged}" in text or "{accepted}" in text:
            deals = json.loads(salesops("show", company, "opportunity", "--json")[1])["table"]
            status = [column["name"] for column in deals["columns"]].index("status")
            made["deal"] = next(row for row in deals["rows"] if row[status] == "open")[0]
            made["judged"] = made["accepted"] = company
        if "{judged}" in text or "{accepted}" in text:
            assert salesops("forecast", "judge", company, "4321", "--deal", made["deal"], "--why", "Signed")[0] == 0
        if "{accepted}" in text:
            assert salesops("forecast", "accept-judgements", company)[0] == 0
        if "{territory}" in text:
            shown = json.loads(salesops("territories", "show", company, "1", "--json")[1])
            made["territory"] = shown["territories"]["rows"][0][0]
        return shlex.split(text.format(**{name: shlex.quote(str(value)) for name, value in made.items()}))

    return of


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_with_an_example(command, salesops):
    status, out, err = salesops(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert f"salesops {command}" in out
    assert COMMANDS[command].help.split(". ")[0].split("\n")[0] in out
    assert "examples:" in out
    assert f"  salesops {COMMANDS[command].examples[0]}" in out
    for name, (parameter, _) in COMMANDS[command].parameters.items():
        shown = name if parameter.kind is not parameter.KEYWORD_ONLY else f"--{name.rstrip('_').replace('_', '-')}"
        assert shown in out
    assert "None" not in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_parameter_of_a_command_is_explained(command):
    _, described = parser.split_docstring(COMMANDS[command].help)
    assert set(COMMANDS[command].parameters) <= set(described)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_are_right(command):
    made = parser.build(COMMANDS.values())
    for line in COMMANDS[command].examples:
        assert made.parse_args(shlex.split(line)).job.command == command


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_json(command, salesops, places):
    status, out, err = salesops(*command.split(), *places(command), "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert isinstance(answer, dict)
    assert answer


@pytest.mark.parametrize("command", [c for c, job in COMMANDS.items() if job.needs is not Needs.NOTHING])
def test_a_workspace_that_is_not_there_is_one_sentence(command, salesops, places, company, tmp_path):
    words = [word.replace(str(company), str(tmp_path / "nowhere.salesops")) for word in places(command)]
    words[0] = str(tmp_path / "nowhere.salesops")
    status, out, err = salesops(*command.split(), *words)
    assert (status, out) == (1, "")
    assert "nowhere.salesops" in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert not (tmp_path / "nowhere.salesops").exists()


def test_people_read_sentences_and_tables(salesops, company):
    status, out, err = salesops("kpis", company, "--period", "year")
    assert (status, err) == (0, "")
    assert "Win rate: " in out
    assert "━" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required"),
        (("nonsense",), "invalid choice"),
        (("commissions",), "required"),
        (("kpis",), "workspace"),
        (("kpis", "{company}", "--as-of", "30.9.2026"), "not a date; write it as 2026-09-30"),
        (("kpis", "{company}", "--period", "fortnight"), "'fortnight' is none of week, month, quarter, year"),
        (("forecast", "run", "{company}", "--horizon", "six"), "invalid int"),
        (("commissions", "show", "{company}", "first"), "invalid int"),
        (("import", "{company}"), "files"),
        (("import", "{company}", "a.csv", "--sideways"), "unrecognized"),
    ],
)
def test_a_wrong_command_line_is_status_2(salesops, company, words, said):
    status, out, err = salesops(*(word.format(company=company) for word in words))
    assert status == 2
    assert out == ""
    assert said in err
    assert "lambda" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("kpis", "{company}", "--by", "weather"), "weather"),
        (("show", "{company}", "unicorn"), "unicorn"),
        (("import", "{company}", "{missing}.csv"), "missing.csv"),
        (("import", "{company}", "{files}/people.csv", "--as", "unicorn"), "unicorn"),
        (("commissions", "run", "{company}", "2026-13"), "2026-13"),
        (("commissions", "show", "{company}", "99"), "99"),
        (("commissions", "trace", "{company}", "1", "9999"), "9999"),
        (("commissions", "set-status", "{company}", "1", "paid"), "cannot become paid"),
        (("commissions", "set-status", "{company}", "99", "paid"), "99"),
        (("territories", "show", "{company}", "99"), "99"),
        (("territories", "make-current", "{company}", "99"), "99"),
        (("territories", "design", "{company}", "--tolerance", "0"), "tolerance"),
        (("export", "{company}", "kpis", "{missing}.pdf"), ".xlsx"),
        (("export", "{company}", "commissions", "{missing}.xlsx", "--number", "99"), "99"),
        (("undo", "{company}", "--action", "9999"), "9999"),
        (("redo", "{company}"), "nothing to redo"),
        (("new", "{company}"), "already"),
        (("sample", "{company}"), "already"),
        (("sample", "{missing}.salesops", "--scale", "1000"), "1000"),
        (("new", "{missing}.salesops", "--currency", "XXQ"), "XXQ"),
        (("screens", "{company}", "{missing}", "--size", "big"), "1366x768"),
        (("screens", "{company}", "{missing}", "--theme", "pink"), "pink"),
    ],
)
def test_what_cannot_be_done_is_status_1_and_a_sentence(salesops, finished, company, tmp_path, words, said):
    filled = [w.format(company=company, files=finished.parent / "files", missing=tmp_path / "missing") for w in words]
    status, out, err = salesops(*filled)
    assert (status, out) == (1, "")
    assert said in err
    assert err.strip().endswith((".", "?"))
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    status, out, err = salesops(*filled, "--json")
    assert (status, err) == (1, "")
    assert said in json.loads(out)["error"]


def test_all_faults_are_told_at_once(salesops, tmp_path):
    path = tmp_path / "empty.salesops"
    salesops("new", path)
    status, _, err = salesops("commissions", "run", path)
    assert status == 1
    assert "Plans: " in err
    assert "Transactions: " in err
    _, out, _ = salesops("commissions", "run", path, "--json")
    assert {fault["where"] for fault in json.loads(out)["faults"]} == {"Plans", "Transactions"}


def test_lists_dates_and_flags_arrive_typed(salesops, company, window, tmp_path):
    status, out, _ = salesops("show", company, "product", "--ids", 3, 1, "--json")
    assert status == 0
    assert len(json.loads(out)["table"]["rows"]) == 2
    status, out, _ = salesops("kpis", company, "--period", "month", "--as-of", "2026-06-30", "--json")
    assert json.loads(out)["as_of"] == "2026-06-30"
    status, _, _ = salesops("screens", company, tmp_path / "p", "--size", "800x600", "1024x768", "--theme", "dark")
    assert window.pictured == [(company, tmp_path / "p", ((800, 600), (1024, 768)), ("dark",))]
    salesops("territories", "design", company, "--name", "Apart", "--no-keep-parents", "--stability", "0")
    _, out, _ = salesops("territories", "list", company, "--json")
    assert "Apart" in out


def test_the_window_is_opened_on_the_workspace(salesops, company, window):
    assert salesops("open", company)[0] == 0
    assert salesops("open")[0] == 0
    assert window.opened == [company, None]


def test_a_damaged_file_is_told_and_left_alone(salesops, tmp_path):
    path = tmp_path / "damaged.salesops"
    path.write_bytes(b"no workspace at all")
    status, out, err = salesops("check", path)
    assert (status, out) == (1, "")
    assert "Traceback" not in err
    assert path.read_bytes() == b"no workspace at all"


def test_a_process_says_nothing_but_its_answer(company):
    """Not on a terminal: no progress bar, no control codes, nothing on stderr."""
    command = [sys.executable, "-m", "salesops_desktop"]
    options = {"cwd": ROOT, "capture_output": True, "timeout": 120}
    done = subprocess.run([*command, "forecast", "run", company], check=False, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    done = subprocess.run([*command, "check", company, "--json"], check=False, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["faults"] == []
    done = subprocess.run([*command, "show", company, "unicorn"], check=False, **options)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1


def test_interruption_leaves_nothing(company, window, capsys, monkeypatch):
    before = company.read_bytes()
    job = REGISTRY["forecast run"]

    @functools.wraps(job.function)
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setitem(REGISTRY, "forecast run", dataclasses.replace(job, function=interrupted))
    assert cli.main(["forecast", "run", str(company)], window) == 130
    assert "nothing was changed" in capsys.readouterr().err
    assert company.read_bytes() == before
