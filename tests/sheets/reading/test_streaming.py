"""The streaming reader of big workbooks gives what the fast engine gives, from flat memory."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from salesops_desktop.model.errors import Cancelled, InputRefusedError
from salesops_desktop.model.progress import silent
from salesops_desktop.sheets.reading import ReadOptions, workbook
from salesops_desktop.sheets.reading.container import open_container
from salesops_desktop.sheets.reading.preflight import scan_workbook
from salesops_desktop.sheets.reading.session import Session
from salesops_desktop.sheets.reading.streaming import DamagedError, StreamedBook
from salesops_desktop.sheets.reading.workbook import open_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def trimmed(rows):
    """Rows without what engines may differ in: None or an empty text, blank ends."""
    result = []
    for row in rows:
        cells = [None if cell == "" else cell for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        result.append(cells)
    while result and not result[-1]:
        result.pop()
    return result


def fast(path):
    sheets = open_workbook(open_container(path), lambda done, total: None, lambda what, size: None)
    return {sheet.name: trimmed(sheet.rows()) for sheet in sheets}


def streamed(path):
    with path.open("rb") as stream:
        scan = scan_workbook(stream, path.name, lambda done, total: None)
    book = StreamedBook(lambda: path.open("rb"), scan.formats)
    return {name: trimmed(book.rows(target)) for name, _, target in book.sheets}


def rewritten(source, target, **parts):
    """A copy of a workbook with the bytes of some parts (by leaf name) passed through functions."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = parts.get(name.rpartition("/")[2].partition(".")[0], lambda data: data)
            new.writestr(name, change(old.read(name)))
    return target


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    # engines differ in whether blanks at the ends of a text are part of it; the pipeline strips them
    lambda s: s == s.strip() and not re.search("_x[0-9A-Fa-f]{4}_", s) and not s.startswith(("=", "#"))
)
day = st.dates(dt.date(1901, 1, 1), dt.date(2150, 1, 1))
moment = st.tuples(day, st.times()).map(lambda pair: dt.datetime.combine(pair[0], pair[1].replace(microsecond=0)))
cell = st.one_of(
    st.none(),
    text,
    st.integers(-(10**12), 10**12),
    st.floats(-1e12, 1e12, allow_subnormal=False),
    st.booleans(),
    moment,
    day,
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=90)).map(
        lambda d: dt.timedelta(seconds=d.days * 86_400 + d.seconds)
    ),
    st.sampled_from(["#N/A", "#DIV/0!"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(cell, max_size=6), min_size=1, max_size=8),
    first=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    mac=st.booleans(),
)
def test_both_engines_give_the_same(tmp_path, rows, first, mac):
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    for i, row in enumerate(rows, 1 + first[0]):
        for j, value in enumerate(row, 1 + first[1]):
            if value is not None and not (mac and isinstance(value, dt.date) and value.year < 1905):
                book.active.cell(i, j, value)
    book.create_sheet("Zwei")["B2"] = "ü"
    path = tmp_path / "both.xlsx"
    book.save(path)
    assert streamed(path) == fast(path)


def test_real_workbooks_read_the_same(shared):
    folder = shared("corpus", "MANIFEST.csv").parent
    names = (
        "poi/59746_NoRowNums.xlsx poi/InlineString.xlsx poi/sample.strict.xlsx poi/DateFormatNumberTests.xlsx "
        "poi/Booleans.xlsx poi/ExcelTables.xlsx poi/49609.xlsx poi/xlookup.xlsx calamine/date_1904.xlsx "
        "calamine/date_iso.xlsx calamine/errors.xlsx calamine/inlineStr_cdata.xlsx calamine/strict_iso_paths.xlsx "
        "gen/x_formulas_no_cache.xlsx gen/x_text_edges.xlsx gen/x_times_durations.xlsx gen/x_numfmt_leading_zeros.xlsx "
        "gen/x_no_cell_refs.xlsx gen/x_sharedstrings_xlsxwriter.xlsx gen/lo_plain.xlsx"
    ).split()
    for name in names:
        assert streamed(folder / name) == fast(folder / name), name


def sample(path, sheet_xml=None, strings=("Name", "Amount", "Müller & Söhne")):
    """A workbook with shared strings, as Excel writes it."""
    book = openpyxl.Workbook()
    for row in (["Name", "Amount"], ["Müller & Söhne", 5], ["Name", 6.5]):
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("cell_xml", "value"),
    [
        ('<c r="A1" t="inlineStr"><is><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r></is></c>', "rich text"),
        ('<c r="A1" t="inlineStr"><is><t><![CDATA[a < b]]></t></is></c>', "a < b"),
        ('<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>', "ab"),
        ('<c r="A1"><f>1+1</f></c>', "#UNCACHED!"),
        ('<c r="A1"><f>1+1</f><v></v></c>', "#UNCACHED!"),
        ('<c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>4</v></c>', 4.0),
        ('<c r="A1"><f t="shared" si="0"/><v>7</v></c>', 7.0),
        ('<c r="A1" t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c t="b"><v>1</v></c>', True),
        ('<c r="A1" s="0"/><c r="B1"><v>1E3</v></c>', None),
        ('<x:c r="A1" t="inlineStr"><x:is><x:t>prefixed</x:t></x:is></x:c>', "prefixed"),
        ('<!-- note --><c r="A1" t="inlineStr"><is><t>after a comment</t></is></c>', "after a comment"),
    ],
)
def test_odd_cells(tmp_path, cell_xml, value):
    path = tmp_path / "odd.xlsx"
    prefix = "x:" if cell_xml.startswith("<x:") else ""
    space = f'xmlns:x="{MAIN}"' if prefix else f'xmlns="{MAIN}"'
    xml = (
        f'<{prefix}worksheet {space}><{prefix}sheetData><{prefix}row r="3">{cell_xml}</{prefix}row>'
        f"</{prefix}sheetData></{prefix}worksheet>"
    )
    rewritten(sample(tmp_path / "plain.xlsx"), path, sheet1=lambda data: xml.encode())
    (rows,) = streamed(path).values()
    expected = [[], [], [value]] if value is not None else [[], [], [None, 1000.0]]
    assert rows == expected


def test_what_ends_too_early_is_damaged(tmp_path):
    plain = sample(tmp_path / "plain.xlsx")
    for name, change in (
        ("cut", lambda data: data[: data.index(b"</sheetData>")]),
        ("strings", lambda data: re.sub(rb'<c r="A2".*?</c>', b'<c r="A2" t="s"><v>99</v></c>', data)),
    ):
        path = rewritten(plain, tmp_path / f"{name}.xlsx", sheet1=change)
        with pytest.raises(DamagedError):
            streamed(path)


@pytest.fixture
def big(tmp_path, monkeypatch):
    """A sheet that counts as too big for the fast engine, of 3,000 rows, and a reader without a process of its own."""
    monkeypatch.setattr(workbook, "MAX_FAST_CELLS", 1_000)
    book = openpyxl.Workbook()
    book.active.title = "Deals"
    book.active.append(["Deal ID", "Stage", "Amount", "Close Date", "Zip"])
    for i in range(3_000):
        book.active.append([f"006A{i:07d}", "Open", i + 0.25, dt.date(2025, 3, 4), 501 + i])
        book.active.cell(i + 2, 5).number_format = "00000"
    book.save(tmp_path / "big.xlsx")
    return tmp_path / "big.xlsx", Session(lambda what, size: None)


def inspect(session, path, progress=silent):
    return session.inspect(path, None, ReadOptions(), progress)


def test_a_sheet_too_big_to_hold_is_read_whole(big, monkeypatch):
    path, session = big
    found = inspect(session, path)
    assert found.main.data_rows == 3_000
    assert [column.kind.value for column in found.main.columns] == ["text", "text", "number", "date", "text"]
    assert found.main.sample[0] == ("006A0000000", "Open", "0.25", "2025-03-04", "00501")
    monkeypatch.setattr(workbook, "MAX_FAST_CELLS", 1_000_000)
    held = inspect(Session(lambda what, size: None), path)
    assert (held.main.columns, held.main.sample) == (found.main.columns, found.main.sample)


def test_reading_a_big_sheet_can_be_cancelled(big):
    path, session = big

    def progress(done, total, what=""):
        if "row" in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        inspect(session, path, progress)


def test_a_big_sheet_that_is_cut_is_refused(big, tmp_path):
    path, session = big
    cut = rewritten(path, tmp_path / "cut.xlsx", sheet1=lambda data: data[: len(data) * 9 // 10])
    with pytest.raises(InputRefusedError, match="damaged"):
        inspect(session, cut)
