"""What the program writes, it reads back without a single change: every kind of record, as csv and as workbook."""

from __future__ import annotations

import shutil

import pytest

from salesops_desktop.jobs.exports import export_records
from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.sample import AS_OF
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.entities import ENTITIES


@pytest.fixture(scope="module")
def company(small_company, tmp_path_factory):
    path = shutil.copy(small_company, tmp_path_factory.mktemp("round") / "small.salesops")
    with opened(path) as context:
        yield context


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("entity", [spec.name for spec in ENTITIES])
def test_records_come_back_unchanged(company, tmp_path, entity, ending):
    path = tmp_path / f"{entity}.{ending}"
    export_records(company, entity, path)
    report = import_files(company, [path], dry_run=True, as_of=AS_OF)
    assert [outcome.entity for outcome in report.outcomes] == [entity]
    (outcome,) = report.outcomes
    assert outcome.rows > 0
    assert (outcome.new, outcome.changed, outcome.rejected) == (0, 0, 0), outcome.changes[:3]
    assert report.issues == ()
    assert report.unmatched == ()
