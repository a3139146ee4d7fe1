"""The Territories tab's presenter, without a window: what is asked of the jobs, what is shown, what is dropped."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.territory_reports import BeforeAfter, ScenarioHead, Scenarios, TerritoryReport
from salesops_desktop.jobs.territory_wishes import DesignWishes
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import Cancelled, Fault, FaultsError, InputRefusedError, SalesOpsError
from salesops_desktop.model.outlines import load_outlines
from salesops_desktop.model.progress import silent
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.territory.live import LiveDesign
from salesops_desktop.territory.problem import DesignProblem
from salesops_desktop.territory.why import explain
from salesops_desktop.ui.tabs.territories.picture import SMALLEST, disc_sizes, lands_of, outline_names
from salesops_desktop.ui.tabs.territories.presenter import TerritoryPresenter, Wishes
from salesops_desktop.ui.tabs.territories.why import WhyPresenter
from salesops_desktop.ui.tasks import Task

ACCOUNTS = [  # key, territory, owner today, potential, latitude, longitude
    (11, "Ana", "Ana", 500, 40.0, -100.0),
    (12, "Ana", "Bo", 700, 41.0, -101.0),
    (13, "Bo", "Bo", 900, 35.0, -90.0),
    (14, None, None, 50, None, None),
]


def report(scenario, moved=()):
    text, money, number = ValueKind.TEXT, ValueKind.MONEY, ValueKind.NUMBER
    specs = [
        ColumnSpec("account", "Account", text), ColumnSpec("territory", "Territory", text),
        ColumnSpec("from_person", "Owner today", text), ColumnSpec("potential", "Potential", money, "USD"),
        ColumnSpec("latitude", "Latitude", number), ColumnSpec("longitude", "Longitude", number),
    ]  # fmt: skip
    rows = [
        {"id": k, "account": f"A{k}", "territory": "Bo" if k in moved else t, "from_person": o, "potential": p,
         "latitude": y, "longitude": x}
        for k, t, o, p, y, x in ACCOUNTS
    ]  # fmt: skip
    accounts = build_table("Accounts", specs, rows, entity="account", key="id")
    names = build_table(
        "Territories",
        [ColumnSpec("territory", "T", text), ColumnSpec("person", "P", text), ColumnSpec("potential", "Pot", number)],
        [("Ana", "Ana", 0.0), ("Bo", "Bo", 0.0)],
    )
    balance = (BeforeAfter("Territories in one piece", 0.5, 1.0, ValueKind.FRACTION),)
    handover = accounts.take(np.array([1]))
    none = build_table("None", [ColumnSpec("person", "Person", text)], [])
    return TerritoryReport(
        scenario, f"S{scenario}", "draft", "USD", names, accounts, handover, balance, ("Said.",), none, none, none,
        None, DesignWishes(), ("potential",),
    )  # fmt: skip


class SmallDesk:
    """A desk for the accounts above, on the engine's own live design."""

    territory_names = ("Ana", "Bo")

    def __init__(self, scenario, moved):
        self.scenario = scenario
        self.account_ids = np.array([row[0] for row in ACCOUNTS])
        problem = DesignProblem(
            np.array([40.0, 41.0, 35.0]), np.array([-100.0, -101.0, -90.0]),
            {"potential": np.array([500, 700, 900])}, 2,
            owner=np.array([0, 1, 1]), territory_names=self.territory_names, connected=False,
        )  # fmt: skip
        start = [1 if key in moved else place for (key, *_), place in zip(ACCOUNTS, [0, 0, 1], strict=False)]
        self.live = LiveDesign(problem, np.array(start))

    @property
    def account_territories(self):
        return np.append(self.live.assignment, -1)

    @property
    def figures(self):
        return self.live.figures

    def units(self, accounts):
        return np.flatnonzero(np.isin(self.account_ids[:3], accounts))

    def accounts_of(self, units):
        return [int(self.account_ids[unit]) for unit in units]

    def territory(self, name):
        return self.territory_names.index(name)

    def preview(self, units, territory):
        return self.live.preview(units, territory)

    def move(self, units, territory):
        return self.live.move(units, territory)

    def issues(self):
        return self.live.issues()

    def why(self, unit):
        return explain(self.live, unit)


class Jobs:
    """Stands for the jobs: scenarios kept in a list."""

    def __init__(self, *ids):
        self.ids = list(ids)
        self.asked = []
        self.moved = ()
        self.fault = None
        self.on_the_way = ()

    def desk(self, context, scenario):
        return SmallDesk(scenario, self.moved)

    def scenarios(self, context):
        return Scenarios(tuple(ScenarioHead(i, f"S{i}", "draft", "", "") for i in sorted(self.ids, reverse=True)))

    def show(self, context, scenario):
        self.asked.append(("show", scenario))
        if self.fault is not None:
            raise self.fault
        return report(scenario, self.moved)

    def design(self, context, *, better, enough, **wishes):
        self.asked.append(("design", wishes))
        for place in self.on_the_way:
            better(SimpleNamespace(account_ids=np.array([13, 11, 12]), place=np.array(place), names=("Ana", "New")))
            context.progress(1, 4, "Searching")
            if enough():
                break
        if self.fault is not None:
            raise self.fault
        self.ids.append(max(self.ids, default=0) + 1)
        return report(self.ids[-1])

    def move(self, context, scenario, territory, accounts):
        self.asked.append(("move", scenario, territory, accounts))
        self.moved = tuple(accounts)
        return Sentences((f"{len(accounts)} moved.",))

    def make_current(self, context, scenario, *, effective_from):
        self.asked.append(("current", scenario, effective_from))
        return Sentences(("Current.",))

    def hand_over(self, context, scenario, out, picture):
        self.asked.append(("hand over", scenario, out, picture))


class AtOnce:
    """Runs each job as it is asked for."""

    def run(
        self, function, params=None, *, topic="", on_done=None, on_error=None, on_cancelled=None, on_progress=None, **_
    ):
        try:
            result = function(JobContext(progress=on_progress or silent), **(params or {}))
        except SalesOpsError as error:
            on_error(error)
        except Cancelled:
            on_cancelled()
        else:
            on_done(result)
        return Task(1, "", topic)


@pytest.fixture
def make():
    def made(*ids):
        states, said, jobs = [], [], Jobs(*ids)
        presenter = TerritoryPresenter(AtOnce(), states.append, said.append, jobs)
        presenter.opened()
        return presenter, jobs, states, said

    return made


def test_opening_shows_todays_owners_where_nothing_was_designed(make):
    presenter, jobs, states, _ = make()
    assert jobs.asked == [("show", 0)]
    assert presenter.state.chosen == 0
    assert presenter.state.head is None
    assert presenter.state.shown.picture.names == ("Ana", "Bo")
    assert states[0].loading
    assert not presenter.state.loading


def test_opening_shows_the_newest_scenario(make):
    presenter, jobs, _, _ = make(1, 3)
    assert jobs.asked == [("show", 3)]
    assert presenter.state.head.name == "S3"


def test_a_design_is_shown_and_told(make):
    presenter, jobs, states, said = make()
    presenter.design(Wishes({"name": "X", "measures": ["potential:5"]}))
    assert jobs.asked[-1] == ("design", {"name": "X", "measures": ["potential:5"]})
    assert any(state.designing for state in states)
    assert not presenter.state.designing
    assert presenter.state.chosen == 1
    assert said == ["S1: 4 accounts in 2 territories, 1 change hands."]


def test_the_best_so_far_is_shown_and_kept_when_there_is_enough(make):
    presenter, jobs, states, _ = make(1)
    jobs.on_the_way = ([0, 1, 1], [1, 0, 1])
    became = states.append

    def render(state):
        became(state)
        under_way = state.designing
        if under_way is not None and under_way.best is not None and not under_way.stopping:
            presenter.enough()

    presenter._render = render
    presenter.design(Wishes())
    seen = [state.designing for state in states if state.designing is not None and state.designing.best is not None]
    assert seen[0].share == 0.25
    assert seen[0].best.names == ("Ana", "New")
    assert seen[0].best.place.tolist() == [1, 1, 0, -1]  # accounts 11, 12, 13, and 14, which it does not know
    assert len({id(each.best) for each in seen}) == 1  # stopped before the second one
    assert any(each.stopping for each in seen)
    assert presenter.state.designing is None
    assert presenter.state.chosen == 2


def test_what_a_design_changes_is_not_read_twice(make):
    presenter, jobs, _, _ = make()
    asked = jobs.design

    def design(context, **wishes):
        presenter.tables_changed(frozenset({"scenario"}))  # the job publishes before its answer comes
        return asked(context, **wishes)

    jobs.design = design
    before = len([a for a in jobs.asked if a[0] == "show"])
    presenter.design(Wishes())
    assert len([a for a in jobs.asked if a[0] == "show"]) == before


def test_a_cancelled_design_leaves_what_was_shown(make):
    presenter, jobs, _, said = make(1)
    jobs.fault = Cancelled()
    shown = presenter.state.shown
    presenter.design(Wishes())
    assert presenter.state.shown is shown
    assert not presenter.state.designing
    assert "nothing was changed" in said[-1]


def test_a_refused_design_is_told_once(make):
    presenter, jobs, states, _ = make(1)
    jobs.fault = InputRefusedError("There is a scenario called 'X' already.")
    presenter.design(Wishes({"name": "X"}))
    assert states[-1].fault is jobs.fault
    assert presenter.state.fault is None
    assert not presenter.state.designing


def test_a_territory_is_picked_with_all_its_accounts(make):
    presenter, _, _, _ = make(1)
    presenter.pick_territories(["Ana"])
    picked = presenter.state.selection
    assert picked.accounts == (11, 12)
    assert picked.potential == 1200
    assert picked.held_by == (("Ana", 2),)


def test_accounts_are_picked_across_territories(make):
    presenter, _, _, _ = make(1)
    presenter.pick_accounts([13, 12, 14, 99])
    picked = presenter.state.selection
    assert picked.accounts == (12, 13, 14)
    assert picked.territories == ()
    assert picked.potential == 700 + 900 + 50
    assert dict(picked.held_by) == {"Ana": 1, "Bo": 1}


def test_moving_goes_to_the_job_and_the_selection_stays(make):
    presenter, jobs, _, said = make(1)
    presenter.pick_accounts([12])
    presenter.move("Bo")
    assert ("move", 1, "Bo", [12]) in jobs.asked
    assert said == ["1 moved."]
    presenter.tables_changed(frozenset({"assignment"}))
    assert presenter.state.selection.accounts == (12,)
    assert presenter.state.selection.held_by == (("Bo", 1),)


def test_what_a_move_does_is_told_before_it_is_made(make):
    presenter, jobs, _, _ = make(1)
    assert presenter.state.editable
    presenter.pick_accounts([12])
    effect = presenter.preview("Bo")
    assert effect.after.totals["potential"].tolist() == [500, 1600]
    assert effect.after.moved_count == 0
    assert effect.before.moved_count == 1
    assert not [asked for asked in jobs.asked if asked[0] == "move"]
    assert presenter.preview("Nobody") is None


def test_every_figure_follows_a_move_before_it_is_stored(make):
    presenter, _, states, _ = make(1)
    presenter.pick_accounts([12])
    del states[:]
    presenter.move("Bo")
    first = states[0]
    assert first.live is not None
    assert first.shown.picture.place.tolist() == [0, 1, 1, -1]
    assert first.live.territories["potential"].values.tolist() == [500, 1600]
    assert first.selection.held_by == (("Bo", 1),)
    presenter.tables_changed(frozenset({"assignment"}))
    assert presenter.state.live is None
    assert presenter.state.editable  # the desk agrees with what is stored: it is not opened anew


def test_a_refused_move_is_put_back(make):
    presenter, jobs, states, _ = make(1)

    def refuse(*_args, **_given):
        raise InputRefusedError("Account 12 is locked.")

    jobs.move = refuse
    presenter.pick_accounts([12])
    presenter.move("Bo")
    assert any(state.fault is not None for state in states)
    assert presenter.state.live is None
    assert presenter.state.shown.picture.place.tolist() == [0, 0, 1, -1]
    assert presenter.state.editable  # at a new desk


def test_what_changed_elsewhere_gets_a_new_desk(make):
    presenter, jobs, _, _ = make(1)
    old = presenter.editor.desk
    presenter.tables_changed(frozenset({"account"}))
    assert presenter.editor.desk is old
    jobs.moved = (12,)
    presenter.tables_changed(frozenset({"assignment"}))
    assert presenter.editor.desk is not old
    assert presenter.state.editable


def test_why_an_account_is_here_and_what_else_would_cost(make):
    presenter, jobs, _, _ = make(1)
    told, faults = [], []
    why = WhyPresenter(AtOnce(), presenter, told.append, faults.append)
    why.look_at(presenter.state)
    assert told[-1].told is None
    presenter.pick_accounts([12])
    why.look_at(presenter.state)
    answer = told[-1].told
    assert answer.about == "Ana"
    assert answer.sentences
    assert answer.options["territory"].values.tolist() == ["Bo"]
    assert answer.moves == (((12,), "Bo"),)
    asked = len(told)
    why.look_at(presenter.state)
    assert len(told) == asked
    why.do(0)
    assert ("move", 1, "Bo", [12]) in jobs.asked
    assert not faults


def test_todays_owners_cannot_be_moved_or_made_current(make):
    presenter, jobs, _, _ = make()
    presenter.pick_accounts([12])
    presenter.move("Bo")
    presenter.make_current(dt.date(2026, 1, 1))
    assert [a[0] for a in jobs.asked] == ["show"]


def test_making_current_passes_the_day(make):
    presenter, jobs, _, said = make(2)
    presenter.make_current(dt.date(2027, 1, 1))
    assert jobs.asked[-1] == ("current", 2, dt.date(2027, 1, 1))
    assert said == ["Current."]


@pytest.mark.parametrize("fails", [False, True])
def test_the_picture_of_the_map_is_gone_after_the_export(make, tmp_path, fails):
    presenter, jobs, states, _ = make(2)
    picture, done = tmp_path / "map.png", []
    picture.write_bytes(b"png")
    if fails:
        jobs.hand_over = lambda *_args: (_ for _ in ()).throw(InputRefusedError("The disk is full."))
    presenter.hand_over(tmp_path / "x.xlsx", lambda: picture, lambda: done.append(1))
    assert not picture.exists()
    assert bool(done) is not fails
    assert (states[-1].fault is not None) is fails


def test_a_scenario_that_was_undone_gives_way_to_the_next(make):
    presenter, jobs, _, _ = make(1, 2)
    jobs.ids.remove(2)
    presenter.tables_changed(frozenset({"scenario"}))
    assert presenter.state.chosen == 1


def test_changes_elsewhere_read_nothing(make):
    presenter, jobs, _, _ = make(1)
    before = list(jobs.asked)
    presenter.tables_changed(frozenset({"lead", "activity"}))
    assert jobs.asked == before


def test_what_is_missing_is_kept_until_it_is_there(make):
    presenter, jobs, _states, _ = make()
    jobs.fault = FaultsError("Not yet.", [Fault("Accounts", "there are none.", "Import accounts.")])
    presenter.tables_changed(frozenset({"account"}))
    assert presenter.state.shown is None
    assert presenter.state.unready is jobs.fault
    jobs.fault = None
    presenter.tables_changed(frozenset({"account"}))
    assert presenter.state.unready is None
    assert presenter.state.shown is not None


def test_closing_forgets_everything(make):
    presenter, _, states, _ = make(1)
    presenter.closed()
    assert states[-1].shown is None
    assert states[-1].heads == ()


def test_discs_have_areas_as_the_values_and_countries_colour_their_states():
    sizes = disc_sizes(np.array([100.0, 25.0, 0.0, np.nan, *[100.0] * 50]))
    assert sizes[0] / sizes[1] == pytest.approx(2)
    assert sizes[2] == sizes[3] == SMALLEST
    assert set(lands_of("us_states", load_outlines("us_states"))) == {"US"}
    assert set(lands_of("provinces", load_outlines("provinces"))) == {"AT", "CA", "CH", "DE"}
    assert "FR" in lands_of("world", load_outlines("world"))


@pytest.mark.parametrize(
    ("lon", "lat", "names"),
    [
        ([-100.0, -90.0], [40.0, 35.0], {"world", "us_states"}),
        ([10.0, 11.0], [48.0, 50.0], {"world", "provinces"}),
        ([139.0, 140.0], [35.0, 36.0], {"world"}),
        ([np.nan], [np.nan], {"world"}),
    ],
)
def test_outlines_suit_where_the_accounts_are(lon, lat, names):
    assert set(outline_names(np.array(lon), np.array(lat))) == names
