"""First page of the import: the files, what was detected in them, and which column goes into which field."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.entities import ENTITIES, entity
from salesops_desktop.ui.dropping import file_filter
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.data.import_columns import ColumnTable
from salesops_desktop.ui.tabs.data.import_presenter import ImportPresenter, ImportState
from salesops_desktop.ui.theme import icon
from salesops_desktop.ui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from salesops_desktop.jobs.import_draft import Question
    from salesops_desktop.ui.preferences import Preferences

PLACE = Qt.ItemDataRole.UserRole + 1
_DELIMITERS = ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"))
_ENCODINGS = ("utf-8", "cp1252", "iso-8859-1", "utf-16", "cp1250", "mac_roman", "shift_jis", "gb18030")


class FilesPage(QWidget):
    """Files at the left, the chosen sheet at the right.

    Args:
        presenter: told what the person does.
        preferences: where file dialogs start.
    """

    def __init__(self, presenter: ImportPresenter, preferences: Preferences) -> None:
        super().__init__()
        self._presenter = presenter
        self._preferences = preferences
        self._pasted: tempfile.TemporaryDirectory[str] | None = None
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(tr("Files and sheets"))
        self.tree.currentItemChanged.connect(self._tree_moved)
        add = self._button(tr("Add files…"), self.ask_files, "add")
        paste = self._button(tr("Paste"), self.paste, "paste")
        paste.setAccessibleName(tr("Paste rows from the clipboard"))
        self.remove = self._button(tr("Remove"), self._remove, "remove")
        self.remove.setAccessibleName(tr("Remove the file from the list"))
        self.unlock = self._button(tr("Password…"), self.ask_password, "unlock")
        self.unlock.setAccessibleName(tr("Give the password of the file"))
        buttons = QHBoxLayout()
        for button in (add, paste, self.remove):
            buttons.addWidget(button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tree, 1)
        column.addWidget(self.unlock)
        column.addLayout(buttons)
        self.table = ColumnTable()
        self.table.columns.field_chosen.connect(presenter.map_column)
        self.table.columns.order_chosen.connect(presenter.set_date_order)
        self.table.columns.mark_chosen.connect(presenter.set_decimal_mark)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self._right())
        split.setStretchFactor(1, 1)
        split.setSizes([270, 730])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    @staticmethod
    def _button(text: str, act: object, picture: str) -> QPushButton:
        button = QPushButton(icon(picture), text)
        button.setAccessibleName(text)
        button.clicked.connect(act)
        return button

    def _right(self) -> QWidget:
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Import these rows as"))
        self.kind.addItem(tr("(leave out)"), None)
        for spec in ENTITIES:
            self.kind.addItem(tr(spec.plural), spec.name)
        self.kind.activated.connect(lambda _row: self._presenter.set_entity(self.kind.currentData()))
        self.header = QSpinBox()
        self.header.setRange(0, 999)
        self.header.setSpecialValueText(tr("none"))
        self.header.setAccessibleName(tr("Row with the headers"))
        self.header.setKeyboardTracking(False)
        self.header.valueChanged.connect(self._presenter.set_header_row)
        self.encoding = QComboBox()
        self.encoding.setAccessibleName(tr("Encoding"))
        self.encoding.activated.connect(lambda _row: self._presenter.set_options(encoding=self.encoding.currentText()))
        self.delimiter = QComboBox()
        self.delimiter.setAccessibleName(tr("Delimiter"))
        for mark, name in _DELIMITERS:
            self.delimiter.addItem(tr(name), mark)
        self.delimiter.activated.connect(
            lambda _row: self._presenter.set_options(delimiter=self.delimiter.currentData())
        )
        settings = QWidget()
        flow = FlowLayout(settings)
        self.text_settings: list[QWidget] = []
        pairs: tuple[tuple[str, QWidget], ...] = (
            (tr("Import as"), self.kind),
            (tr("Header row"), self.header),
            (tr("Encoding"), self.encoding),
            (tr("Delimiter"), self.delimiter),
        )
        for label, widget in pairs:
            pair = QWidget()
            row = QHBoxLayout(pair)
            row.setContentsMargins(0, 0, 8, 0)
            row.addWidget(QLabel(label))
            row.addWidget(widget)
            flow.addWidget(pair)
            if widget in (self.encoding, self.delimiter):
                self.text_settings.append(pair)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.questions = QGroupBox(tr("Please decide"))
        self._question_form = QFormLayout(self.questions)
        self._asked: tuple[object, ...] = ()
        right = QWidget()
        layout = QVBoxLayout(right)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(settings)
        layout.addWidget(self.facts)
        layout.addWidget(self.questions)
        layout.addWidget(self.table, 1)
        self.right = right
        return right

    # ------------------------------------------------------------------ what a person does

    def ask_files(self) -> None:
        """Ask for files and look into them."""
        start = str(self._preferences.last_folder)
        names, _ = QFileDialog.getOpenFileNames(self, tr("Import spreadsheets"), start, file_filter(tr("Spreadsheets")))
        if names:
            self._preferences.last_folder = Path(names[0]).parent
            self._presenter.add_files([Path(name) for name in names])

    def paste(self) -> None:
        """Take the rows on the clipboard as if they were a file."""
        text = QApplication.clipboard().text()
        if not text.strip():
            return
        if self._pasted is None:
            self._pasted = tempfile.TemporaryDirectory(prefix="salesops-paste-", ignore_cleanup_errors=True)
        number = sum(1 for _ in Path(self._pasted.name).iterdir()) + 1
        path = Path(self._pasted.name) / tr("Pasted {number}.tsv", number=number)
        path.write_text(text, encoding="utf-8")
        self._presenter.add_files([path])

    def forget(self) -> None:
        """Remove what was pasted from the disk."""
        if self._pasted is not None:
            self._pasted.cleanup()
            self._pasted = None

    def _current_path(self) -> Path | None:
        item = self.tree.currentItem()
        while item is not None and item.parent() is not None:
            item = item.parent()
        place = None if item is None else item.data(0, PLACE)
        return place[2] if place else None

    def _remove(self) -> None:
        path = self._current_path()
        if path is not None:
            self._presenter.remove_file(path)

    def ask_password(self) -> None:
        """Ask for the password of the chosen file."""
        path = self._current_path()
        if path is None:
            return
        text, given = QInputDialog.getText(
            self,
            tr("Password"),
            tr("{name} is protected. Its password:", name=path.name),
            QLineEdit.EchoMode.Password,
        )
        if given and text:
            self._presenter.give_password(path, text)

    def _tree_moved(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        place = None if item is None else item.data(0, PLACE)
        if place and place[0] >= 0:
            self._presenter.choose(place[0], place[1])
        self._enable()

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: ImportState) -> None:
        """Show a state."""
        self._fill_tree(state)
        sheet = state.sheet
        self.right.setVisible(sheet is not None)
        self.setEnabled(not state.busy)
        if sheet is None or state.file is None:
            self.table.columns.set_sheet(None)
            return
        blockers = [QSignalBlocker(w) for w in (self.kind, self.header, self.encoding, self.delimiter)]
        self.kind.setCurrentIndex(self.kind.findData(sheet.plan.entity if sheet.plan else None))
        self.header.setValue(sheet.inspection.header_row)
        text = state.file.inspection.text
        for pair in self.text_settings:
            pair.setVisible(text is not None)
        if text is not None:
            self.encoding.clear()
            self.encoding.addItems(list(dict.fromkeys((text.encoding, *text.alternatives, *_ENCODINGS))))
            if self.delimiter.findData(text.delimiter) < 0:
                self.delimiter.addItem(text.delimiter or tr("none"), text.delimiter)
            self.delimiter.setCurrentIndex(self.delimiter.findData(text.delimiter))
        del blockers
        self.facts.setText(self._facts(state))
        self._ask(state)
        self.table.setVisible(sheet.plan is not None)
        self.table.columns.set_sheet(sheet)

    def _facts(self, state: ImportState) -> str:
        sheet, file = state.sheet, state.file
        if sheet is None or file is None:
            return ""
        seen = sheet.inspection
        words = [trn("1 row, ", "{n} rows, ", seen.data_rows) + trn("1 column.", "{n} columns.", len(seen.columns))]
        if sheet.plan is not None:
            extra = len(seen.columns) - len(sheet.plan.mapping)
            words.append(
                trn("1 column is kept as an extra.", "{n} columns are kept as extras.", extra) if extra else ""
            )
            spec = entity(sheet.plan.entity)
            mapped = set(sheet.plan.mapping.values())
            missing = [tr(f.label) for f in spec.required if f.name not in mapped]
            if missing:
                words.append(
                    tr("Still without a column: {names}. Rows without it are rejected.", names=", ".join(missing))
                )
        if sheet.remembered:
            words.append(tr("Mapped as the last time."))
        if file.inspection.text is not None and file.inspection.text.encoding_evidence:
            words.append(file.inspection.text.encoding_evidence)
        lines = [" ".join(word for word in words if word)]
        notices = [*file.inspection.notices, *seen.notices]
        lines += [f"• {n.where}: {n.what}" if n.where else f"• {n.what}" for n in notices[:4]]
        if len(notices) > 4:
            lines.append(trn("• and 1 more notice", "• and {n} more notices", len(notices) - 4))
        return "\n".join(lines)

    def _ask(self, state: ImportState) -> None:
        sheet = state.sheet
        asked: tuple[Question, ...] = () if sheet is None or sheet.plan is None else sheet.questions
        self.questions.setVisible(bool(asked))
        if asked == self._asked:
            return
        self._asked = asked
        while self._question_form.rowCount():
            self._question_form.removeRow(0)
        for question in asked:
            combo = QComboBox()
            combo.setAccessibleName(question.text)
            combo.addItem(tr("(please choose)"), None)
            for option in question.options:
                words = f"{option.label} ({option.example})" if option.example else option.label
                combo.addItem(words, option.value)
            combo.activated.connect(
                lambda _row, combo=combo, question=question: (
                    self._presenter.answer(question, combo.currentData()) if combo.currentData() is not None else None
                )
            )
            label = QLabel(question.text)
            label.setWordWrap(True)
            self._question_form.addRow(label)
            self._question_form.addRow(combo)

    def _fill_tree(self, state: ImportState) -> None:
        with QSignalBlocker(self.tree):
            self.tree.clear()
            current: QTreeWidgetItem | None = None
            for number, file in enumerate(state.files):
                single = len(file.sheets) == 1
                top = QTreeWidgetItem([file.path.name])
                top.setToolTip(0, str(file.path))
                top.setData(0, PLACE, (number, 0, file.path))
                top.setIcon(0, icon("document"))
                self.tree.addTopLevelItem(top)
                for place, sheet in enumerate(file.sheets):
                    words = tr(entity(sheet.plan.entity).plural) if sheet.plan else tr("left out")
                    name = words if single else f"{sheet.inspection.name}: {words}"
                    line = QTreeWidgetItem([name])
                    picture = "warning" if sheet.plan and sheet.questions else "success" if sheet.plan else "remove"
                    line.setIcon(0, icon(picture, picture if picture != "remove" else "text_muted"))
                    line.setToolTip(0, tr("Please decide") if sheet.questions else name)
                    line.setData(0, PLACE, (number, place, file.path))
                    top.addChild(line)
                    if (number, place) == state.chosen:
                        current = line
                top.setExpanded(True)
            for refused in state.refused:
                top = QTreeWidgetItem([refused.path.name])
                top.setIcon(0, icon("lock" if refused.needs_password else "error", "error"))
                top.setData(0, PLACE, (-1, 0, refused.path))
                self.tree.addTopLevelItem(top)
                why = QTreeWidgetItem([refused.fault.what])
                why.setToolTip(0, refused.fault.sentence)
                why.setData(0, PLACE, (-1, 0, refused.path))
                top.addChild(why)
                top.setExpanded(True)
                current = current or top
            if current is not None:
                self.tree.setCurrentItem(current)
        self._locked = {refused.path for refused in state.refused if refused.needs_password}
        self._enable()

    def _enable(self) -> None:
        path = self._current_path()
        self.remove.setEnabled(path is not None)
        self.unlock.setVisible(path in self._locked)
