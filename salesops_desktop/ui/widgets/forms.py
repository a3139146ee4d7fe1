"""Forms: labelled, typed fields that say beside themselves what is wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.errors import Fault, InputRefusedError, SalesOpsError
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats, four_digit_years

Check = Callable[[Any], str]
"""Looks at a field's value; returns what is wrong with it, or an empty text."""


class Field(QWidget):
    """One input with its message. Subclasses hold the input and read its value.

    Args:
        label: what is asked.
        required: whether it may be left empty.
        hint: a line that explains, shown while nothing is wrong.
        check: a further look at the value.
    """

    changed = Signal()

    def __init__(self, label: str, *, required: bool = False, hint: str = "", check: Check | None = None) -> None:
        super().__init__()
        self.label = label
        self.required = required
        self._hint = hint
        self._check = check
        self._touched = False
        self._message = QLabel(hint, self)  # a child at once: shown without a parent it would be a window of its own
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setVisible(bool(hint))
        self._row = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["xs"])
        column.addLayout(self._row)
        column.addWidget(self._message)
        theme.dress(self._message, tone="text_muted", role="small")

    def take_input(self, widget: QWidget) -> None:
        """Called by subclasses with the widget that has the focus."""
        self._row.addWidget(widget, 1)
        self.setFocusProxy(widget)
        widget.setAccessibleName(self.label)
        widget.setAccessibleDescription(self._hint)

    def read(self) -> Any:
        """The value, None when empty.

        Raises:
            SalesOpsError: what is entered is no value of this kind.
        """
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value."""
        raise NotImplementedError

    def value(self) -> Any:
        """The value, checked.

        Raises:
            SalesOpsError: it is missing, of the wrong kind, or refused by the field's check.
        """
        value = self.read()
        if value is None and self.required:
            raise InputRefusedError(tr("This is needed."))
        wrong = "" if value is None or self._check is None else self._check(value)
        if wrong:
            raise InputRefusedError(wrong)
        return value

    def fault(self) -> str:
        """What is wrong with the value, or an empty text."""
        try:
            self.value()
        except SalesOpsError as error:
            return error.sentence
        return ""

    def validate(self) -> bool:
        """Show what is wrong, if anything; whether all is well."""
        self._touched = True
        fault = self.fault()
        self.show_message(fault)
        return not fault

    def show_message(self, fault: str) -> None:
        """Show a fault beside the field, or its hint when there is none."""
        self._message.setText(fault or self._hint)
        self._message.setVisible(bool(fault or self._hint))
        theme.dress(self._message, tone="error" if fault else "text_muted")
        widget = self.focusProxy()
        if widget is not None:
            widget.setAccessibleDescription(fault or self._hint)
            if isinstance(widget, QLineEdit):
                theme.dress(widget, state="error" if fault else "")

    def set_hint(self, hint: str) -> None:
        """Explain the field in other words."""
        self._hint = hint
        if not self._touched:
            self.show_message("")

    def message(self) -> str:
        """What is written beside the field."""
        return self._message.text()

    def _edited(self) -> None:
        if self._touched:
            self.validate()
        self.changed.emit()

    def _left(self) -> None:
        if self._touched or self.read_text():
            self.validate()

    def read_text(self) -> str:
        """What is entered, as text; empty when nothing is."""
        return ""


class TextField(Field):
    """A line of text; the base of all fields that are typed."""

    def __init__(self, label: str, *, placeholder: str = "", locale: QLocale | None = None, **options: Any) -> None:
        super().__init__(label, **options)
        self.formats = Formats(locale)
        self.input = QLineEdit()
        self.input.setPlaceholderText(placeholder)
        self.input.textEdited.connect(self._edited)
        self.input.editingFinished.connect(self._left)
        self.take_input(self.input)

    def read_text(self) -> str:
        """The text without surrounding blanks."""
        return self.input.text().strip()

    def read(self) -> Any:
        """The text, or None."""
        return self.read_text() or None

    def set_value(self, value: Any) -> None:
        """Show a text."""
        self.input.setText("" if value is None else str(value))


class IntegerField(TextField):
    """A whole number."""

    def read(self) -> int | None:
        """The number, or None."""
        text = self.read_text()
        if not text:
            return None
        number = self.formats.parse_number(text)
        if number != int(number):
            raise InputRefusedError(tr("“{text}” is not a whole number.", text=text))
        return int(number)

    def set_value(self, value: int | None) -> None:
        """Show a number."""
        self.input.setText("" if value is None else self.formats.integer(value))


class MoneyField(TextField):
    """An amount of one currency, held as a Decimal of major units."""

    def __init__(self, label: str, currency: str, **options: Any) -> None:
        super().__init__(label, **options)
        self.currency = currency
        self._code = QLabel(currency)
        self._row.addWidget(self._code)

    def set_currency(self, currency: str) -> None:
        """Ask for an amount of another currency."""
        self.currency = currency
        self._code.setText(currency)

    def read(self) -> Decimal | None:
        """The amount in major units, or None."""
        text = self.read_text()
        return self.formats.parse_money(text, self.currency) if text else None

    def set_value(self, value: Decimal | None) -> None:
        """Show an amount of major units."""
        self.input.setText("" if value is None else f"{value:f}".replace(".", self.formats.point))


class PercentField(TextField):
    """A percentage, held as a Decimal fraction: 12.5 % is 0.125."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, **options)
        self._row.addWidget(QLabel(self.formats.locale.percent()))

    def read(self) -> Decimal | None:
        """The fraction, or None."""
        text = self.read_text()
        return self.formats.parse_share(text) if text else None

    def set_value(self, value: Decimal | None) -> None:
        """Show a fraction."""
        shown = "" if value is None else f"{(value * 100).normalize():f}"
        self.input.setText(shown.replace(".", self.formats.point))


class DateField(Field):
    """A date with a calendar; never empty."""

    def __init__(self, label: str, *, locale: QLocale | None = None, **options: Any) -> None:
        super().__init__(label, **options)
        self.input = QDateEdit(QDate.currentDate())
        self.input.setCalendarPopup(True)
        where = locale or QLocale()
        self.input.setLocale(where)
        self.input.setDisplayFormat(four_digit_years(where.dateFormat(QLocale.FormatType.ShortFormat)))
        self.input.dateChanged.connect(lambda _date: self._edited())
        self.take_input(self.input)

    def read_text(self) -> str:
        """The date as shown."""
        return self.input.text()

    def read(self) -> dt.date:
        """The date."""
        day = self.input.date()
        return dt.date(day.year(), day.month(), day.day())

    def set_value(self, value: dt.date) -> None:
        """Show a date."""
        self.input.setDate(QDate(value.year, value.month, value.day))


class ChoiceField(Field):
    """One of several values; ``choices`` maps labels to values, in order."""

    def __init__(self, label: str, choices: Mapping[str, Any] | Sequence[str] = (), **options: Any) -> None:
        super().__init__(label, **options)
        self.input = QComboBox()
        self.input.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.set_choices(choices)
        self.input.currentIndexChanged.connect(lambda _place: self._edited())
        self.take_input(self.input)

    def set_choices(self, choices: Mapping[str, Any] | Sequence[str]) -> None:
        """Offer other values; the chosen one stays if it is among them."""
        pairs = choices if isinstance(choices, Mapping) else {c: c for c in choices}
        before = self.read() if self.input.count() else None
        self._values = list(pairs.values())
        self.input.clear()
        self.input.addItems(list(pairs))
        if before in self._values:
            self.set_value(before)

    def read_text(self) -> str:
        """The label chosen."""
        return self.input.currentText()

    def read(self) -> Any:
        """The value chosen, or None."""
        place = self.input.currentIndex()
        return self._values[place] if place >= 0 else None

    def set_value(self, value: Any) -> None:
        """Choose a value.

        Raises:
            ValueError: it is not offered.
        """
        self.input.setCurrentIndex(self._values.index(value))


class CheckField(Field):
    """Yes or no."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__("", **options)
        self.input = QCheckBox(label)
        self.input.toggled.connect(lambda _on: self._edited())
        self.take_input(self.input)
        self.input.setAccessibleName(label.replace("&", ""))

    def read(self) -> bool:
        """Whether it is ticked."""
        return self.input.isChecked()

    def set_value(self, value: bool) -> None:
        """Tick or untick."""
        self.input.setChecked(value)


class PeriodField(ChoiceField):
    """One of several periods, with buttons to the one before and after. Periods are anything with a ``label``."""

    def __init__(self, label: str, periods: Sequence[Any] = (), **options: Any) -> None:
        super().__init__(label, {str(p): p for p in periods}, **options)
        self.earlier = self._stepper("◀", tr("Earlier period"), -1)
        self.later = self._stepper("▶", tr("Later period"), 1)
        self._row.insertWidget(0, self.earlier)
        self._row.addWidget(self.later)

    def _stepper(self, sign: str, name: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setText(sign)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: self._step(step))
        return button

    def _step(self, step: int) -> None:
        place = self.input.currentIndex() + step
        if 0 <= place < self.input.count():
            self.input.setCurrentIndex(place)


class Form(QWidget):
    """Fields under each other, labels beside them.

    Args:
        fields: by name, in order.
        parent: Qt's parent.
    """

    changed = Signal()

    _WRAP: Final = QFormLayout.RowWrapPolicy.WrapLongRows

    def __init__(self, fields: Mapping[str, Field], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = dict(fields)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setRowWrapPolicy(self._WRAP)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setVerticalSpacing(theme.tokens().spacing["m"])
        for field in self.fields.values():
            text = f"{field.label} *" if field.required else field.label
            caption = QLabel(text)
            caption.setBuddy(field.focusProxy() or field)
            layout.addRow(caption, field)
            field.changed.connect(self.changed)

    def faults(self) -> list[Fault]:
        """All faults, by label."""
        found = ((field.label, field.fault()) for field in self.fields.values())
        return [Fault(label, fault) for label, fault in found if fault]

    def validate(self) -> bool:
        """Show all faults beside their fields, go to the first; whether all is well."""
        bad = [field for field in self.fields.values() if not field.validate()]
        if bad:
            bad[0].setFocus(Qt.FocusReason.OtherFocusReason)
        return not bad

    def values(self) -> dict[str, Any]:
        """All values by name.

        Raises:
            SalesOpsError: some field has a fault; call :meth:`validate` first.
        """
        return {name: field.value() for name, field in self.fields.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values; fields that are not named keep theirs."""
        for name, value in values.items():
            self.fields[name].set_value(value)
