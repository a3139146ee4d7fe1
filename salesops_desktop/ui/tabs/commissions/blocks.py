"""Blocks of fields that edit parts of a record: each field knows how to read the record and how to change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.ui import theme
from salesops_desktop.ui.tabs.words_box import heading
from salesops_desktop.ui.widgets.forms import Field, Form

TONES = {"error": "error", "warning": "warning", "note": "text_muted"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A field and the part of a record it edits.

    Attributes:
        field: the input.
        get: the field's value in a record.
        put: the record with another value.
        when: whether the record has this part at all; the field is hidden else.
    """

    field: Field
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], Any]
    when: Callable[[Any], bool] = lambda _record: True


class Block(QFrame):
    """A titled group of fields; findings stand beside the field they are about.

    Args:
        title: what the block says.
        bound: the fields by name; the names are those the linter uses.
        extra: a widget under the fields.
    """

    edited = Signal(object)
    """The record as it is now."""

    def __init__(self, title: str, bound: Mapping[str, Bound], extra: QWidget | None = None) -> None:
        super().__init__()
        self.bound = dict(bound)
        self._record: Any = None
        self._showing = False
        self._faults: dict[str, str] = {}
        self.form = Form({name: one.field for name, one in self.bound.items()})
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.notes.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.tokens().spacing["m"])
        column.setSpacing(theme.tokens().spacing["s"])
        column.addWidget(heading(title))
        column.addWidget(self.form)
        if extra is not None:
            column.addWidget(extra)
        column.addWidget(self.notes)
        for name, one in self.bound.items():
            one.field.changed.connect(lambda name=name: self._changed(name))
            proxy = one.field.focusProxy()
            if isinstance(proxy, QLineEdit):  # a field that is left checks itself alone, and forgets what was found
                proxy.editingFinished.connect(lambda name=name: self._say(name))

    def show_record(self, record: Any, *, editable: bool) -> None:
        """Show a record; a field that is being typed in keeps what is typed while it means the same."""
        self._record = record
        self._showing = True
        layout = self.form.layout()
        assert isinstance(layout, QFormLayout)
        try:
            for one in self.bound.values():
                there = one.when(record)
                layout.setRowVisible(one.field, there)
                one.field.setEnabled(editable)
                if there:
                    self._show(one, one.get(record))
        finally:
            self._showing = False

    @staticmethod
    def _show(one: Bound, value: Any) -> None:
        try:
            same = one.field.read() == value
        except SalesOpsError:
            proxy = one.field.focusProxy()
            same = one.field.hasFocus() or (proxy is not None and proxy.hasFocus())
        if not same:
            one.field.set_value(value)

    def show_findings(self, findings: Sequence[tuple[str, str, str]]) -> None:
        """Show findings as (field, severity, sentence): faults beside their field, all others under the block."""
        faults: dict[str, str] = {}
        rest: list[tuple[str, str]] = []
        for name, severity, sentence in findings:
            if severity == "error" and name in self.bound:
                faults.setdefault(name, sentence)
            else:
                rest.append((severity, sentence))
        self._faults = faults
        for name in self.bound:
            self._say(name)
        worst = next((s for s in TONES if any(s == severity for severity, _ in rest)), "note")
        self.notes.setText("\n".join(sentence for _, sentence in rest))
        self.notes.setVisible(bool(rest))
        theme.dress(self.notes, tone=TONES[worst])

    def _say(self, name: str) -> None:
        field = self.bound[name].field
        field.show_message(self._faults.get(name, "") or field.fault())

    def _changed(self, name: str) -> None:
        one = self.bound[name]
        if self._showing or self._record is None:
            return
        try:
            value = one.field.value()
        except SalesOpsError as error:
            one.field.show_message(error.sentence)
            return
        changed = one.put(self._record, value)
        if changed != self._record:
            self.edited.emit(changed)


def align_labels(blocks: Sequence[Block]) -> None:
    """Give the labels of all blocks one width, so that their fields stand under each other."""
    labels = []
    for block in blocks:
        layout = block.form.layout()
        assert isinstance(layout, QFormLayout)
        for one in block.bound.values():
            label = layout.labelForField(one.field)
            if label is not None:
                labels.append(label)
    width = max((label.sizeHint().width() for label in labels), default=0)
    for label in labels:
        label.setMinimumWidth(width)


def major(minor: int | None, currency: str) -> Decimal | None:
    """Minor units as an amount of major units."""
    return None if minor is None else Decimal(minor).scaleb(-exponent(currency))


def minor(amount: Decimal | None, currency: str) -> int | None:
    """Major units as minor units; the field has refused what is finer."""
    return None if amount is None else int(amount.scaleb(exponent(currency)))


def share(ppm: int | None) -> Decimal | None:
    """Ppm as a fraction."""
    return None if ppm is None else Decimal(ppm) / PPM


def ppm(fraction: Decimal | None) -> int | None:
    """A fraction as ppm."""
    return None if fraction is None else int(fraction * PPM)
