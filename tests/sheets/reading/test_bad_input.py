"""What bad input gets: loaded right, or refused with one sentence, in a child that cannot harm the parent."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import time
import zipfile

import msoffcrypto
import openpyxl
import psutil
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from salesops_desktop.model.errors import Cancelled, InputRefusedError, PasswordNeededError
from salesops_desktop.sheets.reading import ReadOptions, SheetReader
from salesops_desktop.sheets.reading.limits import MAX_TEXT_LINES


@pytest.fixture(scope="module")
def reader():
    with SheetReader() as reader:
        yield reader


def workbook(path, rows, **cells):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in rows:
        sheet.append(row)
    for place, value in cells.items():
        sheet[place] = value
    book.save(path)
    return path


def rewritten(source, target, change):
    """A copy of a zip with its parts passed through ``change(name, data) -> data``."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def refusal(reader, path, **kwargs) -> InputRefusedError:
    with pytest.raises(InputRefusedError) as caught:
        reader.inspect(path, **kwargs)
    assert caught.value.where.startswith(path.name)
    assert "\n" not in caught.value.sentence
    assert "Traceback" not in caught.value.sentence
    return caught.value


def said(found) -> str:
    return " ".join(notice.what for notice in found.all_notices)


def test_password_protected_workbook_asks_and_opens(tmp_path, reader):
    plain = workbook(tmp_path / "plain.xlsx", [["Account", "Revenue"], ["Acme", 5]])
    path = tmp_path / "locked.xlsx"
    with plain.open("rb") as source, path.open("wb") as target:
        OOXMLFile(source).encrypt("sesame", target)
    assert msoffcrypto.OfficeFile(io.BytesIO(path.read_bytes())).is_encrypted()
    for password in (None, "wrong"):
        with pytest.raises(PasswordNeededError) as caught:
            reader.inspect(path, password=password)
        assert "password" in caught.value.what
    assert reader.inspect(path, password="sesame").main.data_rows == 1


def test_truncated_zip(tmp_path, reader):
    whole = workbook(tmp_path / "whole.xlsx", [["a", "b"], *([i, i] for i in range(500))]).read_bytes()
    path = tmp_path / "half.xlsx"
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged or incomplete" in refusal(reader, path).what


@pytest.mark.parametrize(("true_name", "false_name"), [("a.csv", "a.xlsx"), ("a.xlsx", "a.csv"), ("a.csv", "a.xls")])
def test_wrong_extension_is_read_as_what_it_is(tmp_path, reader, true_name, false_name):
    source = tmp_path / true_name
    if true_name.endswith("csv"):
        source.write_text("Account,Revenue\nAcme,5\nBeta,6\n")
    else:
        workbook(source, [["Account", "Revenue"], ["Acme", 5], ["Beta", 6]])
    path = source.rename(tmp_path / f"false_{false_name}")
    found = reader.inspect(path)
    assert found.main.data_rows == 2
    assert found.main.headers == ("Account", "Revenue")
    assert f"ends in .{false_name.rpartition('.')[2]}" in said(found)


def test_16384_columns(tmp_path, reader):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{i}" for i in range(16_384)) + "\n" + ",".join("1" * 16_384) + "\n")
    assert len(reader.inspect(path).main.columns) == 16_384
    path.write_text(",".join(f"c{i}" for i in range(16_385)) + "\n" + ",".join("1" * 16_385) + "\n")
    assert "16,385 columns" in refusal(reader, path).what


def test_duplicate_and_blank_headers(tmp_path, reader):
    path = tmp_path / "headers.csv"
    path.write_text("Name,Amount,,Amount,name\na,1,x,2,c\nb,3,y,4,d\n")
    found = reader.inspect(path)
    assert found.main.headers == ("Name", "Amount", "Column C", "Amount (2)", "name (2)")
    assert len(found.warnings) == 2


def test_merged_header_cells_are_spread(tmp_path, reader):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in ([None, "First half", None], ["Region", "Q1", "Q2"], ["EMEA", 1, 2], ["APAC", 3, 4]):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    book.save(tmp_path / "merged.xlsx")
    found = reader.inspect(tmp_path / "merged.xlsx").main
    assert found.headers == ("Region", "First half Q1", "First half Q2")
    assert found.data_rows == 2


def test_formulas_without_stored_values_are_told(tmp_path, reader):
    path = workbook(tmp_path / "formulas.xlsx", [["a", "b", "c"], [1, 2, "=A2+B2"], [3, 4, "=A3+B3"]])
    found = reader.inspect(path)
    assert found.main.data_rows == 2
    assert "2 formulas have no stored result" in said(found)


def test_1904_dates(tmp_path, reader):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (["Deal", "Close Date"], ["x", dt.date(2025, 3, 4)], ["y", dt.date(2025, 12, 31)]):
        book.active.append(row)
    book.save(tmp_path / "mac.xlsx")
    found = reader.inspect(tmp_path / "mac.xlsx").main
    assert [row[1] for row in found.sample] == ["2025-03-04", "2025-12-31"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_wide_encodings(tmp_path, reader, encoding):
    path = tmp_path / "wide.csv"
    path.write_bytes("Account;Größe\nMüller;5\n株式会社;6\n".encode(encoding))
    found = reader.inspect(path)
    assert found.main.headers == ("Account", "Größe")
    assert [row[0] for row in found.main.sample] == ["Müller", "株式会社"]


def test_mixed_date_orders_are_asked_not_guessed(tmp_path, reader):
    path = tmp_path / "dates.csv"
    path.write_text("ID,Open,Close Date\n1,01/02/2024,03/04/2024\n2,05/06/2024,07/08/2024\n")
    found = reader.inspect(path)
    assert [q.kind for q in found.open_questions] == ["date_order", "date_order"]
    assert {o.value for o in found.open_questions[0].options} == {"dmy", "mdy"}
    chosen = ReadOptions(date_orders={("dates", 1): "mdy"})
    found = reader.inspect(path, options=chosen)
    # the answered column now speaks for its neighbour
    assert [c.date_order for c in found.main.columns[1:]] == ["mdy", "mdy"]
    path.write_text("ID,Open,Close Date\n1,01/02/2024,03/04/2024\n2,25/06/2024,07/08/2024\n")
    found = reader.inspect(path)
    assert not found.open_questions
    assert "Open" in found.main.columns[2].evidence


def test_decimal_commas(tmp_path, reader):
    path = tmp_path / "comma.csv"
    path.write_text("Deal;Amount;Share\na;1.234,50;0,5\nb;99,00;0,25\n")
    amount, share = reader.inspect(path).main.columns[1:]
    assert (amount.decimal_mark, amount.thousands_mark) == (",", ".")
    assert (share.low, share.high) == (0.25, 0.5)


def test_ten_million_rows_are_refused_soon(tmp_path, reader):
    path = tmp_path / "long.csv"
    block = b"1,2\n" * 1_000_000
    with path.open("wb") as stream:
        for _ in range(10):
            stream.write(block)
    assert f"{MAX_TEXT_LINES:,} lines" in refusal(reader, path).what


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(10)
)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_entity_bomb(tmp_path, reader, part):
    plain = workbook(tmp_path / "plain.xlsx", [["a"], ["b"]])

    def change(name, data):
        if name != part:
            return data
        return ENTITIES + b"]>" + data.replace(b'<?xml version="1.0"?>', b"").replace(b"a", b"a", 1)

    path = tmp_path / "bomb.xlsx"
    rewritten(plain, path, change)
    if part not in zipfile.ZipFile(plain).namelist():
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(part, ENTITIES + b"]><sst>&k;</sst>")
    assert "entities" in refusal(reader, path).what


def test_zip_bombs(tmp_path, reader):
    plain = workbook(tmp_path / "plain.xlsx", [["a"], ["b"]])
    ratio = tmp_path / "ratio.xlsx"
    rewritten(plain, ratio, lambda name, data: data + b" " * 40_000_000 if "sheet1" in name else data)
    assert "times its size" in refusal(reader, ratio).what
    many = tmp_path / "many.xlsx"
    rewritten(plain, many, lambda name, data: data)
    with zipfile.ZipFile(many, "a") as archive:
        for i in range(6_000):
            archive.writestr(f"xl/media/{i}", b"")
    assert "parts" in refusal(reader, many).what


def test_far_cell_neither_hangs_nor_aborts(tmp_path, reader):
    path = workbook(tmp_path / "far.xlsx", [["ID", "Name"], ["1", "x"], ["2", "y"]], XFD1048576="far")
    found = reader.inspect(path)
    assert found.main.data_rows == 2
    assert len(found.main.columns) == 2
    assert "XFD1048576" in said(found)


def test_error_cells_are_told_and_not_blanked(tmp_path, reader):
    book = openpyxl.Workbook()
    for row in (["Account", "Revenue"], ["Acme", 5], ["Beta", "#N/A"], ["Gamma", "#DIV/0!"]):
        book.active.append(row)
    for place in ("B3", "B4"):
        book.active[place].data_type = "e"
    book.save(tmp_path / "errors.xlsx")
    found = reader.inspect(tmp_path / "errors.xlsx")
    assert "2 cells hold a spreadsheet error" in said(found)
    assert found.main.sample[2][1] == "#DIV/0!"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "blank lines"),
        (os.urandom(5_000), "binary"),
        (b"%PDF-1.7 xxxx", "PDF"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"ID;PWXL;N;E\nP;PGeneral\nC;Y1;X1;K1\nE\n", "SYLK"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "2003 XML"),
    ],
    ids=["empty", "blank", "binary", "pdf", "html", "sylk", "xml"],
)
def test_what_is_no_table_is_named(tmp_path, reader, content, word):
    path = tmp_path / "thing.csv"
    path.write_bytes(content)
    assert word in refusal(reader, path).what


def test_missing_file(tmp_path, reader):
    assert "cannot be opened" in refusal(reader, tmp_path / "gone.csv").what


def test_cancel_kills_the_child_soon_and_the_next_request_works(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("w") as stream:
        csv.writer(stream).writerows((i, f"name {i}", i * 1.5) for i in range(400_000))
    asked: list[float] = []

    def progress(done, total, what=""):
        if done or len(asked) > 3:
            asked.append(time.monotonic())
            raise Cancelled
        asked.append(time.monotonic())

    with SheetReader() as reader:
        reader.start()
        child = psutil.Process(reader._process.pid)
        with pytest.raises(Cancelled):
            reader.inspect(path, progress=progress)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
        small = tmp_path / "small.csv"
        small.write_text("a,b\n1,2\n")
        assert reader.inspect(small).main.data_rows == 1


def test_a_dying_child_is_one_sentence_and_is_replaced(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with SheetReader() as reader:
        reader.start()
        reader._process.kill()
        reader._process.join()
        reader._process.is_alive = lambda: True  # died between the check and the request
        error = refusal(reader, path)
        assert "memory" in error.what or "damaged" in error.what
        assert reader.inspect(path).main.data_rows == 1


def test_memory_limit_holds(tmp_path):
    """A sheet whose text needs more than the limit is refused, and the parent neither dies nor grows."""
    text = "x" * 30_000
    strings = "".join(f"<si><t>{i}{text}</t></si>" for i in range(300))
    cells = "".join(f'<row r="{r + 1}"><c r="A{r + 1}" t="s"><v>{r % 300}</v></c></row>' for r in range(70_000))
    plain = workbook(tmp_path / "plain.xlsx", [["a"]])

    def change(name, data):
        if name == "xl/worksheets/sheet1.xml":
            head, _, tail = data.partition(b"<sheetData>")
            return head + b"<sheetData>" + cells.encode() + b"</sheetData>" + tail.partition(b"</sheetData>")[2]
        return data

    path = tmp_path / "heavy.xlsx"
    rewritten(plain, path, change)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{strings}</sst>'
    if "xl/sharedStrings.xml" not in names:
        both = tmp_path / "heavy2.xlsx"

        def link(name, data):
            if name == "xl/_rels/workbook.xml.rels":
                kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
                rel = b'<Relationship Id="rId99" Type="' + kind + b'" Target="sharedStrings.xml"/></Relationships>'
                return data.replace(b"</Relationships>", rel)
            return data

        rewritten(path, both, link)
        with zipfile.ZipFile(both, "a") as archive:
            archive.writestr("xl/sharedStrings.xml", shared)
        path = both
    me = psutil.Process()
    with SheetReader() as reader:
        before = me.memory_info().rss
        assert "memory" in refusal(reader, path).what
        assert me.memory_info().rss - before < 50_000_000
