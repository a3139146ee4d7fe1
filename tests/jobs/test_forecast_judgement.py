"""Managers' forecast workbooks: out, filled in, back as a diff, accepted or declined."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs.forecast_judgement import (
    ShowJudgements,
    accept_judgements,
    decline_judgements,
    import_judgements,
    judgements,
    withdraw_judgements,
)
from salesops_desktop.jobs.forecast_judging import judge
from salesops_desktop.jobs.forecast_keeping import Head, KeptNode, Points, keep
from salesops_desktop.jobs.forecast_packs import export_forecast_packs
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.sheets.returned_lists import REFERENCE
from salesops_desktop.sheets.writing.forecast_inputs import AMOUNT, CATEGORY, CLOSE, COMMENT, DEALS, NUMBERS, OWN
from tests.sheets.writing.linter import lint
from tests.sheets.writing.reading_back import differences, recalculated, stored_values

MONTHS = FiscalCalendar().between(dt.date(2026, 10, 1), dt.date(2026, 12, 31), FiscalCalendar().parse("2026-10").kind)


@pytest.fixture(scope="module")
def packed(small_company, stored_of, tmp_path_factory):
    """The company with a kept forecast of the busiest manager's team, the manager's name and workbook: not to be
    touched, tests get copies."""
    folder = tmp_path_factory.mktemp("packed")
    path = folder / "small.salesops"
    shutil.copy(small_company, path)
    with opened(path) as context:
        name = kept(context, stored_of)
        (saved,) = export_forecast_packs(context, folder / "packs", manager=name).files
    return path, name, saved.path


@pytest.fixture
def company(packed, tmp_path):
    """A copy of the company, open, to do anything with."""
    with opened(shutil.copy(packed[0], tmp_path / "small.salesops")) as context:
        yield context


@pytest.fixture
def forecast(packed):
    """The manager's name."""
    return packed[1]


@pytest.fixture
def pack(packed, tmp_path):
    """A copy of the manager's workbook."""
    return Path(shutil.copy(packed[2], tmp_path / packed[2].name))


def kept(company, stored):
    """Keep a forecast of the busiest manager's team; the manager's name."""
    boss, name = stored(company, (
        "SELECT m.id, m.name FROM opportunity o JOIN person w ON w.id = o.owner_id JOIN person m "
        "ON m.id = w.manager_id WHERE o.status = 'open' AND o.currency = 'USD' "
        "GROUP BY m.id ORDER BY count(*) DESC, m.id LIMIT 1"
    ))[0]  # fmt: skip
    people = stored(company, "SELECT id, name FROM person WHERE manager_id = ? ORDER BY name", boss)

    def points(size):
        mean = [size * (i + 1) for i in range(3)]
        lower, upper = [m - size // 2 for m in mean], [m + size // 2 for m in mean]
        return Points(MONTHS, mean, {80: lower}, {80: upper})

    def node(number, parent, dimension, label, key, ident, size):
        return KeptNode(
            number, parent, min(number, 2), dimension, label, key, ident, "combo", naive_wins=False, report={},
            points=points(size),
        )  # fmt: skip

    nodes = [node(1, 0, "manager", name, {"manager": name}, boss, 1_000_000)]
    nodes += [
        node(i, 1, "person", who, {"manager": name, "person": who}, ident, 200_000)
        for i, (ident, who) in enumerate(people, start=2)
    ]
    head = Head("series", "bookings", "month", dt.date(2026, 9, 30), "combo", "USD", {}, levels=("manager", "person"))
    with company.workspace.action("Forecast") as unit:
        keep(unit.connection, head, points(5_000_000), nodes)
    return name


def filled(path, entries, *, to=None):
    """Fill cells in by list, row from the first and heading."""
    book = load_workbook(path)
    for listed, row, heading, value in entries:
        sheet = book[listed]
        head = next(r for r in sheet.iter_rows() if REFERENCE in [c.value for c in r])
        place = [c.value for c in head].index(heading) + 1
        sheet.cell(head[0].row + 1 + row, place).value = value
    book.save(to or path)
    return to or path


def test_every_manager_gets_their_people_alone(company, stored, tmp_path):
    files = export_forecast_packs(company, tmp_path / "packs").files
    managers = {row[0] for row in stored(company, (
        "SELECT DISTINCT m.name FROM opportunity o JOIN person w ON w.id = o.owner_id "
        "JOIN person m ON m.id = w.manager_id OR m.id = w.id WHERE o.status = 'open' "
        "AND EXISTS (SELECT 1 FROM person x WHERE x.manager_id = m.id)"
    ))}  # fmt: skip
    assert {saved.path.stem.removeprefix("Forecast ") for saved in files} == managers
    for saved in files[:3]:
        name = saved.path.stem.removeprefix("Forecast ")
        team = {
            row[0]
            for row in stored(
                company, ("SELECT w.name FROM person w JOIN person m ON m.id = w.manager_id WHERE m.name = ?"), name
            )
        } | {name}
        rows = stored_values(saved.path)[DEALS]
        top = next(i for i, row in enumerate(rows) if "Opportunity" in row)
        owners = {row[rows[top].index("Owner")] for row in rows[top + 1 :] if row[rows[top].index("Owner")]}
        assert owners
        assert owners <= team


@pytest.mark.libreoffice
def test_the_workbook_follows_its_entries(pack, tmp_path):
    assert lint(pack) == []
    assert differences(pack, recalculated(pack, tmp_path)) == []
    edited = filled(pack, [(NUMBERS, 0, OWN, 12_345.5), (DEALS, 0, CATEGORY, "omitted"), (DEALS, 1, AMOUNT, 10)],
                    to=tmp_path / "edited.xlsx")  # fmt: skip
    (tmp_path / "again").mkdir()
    again = stored_values(recalculated(edited, tmp_path / "again"))
    rows = again["Summary"]
    first = next(row for row in rows if row[0] == MONTHS[0].label)
    assert first[1:3] == [10_000.0, 12_345.5]
    before = {row[0]: row for row in stored_values(pack)["Summary"] if row[0] in ("omitted", "Total")}
    after = {row[0]: row for row in rows if row[0] in ("omitted", "Total")}
    assert after["omitted"][3] == before["omitted"][3] + 1
    assert after["Total"][3] == before["Total"][3]


def test_entries_come_back_as_a_diff(company, forecast, pack, stored):
    filled(pack, [
        (NUMBERS, 0, OWN, 15_000), (NUMBERS, 0, COMMENT, "two renewals"), (NUMBERS, 1, COMMENT, "on leave"),
        (DEALS, 0, CATEGORY, "Commit "), (DEALS, 0, AMOUNT, 1_234.56), (DEALS, 0, CLOSE, dt.date(2026, 12, 24)),
        (DEALS, 0, COMMENT, "signed by legal"),
    ])  # fmt: skip
    dry = import_judgements(company, [pack], dry_run=True)
    assert stored(company, "SELECT count(*) FROM judgement") == [(0,)]
    report = import_judgements(company, [pack])
    assert len(dry.judgements) == len(report.judgements) == 5
    by_field = {(j.scope, j.field): j for j in report.judgements}
    own = by_field["node", "own number"]
    assert (own.who, own.label, own.period, own.value, own.before, own.change) == (
        forecast, forecast, MONTHS[0].label, "1500000", "1000000", 500_000,
    )  # fmt: skip
    assert own.reason == "two renewals"
    assert by_field["node", "comment"].value == "on leave"
    assert by_field["opportunity", "category"].value == "commit"
    assert by_field["opportunity", "amount"].value == "123456"
    assert by_field["opportunity", "close date"].value == "2026-12-24"
    assert by_field["opportunity", "amount"].reason == "signed by legal"
    assert not any(j.stale for j in report.judgements)
    again = import_judgements(company, [pack])
    assert stored(company, "SELECT count(*) FROM judgement") == [(5,)]
    assert "5 entries are kept already" in " ".join(again.notices)
    # nothing of the pipeline or of the forecast has changed
    assert stored(company, "SELECT count(*) FROM opportunity WHERE amount = 123456") == [(0,)]


def test_every_fault_is_named_with_its_cell(company, pack):
    filled(pack, [
        (NUMBERS, 0, OWN, "a lot"), (NUMBERS, 1, OWN, 10.001), (NUMBERS, 2, REFERENCE, "99:2026-10-01"),
        (NUMBERS, 2, OWN, 5), (DEALS, 0, CATEGORY, "surely"), (DEALS, 1, AMOUNT, -5), (DEALS, 2, CLOSE, "tomorrow"),
    ])  # fmt: skip
    with pytest.raises(FaultsError) as caught:
        import_judgements(company, [pack])
    said = "\n".join(map(str, caught.value.faults))
    assert len(caught.value.faults) == 6
    for part in ("a lot", "10.001", "reference", "surely", "below zero", "tomorrow", "Numbers!", "Deals!"):
        assert part in said, part


def test_what_has_changed_since_is_left_for_a_look(company, pack, stored):
    filled(pack, [(DEALS, 0, CATEGORY, "omitted"), (DEALS, 1, CATEGORY, "omitted")])
    report = import_judgements(company, [pack])
    first = report.judgements[0]
    with company.workspace.action("Change") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE opportunity SET forecast_category = 'closed' WHERE id = ?", (first.opportunity,)
        )
    done = accept_judgements(company)
    assert [j.id for j in done.judgements] == [first.id]
    assert "1 were left open" in done.told[1]
    assert accept_judgements(company, ids=[first.id]).judgements == ()
    assert len(judgements(company, status=ShowJudgements.ACCEPTED).judgements) == 2


def test_two_managers_who_contradict_each_other(company, forecast):
    judge(company, "commit", deal=first_deal(company), why="I know", who="Ada One")
    report = judge(company, "omitted", deal=first_deal(company), why="I know better", who="Bo Two")
    assert report.contested() == {j.id for j in report.judgements}
    with pytest.raises(NothingToDoError):
        accept_judgements(company)
    with pytest.raises(FaultsError):
        accept_judgements(company, ids=[j.id for j in report.judgements])
    assert accept_judgements(company, ids=[report.judgements[1].id]).judgements[0].who == "Ada One"
    assert decline_judgements(company).judgements == ()


def first_deal(company):
    with company.workspace.read() as connection:
        return connection.exec_driver_sql(
            "SELECT external_id FROM opportunity WHERE status = 'open' AND forecast_category = 'pipeline' ORDER BY id"
        ).first()[0]


def test_an_override_replaces_the_one_before(company, forecast, stored):
    judge(company, "12,000.50", of=forecast, period=MONTHS[1].label, why="board", override=True)
    accept_judgements(company)
    report = judge(company, "13000", of=forecast, period=MONTHS[1].label, why="board again")
    accept_judgements(company, ids=[report.judgements[0].id], override=True)
    assert stored(company, "SELECT field, value, status FROM judgement ORDER BY id") == [
        ("override", "1200050", "withdrawn"), ("override", "1300000", "accepted"),
    ]  # fmt: skip
    assert "1 judgement withdrawn." in withdraw_judgements(company).told
    company.workspace.undo()
    assert stored(company, "SELECT status FROM judgement WHERE id = 2") == [("accepted",)]


def test_a_judgement_needs_its_reason_and_its_subject(company, forecast):
    for words, given in (
        ("needs its reason", {"value": "1", "why": " "}),
        ("no open opportunity", {"value": "commit", "deal": "nothing", "why": "x"}),
        ("No kept forecast", {"value": "1", "of": "Nobody", "period": "2026-10", "why": "x"}),
        ("cannot be taken", {"value": "ten", "of": forecast, "period": MONTHS[0].label, "why": "x"}),
        ("no category, no date", {"value": "ten", "deal": first_deal(company), "why": "x"}),
    ):
        with pytest.raises(InputRefusedError, match=words):
            judge(company, **given)


def test_a_file_from_elsewhere_is_refused(company, tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(FaultsError, match="Nothing was imported"):
        import_judgements(company, [tmp_path / "other.csv"])
