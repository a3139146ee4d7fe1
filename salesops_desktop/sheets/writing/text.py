"""What text may stand in a workbook: cleaned, never a formula, within Excel's limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

MAX_TEXT: Final = 32_767
"""Characters (UTF-16 units) in one cell; Excel specifications and limits."""

MAX_SHEET_NAME: Final = 31

FORMULA_STARTS: Final = "=+-@\t\r\n\0＝＋－＠"
"""First characters that make a spreadsheet program take text for a formula (OWASP CSV Injection, ASVS 5 1.2.10)."""

# What XML 1.0 cannot hold (section 2.2): control characters, lone surrogates and two non-characters.
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel reads _xHHHH_ as an escaped character, so text that merely looks like one gets its underscore escaped.
_LOOKS_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_QUOTED_FORMULA: Final = re.compile(f"'*[{re.escape(FORMULA_STARTS)}]")


def clean(text: str) -> tuple[str, str]:
    """Text as a cell can hold it.

    Returns:
        The text, and what had to be changed about it as a phrase ("2 control characters removed"), or "".
    """
    changes = []
    cleaned, removed = _ILLEGAL.subn("", text)
    if removed:
        changes.append(f"{removed} character{'s' if removed > 1 else ''} that no workbook can hold removed")
    if len(cleaned) > MAX_TEXT // 2 and _units(cleaned) > MAX_TEXT:
        units = _units(cleaned)
        cleaned = cleaned.encode("utf-16-le")[: 2 * MAX_TEXT].decode("utf-16-le", errors="ignore")
        changes.append(f"cut from {units:,} to {MAX_TEXT:,} characters, the most an Excel cell holds")
    return cleaned, "; ".join(changes)


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet program might take ``text`` for a formula."""
    return text[:1] != "" and text[0] in FORMULA_STARTS


def to_xml(text: str) -> str:
    """Cleaned text as the contents of an XML element of a workbook.

    A carriage return is written as a character reference, because XML readers turn a bare one into a line feed.
    """
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return escape(text, {"\r": "&#13;"})


def guard_for_csv(text: str) -> str:
    """Text for a csv field: prefixed with ``'`` where a spreadsheet program would otherwise run it as a formula.

    Text that already has such a prefix gets one more, so that :func:`unguard_from_csv` restores every text exactly.
    """
    return f"'{text}" if _QUOTED_FORMULA.match(text) else text


def unguard_from_csv(text: str) -> str:
    """The text that :func:`guard_for_csv` was given."""
    return text[1:] if text.startswith("'") and _QUOTED_FORMULA.match(text) else text


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    r"""A name Excel accepts for a sheet, close to the one wanted and not among ``taken`` (compared without case).

    Excel's rules: 1 to 31 characters, none of ``[ ] : * ? / \``, no apostrophe at either end, not "History".
    """
    plain = " ".join(_ILLEGAL.sub("", re.sub(r"[\[\]:*?/\\]", "-", wanted)).split()).strip("'")
    plain = _fit(plain, MAX_SHEET_NAME).strip("' ") or "Sheet"
    if plain.casefold() == "history":
        plain = "History of changes"
    used = {name.casefold() for name in taken}
    name, number = plain, 1
    while name.casefold() in used:
        number += 1
        suffix = f" ({number})"
        name = _fit(plain, MAX_SHEET_NAME - len(suffix)).strip("' ") + suffix
    return name


def table_name(wanted: str, taken: Iterable[str]) -> str:
    """A name Excel accepts for a table: letters, digits and underscores, no cell address, unique without case."""
    plain = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_")[:200] or "Table"
    if not re.match("[A-Za-z_]", plain) or re.fullmatch(r"[A-Za-z]{1,3}\d+|[RrCc]\d*|[Rr]\d*[Cc]\d*", plain):
        plain = f"T_{plain}"
    used = {name.casefold() for name in taken}
    name, number = plain, 1
    while name.casefold() in used:
        number += 1
        name = f"{plain}_{number}"
    return name


def header_labels(labels: Iterable[str]) -> list[str]:
    """Column headings as a named table needs them: one line, at most 255 characters, not empty, all different."""
    result: list[str] = []
    used: set[str] = set()
    for place, label in enumerate(labels, 1):
        # A heading that looks like an escaped character would differ between the cell and the table's own list.
        plain = _fit(" ".join(_LOOKS_ESCAPED.sub("-", clean(label)[0]).split()), 240) or f"Column {place}"
        name, number = plain, 1
        while name.casefold() in used:
            number += 1
            name = f"{plain} ({number})"
        used.add(name.casefold())
        result.append(name)
    return result


def page_text(text: str) -> str:
    """Text for a page header or footer, where ``&`` starts a code; at most 80 characters."""
    return _fit(" ".join(clean(text)[0].split()), 80).replace("&", "&&")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _fit(text: str, units: int) -> str:
    """The first ``units`` UTF-16 units of ``text``, never half a character."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")
