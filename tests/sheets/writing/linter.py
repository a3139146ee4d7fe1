"""What Excel wants of a workbook beyond the schema: each breach here is a repair prompt or a lie to the reader."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from openpyxl.formula import Tokenizer
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
VOLATILE = re.compile(r"\b(NOW|TODAY|RAND|RANDBETWEEN|OFFSET|INDIRECT|INFO|CELL)\(")
MODERN = re.compile(r"\b(LET|LAMBDA|XLOOKUP|FILTER|UNIQUE|SORT|SEQUENCE|TEXTJOIN|IFS|MAXIFS|MINIFS|CONCAT)\(")


class Workbook:
    """An xlsx package opened for checking."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            self.parts = {name: archive.read(name) for name in archive.namelist()}
            self.duplicates = [n for n, count in Counter(archive.namelist()).items() if count > 1]
        xml = (name for name in self.parts if name.endswith((".xml", ".rels")))
        self.trees = {name: etree.fromstring(self.parts[name]) for name in xml}
        book = self.trees["xl/workbook.xml"]
        relations = self.relations("xl/workbook.xml")
        self.sheets = {s.get("name"): relations[s.get(f"{REL}id")] for s in book.iter(f"{MAIN}sheet")}
        self.table_names: list[str] = []
        self.tables: dict[str, tuple[str, etree._Element]] = {}
        for sheet, part in self.sheets.items():
            for target in self.relations(part).values():
                if "/tables/" in target:
                    tree = self.trees[target]
                    self.tables[tree.get("displayName")] = (sheet, tree)
                    self.table_names.append(tree.get("displayName"))

    def relations(self, part: str) -> dict[str, str]:
        folder, name = posixpath.split(part)
        tree = self.trees.get(f"{folder}/_rels/{name}.rels")
        if tree is None:
            return {}
        found = {}
        for relation in tree.iter(f"{PACKAGE}Relationship"):
            target = relation.get("Target")
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[relation.get("Id")] = target if relation.get("TargetMode") == "External" else path
        return found

    def cells(self, sheet: str) -> dict[tuple[int, int], etree._Element]:
        return {coordinate_to_tuple(c.get("r")): c for c in self.trees[self.sheets[sheet]].iter(f"{MAIN}c")}


def cell_text(cell: etree._Element | None) -> str | None:
    if cell is None:
        return None
    if cell.get("t") == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{MAIN}t")).replace("_x005F_", "_")
    value = cell.find(f"{MAIN}v")
    return None if value is None else value.text


def lint(path: Path) -> list[str]:
    """All breaches found, as sentences."""
    book = Workbook(path)
    rules = (
        _package,
        _names,
        _tables,
        _overlaps,
        _cells,
        _formulas,
        _validations,
        _formats,
        _links,
        _drawings,
        _layout,
    )
    return [f"{rule.__name__}: {fault}" for rule in rules for fault in rule(book)]


def _package(book: Workbook) -> Iterator[str]:
    yield from (f"{name} is there twice" for name in book.duplicates)
    types = book.trees["[Content_Types].xml"]
    named = {e.get("PartName")[1:] for e in types.iter(f"{TYPES}Override")}
    endings = {e.get("Extension") for e in types.iter(f"{TYPES}Default")}
    for name in book.parts:
        if name != "[Content_Types].xml" and name not in named and name.rpartition(".")[2] not in endings:
            yield f"{name} has no content type"
    yield from (f"{name} is promised but missing" for name in named - set(book.parts))
    for name, tree in book.trees.items():
        if name.endswith(".rels"):
            source = name.replace("_rels/", "").removesuffix(".rels")
            for relation in tree.iter(f"{PACKAGE}Relationship"):
                if relation.get("TargetMode") == "External":
                    yield f"{name} leads outside: {relation.get('Target')}"
            yield from (f"{name} leads to {t}" for t in book.relations(source).values() if t not in book.parts)
        if any(isinstance(node, etree._Entity) for node in tree.iter()) or tree.getroottree().docinfo.doctype:
            yield f"{name} has a document type"


def _names(book: Workbook) -> Iterator[str]:
    for name in book.sheets:
        if not 1 <= len(name.encode("utf-16-le")) // 2 <= 31 or re.search(r"[\[\]:*?/\\]", name):
            yield f"sheet name {name!r}"
        if name.startswith("'") or name.endswith("'") or name.casefold() == "history":
            yield f"sheet name {name!r}"
    if len({name.casefold() for name in book.sheets}) != len(book.sheets):
        yield "two sheets of one name"
    names = [name.casefold() for name in book.table_names]
    names += [
        n.get("name").casefold()
        for n in book.trees["xl/workbook.xml"].iter(f"{MAIN}definedName")
        if not n.get("name").startswith("_xlnm.")
    ]
    yield from (f"name {name} is taken twice" for name, count in Counter(names).items() if count > 1)
    yield from (f"table name {n!r}" for n in book.tables if not re.fullmatch(r"[A-Za-z_]\w*", n) or len(n) > 255)


def _tables(book: Workbook) -> Iterator[str]:
    ids = [tree.get("id") for _, tree in book.tables.values()]
    if len(set(ids)) != len(ids):
        yield "two tables of one id"
    for name, (sheet, tree) in book.tables.items():
        left, top, right, bottom = range_boundaries(tree.get("ref"))
        columns = [c.get("name") for c in tree.iter(f"{MAIN}tableColumn")]
        if len(columns) != right - left + 1:
            yield f"{name} lists {len(columns)} columns"
        if len({c.casefold() for c in columns}) != len(columns):
            yield f"{name} has two columns of one name"
        cells = book.cells(sheet)
        for offset, column in enumerate(columns):
            cell = cells.get((top, left + offset))
            if cell is None or cell.get("t") not in ("s", "inlineStr") or cell_text(cell) != column:
                yield f"{name}: heading {cell_text(cell)!r} is not {column!r}"
        totals = int(tree.get("totalsRowCount") or 0)
        if bottom - top - totals < 1:
            yield f"{name} has no data row"
        shown = tree.find(f"{MAIN}autoFilter")
        if shown is not None and range_boundaries(shown.get("ref")) != (left, top, right, bottom - totals):
            yield f"{name}: its filter does not cover its rows"


def _overlaps(book: Workbook) -> Iterator[str]:
    for sheet, part in book.sheets.items():
        areas = [(n, range_boundaries(t.get("ref"))) for n, (s, t) in book.tables.items() if s == sheet]
        areas += [("merge", range_boundaries(m.get("ref"))) for m in book.trees[part].iter(f"{MAIN}mergeCell")]
        for i, (one, a) in enumerate(areas):
            for other, b in areas[i + 1 :]:
                if a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]:
                    yield f"{one} and {other} overlap on {sheet}"
        if areas and book.trees[part].find(f"{MAIN}autoFilter") is not None:
            yield f"{sheet} has a filter beside its tables"


def _cells(book: Workbook) -> Iterator[str]:
    formats = len(list(book.trees["xl/styles.xml"].find(f"{MAIN}cellXfs")))
    if formats > 64_000:
        yield f"{formats} cell formats"
    for sheet, part in book.sheets.items():
        last = (0, 0)
        for row in book.trees[part].iter(f"{MAIN}row"):
            if int(row.get("r")) <= last[0]:
                yield f"{sheet}: row {row.get('r')} after row {last[0]}"
            last = (int(row.get("r")), 0)
            for cell in row:
                place = coordinate_to_tuple(cell.get("r"))
                if place <= last or place[0] != last[0]:
                    yield f"{sheet}!{cell.get('r')} is out of order"
                last = place
                yield from (f"{sheet}!{cell.get('r')}: {fault}" for fault in _cell(cell, formats))


def _cell(cell: etree._Element, formats: int) -> Iterator[str]:
    text = cell_text(cell) or ""
    if len(text.encode("utf-16-le")) // 2 > 32_767:
        yield "text is too long"
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", text):
        yield "control character"
    if int(cell.get("s") or 0) >= formats:
        yield "unknown style"
    if cell.get("t") == "e" or "#REF!" in text or "#NAME?" in text:
        yield f"error {text}"
    if (
        cell.get("t") in (None, "n")
        and cell.find(f"{MAIN}v") is not None
        and not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text)
    ):
        yield f"{text!r} is no number"


def _formulas(book: Workbook) -> Iterator[str]:
    for sheet in book.sheets:
        for cell in book.cells(sheet).values():
            formula = cell.find(f"{MAIN}f")
            if formula is None:
                continue
            place = f"{sheet}!{cell.get('r')}"
            if cell.find(f"{MAIN}v") is None:
                yield f"{place} has no stored value"
            yield from (f"{place}: {fault}" for fault in formula_faults(book, formula.text or ""))
    for name, (_, tree) in book.tables.items():
        for column in tree.iter(f"{MAIN}calculatedColumnFormula"):
            yield from (f"{name}: {fault}" for fault in formula_faults(book, column.text or ""))


def formula_faults(book: Workbook, text: str) -> Iterator[str]:
    if not text or len(text) > 8_192 or text.startswith("=") or "#REF!" in text or text.count("(") != text.count(")"):
        yield f"formula {text[:60]!r}"
        return
    if VOLATILE.search(text) or MODERN.search(text) or re.search(r"\[\d+\]", text):
        yield f"volatile, external or too new: {text[:60]!r}"
    for token in Tokenizer(f"={text}").items:
        if token.type != "OPERAND" or token.subtype != "RANGE":
            continue
        if "!" in token.value:
            name = token.value.rpartition("!")[0].strip("'").replace("''", "'")
            if name not in book.sheets:
                yield f"there is no sheet {name!r}"
        elif match := re.match(r"([A-Za-z_]\w*)\[(.*)\]$", token.value, re.DOTALL):
            yield from _reference_faults(book, *match.groups())


def _reference_faults(book: Workbook, table: str, inside: str) -> Iterator[str]:
    if table not in book.tables:
        yield f"there is no table {table!r}"
        return
    columns = {c.get("name") for c in book.tables[table][1].iter(f"{MAIN}tableColumn")}
    plain = re.sub(r"^\[#(This Row|Totals|Data|Headers|All)\],", "", inside)
    if plain != inside:
        plain = plain.removeprefix("[").removesuffix("]")
    if re.sub(r"'(.)", r"\1", plain) not in columns:
        yield f"{table} has no column {plain!r}"


def _validations(book: Workbook) -> Iterator[str]:
    for sheet, part in book.sheets.items():
        for rule in book.trees[part].iter(f"{MAIN}dataValidation"):
            first = rule.find(f"{MAIN}formula1")
            if first is not None and first.text.startswith('"') and len(first.text) > 257:
                yield f"{sheet}: list of {len(first.text)} characters"
            if len(rule.get("promptTitle") or "") > 32 or len(rule.get("prompt") or "") > 255:
                yield f"{sheet}: prompt too long"


def _formats(book: Workbook) -> Iterator[str]:
    for sheet, part in book.sheets.items():
        for rule in book.trees[part].iter(f"{MAIN}cfRule"):
            for formula in rule.iter(f"{MAIN}formula"):
                if "[" in formula.text:
                    yield f"{sheet}: a conditional format cannot refer to tables: {formula.text}"
                yield from (f"{sheet}: {fault}" for fault in formula_faults(book, formula.text))


def _links(book: Workbook) -> Iterator[str]:
    for sheet, part in book.sheets.items():
        for link in book.trees[part].iter(f"{MAIN}hyperlink"):
            name = (link.get("location") or "").rpartition("!")[0][1:-1].replace("''", "'")
            if name not in book.sheets:
                yield f"{sheet}!{link.get('ref')} leads to {link.get('location')!r}"


def _drawings(book: Workbook) -> Iterator[str]:
    for name, tree in book.trees.items():
        if not name.startswith("xl/drawings/drawing"):
            continue
        frames = list(tree.iter(f"{DRAWING}cNvPr"))
        if len({f.get("id") for f in frames}) != len(frames):
            yield f"{name}: two drawings of one id"
        for frame in frames:
            text = frame.get("descr") or ""
            if len(text) < 20 or text.startswith(("Chart", "Image", "Picture")):
                yield f"{name}: {frame.get('name')} has no alternative text"
    for name, tree in book.trees.items():
        if name.startswith("xl/charts/chart"):
            titles = list(tree.iter("{*}title"))
            if len(titles) < 3:
                yield f"{name} lacks a title or an axis title"


def _layout(book: Workbook) -> Iterator[str]:
    core = book.trees["docProps/core.xml"]
    if not core.findtext("{http://purl.org/dc/elements/1.1/}title"):
        yield "the document has no title"
    for sheet, part in book.sheets.items():
        tree = book.trees[part]
        setup = tree.find(f"{MAIN}pageSetup")
        if (
            setup is None
            or setup.get("orientation") not in ("landscape", "portrait")
            or setup.get("fitToHeight") != "0"
        ):
            yield f"{sheet} has no print set-up"
        if "&P of &N" not in "".join(tree.itertext(f"{MAIN}oddFooter")):
            yield f"{sheet} has no page numbers"
