"""Settings and the number that stands for the content."""

import sqlite3
from contextlib import closing

import pytest

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.workspace import Workspace, content_hash
from salesops_desktop.workspace.settings import COMPANY, COUNTRY, CURRENCY, SETTINGS, read_setting, write_setting


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "w.salesops") as made:
        yield made


def state(workspace):
    with workspace.read() as connection:
        return content_hash(connection)


def test_a_setting_is_stored_and_can_be_undone(workspace):
    with workspace.action("Change the company") as unit:
        write_setting(unit.connection, COMPANY, "Zoë „&“ 年")
        write_setting(unit.connection, CURRENCY, "JPY")
    with workspace.read() as connection:
        assert read_setting(connection, COMPANY) == read_setting(connection, "company") == "Zoë „&“ 年"
    workspace.undo()
    with workspace.read() as connection:
        assert read_setting(connection, COMPANY) == ""
        assert read_setting(connection, CURRENCY) == "USD"


def test_what_was_never_stored_has_its_default(workspace):
    with workspace.read() as connection:
        for spec in SETTINGS.values():
            assert read_setting(connection, spec) == spec.default


@pytest.mark.parametrize(("spec", "value"), [(CURRENCY, "EURO"), (COUNTRY, 7), (COMPANY, None)])
def test_a_value_that_makes_no_sense_is_refused(workspace, spec, value):
    before = state(workspace)
    with pytest.raises(InputRefusedError), workspace.action("Change") as unit:
        write_setting(unit.connection, spec, value)
    assert state(workspace) == before


def test_a_stored_value_of_another_type_is_noticed(workspace):
    with workspace.action("Vandalise") as unit:
        unit.connection.exec_driver_sql("UPDATE setting SET value = '5' WHERE name = 'company'")
    with workspace.read() as connection, pytest.raises(TypeError, match="holds 5, which is no str"):
        read_setting(connection, COMPANY)


def test_equal_rows_have_equal_hashes_however_they_came_about(tmp_path):
    hashes = set()
    for number, order in enumerate(((1, 2, 3), (3, 1, 2))):
        with Workspace.create(tmp_path / f"{number}.salesops") as workspace:
            for key in order:
                with workspace.action("Add") as unit:
                    unit.connection.exec_driver_sql(
                        "INSERT INTO account (id, name, workload) VALUES (?, ?, ?)", (key, f"a{key}", key / 3)
                    )
            with workspace.action("Touch") as unit:
                unit.connection.exec_driver_sql("UPDATE account SET segment = 'x'")
                unit.connection.exec_driver_sql("UPDATE account SET segment = NULL")
            hashes.add(state(workspace))
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.1 + 0.2, 0.3),
        (1, 2),
        (None, ""),
        ("a", "a\0"),
        (b"a", "a"),
        ("\u00e9", "e\u0301"),
        (2**63 - 1, 2**63 - 2),
        (b"\x61", "[61]"),
    ],
)
def test_any_difference_shows(workspace, one, other):
    hashes = []
    for value in (one, other):
        with workspace.action("Set") as unit:
            unit.connection.exec_driver_sql("DELETE FROM account")
            unit.connection.exec_driver_sql(
                "INSERT INTO account (id, name, attributes, founded) VALUES (1, 'x', ?, ?)", (value, value)
            )
        hashes.append(state(workspace))
    assert hashes[0] != hashes[1]


def test_one_changed_bit_in_the_file_shows(workspace):
    with workspace.action("Add") as unit:
        unit.connection.exec_driver_sql("INSERT INTO account (name, segment) VALUES ('x', 'unmistakable')")
    before = state(workspace)
    workspace.close()
    content = bytearray(workspace.path.read_bytes())
    place = content.index(b"unmistakable")
    content[place] ^= 1
    workspace.path.write_bytes(content)
    with closing(sqlite3.connect(workspace.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Workspace.open(workspace.path) as hurt:
        assert state(hurt) != before
