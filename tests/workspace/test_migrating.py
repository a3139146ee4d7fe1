"""Files of every earlier form come to the present form whole, or stay as they were."""

import gzip
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from salesops_desktop.model.errors import Cancelled, WorkspaceError
from salesops_desktop.workspace import Workspace, content_hash, migrating
from salesops_desktop.workspace.changelog import BEFORE, data_tables
from salesops_desktop.workspace.connect import WRITE, Access, engine_for
from salesops_desktop.workspace.schema import Base
from salesops_desktop.workspace.text import quoted
from salesops_desktop.workspace.version import REVISION, SCHEMA_VERSION

FILES = Path(__file__).parent / "files"
STORED = sorted(FILES.glob("version_*.salesops.gz"))
HASHES = dict(
    re.findall(r"`(version_\d+\.salesops\.gz)` \| \d+ \| `([0-9a-f]{64})`", (FILES / "README.md").read_text())
)


UNDOABLE = {
    "version_1.salesops.gz": 5,
    "version_2.salesops.gz": 7,
    "version_3.salesops.gz": 8,
    "version_4.salesops.gz": 12,
}
"""How many actions of each stored file can be undone."""


def unpack(stored, folder):
    path = folder / "old.salesops"
    path.write_bytes(gzip.decompress(stored.read_bytes()))
    return path


@pytest.fixture(params=STORED, ids=lambda path: path.name.split(".")[0])
def stored(request):
    return request.param


def schema_of(path):
    """Every table, index and trigger: name → its statement, with spaces levelled."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return {name: re.sub(r"\s+", " ", sql).strip() for name, sql in rows}


def rows_of(connection, columns):
    """All rows of the tables in ``columns``, in those columns, by table."""
    return {
        table: connection.exec_driver_sql(
            f"SELECT {', '.join(map(quoted, names))} FROM {quoted(table)} ORDER BY rowid"
        ).fetchall()
        for table, names in columns.items()
    }


def content_of(path):
    """The data tables of a file in its own form: their columns, and their rows."""
    engine = engine_for(path, Access.READ)
    with engine.connect() as connection:
        columns = {
            table: [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({quoted(table)})")]
            for table in data_tables(connection)
        }
        rows = rows_of(connection, columns)
    engine.dispose()
    return columns, rows


def test_a_stored_file_is_as_it_was_stored(stored, tmp_path):
    engine = engine_for(unpack(stored, tmp_path), Access.READ)
    with engine.connect() as connection:
        assert content_hash(connection) == HASHES[stored.name]
    engine.dispose()


def test_every_earlier_form_is_stored():
    assert [path.name for path in STORED] == [f"version_{number}.salesops.gz" for number in range(1, SCHEMA_VERSION)]


def test_an_old_file_keeps_every_row(stored, tmp_path):
    path = unpack(stored, tmp_path)
    columns, rows = content_of(path)
    assert sum(map(len, rows.values())) > 500
    with Workspace.open(path) as workspace:
        with workspace.read() as connection:
            assert rows_of(connection, columns) == rows
        assert workspace.check().sound
        assert [record.reason for record in workspace.backups()] == [
            f"migration from form {stored.name.split('_')[1].split('.')[0]}"
        ]
        backup = workspace.backups()[0].path
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION


def test_the_history_of_an_old_file_can_still_be_undone_and_redone(stored, tmp_path):
    path = unpack(stored, tmp_path)
    columns, rows = content_of(path)
    with Workspace.open(path) as workspace:
        assert workspace.redo_name == "Redo Rename products"
        undone = 0
        while workspace.undo_name:
            workspace.undo()
            undone += 1
        assert undone == UNDOABLE[stored.name]
        with workspace.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM account").scalar() == 0
        for _ in range(undone):
            workspace.redo()
        with workspace.read() as connection:
            assert rows_of(connection, columns) == rows
        assert workspace.redo().name == "Redo Rename products"


def levelled(path):
    """What a file is made of, whatever the order in which tables and columns came to it.

    Columns and references per table, indexes by their statement, triggers with tables by name and columns sorted.
    """
    with closing(sqlite3.connect(path)) as connection:
        ask = lambda sql: connection.execute(sql).fetchall()  # noqa: E731  # three words, five times
        numbers = {str(number): name for number, name in ask("SELECT number, name FROM logged_table")}
        tables = [name for (name,) in ask("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        made = {
            name: (
                # A column that came later has its default in the before-images too, for what was undone before it.
                sorted(
                    row[1:4] if name.startswith(BEFORE) else row[1:]
                    for row in ask(f"PRAGMA table_xinfo({quoted(name)})")
                ),
                sorted(row[2:] for row in ask(f"PRAGMA foreign_key_list({quoted(name)})")),
                sorted(
                    (row[2:], [column[2:] for column in ask(f"PRAGMA index_xinfo({quoted(row[1])})")])
                    for row in ask(f"PRAGMA index_list({quoted(name)})")
                ),
            )
            for name in tables
        }
        triggers = {
            name: sorted(
                re.split(r"[\s,();]+", re.sub(r"action_id, (\d+),", lambda m: f"action_id, {numbers[m[1]]},", sql))
            )
            for name, sql in ask("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        }
        indexes = {name: sql for name, sql in ask("SELECT name, sql FROM sqlite_schema WHERE type = 'index'") if sql}
    return made, triggers, indexes, set(numbers.values())


def test_a_migrated_file_has_the_schema_of_a_new_one(stored, tmp_path):
    old = unpack(stored, tmp_path)
    Workspace.open(old).close()
    new = tmp_path / "new.salesops"
    Workspace.create(new).close()
    for one, other in zip(levelled(old), levelled(new), strict=True):
        assert one == other


@pytest.mark.parametrize("migrated", [True, False])
def test_the_models_describe_the_file(migrated, tmp_path):
    if migrated:
        path = unpack(STORED[0], tmp_path)
        Workspace.open(path).close()
    else:
        path = tmp_path / "new.salesops"
        Workspace.create(path).close()
    engine = engine_for(path, Access.READ)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or not name.startswith(BEFORE)},
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_the_programs_form_is_the_newest_revision():
    assert ScriptDirectory.from_config(migrating.configuration()).get_current_head() == REVISION


def test_the_first_form_is_what_the_first_revision_makes(tmp_path):
    path = unpack(STORED[0], tmp_path)
    fresh = tmp_path / "fresh.db"
    fresh.touch()
    engine = engine_for(fresh, Access.WRITE)
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        migrating.upgrade(connection, "0001")
    engine.dispose()
    old, new = schema_of(path), schema_of(fresh)
    assert {n: s for n, s in old.items() if n.startswith("ix_")} == {
        n: s for n, s in new.items() if n.startswith("ix_")
    }
    assert old.keys() == new.keys()


def statements_of(path):
    """How many statements a whole migration of ``path`` sends."""
    count = 0
    engine = engine_for(path, Access.WRITE)

    def see(*_args):
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", see)
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin() as transaction:
        migrating.upgrade(connection, REVISION)
        transaction.rollback()
    engine.dispose()
    return count


def test_a_migration_that_fails_anywhere_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = unpack(STORED[0], tmp_path)
    before = schema_of(path)
    total = statements_of(path)
    assert total > 40
    real = migrating.engine_for
    for stop in sorted({*range(0, total, max(1, total // 10)), total - 1}):
        seen = 0

        def failing(file, access, stop=stop):
            engine = real(file, access)

            def fail(*_args):
                nonlocal seen
                if seen == stop:
                    raise RuntimeError("struck by lightning")
                seen += 1

            event.listen(engine, "before_cursor_execute", fail)
            return engine

        monkeypatch.setattr(migrating, "engine_for", failing)
        with pytest.raises(WorkspaceError, match="could not be brought up to date; it is as it was"):
            Workspace.open(path)
        assert schema_of(path) == before
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    monkeypatch.setattr(migrating, "engine_for", real)
    columns, rows = content_of(path)
    with Workspace.open(path) as workspace, workspace.read() as connection:
        assert rows_of(connection, columns) == rows


def test_a_cancelled_migration_leaves_the_file_as_it_was(tmp_path):
    path = unpack(STORED[0], tmp_path)
    before = schema_of(path)

    def progress(done, total, what=""):
        if "up to date" in what and total == 0 and "backup" not in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        Workspace.open(path, progress=progress)
    assert schema_of(path) == before
    Workspace.open(path).close()
    assert schema_of(path) != before


def test_an_old_file_opens_read_only_in_the_present_form_without_being_changed(tmp_path, monkeypatch):
    path = unpack(STORED[0], tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = path.read_bytes()
    columns, rows = content_of(path)
    with Workspace.open(path, read_only=True) as workspace, workspace.read() as connection:
        assert connection.exec_driver_sql("PRAGMA user_version").scalar() == SCHEMA_VERSION
        assert rows_of(connection, columns) == rows
        assert workspace.path == path
        assert len(list(temporary.iterdir())) == 1
    assert path.read_bytes() == before
    assert list(temporary.iterdir()) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["old.salesops", "temporary"]
