"""Absences are written down, refused where they overlap, and count in what people carry."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from salesops_desktop.jobs import absences
from salesops_desktop.jobs.territory_inputs import load_territory_inputs
from salesops_desktop.model.errors import InputRefusedError


def test_who_is_away_carries_less(company, stored):
    before = company.workspace.check().content
    name, person = stored(company, "SELECT name, id FROM person WHERE role = 'rep' AND end_date IS NULL LIMIT 1")[0]
    absences.add_absence(company, name, start=dt.date(2027, 1, 1), end=dt.date(2027, 6, 30), reason="Parental leave")
    absences.add_absence(company, name, start=dt.date(2027, 7, 1), share=20.0)
    table = absences.absences(company).table
    assert [row[1:] for row in table.rows()] == [
        (name, dt.date(2027, 1, 1), dt.date(2027, 6, 30), 1, "Parental leave"),
        (name, dt.date(2027, 7, 1), None, Decimal("0.2"), None),
    ]
    with company.workspace.read() as connection:
        inputs = load_territory_inputs(connection, date=dt.date(2027, 1, 1))
    (held,) = inputs.people["capacity"][inputs.people["id"] == person]
    ((full,),) = stored(company, "SELECT coalesce(fte, 1000000) / 1e6 FROM person WHERE id = ?", person)
    assert held == pytest.approx(full * 0.8 * 184 / 365, abs=0.01)
    for number in table.keys.tolist():
        absences.delete_absence(company, number)
    assert absences.absences(company).summary() == ["No absence is written down."]
    for _ in range(4):
        company.workspace.undo()
    assert company.workspace.check().content == before


def test_what_makes_no_sense_is_refused(company, stored):
    name = stored(company, "SELECT name FROM person LIMIT 1")[0][0]
    absences.add_absence(company, name, start=dt.date(2027, 1, 1))
    for words, ask in {
        "overlaps": lambda: absences.add_absence(company, name, start=dt.date(2028, 1, 1)),
        "before it starts": lambda: absences.add_absence(
            company, name, start=dt.date(2026, 1, 2), end=dt.date(2026, 1, 1)
        ),
        "makes no sense": lambda: absences.add_absence(company, name, start=dt.date(2026, 1, 2), share=120),
        "Nobody is called": lambda: absences.add_absence(company, "Nobody Atall", start=dt.date(2026, 1, 2)),
        "no absence 99": lambda: absences.delete_absence(company, 99),
    }.items():
        with pytest.raises(InputRefusedError, match=words):
            ask()
