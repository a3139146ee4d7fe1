"""Territory workbooks: what a manager may change, what follows from it live, and what a part may not tell."""

from __future__ import annotations

import io
import itertools
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from PySide6.QtGui import QImage

from salesops_desktop.model.errors import Cancelled
from salesops_desktop.sheets.reading import SheetReader
from salesops_desktop.sheets.writing.territory_map import HEIGHT, WIDTH, draw_map, spread_colours
from salesops_desktop.sheets.writing.territory_records import MOST_SHEETS
from salesops_desktop.sheets.writing.territory_workbook import write_packs, write_scenario
from tests.sheets.writing import examples
from tests.sheets.writing.linter import lint
from tests.sheets.writing.reading_back import recalculated


def lists(book):
    """Account ref. → the cells of its row by heading, over all sheets with proposals."""
    found = {}
    for sheet in book:
        head = next((r for r in sheet.iter_rows(max_row=80) if {"Ref.", "Comment"} <= {c.value for c in r}), None)
        if head is None:
            continue
        for row in sheet.iter_rows(min_row=head[0].row + 1):
            cells = {h.value: c for h, c in zip(head, row, strict=True)}
            if isinstance(cells["Ref."].value, int):
                found[cells["Ref."].value] = cells
    return found


def table(sheet, first):
    """The rows of the table whose heading begins with ``first``, as mappings."""
    rows = list(sheet.iter_rows(values_only=True))
    at = next(i for i, row in enumerate(rows) if row[0] == first)
    made = []
    for row in rows[at + 1 :]:
        if row[0] in (None, "Total"):
            break
        made.append(dict(zip(rows[at], row, strict=True)))
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "West 2027.xlsx"
    write_scenario(path, examples.territory_book(picture=examples.picture(80, 40)))
    return path


def test_only_proposals_and_comments_can_be_written(whole: Path) -> None:
    book = load_workbook(whole)
    data = examples.territory_book()
    open_cells = {
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if not cell.protection.locked
    }
    found = lists(book)
    wanted = {
        (c.parent.title, c.coordinate)
        for row in found.values()
        for n, c in row.items()
        if n in ("Proposed territory", "Comment")
    }
    assert open_cells == wanted
    assert set(found) == {account.ref for account in data.accounts}
    for sheet in {title for title, _ in wanted} | {"Balance", "Accounts"}:
        assert book[sheet].protection.sheet
        assert not book[sheet].protection.password
    rules = [rule for title in {t for t, _ in wanted} for rule in book[title].data_validations.dataValidation]
    assert {rule.type for rule in rules} == {"list", "textLength"}
    assert book["Identity"].sheet_state == "hidden"


def test_the_list_of_territories_holds_every_name(whole: Path) -> None:
    book = load_workbook(whole)
    rule = next(r for sheet in book for r in sheet.data_validations.dataValidation if r.type == "list")
    sheet, _, cells = rule.formula1.rpartition("!")
    assert [row[0].value for row in book[sheet][cells]] == [t.name for t in examples.territory_book().territories]


@pytest.mark.libreoffice
@pytest.mark.parametrize("part", [False, True], ids=["whole", "part"])
def test_balance_follows_what_is_proposed(tmp_path: Path, *, part: bool) -> None:
    data = examples.territory_part() if part else examples.territory_book()
    path = tmp_path / "proposed.xlsx"
    write_scenario(path, data)
    book = load_workbook(path)
    found = lists(book)
    names = [t.name for t in (*data.territories, *data.neighbours)]
    place = {a.ref: data.by_number()[a.territory].name for a in data.accounts}
    after = dict(place)
    for i, account in enumerate(data.accounts[:12]):
        name = names[(names.index(place[account.ref]) + 1 + i) % len(names)]
        found[account.ref]["Proposed territory"].value = name
        found[account.ref]["Proposed territory"].data_type = "s"
        after[account.ref] = name
    book.save(path)
    again = load_workbook(recalculated(path, tmp_path), data_only=True)
    shown = {row["Territory"]: row for row in table(again["Balance"], "Territory")}
    for territory in data.territories:
        row = shown[territory.name]
        before = sum(a.potential for a in data.accounts if place[a.ref] == territory.name) / 100
        potential = sum(a.potential for a in data.accounts if after[a.ref] == territory.name) / 100
        workload = sum(a.workload for a in data.accounts if after[a.ref] == territory.name)
        assert row["Accounts as proposed"] == sum(name == territory.name for name in after.values())
        assert row["Potential (EUR)"] == pytest.approx(before)
        assert row["Potential as proposed (EUR)"] == pytest.approx(potential)
        assert row["Workload as proposed"] == pytest.approx(workload)
        assert row["Potential off target as proposed"] == pytest.approx(
            potential / (round(territory.target_potential) / 100) - 1
        )
    assert again["Checks"]["B3"].value == 0
    if part:
        rows = list(again["Balance"].iter_rows(values_only=True))
        gained = {row[0]: row[3] for row in rows if row[0] in {t.name for t in data.neighbours}}
        assert gained == {t.name: sum(name == t.name for name in after.values()) for t in data.neighbours}


@pytest.mark.libreoffice
def test_a_name_that_is_none_shows_on_the_checks_sheet(tmp_path: Path) -> None:
    path = tmp_path / "wrong.xlsx"
    write_scenario(path, examples.territory_book())
    book = load_workbook(path)
    next(iter(lists(book).values()))["Proposed territory"].value = "Nowhere"
    book.save(path)
    checks = load_workbook(recalculated(path, tmp_path), data_only=True)["Checks"]
    assert checks["B3"].value > 0
    wrong = {row[0] for row in checks.iter_rows(values_only=True) if isinstance(row[3], int | float) and row[3]}
    assert "Proposals for territories that there are not" in wrong


def test_many_territories_get_a_sheet_a_manager(tmp_path: Path) -> None:
    data = examples.territory_book(200, territories=MOST_SHEETS + 3)
    write_scenario(tmp_path / "many.xlsx", data)
    assert lint(tmp_path / "many.xlsx") == []
    book = load_workbook(tmp_path / "many.xlsx")
    managers = {t.manager for t in data.territories}
    assert managers <= set(book.sheetnames)
    assert not {t.name for t in data.territories} & set(book.sheetnames)
    assert set(lists(book)) == {a.ref for a in data.accounts}


def test_todays_owners_take_no_proposals(tmp_path: Path) -> None:
    write_scenario(tmp_path / "today.xlsx", replace(examples.territory_book(), scenario=0))
    assert lint(tmp_path / "today.xlsx") == []
    book = load_workbook(tmp_path / "today.xlsx")
    assert "Identity" not in book.sheetnames
    assert lists(book) == {}
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if not c.protection.locked]


def test_no_moves_no_quotas_no_measures(tmp_path: Path) -> None:
    data = examples.territory_book(12)
    still = tuple(replace(a, moves=False, potential=0, workload=0.0, open_pipeline=0) for a in data.accounts)
    bare = tuple(replace(t, quotas=(), target_potential=None, target_workload=None) for t in data.territories)
    write_scenario(tmp_path / "still.xlsx", replace(data, accounts=still, territories=bare, sentences=(), balance=()))
    assert lint(tmp_path / "still.xlsx") == []


def test_each_letter_is_a_page_of_its_own(whole: Path) -> None:
    sheet = load_workbook(whole)["Quota letters"]
    titles = [row[0].row for row in sheet.iter_rows() if str(row[0].value or "").startswith("Territory and quota of")]
    people = [t for t in examples.territory_book().territories if t.person]
    assert len(titles) == len(people)
    assert [brk.id + 1 for brk in sheet.row_breaks.brk] == titles[1:]
    assert max(b - a for a, b in itertools.pairwise(titles)) <= 48
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("portrait", 1)


def test_a_part_tells_nothing_of_others_accounts(tmp_path: Path) -> None:
    whole = examples.territory_book(150)
    data = examples.territory_part(150)
    write_scenario(tmp_path / "part.xlsx", data)
    with zipfile.ZipFile(tmp_path / "part.xlsx") as archive:
        everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "replace")
    told = {a.key for a in data.accounts} | {leaver.account.key for leaver in data.leavers}
    others = [a for a in whole.accounts if a.key not in told]
    assert len(others) > 20
    assert not [a.key for a in others if a.key in everything]
    strangers = {t.name for t in whole.territories} - {t.name for t in (*data.territories, *data.neighbours)}
    went = {leaver.territory for leaver in data.leavers}
    assert not [name for name in strangers - went if name in everything]


def test_all_parts_are_written_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "West 2027 Jean Dupont.xlsx").write_bytes(b"old")
    (folder / "notes.txt").write_text("stay")

    def second(done: float, total: float, what: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write_packs(folder, iter([examples.territory_part(), examples.territory_part()]), second)
    assert (folder / "West 2027 Jean Dupont.xlsx").read_bytes() == b"old"
    saved = write_packs(folder, iter([examples.territory_part(), examples.territory_part()]))
    assert sorted(p.name for p in folder.iterdir()) == [
        "West 2027 Jean Dupont (2).xlsx", "West 2027 Jean Dupont.xlsx", "notes.txt",
    ]  # fmt: skip
    assert all(file.path.stat().st_size == file.size for file in saved)
    assert [p.name for p in tmp_path.iterdir()] == ["packs"]


def test_what_is_written_is_what_is_read_back(whole: Path) -> None:
    data = examples.territory_book()
    with SheetReader() as reader:
        back = reader.returned(whole)
    assert back.facts["scenario"] == "3"
    assert back.facts["scenario_name"] == "West 2027"
    assert back.names == {t.id: t.name for t in data.territories}
    ids = {t.number: t.id for t in data.territories}
    assert back.snapshot == {a.ref: ids[a.territory] for a in data.accounts}
    assert sorted(row.ref for row in back.rows) == sorted(back.snapshot)
    assert {row.proposed + row.comment for row in back.rows} == {""}
    assert back.overwritten == ()
    assert back.lists == len(data.territories)


def test_the_map_is_a_picture_with_land_discs_and_numbers() -> None:
    latitude, longitude = np.array([52.5, 48.1, 50.1, 53.5]), np.array([13.4, 11.6, 8.7, 10.0])
    colours = spread_colours([1, 1, 2, 2], latitude, longitude)
    assert colours[1] != colours[2]
    png = draw_map(latitude, longitude, [1, 1, 2, 2], colours)
    assert png is not None
    decoded = decode(png)
    assert decoded.shape == (HEIGHT, WIDTH, 3)
    seen = {tuple(p) for p in decoded.reshape(-1, 3)[::1].tolist()}
    assert {(0xF7, 0xF6, 0xF2), (0xDD, 0xE5, 0xEC)} <= seen  # land and sea
    assert draw_map([np.nan, 1.0], [2.0, 2.0], [1, 1], {1: 0}) is None


def test_land_across_the_180th_meridian_is_filled_once() -> None:
    png = draw_map([66.0, 64.0, 50.0], [175.0, -175.0, -179.0], [1, 1, 1], {1: 0})
    assert png is not None
    pixels = decode(png)
    land = (pixels == (0xF7, 0xF6, 0xF2)).all(axis=2)
    assert 0.005 < land.mean() < 0.9
    assert not land.all(axis=1).any()  # no bar from edge to edge


def decode(png: bytes):
    """The pixels of a picture, by Qt's decoder."""
    image = QImage.fromData(png).convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(io.BytesIO(bytes(image.constBits())).getvalue(), dtype=np.uint8)
    return flat.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 3].reshape(image.height(), -1, 3)
