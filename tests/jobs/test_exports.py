"""Workbooks from jobs: of the newest run where none is named, refused in words where there is nothing to write."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from salesops_desktop.jobs import commissions, exports, tables, territories
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.exports import What, export
from salesops_desktop.jobs.workspaces import new, opened
from salesops_desktop.model.errors import Cancelled, InputRefusedError, NothingToDoError


def cover(path):
    book = load_workbook(path, data_only=True)
    sheet = book["Cover" if "Cover" in book.sheetnames else "Read me"]
    return {row[0]: row[1] for row in sheet.iter_rows(max_col=2, values_only=True)}


@pytest.mark.parametrize("what", list(What))
def test_an_empty_workspace_has_nothing_to_write(tmp_path, what):
    path = tmp_path / "empty.salesops"
    new(JobContext(), path)
    out = tmp_path / "out.xlsx"
    with opened(path) as context, pytest.raises(NothingToDoError) as told:
        export(context, what, out)
    assert told.value.way_out
    assert not out.exists()


def test_the_newest_is_meant_where_no_number_is_given(company, tmp_path):
    for period in ("2026-07", "2026-09", "2026-08"):
        commissions.run_commissions(company, period)
    export(company, What.COMMISSIONS, tmp_path / "newest.xlsx")
    assert cover(tmp_path / "newest.xlsx")["Period"] == "2026-09"
    july = next(run.id for run in commissions.commission_runs(company).runs if run.period == "2026-07")
    export(company, What.COMMISSIONS, tmp_path / "july.xlsx", number=july)
    assert cover(tmp_path / "july.xlsx")["Period"] == "2026-07"


def test_the_cover_names_the_state_it_was_made_from(company, tmp_path):
    saved = export(company, What.KPIS, tmp_path / "kpis.xlsx").files[0]
    assert cover(saved.path)["Content hash"] == company.workspace.check().content
    last = company.workspace.history(1)[0].id
    assert cover(saved.path)["From the workspace"] == f"small.salesops, after action {last}"
    assert saved.size == saved.path.stat().st_size


def test_an_old_workbook_survives_what_goes_wrong(company, tmp_path):
    territories.design_territories(company)
    out = tmp_path / "handover.xlsx"
    out.write_bytes(b"the old workbook")

    def stop(done, total, what=""):
        raise Cancelled

    company.progress = stop
    with pytest.raises(Cancelled):
        export(company, What.TERRITORIES, out)
    assert out.read_bytes() == b"the old workbook"
    assert [file.name for file in tmp_path.iterdir() if "handover" in file.name] == ["handover.xlsx"]


def test_only_workbooks_are_called_so(company, tmp_path):
    with pytest.raises(InputRefusedError, match="A workbook's name ends in"):
        export(company, What.KPIS, tmp_path / "kpis.pdf")


def test_just_the_view(company, tmp_path):
    table = tables.browse(company, "account").table
    view = table.take((table["name"].values > "M").nonzero()[0])
    exports.export_view(company, view, tmp_path / "view.xlsx")
    names = {
        cell
        for sheet in load_workbook(tmp_path / "view.xlsx", data_only=True)
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    }
    assert set(view["name"].values) <= names
    assert not set(table["name"].values) - set(view["name"].values) & names - {None}
