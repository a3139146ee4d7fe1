"""Judging a column from all of its rows: kind, decimal mark, date order, each with the evidence.

A :class:`ColumnTally` counts looks chunk by chunk; :meth:`ColumnTally.conclude` decides. Nothing is decided per cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.reading.limits import CACHE_CAP, DISTINCT_CAP, EXCEL_CELL_CHARS
from salesops_desktop.sheets.reading.numbers import plain_number
from salesops_desktop.sheets.reading.shapes import (
    BLANK,
    CUT,
    DECIMAL_POINT,
    INTEGER,
    ISO_DATETIME,
    NUMBER,
    PENDING,
    TEXT,
    Cell,
    Look,
    Shape,
    look,
    shown,
)
from salesops_desktop.sheets.reading.sure import surely

_SEP = "\x1e"
_MONTH = "(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|gen|mag|giu|lug|set|ott)"
_CODE = "(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|INR|BRL|PLN|CZK)"
_POINT = r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,15})?"
_BULK: tuple[tuple[re.Pattern[str], Look], ...] = tuple(
    (re.compile(f"(?:(?:{pattern}){_SEP})*"), verdict)
    for pattern, verdict in (
        (r"-?[1-9]\d{0,6}|0|-?[1-9]\d{8,14}", INTEGER),
        (r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,2})?", DECIMAL_POINT),
        (r"\d{4}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:[0-5]\d", ISO_DATETIME),
        (rf"(?!{_CODE})(?!(?i:{_MONTH}))[A-Za-z]{{2,}}[-_]?\d{{3,}}", TEXT),
        (
            rf"(?!\d+[A-Za-z]{{1,3}}{_SEP}|\d+[eE]\d+{_SEP}|\d{{0,2}}(?i:{_MONTH})|{_CODE})\d*[A-Za-z]+\d[A-Za-z0-9]{{2,}}",
            TEXT,
        ),
        (rf"(?!(?i:{_MONTH}))[^\W\d_]{{4,}}[ _-][^{_SEP}]*", TEXT),
        (rf"[^\W\d_][^\d{_SEP}]{{3,}}", TEXT),
        (rf"[^\s@{_SEP}]+@[^\s@{_SEP}]+", TEXT),
    )
)
"""Whole chunks of many different values that are surely all of one look: one match at C speed."""
_BULK_POINT = re.compile(f"(?:{_POINT}{_SEP})*")
"""Decimals of a column that has proven its point elsewhere: 1.234 is open only where nothing does."""
_BULK_FROM = 2_000

_NUMERIC = (Shape.INTEGER, Shape.NUMBER, Shape.COMPACT_DATE)
_DATED = (Shape.DATE, Shape.DATETIME, Shape.BAD_DATE, Shape.COMPACT_DATE)


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What a column turned out to hold. Fields as in ``ColumnInspection``."""

    kind: ValueKind
    filled: int
    blanks: int
    distinct: int
    samples: tuple[str, ...]
    date_order: str | None = None
    evidence: str = ""
    decimal_mark: str = ""
    thousands_mark: str = ""
    currency: str = ""
    percent: bool = False
    low: float | None = None
    high: float | None = None
    notices: tuple[str, ...] = ()
    priced: bool = False
    """Whether values or number format name a currency."""
    mark_open: bool = False
    """Whether the decimal mark rests on custom, not on evidence."""
    date_marks: str = ""
    """The marks between day and month for which :attr:`date_order` holds; dates spelled with another one speak only
    for themselves."""


def keyed(values: Sequence[Cell]) -> Sequence[Cell]:
    """``values`` with booleans as words: as keys of a dictionary, True and 1 would be the same."""
    if bool in set(map(type, values)):
        return [("TRUE" if v else "FALSE") if isinstance(v, bool) else v for v in values]
    return values


class ColumnTally:
    """Counts of looks of one column, fed in chunks."""

    def __init__(self) -> None:
        self.looks: Counter[Look] = Counter()
        self.examples: dict[Look, tuple[int, str]] = {}
        self.distinct: set[Cell] = set()
        self.samples: dict[str, None] = {}
        self.low: float | None = None
        self.high: float | None = None
        self.longest = 0
        self.zero_led = False
        self.words: set[str] = set()
        """The words for yes and no that were seen."""
        self._cache: dict[Cell, Look] = {}

    def add(self, values: Sequence[Cell], rows: Sequence[int]) -> None:
        """Count ``values`` (:func:`keyed` where they may hold booleans), which stand in ``rows`` (1-based)."""
        counts = Counter(values)
        if len(self.distinct) < DISTINCT_CAP:
            self.distinct.update(counts)
        if len(self.samples) < 5:
            self._sample(counts)
        bulk = self._bulk(counts) if len(counts) > _BULK_FROM else None
        if bulk is not None:
            self.looks[bulk] += len(values)
            self._remember(bulk, next(iter(counts)), values, rows)
            if bulk.shape in _NUMERIC:
                self._span([float(v) for v in counts if isinstance(v, (str, float, int)) and v != ""])
            return
        if len(counts) > _BULK_FROM:
            self._take_sure(counts, values, rows)
        cache, looks = self._cache, self.looks
        numbers: list[float] = []
        for value, count in counts.items():
            verdict = cache.get(value)
            if verdict is None:
                verdict = look(value)
                if len(cache) < CACHE_CAP:
                    cache[value] = verdict
                if verdict not in self.examples:
                    self._remember(verdict, value, values, rows)
                self._note(verdict, value, numbers)
            looks[verdict] += count
        self._span(numbers)

    def _take_sure(self, counts: Counter[Cell], values: Sequence[Cell], rows: Sequence[int]) -> None:
        """Count the values that are surely of one look, and take them out of ``counts``."""
        found, _ = surely(value for value in counts if isinstance(value, str))
        for verdict, texts in found:
            self.looks[verdict] += sum(map(counts.__getitem__, texts))
            self._remember(verdict, texts[0], values, rows)
            if verdict.shape in _NUMERIC:
                self._span(list(map(float, texts)))
            else:
                self.longest = max(self.longest, *map(len, texts))
                self.zero_led = self.zero_led or verdict.shape is Shape.CODE
            for text in texts:
                del counts[text]

    def _note(self, verdict: Look, value: Cell, numbers: list[float]) -> None:
        """Keep what a value seen for the first time says beyond its look."""
        if verdict.shape in _NUMERIC:
            number = plain_number(value, verdict.mark)
            if number is not None:
                numbers.append(number)
        elif verdict.shape is Shape.BOOLEAN:
            self.words.add(shown(value).strip().lower())
        elif verdict.shape is Shape.CODE:
            self.zero_led = self.zero_led or shown(value).strip().startswith("0")
        elif isinstance(value, str) and len(value) > self.longest:
            self.longest = len(value)

    def add_blanks(self, count: int) -> None:
        """Count cells of rows that ended before this column."""
        self.looks[BLANK] += count

    def _bulk(self, counts: Counter[Cell]) -> Look | None:
        types = set(map(type, counts))
        if types == {float}:
            return NUMBER if any(not v.is_integer() for v in counts if isinstance(v, float)) else INTEGER
        if types != {str}:
            return None
        joined = _SEP.join(counts) + _SEP  # type: ignore[arg-type]  # all of them are text here
        for pattern, verdict in _BULK:
            if pattern.fullmatch(joined) and not (verdict is DECIMAL_POINT and "." not in joined):
                return verdict
        if self.looks[DECIMAL_POINT] and _BULK_POINT.fullmatch(joined):
            return DECIMAL_POINT
        return None

    def _span(self, numbers: list[float]) -> None:
        if numbers:
            low, high = min(numbers), max(numbers)
            self.low = low if self.low is None else min(low, self.low)
            self.high = high if self.high is None else max(high, self.high)

    def _sample(self, counts: Counter[Cell]) -> None:
        for value in counts:
            text = shown(value)[:80]
            if text.strip():
                self.samples[text] = None
                if len(self.samples) >= 5:
                    return

    def _remember(self, verdict: Look, value: Cell, values: Sequence[Cell], rows: Sequence[int]) -> None:
        if verdict not in self.examples:
            self.examples[verdict] = (rows[list(values).index(value)], shown(value)[:60])

    def count(self, *shapes: Shape) -> int:
        """Cells of these shapes."""
        return sum(n for verdict, n in self.looks.items() if verdict.shape in shapes)

    def conclude(
        self, *, decimal_hint: str = "", order: str = "", mark: str = "", unit: str = "", percent: bool = False
    ) -> ColumnFacts:
        """Decide what the column holds.

        Args:
            decimal_hint: the mark that custom suggests where no value decides (the file's delimiter, its neighbours).
            order: a date order decided by a person.
            mark: a decimal mark decided by a person.
            unit: the currency of the column's number format.
            percent: whether the column's number format is a percentage.
        """
        blanks = self.count(Shape.BLANK)
        filled = sum(self.looks.values()) - blanks
        kind = self._kind(filled)
        notices: list[str] = []
        evidence: list[str] = []
        date_order = self._date_order(kind, order, evidence, notices)
        date_marks = self._date_marks(date_order, notices, chosen=bool(order))
        decimal, group, is_open = self._marks(kind, mark or decimal_hint, mark, evidence, notices)
        currencies = {v.currency: n for v, n in self.looks.items() if v.currency}
        seen = {v.currency for v in self.looks if v.currency}
        if len(seen) > 1:
            listed = ", ".join(sorted(seen))
            notices.append(f"Amounts in several currencies ({listed}) stand in one column.")
        if currencies and kind in (ValueKind.INTEGER, ValueKind.NUMBER):
            kind = ValueKind.MONEY
        signs = sum(n for v, n in self.looks.items() if v.percent)
        share = percent or signs * 2 > max(1, self.count(*_NUMERIC))
        if kind in (ValueKind.INTEGER, ValueKind.NUMBER):
            kind = ValueKind.RATE if share else ValueKind.MONEY if unit else kind
        self._odd_cells(kind, notices)
        return ColumnFacts(
            kind,
            filled,
            blanks,
            min(len(self.distinct - {None, ""}), DISTINCT_CAP),
            tuple(self.samples),
            date_order,
            " ".join(evidence),
            decimal,
            group,
            next(iter(seen)) if len(seen) == 1 else unit if not seen else "",
            share and kind is ValueKind.RATE,
            self.low,
            self.high,
            tuple(notices),
            bool(seen or unit),
            is_open,
            date_marks,
        )

    def _kind(self, filled: int) -> ValueKind:  # noqa: PLR0911  # one return per kind reads best
        judged = filled - self.count(Shape.NULL, Shape.PENDING, Shape.ERROR)
        if judged <= 0:
            return ValueKind.TEXT
        numbers, codes = self.count(Shape.INTEGER, Shape.NUMBER), self.count(Shape.CODE)
        dates = self.count(Shape.DATE, Shape.DATETIME, Shape.BAD_DATE)
        compact = self.count(Shape.COMPACT_DATE)
        if dates and (dates + compact) * 2 >= judged and dates >= compact:
            return ValueKind.DATETIME if self.count(Shape.DATETIME) * 2 > dates else ValueKind.DATE
        if codes and (self.zero_led or codes * 10 > numbers):
            return ValueKind.TEXT
        if (numbers + compact + codes) * 10 >= judged * 6:
            if compact == judged and judged >= 3:
                return ValueKind.DATE
            return ValueKind.INTEGER if not self.count(Shape.NUMBER) else ValueKind.NUMBER
        if self._is_boolean(judged):
            return ValueKind.BOOLEAN
        return ValueKind.TEXT

    def _is_boolean(self, judged: int) -> bool:
        """Whether yes and no fill the column: single letters count only beside whole words or their opposite."""
        words = self.count(Shape.BOOLEAN)
        if words * 10 < judged * 9 and words + self.count(Shape.INTEGER) != judged:
            return False
        spoken = {word for word in self.words if len(word) > 1 and word != "on"}
        return bool(spoken) or ({"y", "n"} <= self.words) or (self.words == {"x"} and words == judged)

    def _date_order(  # noqa: PLR0911  # one return per ground for the decision reads best
        self, kind: ValueKind, chosen: str, evidence: list[str], notices: list[str]
    ) -> str | None:
        if kind not in (ValueKind.DATE, ValueKind.DATETIME):
            return None
        proof = {order: self._proof(order) for order in ("dmy", "mdy", "?", "dots")}
        counts = {order: found[0] for order, found in proof.items()}
        day_first, month_first = proof["dmy"], proof["mdy"]
        if counts["dmy"] and counts["mdy"]:
            notices.append(
                f"The dates contradict each other: {day_first[1]} can only be day/month, {month_first[1]} only "
                "month/day. Those that do not fit the chosen order are listed as bad cells."
            )
        if chosen:
            evidence.append(f"You chose {ORDER_LABELS[chosen]}.")
            return chosen
        if counts["dmy"] and counts["mdy"]:
            for order, other in (("dmy", "mdy"), ("mdy", "dmy")):
                if counts[order] >= 20 * counts[other]:
                    evidence.append(f"{counts[order]} dates can only be {ORDER_LABELS[order]}, {counts[other]} not.")
                    return order
            return "undecidable"
        usual = self._usual_spelling()
        for order, found, other in (("dmy", day_first, "second"), ("mdy", month_first, "first")):
            if found[0] and usual not in self._spelled(order) and (order, usual) != ("dmy", "."):
                evidence.append(
                    f"{found[1]} can only be {ORDER_LABELS[order]}, but most dates are spelled with “{usual}”."
                )
                return "undecidable"
            if found[0]:
                place = "first" if other == "second" else "second"
                plural = "date has" if found[0] == 1 else "dates have"
                evidence.append(
                    f"{ORDER_LABELS[order]}: {found[0]} {plural} a {place} number above 12, such as {found[1]}."
                )
                return order
        dated = self.count(Shape.DATE, Shape.DATETIME)
        if counts["dots"] and usual == "." and self._spelled()["."] * 2 >= dated:
            evidence.append(f"{ORDER_LABELS['dmy']}: dates with dots are written day first ({proof['dots'][1]}).")
            return "dmy"
        if opened := counts["?"] + counts["dots"]:
            example = proof["?"][1] or proof["dots"][1]
            evidence.append(f"{opened} dates have day and month of at most 12 and prove nothing, such as {example}.")
            return "undecidable"
        evidence.append("Year, month and day are written so that nothing is open.")
        return "ymd"

    def _spelled(self, order: str = "") -> Counter[str]:
        """Dates by what stands between day and month; only those that prove ``order`` where it is given."""
        marks: Counter[str] = Counter()
        for verdict, count in self.looks.items():
            if verdict.spelled and verdict.order and (not order or verdict.order == order):
                marks[verdict.spelled] += count
        return marks

    def _usual_spelling(self) -> str:
        """What stands between day and month of most dates that leave them open."""
        return max((marks := self._spelled()), key=lambda mark: (marks[mark], mark), default="")

    def _date_marks(self, order: str | None, notices: list[str], *, chosen: bool) -> str:
        """The marks for which ``order`` holds: the usual one, those that prove it, and dots where days come first."""
        if order is None:
            return ""
        held = {self._usual_spelling(), *self._spelled(order)} | ({"."} if order == "dmy" else set())
        held = widened(held) if chosen else held
        strays = [v for v in self.looks if v.order in ("?", "dots") and v.spelled not in held]
        if strays and order != "undecidable":
            row, text = min(self.examples[v] for v in strays)
            count = sum(self.looks[v] for v in strays)
            notices.append(
                f"{count} {'date is' if count == 1 else 'dates are'} written in another way than the rest, such as "
                f"{text} in row {row}; which number is the month cannot be told, so they are listed as bad cells."
            )
        return "".join(sorted(held))

    def _proof(self, order: str) -> tuple[int, str]:
        looks = [v for v in self.looks if v.order == order and v.shape in (Shape.DATE, Shape.DATETIME)]
        if not looks:
            return 0, ""
        row, text = min(self.examples[v] for v in looks)
        return sum(self.looks[v] for v in looks), f"{text} in row {row}"

    def _marks(
        self, kind: ValueKind, hint: str, chosen: str, evidence: list[str], notices: list[str]
    ) -> tuple[str, str, bool]:
        if kind not in (ValueKind.INTEGER, ValueKind.NUMBER):
            return "", "", False
        points, commas = (sum(n for v, n in self.looks.items() if proves(v) == mark) for mark in ".,")
        groups = Counter({v.group: n for v, n in self.looks.items() if v.group})
        group = groups.most_common(1)[0][0] if groups else ""
        if points and commas:
            notices.append(
                f"Decimal point and decimal comma are mixed: {points} values can only have a point, {commas} only a "
                "comma. Those that do not fit the majority are listed as bad cells."
            )
        if chosen:
            evidence.append(f"You chose the decimal {NAMES[chosen]}.")
            return chosen, group, False
        if points or commas:
            mark = "." if points >= commas else ","
            example = next(self.examples[v] for v in self.looks if proves(v) == mark)
            evidence.append(f"Decimal {NAMES[mark]}: {example[1]} in row {example[0]}.")
            return mark, group, False
        opened = {v.mark for v in self.looks if v.mark.startswith("?")}
        if not opened:
            return hint or ".", group, False
        if opened == {"?.", "?,"}:
            notices.append("Values such as 1.234 and 1,234 stand in one column and nothing tells which mark is which.")
        mark = hint or ("." if group != "." else ",")
        example = next(self.examples[v] for v in self.looks if v.mark.startswith("?"))
        evidence.append(
            f"Nothing proves the decimal mark ({example[1]} in row {example[0]}); custom suggests the {NAMES[mark]}."
        )
        return mark, group, True

    def _odd_cells(self, kind: ValueKind, notices: list[str]) -> None:
        errors = self.count(Shape.ERROR)
        if errors:
            notices.append(f"{errors} {'cell holds' if errors == 1 else 'cells hold'} a spreadsheet error.")
        bad = self.count(Shape.BAD_DATE)
        if bad and kind in (ValueKind.DATE, ValueKind.DATETIME):
            notices.append(f"{bad} {'cell is' if bad == 1 else 'cells are'} written as a date, but no such day exists.")
        fitting = {
            ValueKind.DATE: _DATED,
            ValueKind.DATETIME: _DATED,
            ValueKind.BOOLEAN: (Shape.BOOLEAN, Shape.INTEGER),
            ValueKind.TEXT: tuple(Shape),
        }.get(kind, _NUMERIC)
        pending = self.count(Shape.PENDING)
        if pending and kind is not ValueKind.TEXT:
            row, text = self.examples[PENDING]
            notices.append(
                f"{pending} {'cell says' if pending == 1 else 'cells say'} “{text}” or the like (row {row})."
            )
        known = (*fitting, Shape.BLANK, Shape.NULL, Shape.PENDING, Shape.ERROR)
        odd = self.count(*(s for s in Shape if s not in known))
        if odd:
            notices.append(f"{odd} of the other values {'is' if odd == 1 else 'are'} no {kind.value}.")
        if kind is ValueKind.BOOLEAN and len(self.words) > 2:
            notices.append(f"Yes and no are written in several ways: {', '.join(sorted(self.words))}.")
        cut = [v for v in self.looks if v.spelled == CUT]
        if cut:
            row, text = min(self.examples[v] for v in cut)
            notices.append(
                f"{sum(self.looks[v] for v in cut)} values such as {text} (row {row}) are long numbers of which a "
                "spreadsheet program kept the first digits only; if they are keys, they are lost in this file."
            )
        signs = sum(n for v, n in self.looks.items() if v.percent)
        if 0 < signs < self.count(*_NUMERIC):
            notices.append(f"{signs} values have a percent sign, the others have none.")
        if self.samples and all(len(text) > 1 and text[0] == "'" and text[-1] != "'" for text in self.samples):
            notices.append("All values begin with an apostrophe, which is read as part of them.")
        if self.high == float("inf") or self.low == float("-inf"):
            notices.append("A number is larger than any that can be calculated with.")
        if self.longest > EXCEL_CELL_CHARS:
            notices.append(
                f"A text of {self.longest:,} characters is longer than a spreadsheet cell can hold (32,767)."
            )


def widened(marks: Iterable[str]) -> set[str]:
    """The marks a person means who names the order of a column: slash and hyphen are one habit, dots another."""
    held = set(marks)
    return held | {"/", "-"} if held & {"/", "-"} else held


def proves(verdict: Look) -> str:
    """The decimal mark that a value of this look proves, or the empty string."""
    if verdict.mark in (".", ","):
        return verdict.mark
    if verdict.group in (".", ",") and not verdict.mark:
        return "," if verdict.group == "." else "."
    return ""


ORDER_LABELS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
NAMES = {".": "point", ",": "comma"}
