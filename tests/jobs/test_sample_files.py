"""The sample company's files: the same bytes for the same seed, headers that need no hand, faults that are there."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import io
import re
from collections import Counter
from decimal import Decimal

import openpyxl
import pytest

from salesops_desktop.jobs.sample import FaultKind, generate
from salesops_desktop.model.entities import ENTITIES, entity

ENCODINGS = {"transactions_eur.csv": ("cp1252", ";")}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("sample"), scale=0.05, raw=True)


@functools.cache
def rows_of(path):
    """All rows of a file as lists of text, the header first."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        rows = [["" if v is None else str(v) for v in row] for row in book.active.iter_rows(values_only=True)]
        book.close()
        return rows
    encoding, delimiter = ENCODINGS.get(path.name, ("utf-8", ","))
    return list(csv.reader(io.StringIO(path.read_text(encoding=encoding), newline=""), delimiter=delimiter))


def table(sample, name):
    """The rows of a clean file as dicts, footer left out."""
    file = next(f for f in sample.files if f.path.name == name)
    header, *rows = rows_of(file.path)
    return [dict(zip(header, row, strict=True)) for row in rows[: file.rows]]


def digest(folder):
    return {p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(sample, tmp_path):
    generate(tmp_path, scale=0.05, raw=True)
    assert digest(tmp_path) == digest(sample.folder)


def test_another_seed_gives_other_bytes(sample, tmp_path):
    generate(tmp_path, scale=0.05, seed=8)
    same = [name for name, value in digest(tmp_path).items() if digest(sample.folder)[name] == value]
    assert same == []


def test_every_kind_of_record_is_there_in_the_order_of_import(sample):
    order = [spec.name for spec in ENTITIES]
    kinds = [file.entity for file in sample.files]
    assert set(kinds) == set(order)
    assert [order.index(kind) for kind in kinds] == sorted(order.index(kind) for kind in kinds)
    assert all(len(rows_of(file.path)) - 1 >= file.rows > 0 for file in sample.files)


def plain(text):
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def fields_of(kind, header):
    """The fields whose name, label or synonym the header is, in any spelling."""
    return [
        field.name
        for field in entity(kind).fields
        if plain(header) in {plain(name) for name in (field.name, field.label, *field.synonyms)}
    ]


def test_every_header_is_known_and_names_one_field(sample):
    for file in sample.files:
        found = {header: fields_of(file.entity, header) for header in rows_of(file.path)[0]}
        unknown = [header for header, fields in found.items() if not fields]
        assert unknown == (["Opportunity Type"] if file.entity == "opportunity" else [])  # stays an attribute
        best = [fields[0] for fields in found.values() if fields]
        assert len(set(best)) == len(best), f"{file.path.name}: {found}"
        assert {field.name for field in entity(file.entity).required} <= set(best)


def test_file_names_tell_what_is_in_them(sample):
    for file in sample.files:
        words = entity(file.entity).default_sheets
        assert any(word in file.path.stem for word in words), file.path.name


def test_values_of_closed_lists_are_known(sample):
    for file in sample.files:
        header, *rows = rows_of(file.path)
        for i, name in enumerate(header):
            for field in entity(file.entity).fields:
                if field.choices is None or [field.name] != fields_of(file.entity, name):
                    continue
                known = {choice.value for choice in field.choices} | {word for word, _ in field.choice_synonyms}
                values = {row[i].lower() for row in rows[: file.rows]} - {""}
                assert values <= known, f"{file.path.name}, {name}"


def test_references_find_their_records(sample):
    names = {
        "person": {row["Full Name"] for row in table(sample, "people.csv")},
        "account": {row["Account Name"] for row in table(sample, "accounts.xlsx")},
        "product": {row["Product Name"] for row in table(sample, "products.xlsx")}
        | {row["Product Code"] for row in table(sample, "products.xlsx")},
        "opportunity": {row["Opportunity ID"] for row in table(sample, "opportunities.csv")},
        "transaction": {row["Transaction ID"] for row in table(sample, "transactions_usd.csv")}
        | {row["Document Number"] for row in table(sample, "transactions_eur.csv")},
    }
    checked = Counter()
    for file in sample.files:
        for header in rows_of(file.path)[0]:
            field = next((f for f in entity(file.entity).fields if [f.name] == fields_of(file.entity, header)), None)
            if field is None or field.reference not in names:
                continue
            for row in table(sample, file.path.name):
                if row[header]:
                    assert row[header] in names[field.reference], f"{file.path.name}, {header}"
                    checked[field.reference] += 1
    assert set(checked) == set(names)


def test_files_reconcile_won_amounts_with_bookings(sample):
    won = Counter()
    for row in table(sample, "opportunities.csv"):
        if row["Stage"] == "Closed Won":
            won[row["Opportunity ID"]] += Decimal(row["Amount"])
    booked = Counter()
    for row in table(sample, "transactions_usd.csv"):
        if row["Transaction Type"] == "Booking":
            booked[row["Opportunity ID"]] += Decimal(row["Net Amount"])
    for row in table(sample, "transactions_eur.csv"):
        if row["Document Type"] == "Booking":
            booked[row["Opportunity ID"]] += Decimal(row["Net Amount"].replace(".", "").replace(",", "."))
    assert won == booked
    assert len(won) > 100


def test_splits_in_the_file_sum_to_a_hundred(sample):
    sums = Counter()
    for row in table(sample, "credits.csv"):
        if row["Credit Type"] != "Overlay":
            sums[row["Transaction ID"]] += Decimal(row["Split %"])
    assert set(sums.values()) == {Decimal(100)}


def test_todays_snapshot_is_todays_pipeline(sample):
    today = f"{sample.as_of.month}/{sample.as_of.day}/{sample.as_of.year}"
    columns = ("Opportunity ID", "Opportunity Owner", "Stage", "Amount", "Currency", "Close Date", "Forecast Category")
    pipeline = [
        tuple(row[c] for c in columns)
        for row in table(sample, "opportunities.csv")
        if not row["Stage"].startswith("Closed")
    ]
    snapshot = [
        tuple(row[c] for c in columns)
        for row in table(sample, "historical_trending.csv")
        if row["Snapshot Date"] == today
    ]
    assert sorted(snapshot) == sorted(pipeline)
    assert len(pipeline) > 20


def test_the_crm_report_ends_with_its_footer(sample):
    file = next(f for f in sample.files if f.path.name == "opportunities.csv")
    tail = rows_of(file.path)[file.rows + 1 :]
    assert tail[1][0].startswith("Grand Totals")
    assert tail[-1] == ["Quillbrook Instruments"]


def test_the_european_file_is_european(sample):
    rows = table(sample, "transactions_eur.csv")
    assert all(re.fullmatch(r"\d\d\.\d\d\.\d{4}", row["Posting Date"]) for row in rows)
    assert all(re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d\d", row["Net Amount"]) for row in rows)
    assert max(int(row["Posting Date"][:2]) for row in rows) > 12  # day first can be told


def test_every_fault_is_where_it_is_said_to_be(sample):
    raw = {file.path.name: rows_of(file.path) for file in sample.raw}
    assert {fault.kind for fault in sample.faults} == set(FaultKind)
    for fault in sample.faults:
        rows = raw[fault.file]
        assert rows[fault.row - 1][rows[0].index(fault.column)] == fault.value
        if fault.kind is not FaultKind.REPEATED_ROW:
            assert fault.value != fault.truth


def test_faults_are_all_that_differs(sample):
    changed = {(fault.file, fault.row) for fault in sample.faults}
    clean = {file.path.name: rows_of(file.path) for file in sample.files}
    for file in sample.raw:
        rows, before = rows_of(file.path), clean[file.path.name]
        added = {row for name, row in changed if name == file.path.name and row > len(rows_of_clean(sample, file))}
        kept = rows[: file.rows + 1 - len(added)]
        different = {i + 1 for i, (a, b) in enumerate(zip(kept, before, strict=False)) if a != b}
        assert different == {row for name, row in changed if name == file.path.name} - added


def rows_of_clean(sample, raw_file):
    """The header and data rows of the clean twin of a raw file."""
    clean = next(f for f in sample.files if f.path.name == raw_file.path.name)
    return range(clean.rows + 1)


def test_workbook_dates_are_dates(sample):
    book = openpyxl.load_workbook(next(p for p in sample.paths if p.name == "quotas.xlsx"), read_only=True)
    row = next(book.active.iter_rows(min_row=2, values_only=True))
    book.close()
    assert isinstance(row[2], dt.datetime)
    assert row[2].day == 1
