"""Imports: previewed without a trace, mapped as last time, asked where nothing may be guessed, stopped anywhere."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from salesops_desktop.jobs import imports, tables
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.import_draft import SheetPlan, answered, draft_of, planned
from salesops_desktop.jobs.imports import Decisions, import_files, preview_import, run_import
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.errors import (
    Cancelled,
    FaultsError,
    InputRefusedError,
    NothingToDoError,
    PasswordNeededError,
    ReadOnlyError,
)

ACCOUNTS = """Account ID,Account Name,Industry,Annual Revenue,Parking spaces
A1,North Mills,Retail,1200000,12
A2,Bay Works,Energy,850000.50,
A3,Süd Labor,,,3
"""
PRODUCTS = "Product Code,Product Name,List Price\nP1,GTX Pro,4821\nP2,GTX Basic,550\nP3,MG Special,55\n"
DEALS = """Opportunity ID,Account Name,Product Name,Stage,Amount,Created Date,Close Date
D1,North Mills,GTXPro,Closed Won,5000,2026-01-05,2026-02-20
D2,Bay Works,GTX Basic,Proposal,700,2026-01-15,
D3,Bay Works,MGSpecial,Proposal,60,2026-01-25,
"""


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "company.salesops"
    new(JobContext(), made)
    return made


@pytest.fixture
def context(path):
    with opened(path) as made:
        yield made


@pytest.fixture
def write(tmp_path):
    def to(name, text, encoding="utf-8"):
        file = tmp_path / name
        file.write_text(text, encoding=encoding)
        return file

    return to


def content(context):
    report = context.workspace.check()
    assert report.sound
    return report.content


def column(context, entity, name):
    table = tables.browse(context, entity).table
    return [table[name].cell(i) for i in range(len(table))]


def stored(context, statement):
    with context.workspace.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def test_a_dry_run_tells_all_and_writes_nothing(context, path, write):
    file = write("accounts.csv", ACCOUNTS)
    before, size = content(context), path.stat().st_size
    report = import_files(context, [file], dry_run=True)
    (outcome,) = report.outcomes
    assert (outcome.entity, outcome.rows, outcome.new, outcome.rejected) == ("account", 3, 3, 0)
    assert report.dry_run
    assert report.action_id is None
    assert report.backup is None
    assert report.summary()[-1] == "Nothing was written: this was a dry run."
    assert content(context) == before
    assert context.workspace.history() == []
    assert context.workspace.backups() == []
    assert path.stat().st_size == size
    told = import_files(context, [file])
    assert told.outcomes == report.outcomes
    assert told.backup is not None
    assert told.backup.exists()


def test_what_a_file_says_arrives_exactly_and_unknown_columns_stay(context, write):
    import_files(context, [write("accounts.csv", ACCOUNTS)])
    assert column(context, "account", "name") == ["North Mills", "Bay Works", "Süd Labor"]
    assert [v and str(v) for v in column(context, "account", "annual_revenue")] == ["1200000.00", "850000.50", None]
    kept = stored(context, "SELECT attributes FROM account ORDER BY id")
    assert [json.loads(v) if v else None for (v,) in kept] == [{"Parking spaces": "12"}, None, {"Parking spaces": "3"}]
    sources = stored(
        context, "SELECT a.source_row, s.file_name FROM account a JOIN import_source s ON s.id = a.source_id"
    )
    assert sources == [(2, "accounts.csv"), (3, "accounts.csv"), (4, "accounts.csv")]


def test_several_sheets_of_one_workbook(context, tmp_path):
    file = tmp_path / "company.xlsx"
    book = openpyxl.Workbook()
    for title, text in (
        ("Notes", "Only words here\n"),
        ("Opportunities", DEALS),
        ("Products", PRODUCTS),
        ("Accounts", ACCOUNTS),
    ):
        sheet = book.create_sheet(title)
        for line in text.splitlines():
            sheet.append([int(v) if v.isdigit() else v or None for v in line.split(",")])
    book.remove(book["Sheet"])
    book.save(file)
    report = import_files(context, [file], as_of=dt.date(2026, 3, 1), accept_matches=True)
    assert {o.sheet: (o.entity, o.new) for o in report.outcomes} == {
        "Opportunities": ("opportunity", 3), "Products": ("product", 3), "Accounts": ("account", 3),
    }  # fmt: skip
    assert column(context, "opportunity", "account") == ["North Mills", "Bay Works", "Bay Works"]
    assert [a.name for a in context.workspace.history()] == ["Import company.xlsx"]
    context.workspace.undo()
    assert tables.contents(context).empty


def test_the_same_file_twice_changes_nothing(context, write):
    file = write("accounts.csv", ACCOUNTS)
    import_files(context, [file])
    before = content(context)
    backups = len(context.workspace.backups())
    report = import_files(context, [file])
    assert not report.changes_anything
    assert (report.action_id, report.backup) == (None, None)
    assert [(o.new, o.changed, o.unchanged) for o in report.outcomes] == [(0, 0, 3)]
    assert content(context) == before
    assert len(context.workspace.history()) == 1
    assert len(context.workspace.backups()) == backups


def test_a_changed_cell_is_shown_before_and_after(context, write):
    import_files(context, [write("accounts.csv", ACCOUNTS)])
    changed = write("accounts.csv", ACCOUNTS.replace("Energy", "Retail") + "A4,New One,,,\n")
    report = import_files(context, [changed])
    (outcome,) = report.outcomes
    assert (outcome.new, outcome.changed, outcome.unchanged) == (1, 1, 2)
    (cell,) = outcome.changes
    assert (cell.record, cell.field, cell.before, cell.after) == ("Bay Works", "Industry", "Energy", "Retail")


def test_a_mapping_made_by_hand_is_remembered(context, write):
    odd = "Kürzel,Wer,Geld\nA1,North Mills,100\nA2,Bay Works,250\n"
    file = write("liste.csv", odd)
    with pytest.raises(NothingToDoError):
        import_files(context, [file])
    draft = draft_of(context, [file], as_="account")
    sheet = draft.files[0].sheets[0]
    fields = {0: "external_id", 1: "name", 2: "potential"}
    plan = SheetPlan(sheet.inspection.name, "account", fields, "USD")
    done = run_import(context, preview_import(context, planned(draft, 0, sheet.inspection.name, plan)))
    assert done.outcomes[0].new == 2
    again = draft_of(context, [write("liste neu.csv", odd + "A3,Süd Labor,30\n")])
    assert again.files[0].sheets[0].remembered
    assert dict(again.files[0].sheets[0].plan.mapping) == fields
    report = import_files(context, [write("liste neu.csv", odd + "A3,Süd Labor,30\n")])
    assert [(o.new, o.unchanged) for o in report.outcomes] == [(1, 2)]
    assert [str(v) for v in column(context, "account", "potential")] == ["100.00", "250.00", "30.00"]


def test_a_mapping_file_says_what_the_columns_are(context, write):
    file = write("liste.csv", "Kürzel;Wer;Seit\nA1;North Mills;3.4.2026\nA2;Bay Works;5.6.2026\n")
    mapping = {"entity": "account", "fields": {"Kürzel": "external_id", "Wer": "name", "Seit": "created_on"}}
    import_files(context, [file], mapping=write("m.json", json.dumps({**mapping, "date_orders": {"Seit": "dmy"}})))
    assert column(context, "account", "created_on") == [dt.date(2026, 4, 3), dt.date(2026, 6, 5)]
    for wrong in ("no json", "[]", json.dumps({**mapping, "fields": {"Wer": "wings"}})):
        with pytest.raises(InputRefusedError, match="This is no mapping"):
            import_files(context, [file], mapping=write("wrong.json", wrong))


UNDECIDABLE = "Account ID,Account Name,Created Date\nA1,North Mills,03/04/2026\nA2,Bay Works,05/06/2026\n"


def test_what_must_not_be_guessed_is_asked_all_at_once(context, write):
    files = [write("a.csv", UNDECIDABLE), write("b.csv", UNDECIDABLE)]
    before = content(context)
    with pytest.raises(FaultsError) as refused:
        import_files(context, files)
    assert [fault.where.split(" / ")[0] for fault in refused.value.faults] == ["a.csv", "b.csv"]
    assert all("Created Date" in fault.what for fault in refused.value.faults)
    assert content(context) == before


@pytest.mark.parametrize(("order", "day"), [("dmy", dt.date(2026, 4, 3)), ("mdy", dt.date(2026, 3, 4))])
def test_an_answer_decides_and_is_remembered(context, write, order, day):
    draft = draft_of(context, [write("a.csv", UNDECIDABLE)])
    ((number, _, question),) = draft.questions
    draft = answered(context, draft, number, question, order)
    assert draft.questions == ()
    run_import(context, preview_import(context, draft))
    assert column(context, "account", "created_on")[0] == day
    report = import_files(context, [write("later.csv", UNDECIDABLE + "A3,Süd Labor,07/08/2026\n")])
    assert [(o.new, o.changed) for o in report.outcomes] == [(1, 0)]


def test_one_match_of_two_is_accepted_and_remembered(context, write):
    import_files(context, [write("accounts.csv", ACCOUNTS), write("products.csv", PRODUCTS)])
    deals = write("opportunities.csv", DEALS)
    draft = draft_of(context, [deals], as_of=dt.date(2026, 3, 1))
    preview = preview_import(context, draft)
    offered = {u.text: (u.candidate, u.candidate_id) for u in preview.report.unmatched}
    assert {text: name for text, (name, _) in offered.items()} == {"GTXPro": "GTX Pro", "MGSpecial": "MG Special"}
    chosen = Decisions({"product": {"GTXPro": offered["GTXPro"][1]}})
    preview = imports.repreview(context, preview, chosen)
    assert [u.text for u in preview.report.unmatched] == ["MGSpecial"]
    report = run_import(context, preview)
    assert [u.text for u in report.unmatched] == ["MGSpecial"]
    assert column(context, "opportunity", "product") == ["GTX Pro", "GTX Basic", None]
    kept = stored(context, "SELECT attributes FROM opportunity WHERE external_id = 'D3'")
    assert "MGSpecial" in kept[0][0]
    more = write("more.csv", DEALS.replace("D1", "D8").replace("D2", "D9").replace("D3", "D7"))
    report = import_files(context, [more], as_of=dt.date(2026, 3, 2))
    assert [u.text for u in report.unmatched] == ["MGSpecial"]
    report = import_files(context, [more], as_of=dt.date(2026, 3, 2), accept_matches=True)
    assert [(t.text, t.candidate) for t in report.taken] == [("MGSpecial", "MG Special")]
    assert column(context, "opportunity", "product").count("MG Special") == 1


def test_a_protected_workbook_asks_for_its_password(context, tmp_path):
    plain, locked = io.BytesIO(), tmp_path / "accounts.xlsx"
    book = openpyxl.Workbook()
    for line in ACCOUNTS.splitlines():
        book.active.append(line.split(","))
    book.save(plain)
    with locked.open("wb") as out:
        OOXMLFile(plain).encrypt("s3cret", out)
    with pytest.raises(PasswordNeededError):
        import_files(context, [locked])
    with pytest.raises(PasswordNeededError):
        import_files(context, [locked], password=["wrong"])
    assert import_files(context, [locked], password=["s3cret"]).outcomes[0].new == 3


def test_an_older_export_adds_a_snapshot_and_leaves_today_alone(context, write):
    import_files(context, [write("accounts.csv", ACCOUNTS), write("products.csv", PRODUCTS)])
    today = import_files(context, [write("pipeline_2026-03-31.csv", DEALS)], accept_matches=True)
    assert [(o.as_of, o.snapshot_lines, o.historic) for o in today.outcomes] == [(dt.date(2026, 3, 31), 3, False)]
    old = DEALS.replace("Closed Won", "Discovery").replace("5000", "4000").replace("D3", "D0")
    report = import_files(context, [write("pipeline_2026-01-31.csv", old)])
    (outcome,) = report.outcomes
    assert (outcome.as_of, outcome.historic) == (dt.date(2026, 1, 31), True)
    assert (outcome.new, outcome.changed, outcome.snapshot_lines) == (1, 0, 3)
    assert column(context, "opportunity", "stage")[0] == "Closed Won"
    lines = stored(
        context, "SELECT taken_on, stage, amount FROM snapshot_line WHERE opportunity_id = 1 ORDER BY taken_on"
    )
    assert lines == [("2026-01-31", "Discovery", 400_000), ("2026-03-31", "Closed Won", 500_000)]
    assert any("older than the newest snapshot" in said for said in report.summary())


class StopAt:
    """A person who cancels at the ``count``-th sign of life, or at the first in a step."""

    def __init__(self, *, count=None, step=None):
        self.count, self.step, self.heard = count, step, 0

    def __call__(self, done, total, what=""):
        self.heard += 1
        if self.heard == self.count or (self.step and what.startswith(self.step)):
            raise Cancelled


@pytest.mark.parametrize(
    "stop",
    [StopAt(count=1), StopAt(count=4), StopAt(step="Reading"), StopAt(step="Checking"), StopAt(step="Importing")],
    ids=lambda stop: stop.step or f"sign {stop.count}",
)
def test_cancelling_leaves_nothing(context, write, stop):
    import_files(context, [write("products.csv", PRODUCTS)])
    before, actions = content(context), len(context.workspace.history())
    many = "".join(f"B{n},Company {n},Retail,{n},\n" for n in range(3000))
    context.progress = stop
    with pytest.raises(Cancelled):
        import_files(context, [write("accounts.csv", ACCOUNTS + many)])
    context.progress = lambda *_: None
    assert content(context) == before
    assert len(context.workspace.history()) == actions
    assert import_files(context, [write("accounts.csv", ACCOUNTS + many)]).outcomes[0].new == 3003


def test_a_read_only_workspace_refuses_and_a_dry_run_of_it_too(path, write):
    file = write("accounts.csv", ACCOUNTS)
    before = path.read_bytes()
    with opened(path, read_only=True) as context, pytest.raises(ReadOnlyError):
        import_files(context, [file])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty.csv", "", "empty"),
        ("words.csv", "just some words\nand more words\n", "recognised"),
        ("fake.xlsx", "PK\x03\x04 not really", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(context, write, name, text, said):
    before = content(context)
    with pytest.raises((InputRefusedError, NothingToDoError), match=said):
        import_files(context, [write(name, text)])
    assert content(context) == before


def test_one_unreadable_file_among_good_ones_stops_all(context, write):
    before = content(context)
    with pytest.raises(InputRefusedError):
        import_files(context, [write("accounts.csv", ACCOUNTS), write("empty.csv", "")])
    assert content(context) == before


def test_views_are_told_what_changed(context, write):
    told = []
    context.publish = told.append
    import_files(context, [write("accounts.csv", ACCOUNTS)], dry_run=True)
    assert told == []
    import_files(context, [write("accounts.csv", ACCOUNTS)])
    (changed,) = told
    assert {"account", "import_source"} <= changed
