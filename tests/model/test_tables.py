"""Tables as column arrays: what is missing stays missing, money keeps its currency, rows keep together."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal

import numpy as np
import pytest

from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.stages import status_of_stage
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table

SPECS = [
    ColumnSpec("name", "Name", ValueKind.TEXT),
    ColumnSpec("count", "Count", ValueKind.INTEGER),
    ColumnSpec("amount", "Amount", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("share", "Share", ValueKind.RATE),
    ColumnSpec("size", "Size", ValueKind.NUMBER),
    ColumnSpec("day", "Day", ValueKind.DATE),
    ColumnSpec("at", "At", ValueKind.DATETIME),
    ColumnSpec("done", "Done", ValueKind.BOOLEAN),
]
FULL = {
    "name": "A",
    "count": 2**62 + 1,
    "amount": 1234,
    "currency": "KWD",
    "share": 250_000,
    "size": 0.5,
    "day": "2026-02-28",
    "at": "2026-02-28 10:11:12",
    "done": True,
    "id": 7,
}
EMPTY = dict.fromkeys(FULL) | {"id": 8}


@pytest.fixture
def table():
    return build_table("T", SPECS, [FULL, EMPTY], entity="thing", key="id", notes=["one"])


def test_cells_come_back_as_people_mean_them(table):
    assert table.row(0) == (
        "A",
        2**62 + 1,
        Decimal("1.234"),
        Decimal("0.25"),
        0.5,
        dt.date(2026, 2, 28),
        dt.datetime.fromisoformat("2026-02-28 10:11:12"),
        True,
    )
    assert table.row(1) == (None,) * len(SPECS)


def test_rows_are_taken_with_their_keys_and_currencies(table):
    turned = table.take(np.array([1, 0]))
    assert turned.row(1) == table.row(0)
    assert turned.keys.tolist() == [8, 7]
    assert turned["amount"].currency_at(1) == "KWD"
    assert turned.notes == ("one",)


def test_columns_of_different_length_are_no_table():
    column = Column("a", "A", ValueKind.INTEGER, np.zeros(2, dtype=np.int64))
    other = Column("b", "B", ValueKind.INTEGER, np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="differ in length"):
        Table("T", (column, other))


def test_an_unknown_column_is_a_key_error(table):
    with pytest.raises(KeyError):
        table["nothing"]


def test_errors_are_sentences_and_survive_the_border_of_a_process():
    error = InputRefusedError("It is no workbook.", where="a.xlsx", way_out="Save it again.", details="x")
    copy = pickle.loads(pickle.dumps(error))
    assert copy.sentence == str(error) == "a.xlsx: It is no workbook. Save it again."
    assert copy.details == "x"


def test_all_faults_are_listed_at_once_and_survive_too():
    error = FaultsError("Refused.", [Fault("A1", "no date.", "Write one."), Fault("B2", "no number.")], way_out="Mend.")
    copy = pickle.loads(pickle.dumps(error))
    assert [fault.where for fault in copy.faults] == ["A1", "B2"]
    assert "A1: no date. Write one." in copy.details


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("Closed Won", "won"),
        ("closedwon", "won"),
        ("6 - Closed_Lost", "lost"),
        ("No Decision", "lost"),
        ("Contract sent", "open"),
        ("Won", "won"),
        ("Wonderful", "open"),
        ("Almost lost", "lost"),
    ],
)
def test_stages_mean_what_their_words_say(stage, status):
    assert status_of_stage(stage).value == status
