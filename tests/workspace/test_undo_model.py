"""Any sequence of actions, undos and redos equals a model kept in plain Python."""

import atexit
import copy
import functools
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from salesops_desktop.model.errors import WorkspaceError
from salesops_desktop.workspace import Workspace, content_hash

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=True), st.integers(-(2**53), 2**53).map(float))
INTEGER = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
NUMBERS = st.integers(1, 6)
EDIT = st.one_of(
    st.tuples(st.just("person"), NUMBERS, TEXT, st.one_of(st.none(), NUMBERS)),
    st.tuples(st.just("account"), NUMBERS, TEXT, NUMBER, INTEGER, st.one_of(st.none(), NUMBERS)),
    st.tuples(st.just("delete person"), NUMBERS),
    st.tuples(st.just("delete account"), NUMBERS),
)


class Model:
    """Two tables with their references, as SQLite would keep them."""

    def __init__(self):
        self.person, self.account = {}, {}

    def edit(self, edit):
        kind, number, *values = edit
        if kind == "person":
            name, manager = values
            known = manager if manager in self.person else None
            self.person[number] = (name, known)
        elif kind == "account":
            name, workload, revenue, owner = values
            self.account[number] = (name, workload, revenue, owner if owner in self.person else None)
        elif kind == "delete account":
            self.account.pop(number, None)
        else:
            self.person.pop(number, None)
            for key, (name, manager) in self.person.items():
                self.person[key] = (name, None if manager == number else manager)
            for key, row in self.account.items():
                self.account[key] = (*row[:3], None if row[3] == number else row[3])


def apply(connection, edit, model):
    """The same edit in SQL, with references as the model resolved them."""
    kind, number, *_ = edit
    run = connection.exec_driver_sql
    if kind == "person":
        run(
            "INSERT INTO person (id, name, manager_id) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, manager_id = excluded.manager_id",
            (number, *model.person[number]),
        )
    elif kind == "account":
        run(
            "INSERT INTO account (id, name, workload, annual_revenue, owner_id) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, workload = excluded.workload, "
            "annual_revenue = excluded.annual_revenue, owner_id = excluded.owner_id",
            (number, *model.account[number]),
        )
    else:
        run(f"DELETE FROM {kind.split()[1]} WHERE id = ?", (number,))


@functools.cache
def template():
    """An empty workspace, made once."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Workspace.create(folder / "empty.salesops").close()
    return folder / "empty.salesops"


class Undoing(RuleBasedStateMachine):
    """Actions of several edits, undo, redo and reopening, in any order."""

    @initialize()
    def make(self):
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "w.salesops"
        shutil.copyfile(template(), self.path)
        self.workspace = Workspace.open(self.path)
        self.done, self.undone = [Model()], []
        self.first = self.hash()

    def hash(self):
        with self.workspace.read() as connection:
            return content_hash(connection, ["account", "person"])

    @rule(edits=st.lists(EDIT, min_size=1, max_size=6))
    def act(self, edits):
        before = self.hash()
        model = copy.deepcopy(self.done[-1])
        with self.workspace.action(f"Action {len(self.done)}") as unit:
            for edit in edits:
                model.edit(edit)
                apply(unit.connection, edit, model)
        touched = bool(self.workspace.history(1)) and self.workspace.history(1)[0].name == f"Action {len(self.done)}"
        if self.hash() != before or (touched and self.workspace.undo_name == f"Undo Action {len(self.done)}"):
            self.done.append(model)
            self.undone = []

    @precondition(lambda self: len(self.done) > 1)
    @rule()
    def undo(self):
        self.workspace.undo()
        self.undone.append(self.done.pop())

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        self.workspace.redo()
        self.done.append(self.undone.pop())

    @precondition(lambda self: len(self.done) > 1)
    @rule(data=st.data())
    def out_of_turn(self, data):
        """Any action in force is undone alone and taken back, or refused; either way all is as before."""
        before = self.hash()
        in_force = [r.id for r in self.workspace.history() if r.kind == "edit" and not r.undone]
        chosen = data.draw(st.sampled_from(in_force))
        try:
            self.workspace.undo(self.workspace.undo(chosen).id)
        except WorkspaceError as error:
            refusal = error.sentence
        else:
            refusal = ""
        if refusal:
            assert chosen != in_force[0], "the last action can always be undone"
            assert "later actions build on the same rows (" in refusal
        assert self.hash() == before

    @rule()
    def reopen(self):
        self.workspace.close()
        self.workspace = Workspace.open(self.path)

    @precondition(lambda self: len(self.done) > 1)
    @rule()
    def there_and_back(self):
        last, steps = self.hash(), len(self.done) - 1
        for _ in range(steps):
            self.workspace.undo()
        assert self.hash() == self.first
        for _ in range(steps):
            self.workspace.redo()
        assert self.hash() == last

    @invariant()
    def same_rows(self):
        if not hasattr(self, "workspace"):
            return
        model = self.done[-1]
        with self.workspace.read() as connection:
            people = connection.exec_driver_sql("SELECT id, name, manager_id FROM person").all()
            accounts = connection.exec_driver_sql(
                "SELECT id, name, workload, annual_revenue, owner_id FROM account"
            ).all()
        assert {row[0]: tuple(row[1:]) for row in people} == model.person
        assert {row[0]: tuple(row[1:]) for row in accounts} == model.account
        assert (self.workspace.undo_name is None) == (len(self.done) == 1)
        assert (self.workspace.redo_name is None) == (not self.undone)

    def teardown(self):
        if hasattr(self, "workspace"):
            assert self.workspace.check().sound
            self.workspace.close()
            shutil.rmtree(self.folder)


TestUndoing = Undoing.TestCase
TestUndoing.settings = settings(
    max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
