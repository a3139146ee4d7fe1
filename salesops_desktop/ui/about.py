"""About: version, licence, and the notices of everything the product is built on."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

import salesops_desktop
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.theme import scaled_font

_NOTICES = Path(__file__).parents[2] / "resources" / "THIRD_PARTY_NOTICES.md"


def library_notices() -> list[str]:
    """One line for each library the product needs: name, version, licence."""
    lines = []
    for name in _needed():
        try:
            meta = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        licence = _field(meta, "License-Expression") or _classifier(meta) or _field(meta, "License").split("\n")[0]
        lines.append(f"{meta['Name']} {meta['Version']}: {licence or tr('see its own notice')}")
    return sorted(lines, key=str.casefold)


def _field(meta: metadata.PackageMetadata, name: str) -> str:
    return str((meta.get_all(name) or [""])[0])


def _classifier(meta: metadata.PackageMetadata) -> str:
    licences = [c.rsplit(" :: ", 1)[-1] for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return ", ".join(licences)


def _needed() -> list[str]:
    names = "PySide6-Essentials shiboken6 SQLAlchemy alembic charset-normalizer defusedxml filelock lark lxml Mako"
    more = "msoffcrypto-tool numpy openpyxl pandas psutil pyqtgraph python-calamine rapidfuzz scipy xlrd"
    return [*names.split(), *more.split(), "cryptography", "olefile", "python-dateutil", "typing_extensions"]


class AboutDialog(QDialog):
    """Version, licence and notices.

    Args:
        parent: the window.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About SalesOps Desktop"))
        title = QLabel(tr("SalesOps Desktop {version}", version=salesops_desktop.__version__))
        title.setFont(scaled_font(title.font(), "title", bold=True))
        versions = QLabel(
            tr(
                "Works offline; sends nothing anywhere. MIT licence. Python {python}, Qt {qt}.",
                python=platform.python_version(),
                qt=qVersion(),
            )
        )
        versions.setWordWrap(True)
        heading = QLabel(tr("Built on the work of others:"))
        notices = QPlainTextEdit()
        notices.setReadOnly(True)
        notices.setAccessibleName(tr("Notices of the libraries and data used"))
        text = "\n".join(library_notices())
        if _NOTICES.is_file():
            text = f"{text}\n\n{_NOTICES.read_text(encoding='utf-8')}"
        notices.setPlainText(text)
        notices.setTabChangesFocus(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (title, versions, heading):
            layout.addWidget(widget)
        layout.addWidget(notices, 1)
        layout.addWidget(buttons)
        self.resize(640, 520)
