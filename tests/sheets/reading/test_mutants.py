"""Damaged files by the hundred: the parent never dies, never grows, and always hears a sentence."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import zipfile

import openpyxl
import psutil
import pytest

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading import FileInspection, SheetReader

FORMATS = ["csv", "xlsx", "xls", "xlsb", "ods"]
FEW, MANY = 20, 500


def plain(tmp_path, kind, shared):
    """A sound file of a format; those that nothing here can write come from the shared data."""
    path = tmp_path / f"plain.{kind}"
    if kind == "csv":
        rows = [f'006A{i:04},"Müller, {i}",{i * 1.5},2025-03-{i % 28 + 1:02}' for i in range(60)]
        path.write_text("\n".join(["ID,Name,Amount,Close Date", *rows]), encoding="utf-8")
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(["ID", "Name", "Amount", "Close Date"])
        for i in range(60):
            book.active.append([f"006A{i:04}", f"Müller {i}", i * 1.5, dt.date(2025, 3, i % 28 + 1)])
        book.save(path)
    else:
        name = {"xls": "gen/lo_plain.xls", "ods": "gen/lo_plain.ods", "xlsb": "poi/51519.xlsb"}[kind]
        shutil.copyfile(shared("corpus", *name.split("/")), path)
    return path


def damaged(rng, data):
    """Bytes with a few of them changed, taken out, doubled, or the end cut off."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(data))
        match rng.randrange(5):
            case 0:
                data[place] ^= 1 << rng.randrange(8)
            case 1:
                data[place] = rng.choice((0, 0xFF, 0x7F, 0x80, ord("<"), ord('"')))
            case 2:
                del data[place : place + rng.randrange(1, 40)]
            case 3:
                data[place:place] = data[place : place + rng.randrange(1, 200)]
            case _:
                number = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 1_048_576, 16_384))
                data[place : place + 4] = number.to_bytes(4, "little")
        if len(data) < 8:
            break
    return bytes(data[: rng.randrange(8, len(data) + 1)] if rng.random() < 0.1 else data)


def mutant(rng, source, target):
    """A damaged copy; of a zip, every other time a part inside is damaged and the container stays sound."""
    if zipfile.is_zipfile(source) and rng.random() < 0.7:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            chosen = rng.choice([n for n in old.namelist() if old.getinfo(n).file_size])
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, damaged(rng, data) if name == chosen else data)
    else:
        target.write_bytes(damaged(rng, source.read_bytes()))
    return target


def told(reader, path):
    """The sentence a file is refused with; empty where it is read."""
    try:
        found = reader.inspect(path)
    except InputRefusedError as refusal:
        return refusal.sentence
    return "" if isinstance(found, FileInspection) else "no inspection\n"


def survive(tmp_path, kind, shared, count):
    rng = random.Random(f"{kind} {count}")
    source = plain(tmp_path, kind, shared)
    me = psutil.Process()
    outcomes = {"read": 0, "refused": 0}
    with SheetReader() as reader:
        assert reader.inspect(source).main.data_rows > 2
        before = me.memory_info().rss
        for i in range(count):
            path = mutant(rng, source, tmp_path / f"mutant.{kind}")
            said = told(reader, path)
            assert "\n" not in said, i
            assert "Traceback" not in said, i
            outcomes["refused" if said else "read"] += 1
        grown = (me.memory_info().rss - before) / 1e6
    assert sum(outcomes.values()) == count
    assert outcomes["refused"] or kind == "csv"
    assert grown < 50, f"the parent grew by {grown:.0f} MB"


@pytest.mark.parametrize("kind", FORMATS)
def test_mutants(tmp_path, kind, shared):
    survive(tmp_path, kind, shared, FEW)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", FORMATS)
def test_many_mutants(tmp_path, kind, shared):
    survive(tmp_path, kind, shared, MANY)
