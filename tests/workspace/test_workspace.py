"""Making, changing, reading and closing a workspace."""

import datetime as dt
import json
import os
import sqlite3
import threading

import pytest

from salesops_desktop.model.errors import Cancelled, ReadOnlyError, WorkspaceError, WorkspaceLockedError
from salesops_desktop.workspace import Workspace, content_hash
from salesops_desktop.workspace.schema import Account, Person
from salesops_desktop.workspace.settings import read_setting

ADD = "INSERT INTO account (id, name) VALUES (?, ?)"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "Müller & Söhne 年.salesops"


@pytest.fixture
def workspace(path):
    with Workspace.create(path, currency="EUR", fiscal_start_month=4, company="Müller", who="ana") as made:
        yield made


def names(workspace):
    with workspace.read() as connection:
        return connection.exec_driver_sql("SELECT name FROM account ORDER BY id").scalars().all()


def test_a_new_workspace_knows_what_it_was_told(workspace):
    with workspace.read() as connection:
        assert read_setting(connection, "currency") == "EUR"
        assert read_setting(connection, "company") == "Müller"
        assert connection.exec_driver_sql("SELECT start_month, named_by_end FROM fiscal_calendar").all() == [(4, 1)]
    assert workspace.history() == []


def test_making_and_closing_leaves_one_file(path):
    Workspace.create(path).close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_killed_making_does_not_hinder_the_next(path):
    path.with_name(path.name + ".partial").write_bytes(b"torn")
    Workspace.create(path).close()
    assert os.name != "posix" or path.stat().st_mode & 0o077 == 0


def test_creating_refuses_to_replace_a_file(path):
    path.write_bytes(b"precious")
    with pytest.raises(WorkspaceError, match="exists already"):
        Workspace.create(path)
    assert path.read_bytes() == b"precious"


def test_an_action_is_kept_with_its_rows(workspace):
    with workspace.action("Import accounts.xlsx", kind="import", details={"file": "accounts.xlsx"}) as unit:
        unit.connection.exec_driver_sql(ADD, [(1, "Acme"), (2, "Bolt")])
        assert unit.action_id == 1
    with workspace.action("Tidy up") as unit:
        unit.connection.exec_driver_sql("UPDATE account SET name = 'ACME' WHERE id = 1")
        unit.connection.exec_driver_sql("DELETE FROM account WHERE id = 2")
        unit.connection.exec_driver_sql(ADD, (3, "Gone again"))
        unit.connection.exec_driver_sql("DELETE FROM account WHERE id = 3")
    tidy, load = workspace.history()
    assert (load.name, load.kind, load.who, load.details) == (
        "Import accounts.xlsx",
        "import",
        "ana",
        {"file": "accounts.xlsx"},
    )
    assert [(c.table, c.inserted, c.updated, c.deleted) for c in load.tables] == [("account", 2, 0, 0)]
    assert [(c.table, c.inserted, c.updated, c.deleted) for c in tidy.tables] == [("account", 0, 1, 1)]
    assert abs(dt.datetime.now(dt.UTC) - tidy.at) < dt.timedelta(minutes=1)
    touched = workspace.changes_of(tidy.id)
    assert [(c.table, c.row_id, c.operation) for c in touched] == [
        ("account", 1, "U"),
        ("account", 2, "D"),
        ("account", 3, "I"),
        ("account", 3, "D"),
    ]
    assert touched[0].before["name"] == "Acme"
    assert touched[2].before is None


@pytest.mark.parametrize("error", [Cancelled(), ValueError("broken job"), KeyboardInterrupt()])
def test_an_action_that_fails_leaves_nothing(workspace, error):
    def job():
        with workspace.action("Half done") as unit:
            unit.connection.exec_driver_sql(ADD, (1, "Acme"))
            raise error

    with pytest.raises(type(error)):
        job()
    assert names(workspace) == []
    assert workspace.history() == []
    with workspace.action("Next") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "Acme"))
    assert names(workspace) == ["Acme"]


def test_an_action_that_changes_nothing_leaves_no_trace(workspace):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "Acme"))
    workspace.undo()
    with workspace.action("Same again") as unit:
        unit.connection.exec_driver_sql("UPDATE account SET name = name")
    assert [record.name for record in workspace.history()] == ["Undo Add", "Add"]
    assert workspace.redo_name == "Redo Add"


def test_a_rehearsal_is_rolled_back(workspace):
    with workspace.rehearsal("Import") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "Acme"))
        assert unit.connection.exec_driver_sql("SELECT count(*) FROM account").scalar() == 1
    assert names(workspace) == []
    assert workspace.history() == []


def test_a_change_outside_an_action_is_refused(workspace):
    with sqlite3.connect(workspace.path) as outsider, pytest.raises(sqlite3.IntegrityError, match="action_id"):
        outsider.execute("INSERT INTO account (name) VALUES ('smuggled')")
    outsider.close()


def test_actions_do_not_nest(workspace):
    with (
        pytest.raises(WorkspaceError, match="still under way"),
        workspace.action("Outer"),
        workspace.action("Inner"),
    ):
        pass


def test_a_second_thread_waits_for_its_turn(workspace):
    inside, leave, done = threading.Event(), threading.Event(), []

    def first():
        with workspace.action("First") as unit:
            unit.connection.exec_driver_sql(ADD, (1, "first"))
            inside.set()
            assert leave.wait(10)

    def second():
        with workspace.action("Second") as unit:
            unit.connection.exec_driver_sql("INSERT INTO account (name) SELECT name || '+' FROM account")
            done.append(True)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    assert not done
    leave.set()
    for thread in threads:
        thread.join(10)
    assert names(workspace) == ["first", "first+"]


def test_reading_sees_one_state(workspace):
    with workspace.read() as connection:
        with workspace.action("Add") as unit:
            unit.connection.exec_driver_sql(ADD, (1, "Acme"))
        assert connection.exec_driver_sql("SELECT count(*) FROM account").scalar() == 0
    assert names(workspace) == ["Acme"]


def test_a_session_edits_in_the_same_transaction(workspace):
    with workspace.action("Hire") as unit:
        boss = Person(name="Boss")
        unit.session.add_all([boss, Person(name="Rep", manager_id=None)])
        unit.session.add(Account(name="Acme"))
    with workspace.action("Rename") as unit:
        unit.session.get(Person, 1).name = "The Boss"
    with workspace.read() as connection:
        assert connection.exec_driver_sql("SELECT name FROM person ORDER BY id").scalars().all() == ["The Boss", "Rep"]
    assert workspace.history()[0].tables[0].updated == 1


def test_a_staging_file_is_attached_for_the_action(workspace, tmp_path):
    staging = sqlite3.connect(tmp_path / "stage one.db")
    staging.execute("CREATE TABLE rows (name)")
    staging.execute("INSERT INTO rows VALUES ('Acme')")
    staging.commit()
    staging.close()
    for number in (1, 2):
        with workspace.action(f"Import {number}") as unit:
            unit.attach(tmp_path / "stage one.db", "stage")
            unit.connection.exec_driver_sql("UPDATE stage.rows SET name = name || '!'")
            unit.connection.exec_driver_sql("INSERT INTO account (name) SELECT name FROM stage.rows")
    assert names(workspace) == ["Acme!", "Acme!!"]


def test_a_long_statement_can_be_cancelled(workspace):
    calls = []

    def progress(done, total, what=""):
        calls.append(what)
        if len(calls) == 3:
            raise Cancelled

    endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    def job():
        with workspace.action("Forever") as unit:
            unit.connection.exec_driver_sql(ADD, (1, "Acme"))
            with unit.watched(progress, "Counting"):
                unit.connection.exec_driver_sql(endless)

    with pytest.raises(Cancelled):
        job()
    assert calls == ["Counting"] * 3
    assert names(workspace) == []


def test_the_second_opener_is_told_by_whom_it_is_open(workspace, path):
    with pytest.raises(WorkspaceLockedError, match=r"is open by ana on .* since \d\d:\d\d\. Open it read-only"):
        Workspace.open(path)
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "Acme"))
    with Workspace.open(path, read_only=True) as reader:
        assert names(reader) == ["Acme"]
    workspace.close()
    with Workspace.open(path) as again:
        assert names(again) == ["Acme"]


def test_a_look_sees_one_state_and_can_change_nothing(workspace):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "one"))
    with workspace.look() as driver:
        with workspace.action("Add more") as unit:
            unit.connection.exec_driver_sql(ADD, (2, "two"))
        assert driver.execute("SELECT name FROM account").fetchall() == [("one",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            driver.execute(ADD, (3, "three"))
    assert names(workspace) == ["one", "two"]
    workspace.close()
    with pytest.raises(WorkspaceError, match="was closed"), workspace.look():
        pass


@pytest.mark.parametrize("way", ["read", "look"])
def test_a_long_reading_can_be_cancelled(workspace, way):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    asked = []

    def progress(done, total, what=""):
        asked.append((done, total, what))
        if len(asked) == 3:
            raise Cancelled

    def run(opened):
        return opened.exec_driver_sql(endless) if way == "read" else opened.execute(endless)

    with pytest.raises(Cancelled), workspace.watching(progress), getattr(workspace, way)() as opened:
        run(opened)
    assert asked == [(0, 0, "")] * 3
    assert names(workspace) == []
    assert len(asked) == 3, "outside of the block nobody is asked"


def test_a_read_only_workspace_refuses_changes(workspace, path):
    workspace.close()
    before = path.read_bytes()
    with Workspace.open(path, read_only=True) as reader:
        with pytest.raises(ReadOnlyError, match="read-only"), reader.action("Add"):
            pass
        with pytest.raises(ReadOnlyError):
            reader.must_be_writable()
        assert reader.undo_name is None
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_closing_twice_is_harmless(workspace):
    workspace.close()
    workspace.close()


def test_a_check_finds_nothing_wrong_and_says_what_it_read(workspace):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(ADD, (1, "Acme"))
    seen = []
    report = workspace.check(lambda done, total, what="": seen.append((done, total, what)))
    assert report.sound
    assert (report.actions, report.changes) == (1, 1)
    with workspace.read() as connection:
        assert report.content == content_hash(connection)
    assert seen[-1][:2] == (5, 5)


def test_a_check_names_what_is_wrong(workspace, path):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql(ADD, [(1, "Acme"), (2, "Bolt")])
    with workspace.action("Rename") as unit:
        unit.connection.exec_driver_sql("UPDATE account SET name = 'ACME' WHERE id = 1")
    workspace.close()
    vandal = sqlite3.connect(path)
    vandal.execute("DROP TRIGGER log_account_update")
    vandal.execute("DELETE FROM before_account")
    vandal.execute("INSERT INTO change (action_id, table_number, row_id, operation) VALUES (99, 1, 1, 'I')")
    vandal.execute("UPDATE account SET parent_id = 77")
    vandal.commit()
    vandal.close()
    with Workspace.open(path) as hurt:
        faults = "\n".join(hurt.check().faults)
    assert "log_account_update is missing" in faults
    assert "1 rows of account are logged as changed" in faults
    assert "1 logged changes belong to no action" in faults
    assert "Row 1 of account refers to a row of account that is not there" in faults


def test_the_note_of_the_holder_is_readable(workspace, path):
    note = json.loads(path.with_name(path.name + "-lock.json").read_text(encoding="utf-8"))
    assert note["who"] == "ana"


def test_a_jobs_own_trouble_with_files_is_not_told_as_the_workspaces(workspace, tmp_path):
    with pytest.raises(PermissionError, match="somebody's import"), workspace.action("Import"):
        raise PermissionError(13, "somebody's import")


def test_a_closed_workspace_does_nothing_more(workspace):
    workspace.close()
    with pytest.raises(WorkspaceError, match="was closed"), workspace.action("Late"):
        pass
    with pytest.raises(WorkspaceError, match="was closed"), workspace.read():
        pass
    assert [file.name for file in workspace.path.parent.iterdir()] == [workspace.path.name]


def test_closing_waits_for_the_action_under_way(workspace, path):
    inside, leave = threading.Event(), threading.Event()

    def work():
        with workspace.action("Slow") as unit:
            unit.connection.exec_driver_sql(ADD, (1, "slow"))
            inside.set()
            assert leave.wait(10)

    worker, closer = threading.Thread(target=work), threading.Thread(target=workspace.close)
    worker.start()
    assert inside.wait(10)
    closer.start()
    with pytest.raises(WorkspaceLockedError):
        Workspace.open(path)
    leave.set()
    worker.join(10)
    closer.join(10)
    with Workspace.open(path) as again:
        assert names(again) == ["slow"]
