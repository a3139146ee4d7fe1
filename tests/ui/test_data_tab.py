"""The Data tab and the import, clicked through in a real window on real files."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QToolButton

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.exporting import write_table
from salesops_desktop.ui.tabs.data.import_columns import FIELD, READ_AS
from salesops_desktop.ui.tabs.data.import_dialog import ImportDialog
from salesops_desktop.ui.tabs.data.import_preview_page import PreviewPage
from salesops_desktop.ui.tabs.data.record_card import RecordCard

ACCOUNTS = """Company,Billing City,Annual Revenue,Colour
North Mills,Leeds,1200000,red
Bay Works,Bristol,,blue
Cliff Foods,Dover,640000,red
"""


@pytest.fixture
def company(tmp_path):
    path = tmp_path / "Company.salesops"
    Workspace.create(path, currency="USD").close()
    return path


@pytest.fixture
def accounts(tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text(ACCOUNTS, encoding="utf-8")
    return path


class Person:
    """Drives one import as a person would."""

    def __init__(self, window, qtbot):
        self.window, self.qtbot = window, qtbot

    @property
    def dialog(self):
        return next(d for d in self.window.findChildren(ImportDialog) if d.isVisible())

    @property
    def state(self):
        return self.dialog.presenter.state

    def wait(self):
        self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=60_000)
        pages = self.window.findChildren(PreviewPage)
        self.qtbot.waitUntil(lambda: not any(page.filling for page in pages))
        QApplication.processEvents()

    def bring(self, *paths):
        self.window.import_files(paths)
        self.wait()
        return self.dialog

    def press(self, button):
        assert button.isVisible(), button.text()
        assert button.isEnabled(), button.text()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.wait()

    def import_all(self, *paths):
        dialog = self.bring(*paths)
        self.press(dialog.next)
        self.press(dialog.next)
        assert self.state.step == "done"
        return dialog


@pytest.fixture
def person(make_window, qtbot, company):
    return Person(make_window(company), qtbot)


def data_view(window, qtbot):
    view = window.show_tab("data")
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
    return view


def count(view, name):
    return next(line.rows for line in view.entities.lines if line.name == name)


def test_an_empty_workspace_offers_the_import(person, qtbot):
    view = data_view(person.window, qtbot)
    assert view.pages.currentWidget() is view.nothing
    qtbot.mouseClick(view.nothing.buttons[0], Qt.MouseButton.LeftButton)
    assert person.dialog.isVisible()
    assert not person.dialog.next.isEnabled()
    person.dialog.close()


def test_a_spreadsheet_goes_in_and_comes_back_out(person, qtbot, accounts):
    view = data_view(person.window, qtbot)
    dialog = person.import_all(accounts)
    assert "3 new" in dialog.done_page.words.text()
    assert count(view, "account") == 3
    assert list(view.grid.table["name"].values) == ["North Mills", "Bay Works", "Cliff Foods"]
    assert person.window.commands.action("undo").text() == "Undo Import accounts.csv"
    person.press(dialog.done_page.undo)
    assert count(view, "account") == 0
    assert not dialog.done_page.undo.isEnabled()
    person.press(dialog.next)
    person.window.commands.trigger("redo")
    person.wait()
    assert count(view, "account") == 3


def test_columns_the_source_does_not_have_stay_out_of_sight(person, qtbot, accounts):
    view = data_view(person.window, qtbot)
    person.import_all(accounts).close()
    assert view.grid.table_as_seen().names == ("name", "city", "currency", "annual_revenue")
    view.grid.show_all_columns()
    assert "website" in view.grid.table_as_seen().names


def test_the_same_file_twice_changes_nothing(person, accounts):
    person.import_all(accounts).close()
    dialog = person.bring(accounts)
    assert "as the last time" in dialog.files.facts.text()
    person.press(dialog.next)
    assert "Nothing would change" in dialog.preview.headline.text()
    assert not dialog.next.isEnabled()
    dialog.close()


def test_a_column_can_be_mapped_by_hand(person, qtbot, accounts):
    dialog = person.bring(accounts)
    table = dialog.files.table
    model = table.columns
    colour = next(r for r in range(model.rowCount()) if model.index(r, 0).data() == "Colour")
    assert model.index(colour, FIELD).data() == "(keep as an extra column)"
    table.edit(model.index(colour, FIELD))
    combo = table.findChild(QComboBox)
    combo.setCurrentIndex(combo.findData("segment"))
    combo.activated.emit(combo.currentIndex())
    assert model.index(colour, FIELD).data() == "Segment"
    assert person.state.sheet.plan.mapping[3] == "segment"
    person.press(dialog.next)
    person.press(dialog.next)
    view = data_view(person.window, qtbot)
    assert list(view.grid.table["segment"].values) == ["red", "blue", "red"]
    dialog.close()


def test_leaving_a_sheet_out_and_taking_it_as_something_else(person, accounts):
    dialog = person.bring(accounts)
    kind = dialog.files.kind
    kind.setCurrentIndex(0)
    kind.activated.emit(0)
    assert not dialog.next.isEnabled()
    kind.setCurrentIndex(kind.findData("lead"))
    kind.activated.emit(kind.currentIndex())
    assert person.state.sheet.plan.entity == "lead"
    dialog.close()


def test_dates_that_could_be_either_are_asked_not_guessed(person, tmp_path):
    path = tmp_path / "deals.csv"
    rows = [["Opportunity id", "Opportunity", "Stage", "Amount", "Close date"]]
    rows += [[f"D{i}", f"Deal {i}", "Won", "100", f"0{i}/0{i + 1}/2026"] for i in range(1, 6)]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    dialog = person.bring(path)
    assert dialog.files.questions.isVisible()
    assert not dialog.next.isEnabled()
    combo = dialog.files.questions.findChild(QComboBox)
    combo.setCurrentIndex(combo.findData("dmy"))
    combo.activated.emit(combo.currentIndex())
    person.wait()
    assert not dialog.files.questions.isVisible()
    model = dialog.files.table.columns
    assert model.index(4, READ_AS).data() == "day month year"
    person.press(dialog.next)
    person.press(dialog.next)
    assert person.state.report.outcomes[0].new == 5
    dialog.close()


def test_every_bad_cell_is_listed_with_its_reason(person, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Account,Employees\nNorth,12\n,7\nBay,-5\nCliff,many\n", encoding="utf-8")
    dialog = person.bring(path)
    person.press(dialog.next)
    issues = dialog.preview.issues.table
    assert len(issues) >= 2
    assert all(issues["reason"].values)
    assert "many" in list(issues["value"].values)
    dialog.close()


def test_a_near_spelling_is_offered_and_remembered(person, qtbot, tmp_path):
    products = tmp_path / "products.csv"
    products.write_text("Product,Sales Price\nGTX Pro,4821\nMG Special,55\n", encoding="utf-8")
    person.import_all(products).close()
    deals = tmp_path / "deals.csv"
    deals.write_text(
        "Opportunity id,Product,Stage,Amount\nA1,GTXPro,Won,5000\nA2,MG Special,Won,60\n", encoding="utf-8"
    )
    dialog = person.bring(deals)
    person.press(dialog.next)
    references = dialog.preview.references
    assert list(references.table["candidate"].values) == ["GTX Pro"]
    references.view.selectRow(0)
    person.press(dialog.preview.accept)
    assert len(references.table) == 0
    person.press(dialog.next)
    dialog.close()
    view = data_view(person.window, qtbot)
    view.presenter.choose("opportunity")
    person.wait()
    assert set(view.grid.table["product"].values) == {"GTX Pro", "MG Special"}


def test_a_protected_workbook_asks_for_its_password(person, tmp_path, monkeypatch):
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    for row in (["Account", "City"], ["North", "Leeds"], ["Bay", "Bristol"]):
        book.active.append(row)
    book.save(plain)
    path = tmp_path / "secret.xlsx"
    with path.open("wb") as out:
        OOXMLFile(io.BytesIO(plain.getvalue())).encrypt("open sesame", out)
    dialog = person.bring(path)
    assert "password" in dialog.message.text.lower()
    assert dialog.files.unlock.isVisible()
    asked = "salesops_desktop.ui.tabs.data.import_files_page.QInputDialog.getText"
    monkeypatch.setattr(asked, lambda *_args: ("wrong", True))
    person.press(dialog.files.unlock)
    assert person.state.refused
    monkeypatch.setattr(asked, lambda *_args: ("open sesame", True))
    person.press(dialog.files.unlock)
    assert not person.state.refused
    assert person.state.sheet.inspection.data_rows == 2
    dialog.close()


def test_a_bad_file_does_not_cost_the_good_one(person, tmp_path, accounts):
    bad = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("hello.txt", "no workbook")
    dialog = person.bring(bad, accounts)
    assert len(person.state.files) == 1
    assert len(person.state.refused) == 1
    assert "broken.xlsx" in dialog.message.text
    assert dialog.next.isEnabled()
    dialog.close()


def test_rows_can_be_pasted(person, qtbot):
    dialog = person.bring()
    QApplication.clipboard().setText("Account\tCity\nNorth\tLeeds\nBay\tBristol\n")
    dialog.files.paste()
    person.wait()
    assert person.state.sheet.inspection.data_rows == 2
    person.press(dialog.next)
    person.press(dialog.next)
    assert person.state.report.outcomes[0].new == 2
    dialog.close()


def test_choosing_another_kind_shows_its_rows(person, qtbot, accounts):
    person.import_all(accounts).close()
    view = data_view(person.window, qtbot)
    view.list.setCurrentIndex(view.entities.index(view.entities.row_of("person")))
    person.wait()
    assert view.title.text() == "People"
    assert view.pages.currentWidget() is view.nothing


def test_the_quality_strip_filters_to_the_rows_meant(person, qtbot, accounts):
    person.import_all(accounts).close()
    view = data_view(person.window, qtbot)
    button = next(b for b in view.quality.findChildren(QToolButton) if "Annual revenue" in b.text())
    assert "1" in button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.grid.model.rowCount() == 1
    assert list(view.grid.table_as_seen()["name"].values) == ["Bay Works"]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.grid.model.rowCount() == 3


def test_a_record_opens_as_a_card(person, qtbot, accounts):
    person.import_all(accounts).close()
    view = data_view(person.window, qtbot)
    view.grid.activated.emit(int(view.grid.table.keys[1]))
    card = view.findChild(RecordCard)
    assert card.windowTitle() == "Bay Works"
    card.close()


def test_this_view_is_exported_as_it_is_seen(person, qtbot, accounts, tmp_path):
    person.import_all(accounts).close()
    view = data_view(person.window, qtbot)
    view.grid.set_search("Leeds")
    target = tmp_path / "view.xlsx"
    write_table(person.window, view.grid.table_as_seen(), target)
    person.wait()
    book = openpyxl.load_workbook(target)
    cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    book.close()
    assert "North Mills" in cells
    assert "Bay Works" not in cells


def test_the_history_tells_and_undoes(person, qtbot, accounts, tmp_path):
    person.import_all(accounts).close()
    more = tmp_path / "people.csv"
    more.write_text("Sales agent,Manager\nAna,Kim\nBo,Kim\n", encoding="utf-8")
    person.import_all(more).close()
    window = person.window
    window.commands.trigger("history")
    person.wait()
    dock = window.history
    assert list(dock.grid.table["name"].values)[:2] == ["Import people.csv", "Import accounts.csv"]
    dock.grid.view.selectRow(1)
    assert "2 actions" in dock.hint.text()
    person.press(dock.button)
    view = data_view(window, qtbot)
    assert count(view, "account") == 0
    assert count(view, "person") == 0


def test_cancelling_the_import_leaves_nothing(person, qtbot, accounts):
    dialog = person.bring(accounts)
    person.press(dialog.next)
    person.press(dialog.leave)
    assert not person.window.findChildren(ImportDialog)
    view = data_view(person.window, qtbot)
    assert count(view, "account") == 0


def test_the_real_export_goes_in_with_a_few_clicks(person, qtbot, shared):
    names = ("sales_teams.csv", "products.csv", "accounts.csv", "sales_pipeline.csv")
    dialog = person.bring(*[shared("crm_maven", name) for name in names])
    person.press(dialog.next)
    person.press(dialog.preview.accept_all)
    person.press(dialog.next)
    view = data_view(person.window, qtbot)
    assert {n: count(view, n) for n in ("product", "account", "opportunity")} == {
        "product": 7,
        "account": 85,
        "opportunity": 8800,
    }
    assert count(view, "person") == 41
    view.presenter.choose("opportunity")
    person.wait()
    assert "GTXPro" not in set(view.grid.table["product"].values)
    dialog.close()


def test_undo_and_redo_by_keyboard(person, qtbot, accounts):
    person.import_all(accounts).close()
    window = person.window
    view = data_view(window, qtbot)
    qtbot.waitUntil(lambda: not window.findChildren(ImportDialog))
    window.activateWindow()
    view.list.setFocus()
    qtbot.waitUntil(lambda: window.isActiveWindow() and view.list.hasFocus())
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(view.list, Qt.Key.Key_Z, control)
    person.wait()
    assert count(view, "account") == 0
    qtbot.keyClick(view.list, Qt.Key.Key_Z, control | shift)
    person.wait()
    assert count(view, "account") == 3
