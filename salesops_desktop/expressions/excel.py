"""A formula as Excel text, from functions that Excel 2010+, LibreOffice and Google Sheets share.

Cells hold money in minor units and rates in parts per million (integers stay exact in a spreadsheet's doubles), so
amounts written in the formula are scaled to minor units where they meet money.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, cast

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
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import ValueKind

_COMPARE, _JOIN, _SUM, _PRODUCT, _ATOM = range(1, 6)
_LEVEL: Final = {"&": _JOIN, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}


class ExcelWriter:
    """Writes one checked tree.

    Args:
        cells: the reference or defined name for each field.
        schema: what each field holds.
        exponent: digits of the money's minor unit.
    """

    def __init__(self, cells: Mapping[str, str], schema: Mapping[str, ValueKind], exponent: int) -> None:
        self.cells = cells
        self.schema = schema
        self.scale = 10**exponent
        self.exponent = exponent

    def write(self, node: Node) -> str:
        """The text, without the leading ``=``; money in minor units."""
        return self._at(node, 0, node.kind)

    def _at(self, node: Node, level: int, kind: Kind | None) -> str:
        """``node`` as ``kind``, in parentheses when it binds weaker than ``level``."""
        text, own = self._convert(node, kind)
        return f"({text})" if own < level else text

    def _convert(self, node: Node, kind: Kind | None) -> tuple[str, int]:
        if kind is Kind.MONEY and node.kind is Kind.EXACT:
            if isinstance(node, Number):
                return decimal_text(node.value * self.scale), _ATOM
            return f"{self._at(node, _PRODUCT, node.kind)}*{self.scale}", _PRODUCT
        if kind is Kind.FLOAT and node.kind is Kind.MONEY:
            return f"{self._at(node, _PRODUCT, node.kind)}/{self.scale}", _PRODUCT
        return self._plain(node)

    def _plain(self, node: Node) -> tuple[str, int]:  # noqa: PLR0911  # one return per kind of node
        match node:
            case Number():
                return decimal_text(node.value), _ATOM if node.value >= 0 else _SUM
            case Text():
                return '"' + node.value.replace('"', '""') + '"', _ATOM
            case Truth():
                return str(node.value).upper(), _ATOM
            case Day():
                return f"DATE({node.value.year},{node.value.month},{node.value.day})", _ATOM
            case Field():
                return self._field(node)
            case Negate():
                return f"-{self._at(node.operand, _ATOM, node.kind)}", _SUM
            case Binary():
                return self._binary(node)
            case Compare():
                return self._compare(node.operator, node.left, node.right)
            case Member():
                tests = [self._compare("=", node.value, option)[0] for option in node.options]
                return (f"OR({','.join(tests)})", _ATOM) if len(tests) > 1 else (tests[0], _COMPARE)
            case Call():
                return self._call(node)
            case _:
                raise TypeError(node)

    def _field(self, node: Field) -> tuple[str, int]:
        cell = self.cells[node.name]
        if self.schema[node.name] is ValueKind.RATE:
            return f"{cell}/{PPM}", _PRODUCT
        if node.kind is Kind.TRUTH:
            return f"{cell}=TRUE", _COMPARE
        return cell, _ATOM

    def _binary(self, node: Binary) -> tuple[str, int]:
        level = _LEVEL[node.operator]
        left_kind, right_kind = node.left.kind, node.right.kind
        if node.kind is Kind.FLOAT:
            left_kind = right_kind = Kind.FLOAT
        elif node.operator in "+-":
            left_kind = right_kind = node.kind
        left = self._at(node.left, level, left_kind)
        right = self._at(node.right, level + 1 if node.operator in "-/" else level, right_kind)
        return f"{left}{node.operator}{right}", level

    def _compare(self, operator: str, left: Node, right: Node) -> tuple[str, int]:
        kinds = (left.kind, right.kind)
        kind = left.kind
        if kind is not None and kind.numeric:
            kind = Kind.FLOAT if Kind.FLOAT in kinds else Kind.MONEY if Kind.MONEY in kinds else Kind.EXACT
        a, b = self._at(left, _JOIN, kind), self._at(right, _JOIN, kind)
        if kind is Kind.DATE:
            empty = [f'{text}=""' for side, text in ((left, a), (right, b)) if not isinstance(side, Day)]
            answer = "TRUE" if operator == "<>" else "FALSE"
            guard = empty[0] if len(empty) == 1 else f"OR({','.join(empty)})"
            return (f"IF({guard},{answer},{a}{operator}{b})", _ATOM) if empty else (f"{a}{operator}{b}", _COMPARE)
        return f"{a}{operator}{b}", _COMPARE

    def _call(self, node: Call) -> tuple[str, int]:
        first = node.arguments[0]
        match node.function:
            case "ISBLANK":
                return f'{self.cells[cast("Field", first).name]}=""', _COMPARE
            case "ROUND" | "ROUNDUP" | "ROUNDDOWN":
                shift = self.exponent if node.kind is Kind.MONEY else 0
                digits = int(cast("Number", node.arguments[1]).value) - shift
                return f"{node.function}({self._at(first, 0, node.kind)},{digits})", _ATOM
            case "MIN" | "MAX":
                # An empty cell is skipped by MIN and MAX unless something is calculated with it.
                bare = set(self.cells.values())
                parts = [self._at(a, 0, node.kind) for a in node.arguments]
                parts = [f"{part}+0" if part in bare else part for part in parts]
                return f"{node.function}({','.join(parts)})", _ATOM
            case "IF":
                then, otherwise = (self._at(a, 0, node.kind) for a in node.arguments[1:])
                return f"IF({self._at(first, 0, first.kind)},{then},{otherwise})", _ATOM
            case _:
                parts = [self._at(a, 0, a.kind) for a in node.arguments]
                return f"{node.function}({','.join(parts)})", _ATOM


def decimal_text(value: Fraction) -> str:
    """A number as a spreadsheet writes it; quotients that have no finite decimal form as a division."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"({value.numerator}/{value.denominator})"
    with localcontext(prec=60):
        return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
