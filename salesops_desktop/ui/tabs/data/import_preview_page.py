"""Second and third page of the import: what it would do before anything is written, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.data.import_presenter import ImportPresenter, ImportState
from salesops_desktop.ui.theme import scaled_font
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.imports import ImportPreview, ImportReport, UnmatchedReference

_TEXT, _WHOLE = ValueKind.TEXT, ValueKind.INTEGER
SEVERITIES = {"reject": "row left out", "blank": "cell left empty", "note": "taken, please look"}


def outcome_table(report: ImportReport) -> Table:
    """One row for each sheet: rows = new + changed + unchanged + rejected."""
    specs = [
        ColumnSpec("file", tr("File"), _TEXT),
        ColumnSpec("sheet", tr("Sheet"), _TEXT),
        ColumnSpec("entity", tr("Records"), _TEXT),
        ColumnSpec("rows", tr("Rows"), _WHOLE),
        ColumnSpec("new", tr("New"), _WHOLE),
        ColumnSpec("changed", tr("Changed"), _WHOLE),
        ColumnSpec("unchanged", tr("Unchanged"), _WHOLE),
        ColumnSpec("rejected", tr("Rejected"), _WHOLE),
    ]
    rows = [
        (o.file, o.sheet, tr(entity(o.entity).plural), o.rows, o.new, o.changed, o.unchanged, o.rejected)
        for o in report.outcomes
    ]
    return build_table(tr("What becomes of the rows"), specs, rows)


def change_table(report: ImportReport) -> Table:
    """The cells that become others, as far as they are listed."""
    specs = [
        ColumnSpec(name, tr(label), _TEXT)
        for name, label in (
            ("records", "Records"),
            ("record", "Record"),
            ("field", "Field"),
            ("before", "Now"),
            ("after", "Then"),
        )
    ]
    rows = [
        (tr(entity(o.entity).plural), c.record, c.field, _plain(c.before), _plain(c.after))
        for o in report.outcomes
        for c in o.changes
    ]
    return build_table(tr("Changes"), specs, rows)


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def reference_table(unmatched: Sequence[UnmatchedReference]) -> Table:
    """References that mean no record, with the likely match."""
    specs = [
        ColumnSpec("kind", tr("Looked for"), _TEXT),
        ColumnSpec("text", tr("In the file"), _TEXT),
        ColumnSpec("rows", tr("Rows"), _WHOLE),
        ColumnSpec("candidate", tr("Likely match"), _TEXT),
        ColumnSpec("score", tr("Likeness"), ValueKind.FRACTION, digits=0),
    ]
    rows = [
        (
            tr(entity(u.entity).label),
            u.text,
            u.rows,
            u.candidate if u.candidate_id is not None else None,
            u.score / 100 if u.candidate_id is not None else None,
        )
        for u in unmatched
    ]
    return build_table(tr("References without a match"), specs, rows)


class PreviewPage(QWidget):
    """What the import would do.

    Args:
        presenter: told what the person accepts.
        export: asked to write a table to a file.
    """

    def __init__(self, presenter: ImportPresenter, export: Callable[[Table], None]) -> None:
        super().__init__()
        self._presenter = presenter
        self._shown: ImportPreview | None = None
        self._waiting: list[Callable[[ImportReport], None]] = []
        self._filling = QTimer(self, interval=0)
        self._filling.timeout.connect(self._fill_next)
        self._unmatched: tuple[UnmatchedReference, ...] = ()
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.outcomes = Grid(name=tr("What becomes of the rows"), searchable=False)
        self.changes = Grid(name=tr("Changes"))
        self.issues = Grid(name=tr("Cells and rows not taken as they stand"))
        self.references = Grid(name=tr("References without a match"))
        for grid in (self.changes, self.issues, self.references):
            grid.export_requested.connect(export)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(tr("Details of the preview"))
        self.tabs.addTab(self.references_page(), tr("References"))
        self.tabs.addTab(self.issues, tr("Not taken"))
        self.tabs.addTab(self.changes, tr("Changes"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.headline)
        layout.addWidget(self.outcomes, 2)
        layout.addWidget(self.tabs, 3)

    def references_page(self) -> QWidget:
        """The references with what can be done about them."""
        self.accept = QPushButton(tr("Accept selected"))
        self.accept.setAccessibleName(tr("Accept the selected likely matches"))
        self.accept.clicked.connect(self._accept_selected)
        self.accept_all = QPushButton(tr("Accept all likely matches"))
        self.accept_all.setAccessibleName(tr("Accept all likely matches"))
        self.accept_all.clicked.connect(self._presenter.accept_all)
        hint = QLabel(tr("Accepted matches are remembered for the next import."))
        hint.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(hint, 1)
        row.addWidget(self.accept)
        row.addWidget(self.accept_all)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(self.references, 1)
        layout.addLayout(row)
        self.references.selection_changed.connect(self._enable)
        return page

    def _selected(self) -> list[UnmatchedReference]:
        return [self._unmatched[i] for i in self.references.selected_records() if i < len(self._unmatched)]

    def _accept_selected(self) -> None:
        self._presenter.accept(self._selected())

    def _enable(self) -> None:
        likely = [u for u in self._unmatched if u.candidate_id is not None]
        self.accept.setEnabled(any(u.candidate_id is not None for u in self._selected()))
        self.accept_all.setEnabled(bool(likely))

    def render_state(self, state: ImportState) -> None:
        """Show a state."""
        self.setEnabled(not state.busy)
        if state.preview is None or state.preview is self._shown:
            return
        self._shown = state.preview
        report = state.preview.report
        self.headline.setText(headline(report, state))
        self.outcomes.set_table(outcome_table(report))
        self._unmatched = report.unmatched
        self._waiting = [self._fill_references, self._fill_issues, self._fill_changes]
        self._filling.start()

    @property
    def filling(self) -> bool:
        """Whether tables are still to be filled."""
        return self._filling.isActive()

    def _fill_next(self) -> None:
        """Fill one table a turn of the event loop: all of them at once would hold the window up."""
        if self._shown is not None and self._waiting:
            self._waiting.pop(0)(self._shown.report)
        if not self._waiting:
            self._filling.stop()

    def _fill_references(self, report: ImportReport) -> None:
        self.references.set_table(reference_table(report.unmatched))
        self._name_tab(0, tr("References"), len(report.unmatched))
        self._enable()

    def _fill_issues(self, report: ImportReport) -> None:
        issues = report.issue_table()
        self.issues.set_table(issues)
        self._name_tab(1, tr("Not taken"), len(issues))
        if not report.unmatched and len(issues):
            self.tabs.setCurrentIndex(1)

    def _fill_changes(self, report: ImportReport) -> None:
        changes = change_table(report)
        self.changes.set_table(changes)
        self._name_tab(2, tr("Changes"), len(changes))

    def _name_tab(self, place: int, words: str, count: int) -> None:
        self.tabs.setTabText(place, f"{words} ({QLocale().toString(count)})")


def headline(report: ImportReport, state: ImportState) -> str:
    """What the import would do, in a sentence or two."""
    new = sum(o.new for o in report.outcomes)
    changed = sum(o.changed for o in report.outcomes)
    unchanged = sum(o.unchanged for o in report.outcomes)
    shown = QLocale().toString
    if not report.changes_anything:
        return tr("Nothing would change: the workspace holds all of this already.")
    words = tr(
        "{new} new, {changed} changed, {unchanged} unchanged, {rejected} rejected. Nothing is written yet.",
        new=shown(new),
        changed=shown(changed),
        unchanged=shown(unchanged),
        rejected=shown(report.rejected),
    )
    if report.created:
        made = ", ".join(name for _, name in report.created[:4])
        more = len(report.created) - 4
        made += trn(" and 1 more", " and {n} more", more) if more > 0 else ""
        words += " " + tr("Also made, because the files name them: {names}.", names=made)
    if state.accepted:
        words += " " + trn("1 match accepted.", "{n} matches accepted.", len(state.accepted))
    return words


class DonePage(QWidget):
    """What the import did, and the way back.

    Args:
        presenter: told to undo.
    """

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        self.title = QLabel()
        self.title.setFont(scaled_font(self.title.font(), "title", bold=True))
        self.title.setWordWrap(True)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName(tr("Result of the import"))
        self.undo = QPushButton(tr("Undo this import"))
        self.undo.setAccessibleName(tr("Undo this import"))
        self.undo.clicked.connect(presenter.undo)
        row = QHBoxLayout()
        row.addWidget(self.undo)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        for widget in (self.title, self.words):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addStretch(1)

    def render_state(self, state: ImportState) -> None:
        """Show a state."""
        report = state.report
        if report is None:
            return
        self.title.setText(tr("The import was taken back.") if state.undone else tr("Imported."))
        lines = [line for line in report.summary() if "--" not in line]
        if report.backup is not None:
            lines.append(tr("A backup from before it is in {path}.", path=str(report.backup)))
        self.words.setText("\n".join(lines))
        self.undo.setVisible(report.action_id is not None)
        self.undo.setEnabled(not state.undone and not state.busy)
