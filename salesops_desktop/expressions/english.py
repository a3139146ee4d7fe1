"""A formula as a plain sentence, for people who do not read formulas."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from salesops_desktop.expressions.excel import decimal_text
from salesops_desktop.expressions.syntax import (
    Binary,
    Call,
    Compare,
    Day,
    Field,
    Kind,
    Member,
    Negate,
    Node,
    Number,
    Text,
    Truth,
)

_ARITHMETIC: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "&": "followed by"}
_COMPARE: Final = {
    "=": "is",
    "<>": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
_COMPARE_DATES: Final = {"<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after"}
_FUNCTIONS: Final = {"MIN": "the smallest of", "MAX": "the largest of", "ABS": "the size of"}
_ROUNDED: Final = {"ROUND": "rounded", "ROUNDUP": "rounded up", "ROUNDDOWN": "rounded down"}


def describe(node: Node) -> str:  # noqa: PLR0911  # one return per kind of node
    """The phrase for a checked tree, without a final full stop."""
    match node:
        case Number():
            return number_phrase(node.value)
        case Text():
            return f"“{node.value}”" if node.value else "empty"
        case Truth():
            return "yes" if node.value else "no"
        case Day():
            return node.value.isoformat()
        case Field():
            return node.name
        case Negate():
            return f"minus {_part(node.operand)}"
        case Binary():
            return f"{_part(node.left)} {_ARITHMETIC[node.operator]} {_part(node.right)}"
        case Compare():
            words = _COMPARE | _COMPARE_DATES if node.left.kind is Kind.DATE else _COMPARE
            return f"{_part(node.left)} {words[node.operator]} {_part(node.right)}"
        case Member():
            if len(node.options) == 1:
                return f"{_part(node.value)} is {describe(node.options[0])}"
            return f"{_part(node.value)} is one of {', '.join(describe(option) for option in node.options)}"
        case Call():
            return _call(node)
        case _:
            raise TypeError(node)


def number_phrase(value: Fraction) -> str:
    """A number with thousands separated; fractions below one that are whole percents as percents."""
    percent = value * 100
    if value != 0 and abs(value) < 1 and (percent * 1000).denominator == 1:
        return f"{decimal_text(percent)} %"
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return decimal_text(value)


def _part(node: Node) -> str:
    """A phrase that can stand inside another."""
    text = describe(node)
    compound = isinstance(node, Binary | Compare | Member) or (
        isinstance(node, Call) and node.function in ("AND", "OR", "IF")
    )
    return f"({text})" if compound else text


def _call(node: Call) -> str:
    first = node.arguments[0]
    match node.function:
        case "AND" | "OR":
            word = " and " if node.function == "AND" else " or "
            mixed = {"AND": "OR", "OR": "AND"}[node.function]
            parts = [
                _part(a) if isinstance(a, Call) and a.function in (mixed, "IF") else describe(a) for a in node.arguments
            ]
            return word.join(parts)
        case "NOT":
            return f"not {_part(first)}"
        case "IF":
            condition, then, otherwise = (describe(argument) for argument in node.arguments)
            return f"{then} if {condition}, otherwise {otherwise}"
        case "ISBLANK":
            return f"{describe(first)} is empty"
        case "ROUND" | "ROUNDUP" | "ROUNDDOWN":
            return f"{_part(first)} {_ROUNDED[node.function]} to {describe(node.arguments[1])} digits"
        case _:
            return f"{_FUNCTIONS[node.function]} {', '.join(_part(argument) for argument in node.arguments)}"
