"""Merging staged sheets: every row accounted for, references resolved, the same file twice changes nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from salesops_desktop.model.entities import ENTITIES, entity
from salesops_desktop.workspace.merge import Merge, take_snapshot
from salesops_desktop.workspace.schema import Base


def stage(path, columns, rows):
    """A staging file with one table, as the reader writes it."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        names = ", ".join(f'"{c}"' for c in columns)
        db.execute(f"CREATE TABLE staged_0 (sheet TEXT, row INTEGER, {names}, attributes TEXT)")
        marks = ", ".join("?" * (len(columns) + 3))
        db.executemany(
            f"INSERT INTO staged_0 VALUES ({marks})",
            [("Sheet1", i + 2, *row, None) for i, row in enumerate(rows)],
        )
    db.close()


class Bench:
    """A bare database with the schema, to merge into."""

    def __init__(self, folder):
        self.folder = folder
        self.engine = create_engine("sqlite://")
        Base.metadata.create_all(self.engine)
        self.connection = self.engine.connect()
        self.connection.exec_driver_sql(
            "INSERT INTO import_source (id, file_name, sha256, sheet, entity, imported_at, rows, new, changed, "
            "unchanged, rejected, mapping) VALUES (1, 'f', '', 's', 'e', '2026-01-01 00:00:00', 0, 0, 0, 0, 0, '{}')"
        )
        self.connection.commit()
        self.number = 0

    def merge(self, name, columns, rows, *, snapshot=None, **options):
        self.number += 1
        path = self.folder / f"stage{self.number}.db"
        stage(path, columns, rows)
        self.connection.exec_driver_sql(f"ATTACH '{path}' AS stage")
        result = Merge(self.connection, entity(name), "staged_0", 1, "USD", **options).run()
        lines = 0
        if snapshot:
            lines = take_snapshot(self.connection, snapshot, "staged_0", 1)
        self.connection.commit()
        self.connection.exec_driver_sql("DETACH stage")
        assert result.new + result.changed + result.unchanged + len(result.rejected) == result.staged
        return (result, lines) if snapshot else result

    def rows(self, statement):
        return [tuple(r) for r in self.connection.exec_driver_sql(statement)]

    def close(self):
        self.connection.close()
        self.engine.dispose()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def test_every_field_of_the_catalogue_has_its_column():
    for spec in ENTITIES:
        table = Base.metadata.tables[spec.name]
        assert {f.column for f in spec.fields} <= set(table.c.keys())


def test_new_changed_unchanged_and_twice_the_same(bench):
    columns = ("name", "family", "list_price")
    first = bench.merge("product", columns, [("A", "x", 100), ("B", "y", 200)])
    assert (first.new, first.changed, first.unchanged) == (2, 0, 0)
    again = bench.merge("product", columns, [("A", "x", 100), ("B", "y", 200)])
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert again.tables == frozenset()
    third = bench.merge("product", columns, [("A", "x", 150), ("C", "z", 1)])
    assert (third.new, third.changed, third.unchanged) == (1, 1, 0)
    (cell,) = third.changes
    assert (cell.record, cell.field, cell.before, cell.after) == ("A", "List price", 100, 150)
    assert bench.rows("SELECT name, list_price, currency FROM product ORDER BY id") == [
        ("A", 150, "USD"),
        ("B", 200, "USD"),
        ("C", 1, "USD"),
    ]


def test_a_manager_without_a_row_of_his_own_is_made(bench):
    result = bench.merge("person", ("name", "manager"), [("Ann", "Mo"), ("Bob", "Mo"), ("Mo", None)])
    assert result.created == ()
    result = bench.merge("person", ("name", "manager"), [("Cy", "Zed")])
    assert result.created == (("person", "Zed"),)
    names = dict(bench.rows("SELECT p.name, m.name FROM person p LEFT JOIN person m ON m.id = p.manager_id"))
    assert names == {"Ann": "Mo", "Bob": "Mo", "Mo": None, "Cy": "Zed", "Zed": None}


def test_a_person_made_from_a_name_is_found_again_by_name_when_the_roster_brings_an_id(bench):
    bench.merge("person", ("name", "manager"), [("Ann", "Mo")])
    result = bench.merge("person", ("external_id", "name"), [("P1", "Mo"), ("P2", "Ann"), ("P3", "Ann")])
    assert (result.rejected, result.new, result.changed) == ((), 1, 2)
    assert bench.rows("SELECT external_id, name FROM person ORDER BY id") == [
        ("P2", "Ann"),
        ("P1", "Mo"),
        ("P3", "Ann"),
    ]


OPPORTUNITY = ("external_id", "account", "product", "stage", "amount")


def test_a_near_spelling_is_reported_kept_and_remembered_once_accepted(bench):
    bench.merge("product", ("name",), [("GTX Pro",), ("GTX Basic",), ("MG Special",)])
    rows = [("O1", None, "GTXPro", "Won", 5), ("O2", None, "GTX Basic", "Engaging", 6), ("O3", None, "??", "Lost", 7)]
    result = bench.merge("opportunity", OPPORTUNITY, rows)
    assert result.new == 3
    near, far = sorted(result.unmatched, key=lambda u: u.text, reverse=True)
    assert (near.text, near.candidate, near.certain, near.rows) == ("GTXPro", "GTX Pro", True, 1)
    assert (far.text, far.candidate_id) == ("??", None)
    kept = bench.rows("SELECT attributes FROM opportunity WHERE external_id = 'O1'")
    assert kept == [('{"Product (not matched)":"GTXPro"}',)]
    again = bench.merge("opportunity", OPPORTUNITY, rows, accepted={"product": {"GTXPro": near.candidate_id}})
    assert (again.changed, again.unchanged) == (1, 2)
    assert bench.rows("SELECT attributes, product_id FROM opportunity WHERE external_id = 'O1'") == [(None, 1)]
    remembered = bench.merge("opportunity", OPPORTUNITY, rows)
    assert remembered.unchanged == 3
    assert [u.text for u in remembered.unmatched] == ["??"]


def test_status_follows_from_the_stage(bench):
    stages = [
        ("Closed Won", "won"),
        ("closedlost", "lost"),
        ("Proposal", "open"),
        ("Won", "won"),
        ("No decision", "lost"),
    ]
    bench.merge("opportunity", OPPORTUNITY, [(f"O{i}", None, None, s, 1) for i, (s, _) in enumerate(stages)])
    assert [r[0] for r in bench.rows("SELECT status FROM opportunity ORDER BY id")] == [status for _, status in stages]


def test_two_accounts_of_one_name_are_not_guessed_between(bench):
    bench.merge("account", ("external_id", "name"), [("1", "Acme"), ("2", "Acme")])
    result = bench.merge("account", ("name", "industry"), [("Acme", "x")])
    (refused,) = result.rejected
    assert "2 accounts" in refused.reason


def test_required_references_reject_the_row_with_a_way_out(bench):
    bench.merge("person", ("name",), [("Ann",)])
    bench.merge("transaction", ("external_id", "booked_on", "amount"), [("T1", "2026-01-02", 100)])
    result = bench.merge("credit", ("transaction", "person", "share"), [("T1", "Ann", 10), ("T9", "Ann", 10)])
    assert result.new == 1
    assert [r.reason for r in result.rejected] == ["There is no transaction called T9."]
    assert bench.rows("SELECT role, share FROM credit") == [("direct", 10)]


def test_refunds_find_their_original_in_the_same_file(bench):
    columns = ("external_id", "booked_on", "amount", "original")
    bench.merge("transaction", columns, [("R", "2026-02-01", -5, "T"), ("T", "2026-01-01", 5, None)])
    assert bench.rows(
        'SELECT t.kind, o.external_id FROM "transaction" t '
        'LEFT JOIN "transaction" o ON o.id = t.original_id ORDER BY t.id'
    ) == [("refund", "T"), ("booking", None)]


def test_an_import_of_opportunities_makes_a_snapshot_once(bench):
    rows = [("O1", None, None, "Proposal", 5), ("O2", None, None, "Won", 6)]
    _, lines = bench.merge("opportunity", OPPORTUNITY, rows, snapshot=dt.date(2026, 3, 31))
    assert lines == 2
    _, lines = bench.merge("opportunity", OPPORTUNITY, rows, snapshot=dt.date(2026, 3, 31))
    assert lines == 0
    assert bench.rows("SELECT taken_on, status, amount FROM snapshot_line ORDER BY id") == [
        ("2026-03-31", "open", 5),
        ("2026-03-31", "won", 6),
    ]
    assert bench.rows("SELECT count(*) FROM snapshot") == [(1,)]


NAMES = st.sampled_from(["A", "B", "C", "a", "A ", "É"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from([None, "1", "2", "3"]), NAMES, st.integers(0, 2)), max_size=6), max_size=3
    )
)
def test_conservation_and_idempotence(tmp_path_factory, files):
    """Every row is accounted for, and importing the last file again changes nothing."""
    bench = Bench(tmp_path_factory.mktemp("merge"))
    try:
        columns = ("external_id", "name", "employees")
        for rows in files:
            bench.merge("account", columns, rows)
            before = bench.rows("SELECT * FROM account ORDER BY id")
            again = bench.merge("account", columns, rows)
            assert again.new == 0
            assert again.changed == 0
            assert bench.rows("SELECT * FROM account ORDER BY id") == before
    finally:
        bench.close()
