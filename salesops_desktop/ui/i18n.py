"""Words on screen: translation, plurals, and a pseudo-locale that shows what would be clipped."""

from __future__ import annotations

import os
import re
from typing import Final

from PySide6.QtCore import QCoreApplication

_ACCENTS: Final = str.maketrans("aeiouyAEIOUYcnsz", "áéîöüýÁÉÎÖÜÝçñšž")
_KEEP: Final = re.compile(r"(\{[^{}]*\}|<[^<>]*>|&&|&\w|%[1-9n]|https?://\S+)")
_LONGER: Final = 0.4


class _Pseudo:
    on = os.environ.get("SALESOPS_PSEUDO", "") not in ("", "0")


def set_pseudo_locale(on: bool) -> None:
    """Turn the pseudo-locale on or off for texts asked for from now on (also: environment SALESOPS_PSEUDO=1)."""
    _Pseudo.on = on


def tr(text: str, /, **values: object) -> str:
    """The text in the person's language, with ``{name}`` places filled from ``values``."""
    shown = QCoreApplication.translate("salesops", text)
    if _Pseudo.on:
        shown = pseudo(shown)
    return shown.format(**values) if values else shown


def trn(one: str, many: str, n: int, /, **values: object) -> str:
    """``one`` or ``many`` by count, with ``{n}`` filled."""
    return tr(one if n == 1 else many, n=n, **values)


def pseudo(text: str) -> str:
    """The text with accents and 40 % more length; places, tags and mnemonics stay as they are."""
    if not text.strip():
        return text
    parts = _KEEP.split(text)
    marked = "".join(part if i % 2 else part.translate(_ACCENTS) for i, part in enumerate(parts))
    visible = len(_KEEP.sub("", text))
    extra = max(1, round(visible * _LONGER))
    filler = ("~ønger" * (extra // 6 + 1))[:extra]
    return f"{marked}{filler}"
