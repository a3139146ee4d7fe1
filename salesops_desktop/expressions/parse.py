"""Text to syntax tree. The language is closed: what the grammar does not list cannot be written."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any, Final

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from salesops_desktop.expressions.syntax import Binary, Call, Compare, Field, Member, Negate, Node, Number, Text, Truth
from salesops_desktop.model.errors import Fault, FaultsError

MAX_LENGTH: Final = 2000
"""Characters a formula may have; Excel itself allows 8,192, nobody can read that."""
MAX_DEPTH: Final = 60
MAX_DIGITS: Final = 15
"""Significant digits of a number; more would not survive a spreadsheet."""

GRAMMAR: Final = r"""
    ?start: or_
    ?or_: and_ | or_ OR and_                    -> join
    ?and_: not_ | and_ AND not_                 -> join
    ?not_: NOT not_                             -> invert
         | comparison
    ?comparison: concat
         | concat COMPARE concat                -> compare
         | concat IN "(" [concat (_SEP concat)*] ")"      -> member
         | concat NOT IN "(" [concat (_SEP concat)*] ")"  -> not_member
    ?concat: sum | concat AMP sum               -> binary
    ?sum: product | sum (PLUS | MINUS) product  -> binary
    ?product: unary | product (TIMES | OVER) unary -> binary
    ?unary: MINUS unary                         -> negate
         | PLUS unary                           -> same
         | atom
    ?atom: NUMBER PERCENT                       -> percent
         | NUMBER                               -> number
         | TEXT                                 -> text
         | TRUE                                 -> true
         | FALSE                                -> false
         | BRACKETED                            -> bracketed
         | NAME                                 -> name
         | (NAME | AND | OR) "(" [or_ (_SEP or_)*] ")" -> call
         | "(" or_ ")"

    COMPARE: "<>" | "<=" | ">=" | "=" | "<" | ">"
    AND.2: /AND\b/i
    OR.2: /OR\b/i
    NOT.2: /NOT\b/i
    IN.2: /IN\b/i
    TRUE.2: /TRUE\b/i
    FALSE.2: /FALSE\b/i
    AMP: "&"
    PLUS: "+"
    MINUS: "-"
    TIMES: "*"
    OVER: "/"
    PERCENT: "%"
    _SEP: "," | ";"
    NUMBER: /[0-9]+(\.[0-9]+)?|\.[0-9]+/
    TEXT: /"([^"]|"")*"/
    BRACKETED: /\[[^\[\]\r\n]+\]/
    NAME: /[^\W\d]\w*/
    %ignore /[ \t\r\n]+/
"""


class TooDeepError(Exception):
    """The formula is nested deeper than :data:`MAX_DEPTH`."""


class _Refused(Exception):  # noqa: N818  # carries one fault out of the parser
    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.fault = Fault(place(position), what)


def place(position: int) -> str:
    """How faults name a place in a formula."""
    return f"character {position + 1}"


def _depth(*children: Node) -> int:
    depth = 1 + max((child.depth for child in children), default=0)
    if depth > MAX_DEPTH:
        raise TooDeepError
    return depth


@v_args(inline=True)
class _Build(Transformer[Token, Node]):
    """Turns what the grammar recognised into nodes while parsing, so that no recursion depends on the input."""

    def join(self, left: Node, operator: Token, right: Node) -> Node:
        name = operator.type
        if isinstance(left, Call) and left.function == name:
            # ``a AND b AND c`` is one call with three arguments: long lists stay flat.
            return Call(name, (*left.arguments, right), start=left.start, depth=_depth(*left.arguments, right))
        return Call(name, (left, right), start=left.start, depth=_depth(left, right))

    def invert(self, token: Token, operand: Node) -> Node:
        return Call("NOT", (operand,), start=token.start_pos or 0, depth=_depth(operand))

    def compare(self, left: Node, operator: Token, right: Node) -> Node:
        return Compare(str(operator), left, right, start=left.start, depth=_depth(left, right))

    def member(self, value: Node, _in: Token, *options: Node | None) -> Node:
        chosen = tuple(option for option in options if option is not None)
        return Member(value, chosen, start=value.start, depth=_depth(value, *chosen))

    def not_member(self, value: Node, _not: Token, _in: Token, *options: Node | None) -> Node:
        inside = self.member(value, _in, *options)
        return Call("NOT", (inside,), start=value.start, depth=_depth(inside))

    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        return Binary(str(operator), left, right, start=left.start, depth=_depth(left, right))

    def negate(self, token: Token, operand: Node) -> Node:
        start = token.start_pos or 0
        if isinstance(operand, Number):
            return Number(-operand.value, start=start)
        return Negate(operand, start=start, depth=_depth(operand))

    def same(self, _plus: Token, operand: Node) -> Node:
        return operand

    def number(self, token: Token) -> Node:
        if len(token.replace(".", "").strip("0")) > MAX_DIGITS or len(token) > 2 * MAX_DIGITS:
            raise _Refused(token.start_pos or 0, f"A number may have at most {MAX_DIGITS} digits.")
        if not token.isascii():
            raise _Refused(token.start_pos or 0, "Numbers are written with the digits 0 to 9.")
        return Number(Fraction(str(token)), start=token.start_pos or 0)

    def percent(self, token: Token, _percent: Token) -> Node:
        number = self.number(token)
        assert isinstance(number, Number)
        return Number(number.value / 100, start=number.start)

    def text(self, token: Token) -> Node:
        return Text(token[1:-1].replace('""', '"'), start=token.start_pos or 0)

    def true(self, token: Token) -> Node:
        return Truth(value=True, start=token.start_pos or 0)

    def false(self, token: Token) -> Node:
        return Truth(value=False, start=token.start_pos or 0)

    def bracketed(self, token: Token) -> Node:
        return Field(token[1:-1].strip(), start=token.start_pos or 0)

    def name(self, token: Token) -> Node:
        return Field(str(token), start=token.start_pos or 0)

    def call(self, token: Token, *arguments: Node | None) -> Node:
        given = tuple(argument for argument in arguments if argument is not None)
        return Call(token.upper(), given, start=token.start_pos or 0, depth=_depth(*given))


@functools.cache  # made at the first formula, not at import
def _parser() -> Any:  # lark's parser is generic over what its transformer makes, which its stubs cannot say
    return Lark(GRAMMAR, parser="lalr", transformer=_Build(), maybe_placeholders=False)


_EXPECTED: Final = {
    "NUMBER": "a number",
    "TEXT": "text in double quotes",
    "NAME": "a field",
    "BRACKETED": "a field in [brackets]",
    "RPAR": "a closing parenthesis",
    "LPAR": "an opening parenthesis",
    "COMPARE": "a comparison such as =",
    "_SEP": "a comma",
    "$END": "the end",
}


def parse(text: str) -> Node:
    """Read a formula; a leading ``=`` is allowed, list separators may be ``,`` or ``;``.

    Raises:
        FaultsError: the text is no formula; says at which character and what was expected there.
    """
    lead = len(text) - len(text.lstrip())
    body = text
    if text[lead : lead + 1] == "=":
        body = text[:lead] + " " + text[lead + 1 :]
    if not body.strip():
        raise refusal(text, [Fault(place(0), "The formula is empty.")])
    if len(body) > MAX_LENGTH:
        raise refusal(text, [Fault(place(MAX_LENGTH), f"A formula may have at most {MAX_LENGTH:,} characters.")])
    try:
        node = _parser().parse(body)
    except UnexpectedInput as error:
        raise refusal(text, [_syntax_fault(body, error)]) from None
    except TooDeepError:
        fault = Fault(place(0), f"The formula is nested deeper than {MAX_DEPTH} levels.", "Split it in two.")
        raise refusal(text, [fault]) from None
    except _Refused as error:
        raise refusal(text, [error.fault]) from None
    assert isinstance(node, Node)
    return node


def refusal(text: str, faults: list[Fault]) -> FaultsError:
    """The error for a formula with ``faults``, whose sentence names the first."""
    shown = text if len(text) <= 60 else text[:57] + "…"
    first = faults[0]
    more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
    return FaultsError(
        f"The formula {shown!r} cannot be used: {first.where}: {first.what}{more}", faults, way_out=first.way_out
    )


def _syntax_fault(text: str, error: UnexpectedInput) -> Fault:
    found_at: int | None = error.pos_in_stream  # a class attribute in lark: None until an instance sets it
    position = found_at or 0
    if isinstance(error, UnexpectedCharacters):
        found = text[position]
        if found == '"':
            return Fault(place(position), "This text has no closing quote.")
        if found == "[":
            return Fault(place(position), "This field has no closing bracket.")
        return Fault(place(position), f"{found!r} has no meaning here.")
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        wanted = [phrase for name, phrase in _EXPECTED.items() if name in error.accepts]
        hint = f"Expected {' or '.join(wanted)}." if wanted else ""
        return Fault(place(position), f"{str(error.token)!r} does not fit here.", hint)
    return Fault(place(len(text.rstrip())), "The formula ends too early.")
