"""The form of a job: what the signature says is what the person is asked, and what comes back is typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit

from salesops_desktop.jobs.declare import Job, Lane, Needs
from salesops_desktop.ui.job_form import JobForm, Shape, parameter_help, shape_of, words


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Nothing:
    def summary(self):
        return []

    def tables(self):
        return []


def paint(
    context,
    target: Path,
    colour: Colour,
    *,
    coats: int = 2,
    share: float = 0.5,
    day: dt.date | None = None,
    names: list[str] | None = None,
    kind: Literal["inside", "outside"] = "inside",
    dry: bool = True,
) -> Nothing:
    """Paint a wall.

    Args:
        target: the wall.
        colour: what colour,
            in a word.
        coats: how many.
    """
    return Nothing()


JOB = Job("paint", "Paint", "data", Needs.NOTHING, Lane.FREE, (), paint)


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (int, Shape(int)),
        (int | None, Shape(int, optional=True)),
        (list[Path], Shape(Path, many=True)),
        (Sequence[str] | None, Shape(str, optional=True, many=True)),
        (Literal["a", "b"], Shape(str, choices=(("a", "a"), ("b", "b")))),
        (Colour, Shape(Colour, choices=(("red", Colour.RED), ("blue", Colour.BLUE)))),
        (dt.date | None, Shape(dt.date, optional=True)),
        (dict[str, int], Shape(None)),
    ],
)
def test_types_are_taken_apart(hint, shape):
    assert shape_of(hint) == shape


def test_help_comes_from_the_docstring():
    hints = parameter_help(paint.__doc__)
    assert hints == {"target": "the wall.", "colour": "what colour, in a word.", "coats": "how many."}
    assert words("max_rows") == "Max rows"


@pytest.fixture
def form(qtbot, themed):
    started = []
    parent = QLineEdit()
    qtbot.addWidget(parent)
    form = JobForm(JOB, {}, started.append, parent)
    form.started = started
    form.kept = parent  # a form dies with its parent
    form.show()
    return form


def field(form, name):
    return next(f for f in form.fields if f.name == name)


def test_defaults_are_filled_in_and_values_come_back_typed(form, qtbot, tmp_path):
    field(form, "target").editor.setText(str(tmp_path / "wall.txt"))
    field(form, "colour").set_value(Colour.BLUE)
    field(form, "day").editor.setText("2026-09-30")
    field(form, "names").editor.setText("Ana; Bo")
    qtbot.mouseClick(form.go, Qt.MouseButton.LeftButton)
    assert form.started == [
        {
            "target": tmp_path / "wall.txt",
            "colour": Colour.BLUE,
            "coats": 2,
            "share": 0.5,
            "day": dt.date(2026, 9, 30),
            "names": ("Ana", "Bo"),
            "kind": "inside",
            "dry": True,
        }
    ]
    assert not form.isVisible()


def test_all_faults_are_shown_at_once_beside_their_fields(form, qtbot):
    field(form, "coats").editor.setText("many")
    field(form, "day").editor.setText("30.9.")
    qtbot.mouseClick(form.go, Qt.MouseButton.LeftButton)
    assert form.isVisible()
    assert form.started == []
    messages = {f.name: f.message.text() for f in form.fields if f.message.isVisible()}
    assert messages == {
        "target": "This is needed.",
        "colour": "Choose one.",
        "coats": "Write a whole number.",
        "day": "Write a date like 2026-09-30.",
    }
    form.reject()


def test_given_values_are_filled_in(qtbot, themed):
    parent = QLineEdit()
    qtbot.addWidget(parent)
    form = JobForm(JOB, {"coats": 5, "kind": "outside", "names": ["x", "y"]}, lambda _v: None, parent)
    assert field(form, "coats").value() == 5
    assert field(form, "names").value() == ("x", "y")
    assert isinstance(field(form, "kind").editor, QComboBox)
    assert field(form, "kind").value() == "outside"
