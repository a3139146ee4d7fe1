"""The form of a job, drawn from its typed parameters: what the command line asks, the window can ask too."""

from __future__ import annotations

import datetime as dt
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from PySide6.QtWidgets import (
    QCheckBox,
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

from salesops_desktop.jobs.declare import Job
from salesops_desktop.ui.i18n import tr

_REQUIRED = inspect.Parameter.empty


def words(name: str) -> str:
    """A parameter's name as a label: ``max_rows`` becomes "Max rows"."""
    return name.replace("_", " ").strip().capitalize()


def parameter_help(doc: str) -> dict[str, str]:
    """The descriptions in the ``Args:`` part of a docstring, by parameter."""
    found: dict[str, str] = {}
    inside, current = False, ""
    for line in inspect.cleandoc(doc).splitlines():
        if line.strip() == "Args:":
            inside = True
        elif inside and line and not line.startswith(" "):
            break
        elif inside and line.startswith("    ") and not line.startswith("        ") and ":" in line:
            current, text = line.strip().split(":", 1)
            current = current.split(" ")[0]
            found[current] = text.strip()
        elif inside and current and line.strip():
            found[current] += f" {line.strip()}"
    return found


@dataclass(frozen=True, slots=True)
class Shape:
    """A parameter's type, taken apart."""

    kind: type | None
    """The plain type of one value."""
    optional: bool = False
    many: bool = False
    choices: tuple[tuple[str, object], ...] = ()


def shape_of(hint: object) -> Shape:  # noqa: PLR0911  # one return per form of type reads best
    """Take a parameter's type hint apart: optional, a sequence, a closed list, or a plain type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = shape_of(next(arg for arg in args if arg is not type(None)))
        return Shape(inner.kind, type(None) in args or inner.optional, inner.many, inner.choices)
    if origin is Literal:
        return Shape(str, choices=tuple((str(arg), arg) for arg in args))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Shape(None)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        inner = shape_of(args[0]) if args else Shape(str)
        return Shape(inner.kind, many=True, choices=inner.choices)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Shape(hint, choices=tuple((str(member.value), member) for member in hint))
    if isinstance(hint, type) and hint in (str, int, float, bool, Path, dt.date):
        return Shape(hint)
    return Shape(None)


class ParameterField(QWidget):
    """One editor with its message beside it.

    Args:
        name: the parameter's name.
        shape: its type.
        default: its default, or ``inspect.Parameter.empty`` when it must be given.
        hint: its description.
    """

    def __init__(self, name: str, shape: Shape, default: object, hint: str) -> None:
        super().__init__()
        self.name, self.shape, self.default = name, shape, default
        self.editor = self._make_editor()
        label = words(name)
        self.editor.setAccessibleName(label)
        self.editor.setAccessibleDescription(hint)
        self.editor.setToolTip(hint)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.editor, 1)
        if shape.kind is Path:
            browse = QPushButton(tr("Browse…"))
            browse.setAccessibleName(tr("Browse for {name}", name=label))
            browse.clicked.connect(self._browse)
            row.addWidget(browse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.message)
        self.setFocusProxy(self.editor)
        if default not in (_REQUIRED, None):
            self.set_value(default)

    def _make_editor(self) -> QWidget:
        if self.shape.choices and not self.shape.many:
            combo = QComboBox()
            if self.shape.optional or self.default is _REQUIRED:
                combo.addItem(tr("(choose)") if self.default is _REQUIRED else tr("(any)"), None)
            for text, value in self.shape.choices:
                combo.addItem(text, value)
            return combo
        if self.shape.kind is bool:
            return QCheckBox(words(self.name))
        line = QLineEdit()
        if self.shape.kind is dt.date:
            line.setPlaceholderText(tr("YYYY-MM-DD"))
        elif self.shape.many:
            line.setPlaceholderText(tr("Several are parted by ;"))
        elif self.shape.optional or self.default == "":
            line.setPlaceholderText(tr("(optional)"))
        return line

    def set_value(self, value: object) -> None:
        """Put a value into the editor."""
        if isinstance(self.editor, QComboBox):
            self.editor.setCurrentIndex(max(0, self.editor.findData(value)))
        elif isinstance(self.editor, QCheckBox):
            self.editor.setChecked(bool(value))
        elif isinstance(self.editor, QLineEdit):
            many = isinstance(value, Sequence) and not isinstance(value, str)
            self.editor.setText("; ".join(str(v) for v in value) if many else str(value))  # type: ignore[attr-defined]

    def value(self) -> object:
        """The typed value.

        Raises:
            ValueError: what was typed is no such value; the text is a sentence.
        """
        if isinstance(self.editor, QComboBox):
            chosen = self.editor.currentData()
            if chosen is None and self.default is _REQUIRED and not self.shape.optional:
                raise ValueError(tr("Choose one."))
            return chosen
        if isinstance(self.editor, QCheckBox):
            return self.editor.isChecked()
        text = self.editor.text().strip() if isinstance(self.editor, QLineEdit) else ""
        if not text:
            if self.default is not _REQUIRED:
                return self.default
            if self.shape.optional:
                return None
            raise ValueError(tr("This is needed."))
        if self.shape.many:
            return tuple(self._one(part.strip()) for part in text.split(";") if part.strip())
        return self._one(text)

    def _one(self, text: str) -> object:
        kind = self.shape.kind
        for label, value in self.shape.choices:
            if label.casefold() == text.casefold():
                return value
        if self.shape.choices:
            raise ValueError(tr("Write one of: {names}.", names=", ".join(label for label, _ in self.shape.choices)))
        try:
            if kind is dt.date:
                return dt.date.fromisoformat(text)
            return kind(text) if kind is not None else text
        except ValueError:
            needed = {int: tr("a whole number"), float: tr("a number"), dt.date: tr("a date like 2026-09-30")}
            raise ValueError(tr("Write {what}.", what=needed.get(kind or str, tr("a value")))) from None

    def show_message(self, text: str) -> None:
        """Show what is wrong beside the editor; an empty text hides it."""
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _browse(self) -> None:
        label, line = words(self.name), self.editor
        if not isinstance(line, QLineEdit):
            return
        if self.shape.many:
            names = QFileDialog.getOpenFileNames(self, label)[0]
            chosen = "; ".join(names)
        elif "folder" in self.name or self.name in {"out", "target", "directory"}:
            chosen = QFileDialog.getExistingDirectory(self, label)
        else:
            chosen = QFileDialog.getSaveFileName(self, label)[0]
        if chosen:
            line.setText(chosen)


class JobForm(QDialog):
    """Asks for a job's parameters and starts it.

    Args:
        job: the declared job.
        given: values to fill in.
        start: called with the typed parameters when they are all good.
        parent: the window.
    """

    def __init__(
        self, job: Job, given: Mapping[str, object], start: Callable[[dict[str, Any]], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(job.title))
        self._start = start
        about = QLabel(job.help.split("\n\n", maxsplit=1)[0].replace("\n", " "))
        about.setWordWrap(True)
        hints = parameter_help(job.help)
        self.fields: list[ParameterField] = []
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, (parameter, hint) in job.parameters.items():
            shape = shape_of(hint)
            if shape.kind is None:
                continue
            field = ParameterField(name, shape, parameter.default, hints.get(name, ""))
            if name in given:
                field.set_value(given[name])
            self.fields.append(field)
            form.addRow("" if shape.kind is bool else words(name), field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.go.setText(tr("Start"))
        stop = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        stop.setText(tr("Cancel"))
        for button in (self.go, stop):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.submit)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.setMinimumWidth(480)

    def submit(self) -> None:
        """Check all fields, show every fault at once, start the job when there is none."""
        values: dict[str, Any] = {}
        faulty: list[ParameterField] = []
        for field in self.fields:
            try:
                values[field.name] = field.value()
                field.show_message("")
            except ValueError as fault:
                field.show_message(str(fault))
                faulty.append(field)
        if faulty:
            faulty[0].editor.setFocus()
            return
        self.accept()
        self._start(values)
