"""Undo and redo: what comes back, what is refused, and in which words."""

import sqlite3

import pytest

from salesops_desktop.model.errors import Cancelled, NothingToDoError, ReadOnlyError, WorkspaceError
from salesops_desktop.workspace import Workspace, content_hash
from salesops_desktop.workspace.changelog import data_tables


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "w.salesops") as made:
        yield made


def do(workspace, name, *statements):
    with workspace.action(name) as unit:
        for statement in statements:
            unit.connection.exec_driver_sql(statement)
        return unit.action_id


def ask(workspace, sql):
    with workspace.read() as connection:
        return connection.exec_driver_sql(sql).all()


def state(workspace):
    with workspace.read() as connection:
        return content_hash(connection)


def test_undo_and_redo_take_turns_and_survive_a_restart(tmp_path):
    path = tmp_path / "w.salesops"
    states = []
    with Workspace.create(path) as workspace:
        states.append(state(workspace))
        for step in (
            "INSERT INTO account (id, name) VALUES (1, 'Acme'), (2, 'Bolt')",
            "UPDATE account SET name = 'ACME' WHERE id = 1",
            "DELETE FROM account WHERE id = 2",
        ):
            do(workspace, step.split()[0].title(), step)
            states.append(state(workspace))
    for expected, name in zip(reversed(states[:-1]), ("Delete", "Update", "Insert"), strict=True):
        with Workspace.open(path) as workspace:
            assert workspace.undo_name == f"Undo {name}"
            assert workspace.undo().name == f"Undo {name}"
            assert state(workspace) == expected
    for expected, name in zip(states[1:], ("Insert", "Update", "Delete"), strict=True):
        with Workspace.open(path) as workspace:
            assert workspace.redo_name == f"Redo {name}"
            assert workspace.redo().kind == "redo"
            assert state(workspace) == expected
    with Workspace.open(path) as workspace:
        assert workspace.redo_name is None
        with pytest.raises(NothingToDoError, match="nothing to redo"):
            workspace.redo()


def test_nothing_to_undo_is_said(workspace):
    assert workspace.undo_name is None
    with pytest.raises(NothingToDoError, match="nothing to undo"):
        workspace.undo()


def test_a_new_action_clears_what_could_be_redone(workspace):
    do(workspace, "One", "INSERT INTO account (name) VALUES ('one')")
    workspace.undo()
    do(workspace, "Two", "INSERT INTO account (name) VALUES ('two')")
    assert workspace.redo_name is None
    assert workspace.undo_name == "Undo Two"
    workspace.undo()
    assert workspace.redo_name == "Redo Two"
    assert workspace.undo_name is None


VALUES = [
    0.1,
    1 / 3,
    1e-320,
    1.7976931348623157e308,
    -0.30000000000000004,
    9223372036854775807,
    -9223372036854775808,
    2**53 + 1,
    "",
    "a\0b",
    "Zoë 年 \U0001f600 \ud7ff",
    "1",
    "1.0",
    "NULL",
    "line\nbreak\ttab \x01",
    b"\x00\xff\x80",
    None,
]


@pytest.mark.parametrize("operation", ["UPDATE account SET {} = 5", "DELETE FROM account"])
@pytest.mark.parametrize("column", ["workload", "segment", "annual_revenue", "attributes"])
def test_every_stored_value_comes_back_bit_for_bit(workspace, operation, column):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(
            f"INSERT INTO account (id, name, {column}) VALUES (?, 'x', ?)", list(enumerate(VALUES, 1))
        )
    look = f"SELECT id, typeof({column}), {column}, hex({column}) FROM account ORDER BY id"
    before = ask(workspace, look)
    do(workspace, "Spoil", operation.format(column))
    assert ask(workspace, look) != before
    workspace.undo()
    assert ask(workspace, look) == before
    workspace.redo()
    workspace.undo()
    assert ask(workspace, look) == before


def test_text_that_differs_in_case_only_is_a_change(workspace):
    do(workspace, "Add", "INSERT INTO account (id, name) VALUES (1, 'acme')")
    do(workspace, "Capitals", "UPDATE account SET name = 'ACME'")
    workspace.undo()
    assert ask(workspace, "SELECT name FROM account") == [("acme",)]


def test_many_touches_of_one_row_come_back_to_its_first_state(workspace):
    do(workspace, "Add", "INSERT INTO account (id, name) VALUES (1, 'one'), (2, 'two')")
    before = state(workspace)
    do(
        workspace,
        "Shuffle",
        "UPDATE account SET name = 'x' WHERE id = 1",
        "UPDATE account SET name = 'y' WHERE id = 1",
        "DELETE FROM account WHERE id = 1",
        "INSERT INTO account (id, name) VALUES (1, 'new one'), (3, 'three')",
        "DELETE FROM account WHERE id = 3",
        "INSERT INTO account (id, name) VALUES (3, 'three again')",
    )
    after = state(workspace)
    counts = workspace.history()[0].tables[0]
    assert (counts.inserted, counts.updated, counts.deleted) == (1, 1, 0)
    workspace.undo()
    assert state(workspace) == before
    workspace.redo()
    assert state(workspace) == after


def test_values_that_changed_places_under_a_unique_key_come_back(workspace):
    do(
        workspace,
        "Add",
        "INSERT INTO opportunity (id, external_id, stage, status) VALUES (1, 'A', 's', 'open'), (2, 'B', 's', 'open')",
    )
    before = state(workspace)
    do(
        workspace,
        "Swap",
        "UPDATE opportunity SET external_id = 'x' WHERE id = 1",
        "UPDATE opportunity SET external_id = 'A' WHERE id = 2",
        "UPDATE opportunity SET external_id = 'B' WHERE id = 1",
    )
    workspace.undo()
    assert state(workspace) == before


def test_a_replaced_row_comes_back(workspace):
    do(workspace, "Add", "INSERT INTO setting VALUES ('k', '1')")
    before = state(workspace)
    do(workspace, "Replace", "INSERT OR REPLACE INTO setting VALUES ('k', '2')")
    workspace.undo()
    assert state(workspace) == before


def test_a_row_that_got_another_number_comes_back(workspace):
    do(workspace, "Add", "INSERT INTO account (id, name) VALUES (1, 'one')")
    before = state(workspace)
    do(workspace, "Number", "UPDATE account SET id = 9")
    workspace.undo()
    assert state(workspace) == before
    workspace.redo()
    assert ask(workspace, "SELECT id, name FROM account") == [(9, "one")]


def test_cascades_come_back_with_the_row_that_caused_them(workspace):
    do(
        workspace,
        "Add",
        "INSERT INTO person (id, name) VALUES (1, 'Boss'), (2, 'Rep')",
        "UPDATE person SET manager_id = 1 WHERE id = 2",
        "INSERT INTO account (id, name, owner_id) VALUES (1, 'Acme', 2)",
        "INSERT INTO scenario (id, name, status, created_at) VALUES (1, 'S', 'draft', '2026-01-01 00:00:00')",
        "INSERT INTO territory (id, scenario_id, name, person_id) VALUES (1, 1, 'West', 2)",
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked) VALUES (1, 1, 1, 0)",
    )
    before = state(workspace)
    do(workspace, "Clear", "DELETE FROM person", "DELETE FROM scenario")
    assert ask(workspace, "SELECT count(*) FROM assignment") == [(0,)]
    assert ask(workspace, "SELECT owner_id FROM account") == [(None,)]
    workspace.undo()
    assert state(workspace) == before
    assert workspace.check().sound
    workspace.undo()
    assert ask(workspace, "SELECT count(*) FROM person") == [(0,)]


def test_a_row_that_must_not_be_orphaned_does_not_hinder_an_undo(workspace):
    """Credits keep their person from being deleted; taking both back at once is no such deletion."""
    do(
        workspace,
        "Add",
        "INSERT INTO person (id, name) VALUES (1, 'Rep')",
        'INSERT INTO "transaction" (id, external_id, kind, booked_on, amount, currency) '
        "VALUES (1, 'T', 'booking', '2026-01-01', 1, 'EUR')",
        "INSERT INTO credit (transaction_id, person_id, role, share) VALUES (1, 1, 'direct', 1000000)",
    )
    workspace.undo()
    assert ask(workspace, "SELECT count(*) FROM credit") == [(0,)]
    with workspace.action("Still strict") as unit, pytest.raises(Exception, match="FOREIGN KEY"):
        unit.connection.exec_driver_sql("INSERT INTO account (name, owner_id) VALUES ('x', 77)")


def test_an_older_action_is_undone_when_nothing_builds_on_it(workspace):
    first = do(workspace, "First", "INSERT INTO account (id, name) VALUES (1, 'one')")
    do(workspace, "Second", "INSERT INTO account (id, name) VALUES (2, 'two')")
    workspace.undo(first)
    assert ask(workspace, "SELECT name FROM account") == [("two",)]
    assert workspace.undo_name == "Undo Second"
    assert workspace.redo_name == "Redo First"
    workspace.redo()
    assert ask(workspace, "SELECT name FROM account ORDER BY id") == [("one",), ("two",)]


def test_an_older_action_is_not_undone_under_later_ones(workspace):
    first = do(workspace, "First", "INSERT INTO account (id, name) VALUES (1, 'one')")
    do(workspace, "Rename it", "UPDATE account SET name = 'uno'")
    do(workspace, "Shout", "UPDATE account SET name = 'UNO'")
    before = state(workspace)
    with pytest.raises(WorkspaceError, match="later actions build on the same rows \\(“Shout”, “Rename it”\\)"):
        workspace.undo(first)
    assert state(workspace) == before
    workspace.undo()
    with pytest.raises(WorkspaceError, match="\\(“Rename it”\\)"):
        workspace.undo(first)
    workspace.undo()
    workspace.undo(first)
    assert ask(workspace, "SELECT count(*) FROM account") == [(0,)]


def test_an_undo_is_not_taken_back_before_what_it_stood_on(workspace):
    do(workspace, "First", "INSERT INTO account (id, name) VALUES (1, 'one')")
    do(workspace, "Rename it", "UPDATE account SET name = 'uno'")
    undo_of_second = workspace.undo().id
    workspace.undo()
    with pytest.raises(WorkspaceError, match="“First”"):
        workspace.undo(undo_of_second)
    workspace.redo()
    assert workspace.undo(undo_of_second).name == "Redo Rename it"
    assert ask(workspace, "SELECT name FROM account") == [("uno",)]


def test_a_row_others_refer_to_by_now_is_not_taken_away(workspace):
    hire = do(workspace, "Hire", "INSERT INTO person (id, name) VALUES (1, 'Rep')")
    do(workspace, "Win account", "INSERT INTO account (name, owner_id) VALUES ('Acme', 1)")
    with pytest.raises(WorkspaceError, match="“Win account”"):
        workspace.undo(hire)
    assert ask(workspace, "SELECT owner_id FROM account") == [(1,)]


def test_a_row_that_refers_to_a_row_gone_by_now_does_not_come_back(workspace):
    do(
        workspace,
        "Hire",
        "INSERT INTO person (id, name) VALUES (1, 'Rep')",
        "INSERT INTO account (id, name, owner_id) VALUES (1, 'Acme', 1)",
    )
    drop = do(workspace, "Drop account", "DELETE FROM account")
    do(workspace, "Let go", "DELETE FROM person")
    with pytest.raises(WorkspaceError, match="“Undo Drop account” is not possible"):
        workspace.undo(drop)
    assert ask(workspace, "SELECT count(*) FROM account") == [(0,)]


def test_a_key_taken_by_now_is_not_given_twice(workspace):
    add = "INSERT INTO opportunity (external_id, stage, status) VALUES ('A', 's', 'open')"
    do(
        workspace,
        "Add",
        "INSERT INTO opportunity (id, external_id, stage, status) VALUES (5, 'B', 's', 'open')",
        add.replace("'A'", "'C'"),
        add,
    )
    drop = do(workspace, "Drop", "DELETE FROM opportunity WHERE external_id = 'A'")
    do(
        workspace,
        "Fill number",
        "INSERT INTO opportunity (id, external_id, stage, status) VALUES (50, 'A', 's', 'open')",
    )
    with pytest.raises(WorkspaceError, match="“Fill number”"):
        workspace.undo(drop)


def test_what_is_undone_is_not_undone_again(workspace):
    first = do(workspace, "First", "INSERT INTO account (name) VALUES ('one')")
    undo = workspace.undo(first)
    with pytest.raises(NothingToDoError, match="“First” has already been undone"):
        workspace.undo(first)
    redo = workspace.undo(undo.id)
    assert redo.name == "Redo First"
    with pytest.raises(NothingToDoError, match="“Undo First” has already been taken back"):
        workspace.undo(undo.id)
    assert workspace.undo(redo.id).name == "Undo First"
    with pytest.raises(NothingToDoError, match="no action number 99"):
        workspace.undo(99)
    assert [(r.name, r.undone) for r in workspace.history()][-1] == ("First", True)


def test_an_action_without_a_log_ends_what_can_be_undone(workspace):
    first = do(workspace, "First", "INSERT INTO account (id, name) VALUES (1, 'one')")
    with workspace.action("Load sample", log=False) as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES ('two')")
    assert workspace.undo_name is None
    with pytest.raises(NothingToDoError, match="“Load sample” kept no log"):
        workspace.undo()
    with pytest.raises(WorkspaceError, match="“Load sample” kept no log"):
        workspace.undo(first)
    do(workspace, "Third", "INSERT INTO account (name) VALUES ('three')")
    assert workspace.undo().name == "Undo Third"


def test_a_cancelled_undo_leaves_everything(workspace):
    many = (
        "INSERT INTO account (name) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 20000) "
        "SELECT 'a' || i FROM n"
    )
    do(workspace, "Many", many)
    before = state(workspace)
    calls = []

    def progress(done, total, what=""):
        calls.append(what)
        if len(calls) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        workspace.undo(progress=progress)
    assert calls[0] == "Undo Many"
    assert state(workspace) == before
    workspace.undo()
    assert ask(workspace, "SELECT count(*) FROM account") == [(0,)]


def test_undo_needs_a_writable_workspace(workspace):
    do(workspace, "First", "INSERT INTO account (name) VALUES ('one')")
    with Workspace.open(workspace.path, read_only=True) as reader:
        assert reader.undo_name == "Undo First"
        with pytest.raises(ReadOnlyError):
            reader.undo()


def test_every_table_is_watched(workspace):
    """Also those a later form adds: the triggers come from the tables, not from a list."""
    with workspace.read() as connection:
        tables = data_tables(connection)
        triggers = set(connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'trigger'").scalars())
    assert {"person", "account", "transaction", "setting", "run_line"} <= set(tables)
    assert triggers == {f"log_{t}_{kind}" for t in tables for kind in ("insert", "update", "delete", "rekey")}


def test_the_log_does_not_disturb_the_number_of_the_last_row(workspace):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (id, name) VALUES (41, 'x')")
        result = unit.connection.exec_driver_sql("INSERT INTO account (name) VALUES ('y')")
        assert result.lastrowid == 42
        changed = unit.connection.exec_driver_sql("UPDATE account SET name = 'z'")
        assert changed.rowcount == 2


def test_the_files_own_triggers_need_nothing_of_ours(workspace):
    """Any SQLite program can write inside an action's bounds: no function of ours is called per row."""
    do(workspace, "Add", "INSERT INTO account (id, name) VALUES (1, 'x')")
    workspace.close()
    plain = sqlite3.connect(workspace.path)
    plain.execute("UPDATE current_action SET logged = 0")
    plain.execute("UPDATE account SET name = 'y'")
    assert plain.execute("SELECT name FROM account").fetchone() == ("y",)
    plain.rollback()
    plain.close()


def record(workspace, statement):
    with workspace.action("Keep what is shown", kind="record") as unit:
        unit.connection.exec_driver_sql(statement)


def test_undo_passes_over_what_was_only_kept_and_takes_it_along_where_it_stands_in_the_way(workspace):
    do(workspace, "Hire", "INSERT INTO person (id, name) VALUES (1, 'Rep')")
    record(workspace, "INSERT INTO account (id, name, owner_id) VALUES (1, 'Acme', 1)")
    do(workspace, "Rename", "UPDATE person SET name = 'REP' WHERE id = 1")
    record(workspace, "INSERT INTO account (id, name) VALUES (2, 'Bolt')")
    assert workspace.undo_name == "Undo Rename"
    workspace.undo()
    assert len(ask(workspace, "SELECT id FROM account")) == 2  # stands in nobody's way
    assert workspace.redo_name == "Redo Rename"
    assert workspace.undo().name == "Undo Hire"
    assert ask(workspace, "SELECT count(*) FROM person")[0][0] == 0
    assert ask(workspace, "SELECT count(*) FROM account WHERE owner_id = 1")[0][0] == 0
    assert workspace.undo_name is None
