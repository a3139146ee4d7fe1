"""Every tab and dialog, in light, dark and with 40 % longer words: names, places in the tab order, no cut words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QTabBar,
    QToolButton,
    QWidget,
)

from salesops_desktop.jobs.declare import REGISTRY
from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.i18n import set_pseudo_locale
from salesops_desktop.ui.job_form import JobForm
from salesops_desktop.ui.report_view import ReportDialog
from salesops_desktop.ui.tabs.data.import_dialog import begin_import
from salesops_desktop.ui.tabs.data.record_card import RecordCard
from salesops_desktop.ui.theme import apply_theme

INTERACTIVE = (
    QAbstractButton,
    QLineEdit,
    QComboBox,
    QAbstractSpinBox,
    QAbstractItemView,
    QPlainTextEdit,
    QTabBar,
)
ACCOUNTS = "Company,Billing City,Annual Revenue,Created\nNorth,Leeds,1200000,2024-03-01\nBay,,850000,2024-05-17\n"
PEOPLE = "Sales agent,Manager,Regional office\nAna,Kim,West\nBo,Kim,East\n"


def private(widget):
    """Parts that Qt builds inside its own widgets; the widget around them carries the name and the focus."""
    inside = widget.parent()
    if isinstance(inside, QComboBox | QAbstractSpinBox) or widget.objectName().startswith("qt_"):
        return True
    if isinstance(widget, QHeaderView) or isinstance(inside, QAbstractItemView | QHeaderView):
        return True
    if isinstance(inside, QLineEdit | QTabBar):
        return True
    return type(widget).__name__ in {"QDockWidgetTitleButton", "QComboBoxListView", "QToolBarExtension"}


def interactive(root):
    return [
        w for w in root.findChildren(QWidget) if isinstance(w, INTERACTIVE) and w.isVisibleTo(root) and not private(w)
    ]


def spoken(widget):
    face = QAccessible.queryAccessibleInterface(widget)
    return "" if face is None else face.text(QAccessible.Text.Name).strip()


def where(widget):
    names = []
    while widget is not None:
        names.append(widget.objectName() or type(widget).__name__)
        widget = widget.parentWidget()
    return " < ".join(names[:5])


def nameless(root):
    return [f"no name: {where(w)} {getattr(w, 'text', str)()!r}" for w in interactive(root) if not spoken(w)]


def in_tab_order(root):
    """The widgets the Tab key passes, as Qt chains them."""
    chain, widget = set(), root.nextInFocusChain()
    while widget is not None and widget is not root and widget not in chain:
        chain.add(widget)
        widget = widget.nextInFocusChain()
    return chain


def unreachable(root):
    chain = in_tab_order(root.window())
    missing = []
    for widget in interactive(root):
        target = widget.focusProxy() or widget
        if not (target.focusPolicy() & Qt.FocusPolicy.TabFocus) or target not in chain | {root.window()}:
            missing.append(f"not in the tab order: {where(widget)} {spoken(widget)!r}")
    return missing


def clipped(root):
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root) or widget.width() == 0 or type(widget).__name__ == "ElidedLabel":
            continue
        if isinstance(widget, QLabel):
            found += _clipped_label(widget)
        elif isinstance(widget, QPushButton | QCheckBox | QRadioButton | QToolButton):
            if widget.text() and widget.width() + 1 < widget.minimumSizeHint().width():
                found.append(f"cut button {widget.text()!r}: {where(widget)}")
        elif isinstance(widget, QTabBar):
            found += _clipped_tabs(widget)
        elif isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
            found += _clipped_headers(widget)
    return found


def _clipped_label(label):
    text = label.text()
    if not text or label.textFormat() == Qt.TextFormat.RichText:
        return []
    room, metrics = label.contentsRect(), label.fontMetrics()
    if label.wordWrap():
        need = metrics.boundingRect(0, 0, room.width(), 10_000, Qt.TextFlag.TextWordWrap, text)
        cut = need.height() > room.height() + 2
    else:
        cut = any(metrics.horizontalAdvance(line) > room.width() + 1 for line in text.split("\n"))
    return [f"cut label {text!r}: {where(label)} {room}"] if cut else []


def _clipped_tabs(bar):
    cut = []
    for i in range(bar.count()):
        text = bar.tabText(i).replace("&", "")
        if bar.isTabVisible(i) and bar.fontMetrics().horizontalAdvance(text) > bar.tabRect(i).width():
            cut.append(f"cut tab {text!r}: {where(bar)}")
    return cut


def _clipped_headers(header):
    model, cut = header.model(), []
    for i in range(0 if model is None else header.count()):
        text = str(model.headerData(i, Qt.Orientation.Horizontal) or "")
        if not header.isSectionHidden(i) and header.fontMetrics().horizontalAdvance(text) > header.sectionSize(i):
            cut.append(f"cut header {text!r}: {where(header)}")
    return cut


@pytest.fixture
def places(make_window, qtbot, tmp_path):
    """Walks all tabs and dialogs of a window with data in it; yields (name, widget) at rest."""

    def walk():
        path = tmp_path / "Company.salesops"
        if not path.exists():
            Workspace.create(path, currency="USD").close()
        window = make_window(path)
        rest = lambda: qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)  # noqa: E731
        files = [tmp_path / "accounts.csv", tmp_path / "people.csv"]
        for file, text in zip(files, (ACCOUNTS, PEOPLE), strict=True):
            file.write_text(text, encoding="utf-8")
        dialog = begin_import(window, files)
        rest()
        yield "import: files", dialog
        dialog.presenter.to_preview()
        rest()
        yield "import: preview", dialog
        dialog.presenter.run_import()
        rest()
        yield "import: result", dialog
        dialog.close()
        window.commands.trigger("history")
        for spec in window.tabs.specs:
            window.show_tab(spec.name)
            rest()
            qtbot.wait(80)
            yield f"tab {spec.name}", window
        window.history.close()
        view = window.show_tab("data")
        view.presenter.choose("account")
        rest()
        card = RecordCard(view.grid.table, 0, window)
        card.show()
        yield "record", card
        card.close()
        card.deleteLater()
        report = ReportDialog("Report", _Report(view.grid.table), lambda _table: None, window)
        report.show()
        yield "report", report
        report.close()
        report.deleteLater()
        for command in ("new", "shortcuts", "about"):
            window.commands.trigger(command)
            each = next(d for d in window.findChildren(QDialog) if d.isVisible())
            yield command, each
            each.close()
            QApplication.processEvents()
        for job in REGISTRY.values():
            if job.parameters:
                form = JobForm(job, {}, lambda _params: None, window)
                form.show()
                yield f"form of {job.command}", form
                form.close()
                form.deleteLater()
        window.open_palette()
        yield "palette", window.palette_dialog
        window.palette_dialog.hide()
        window.session.close()
        rest()
        window.say("A message with something to do.", actions=[("Do it", lambda: None)])
        QApplication.processEvents()
        yield "start page", window

    return walk


class _Report:
    def __init__(self, table):
        self._table = table

    def summary(self):
        return ["One sentence.", "Another sentence that is a good deal longer than the first one was."]

    def tables(self):
        return [self._table]


@pytest.mark.parametrize("look", ["dark", "longer"])
def test_everything_is_named_in_the_tab_order_and_whole(places, themed, look):
    set_pseudo_locale(look == "longer")
    apply_theme(themed, "dark" if look == "dark" else "light")
    faults = []
    for name, widget in places():
        QApplication.processEvents()
        assert interactive(widget), f"nothing to use in {name}"
        found = nameless(widget) + unreachable(widget) + clipped(widget)
        faults += [f"{name}: {fault}" for fault in found]
    assert not faults, "\n".join(dict.fromkeys(faults))


def test_the_sweep_sees_a_cut_label_and_a_nameless_button(qtbot, themed):
    root = QDialog()
    qtbot.addWidget(root)
    label, button = QLabel("Far too long for its place", root), QPushButton(root)
    label.setFixedWidth(20)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    root.show()
    assert len(clipped(root)) == 1
    assert len(nameless(root)) == 1
    assert len(unreachable(root)) == 1
