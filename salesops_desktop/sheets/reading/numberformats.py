"""Number formats that change what a number means: leading zeros, percent, currency."""

from __future__ import annotations

import re
from dataclasses import dataclass

from defusedxml import ElementTree

from salesops_desktop.model.money import is_currency

_BRACKETED = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f]+)?\]")
_QUOTED = re.compile(r'"([^"]*)"')
_BUILT_IN = {9: "0%", 10: "0.00%"}
_CODES = {"€": "EUR", "£": "GBP", "₹": "INR", "CHF": "CHF", "zł": "PLN", "Kč": "CZK", "$": "$", "¥": "¥", "kr": "kr"}


@dataclass(frozen=True, slots=True)
class Format:
    """What a number format says beyond decimals."""

    pad: int = 0
    """Digits to show at least."""
    percent: bool = False
    currency: str = ""
    """An ISO code, or a symbol that stands for several."""


def format_of(code: str) -> Format | None:
    """What a format code says; None where it changes nothing."""
    positive = code.split(";", maxsplit=1)[0]
    symbols = _BRACKETED.findall(positive) + _QUOTED.findall(positive)
    bare = _QUOTED.sub("", _BRACKETED.sub("", positive))
    symbols += re.findall(r"[$€£¥₹]", bare)
    for symbol in symbols:
        text = symbol.strip()
        if text in _CODES or is_currency(text.upper()):
            return Format(currency=_CODES.get(text, text.upper()))
    if "%" in bare:
        return Format(percent=True)
    if re.fullmatch(r"0{2,15}", bare.strip()):
        return Format(pad=len(bare.strip()))
    return None


def read_formats(styles: bytes) -> dict[int, Format]:
    """The cell styles of ``xl/styles.xml`` whose number format matters, by index."""
    root = ElementTree.fromstring(styles, forbid_dtd=True)
    codes: dict[int, str] = dict(_BUILT_IN)
    found: dict[int, Format] = {}
    for node in root.iter():
        tag = str(node.tag).rpartition("}")[2]
        if tag == "numFmt":
            codes[int(node.get("numFmtId", "0"))] = str(node.get("formatCode", ""))
    for node in root.iter():
        if str(node.tag).rpartition("}")[2] == "cellXfs":
            for index, xf in enumerate(node):
                code = codes.get(int(xf.get("numFmtId", "0")), "")
                meaning = format_of(code) if code else None
                if meaning is not None:
                    found[index] = meaning
    return found


_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BUILT_IN_DATES = {*range(14, 23), 45, 47}


def date_styles(styles: bytes) -> dict[int, str]:
    """The cell styles of ``xl/styles.xml`` that show a number as ``date`` (or time) or ``duration``, by index."""
    root = ElementTree.fromstring(styles, forbid_dtd=True)
    codes: dict[int, str] = {}
    for node in root.iter():
        if str(node.tag).rpartition("}")[2] == "numFmt":
            codes[int(node.get("numFmtId", "0"))] = str(node.get("formatCode", ""))
    found: dict[int, str] = {}
    for node in root.iter():
        if str(node.tag).rpartition("}")[2] == "cellXfs":
            for index, xf in enumerate(node):
                number = int(xf.get("numFmtId", "0"))
                kind = _date_kind(codes[number]) if number in codes else _built_in_date(number)
                if kind:
                    found[index] = kind
    return found


def _built_in_date(number: int) -> str:
    return "duration" if number == 46 else "date" if number in _BUILT_IN_DATES else ""


def _date_kind(code: str) -> str:
    bare = _LITERAL.sub("", code.split(";", maxsplit=1)[0])
    if _ELAPSED.search(bare):
        return "duration"
    return "date" if re.search(r"[dmyhs]", bare, re.IGNORECASE) and bare.lower() != "general" else ""
