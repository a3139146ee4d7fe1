"""The Data tab's presenter, without a window: what is asked of the jobs, what is shown, what is dropped."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.tables import Browse, Contents, EntityCount
from salesops_desktop.model.errors import SalesOpsError, WorkspaceError
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.ui.tabs.data.presenter import Blank, DataPresenter, blanks_of, missing_rows, void_columns
from salesops_desktop.ui.tasks import Task


class AtOnce:
    """Runs each job as it is asked for."""

    def __init__(self):
        self.topics = []

    def run(self, function, params=None, *, topic="", on_done=None, on_error=None, **_rest):
        self.topics.append(topic)
        try:
            result = function(JobContext(), **(params or {}))
        except SalesOpsError as error:
            on_error(error)
        else:
            on_done(result)
        return Task(1, "", topic)


class Jobs:
    """Stands for the jobs: a workspace of plain lists."""

    def __init__(self, **rows):
        self.rows = rows
        self.asked = []
        self.fault = None

    def contents(self, context):
        return Contents(tuple(EntityCount(n, n.capitalize(), len(r)) for n, r in self.rows.items()))

    def browse(self, context, entity_name, *, ids=None):
        self.asked.append((entity_name, ids))
        if self.fault is not None:
            raise self.fault
        specs = [
            ColumnSpec("name", "Account", ValueKind.TEXT),
            ColumnSpec("owner", "Owner", ValueKind.TEXT),
            ColumnSpec("potential", "Potential", ValueKind.MONEY, "USD"),
            ColumnSpec("created_on", "Created", ValueKind.DATE),
            ColumnSpec("city", "City", ValueKind.TEXT),
        ]
        rows = [r for r in self.rows[entity_name] if ids is None or r["id"] in ids]
        return Browse(build_table("Accounts", specs, rows, entity=entity_name, key="id"))


def rows():
    return [
        {"id": 1, "name": "A", "owner": "Ana", "potential": 500, "created_on": "2026-01-02"},
        {"id": 2, "name": "B", "owner": None, "potential": None, "created_on": "2026-01-03"},
        {"id": 3, "name": "C", "owner": None, "potential": 700, "created_on": None},
    ]


@pytest.fixture
def made():
    states = []
    jobs = Jobs(product=[], account=rows(), person=[])
    presenter = DataPresenter(AtOnce(), states.append, jobs)
    return presenter, jobs, states


def test_opening_counts_and_shows(made):
    presenter, _, states = made
    presenter.opened()
    assert [(line.name, line.rows) for line in presenter.state.entities] == [
        ("product", 0),
        ("account", 3),
        ("person", 0),
    ]
    assert presenter.state.chosen == "account"
    assert len(presenter.state.shown.table) == 3
    assert not presenter.state.loading
    assert states[0].loading


def test_the_fullest_kind_is_shown_where_the_usual_one_is_empty():
    jobs = Jobs(account=[], person=rows(), product=[])
    presenter = DataPresenter(AtOnce(), lambda _s: None, jobs)
    presenter.opened()
    assert presenter.state.chosen == "person"


def test_blanks_are_named_and_empty_columns_are_not(made):
    presenter, _, _ = made
    presenter.opened()
    shown = presenter.state.shown
    assert shown.blanks[0] == Blank("owner", "Owner", 2)
    assert {b.column for b in shown.blanks} == {"owner", "potential", "created_on"}
    assert shown.void == {"city"}


def test_a_change_elsewhere_counts_but_does_not_read_again(made):
    presenter, jobs, _ = made
    presenter.opened()
    before = len(jobs.asked)
    presenter.tables_changed(frozenset({"lead"}))
    assert len(jobs.asked) == before
    presenter.tables_changed(frozenset({"person"}))  # an account's owner is one
    assert len(jobs.asked) == before + 1


def test_the_rows_behind_a_figure(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.show_only("account", [1, 3], "Behind the win rate")
    assert jobs.asked[-1] == ("account", [1, 3])
    assert len(presenter.state.shown.table) == 2
    presenter.show_all()
    assert len(presenter.state.shown.table) == 3
    assert presenter.state.why == ""


def test_a_fault_is_kept_as_a_sentence(made):
    presenter, jobs, _ = made
    jobs.fault = WorkspaceError("The file is gone.")
    presenter.opened()
    assert presenter.state.fault.sentence == "The file is gone."
    assert not presenter.state.loading


def test_closing_forgets_the_rows_but_not_the_choice(made):
    presenter, _, _ = made
    presenter.opened()
    presenter.choose("person")
    presenter.closed()
    assert presenter.state.shown is None
    assert presenter.state.entities == ()
    assert presenter.state.chosen == "person"


def test_counting_what_is_missing_agrees_with_looking_at_each_cell():
    rng = np.random.default_rng(3)
    values = [None if rng.random() < 0.3 else i for i in range(50)]
    for kind in (ValueKind.TEXT, ValueKind.INTEGER, ValueKind.MONEY, ValueKind.NUMBER, ValueKind.BOOLEAN):
        table = build_table("T", [ColumnSpec("x", "X", kind)], [(v,) for v in values], entity="account")
        column = table.columns[0]
        assert missing_rows(column) == sum(column.is_missing(i) for i in range(50))
    assert void_columns(build_table("T", [ColumnSpec("x", "X", ValueKind.TEXT)], [(None,)])) == {"x"}
    assert blanks_of(build_table("T", [ColumnSpec("name", "X", ValueKind.TEXT)], [(None,)], entity="account")) == ()
