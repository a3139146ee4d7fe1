"""Asks where a new workspace is to be and what its company is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.ui.window import Window

CURRENCIES = "USD EUR GBP CHF JPY CAD AUD SEK NOK DKK PLN CZK HUF INR CNY BRL MXN SGD ZAR KWD".split()


class NewWorkspaceDialog(QDialog):
    """Company, currency, fiscal year and file of a new workspace.

    Args:
        window: makes and opens it.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("New workspace"))
        self._window = window
        self._typed = False
        locale = QLocale()
        self.company = QLineEdit()
        self.company.setPlaceholderText(tr("As workbooks will show it"))
        self.currency = QComboBox()
        self.currency.setEditable(True)
        self.currency.addItems(CURRENCIES)
        own = locale.currencySymbol(QLocale.CurrencySymbolFormat.CurrencyIsoCode)
        self.currency.setCurrentText(own if own in CURRENCIES else "USD")
        self.month = QComboBox()
        for number in range(1, 13):
            self.month.addItem(locale.standaloneMonthName(number), number)
        self.file = QLineEdit(str(self._free_name(window.preferences.last_folder, "Workspace")))
        self.file.textEdited.connect(lambda _text: setattr(self, "_typed", True))
        self.company.textChanged.connect(self._suggest)
        browse = QPushButton(tr("Browse…"))
        browse.setAccessibleName(tr("Browse for the file"))
        browse.clicked.connect(self._browse)
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.file, 1)
        inside.addWidget(browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, editor, widget in (
            (tr("Company"), self.company, self.company),
            (tr("Currency"), self.currency, self.currency),
            (tr("Fiscal year starts in"), self.month, self.month),
            (tr("File"), self.file, row),
        ):
            editor.setAccessibleName(label)
            form.addRow(label, widget)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.go.setText(tr("Create"))
        stop = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        stop.setText(tr("Cancel"))
        for button in (self.go, stop):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.submit)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.message)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.setMinimumWidth(520)

    @staticmethod
    def _free_name(folder: Path, stem: str) -> Path:
        path, number = folder / f"{stem}.salesops", 2
        while path.exists():
            path, number = folder / f"{stem} {number}.salesops", number + 1
        return path

    def _suggest(self, company: str) -> None:
        stem = "".join(c for c in company.strip() if c.isalnum() or c in " -_.,&")[:60].strip(" .")
        if not self._typed:
            self.file.setText(str(self._free_name(Path(self.file.text()).parent, stem or "Workspace")))

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("New workspace"), self.file.text(), tr("Workspaces (*.salesops)")
        )
        if name:
            self._typed = True
            self.file.setText(name if name.lower().endswith(".salesops") else f"{name}.salesops")

    def submit(self) -> None:
        """Make the workspace when all is well; otherwise say what is not."""
        path = Path(self.file.text().strip()).expanduser()
        currency = self.currency.currentText().strip().upper()
        faults = []
        if not self.file.text().strip() or not path.parent.is_dir():
            faults.append(tr("The folder {folder} does not exist.", folder=str(path.parent)))
        elif path.exists():
            faults.append(tr("{name} exists already. Choose another name, or open it.", name=path.name))
        if len(currency) != 3 or not currency.isalpha():
            faults.append(tr("Write the currency as three letters, such as USD."))
        if faults:
            self.message.setText("\n".join(faults))
            self.message.show()
            return
        self._window.preferences.last_folder = path.parent
        self.accept()
        self._window.session.create(
            path,
            currency=currency,
            company=self.company.text().strip(),
            fiscal_start_month=int(self.month.currentData()),
        )
