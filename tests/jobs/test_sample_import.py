"""The sample company's files go through the import with no hand editing; the raw ones' faults are found."""

from __future__ import annotations

import pytest

from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.sample import FaultKind, generate
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.workspace.workspace import Workspace


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("files"), scale=0.05, raw=True)


def imported(paths, folder, as_of):
    """The report of importing the files into a new workspace."""
    path = folder / "sample.salesops"
    Workspace.create(path, currency="USD", company="Sample").close()
    with opened(path) as context:
        return import_files(context, list(paths), as_of=as_of)


@pytest.fixture(scope="module")
def clean(sample, tmp_path_factory):
    return imported(sample.paths, tmp_path_factory.mktemp("clean"), sample.as_of)


@pytest.fixture(scope="module")
def raw(sample, tmp_path_factory):
    return imported([file.path for file in sample.raw], tmp_path_factory.mktemp("raw"), sample.as_of)


def test_every_clean_row_is_taken_as_it_stands(sample, clean):
    taken = {outcome.file: (outcome.entity, outcome.rows, outcome.rejected) for outcome in clean.outcomes}
    assert taken == {file.path.name: (file.entity, file.rows, 0) for file in sample.files}
    assert clean.issues == ()
    assert clean.unmatched == ()
    assert clean.created == ()


def test_misspelt_products_are_told_with_the_right_one(sample, raw):
    likely = {u.text: u.candidate for u in raw.unmatched if u.entity == "product"}
    faults = [f for f in sample.faults if f.kind is FaultKind.MISSPELT_PRODUCT and "  " not in f.value]
    assert faults
    assert {f.value: likely.get(f.value) for f in faults} == {f.value: f.truth for f in faults}


def test_orphans_are_told(sample, raw):
    told = {u.text for u in raw.unmatched}
    assert {f.value for f in sample.faults if f.kind is FaultKind.ORPHAN} <= told


def test_cells_that_mean_nothing_are_told(sample, raw):
    told = {(issue.file, issue.row) for issue in raw.issues}
    # "n/a", "tbd" and "-" are how people write an empty cell.
    faults = [
        f
        for f in sample.faults
        if f.kind is FaultKind.IMPOSSIBLE_PROBABILITY
        or (f.kind is FaultKind.TEXT_IN_AMOUNT and f.value not in ("tbd", "n/a", "-"))
    ]
    assert faults
    assert {(f.file, f.row) for f in faults} <= told


def test_repeated_rows_count_once(sample, raw):
    repeated = sum(f.kind is FaultKind.REPEATED_ROW for f in sample.faults)
    outcome = next(o for o in raw.outcomes if o.entity == "opportunity")
    assert outcome.rejected == repeated > 0


def test_stray_spaces_do_not_hide_a_record(sample, raw):
    told = {u.text for u in raw.unmatched}
    spaced = [f for f in sample.faults if f.kind is FaultKind.STRAY_SPACES]
    assert spaced
    assert not {f.value for f in spaced} & told
    assert not {f.truth for f in spaced} & told
