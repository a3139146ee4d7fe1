"""Staged values: exact, checked, every row accounted for."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sqlite3
from contextlib import closing

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading import ReadOptions, SavedMapping, SheetPlan, SheetReader, StageRequest


@pytest.fixture(scope="module")
def reader():
    with SheetReader() as reader:
        yield reader


def rows_of(target, query, *values):
    with closing(sqlite3.connect(target)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]


def stage(reader, path, tmp_path, entity, mapping=None, **kwargs):
    """Stage the main sheet; fields are given by header, or suggested."""
    options = kwargs.pop("options", ReadOptions())
    found = reader.inspect(path, options=options).main
    if mapping is None:
        chosen = next(g.mapping for g in found.suggestions if g.entity == entity)
    else:
        places = {c.header: c.index for c in found.columns}
        chosen = {places[header]: field for header, field in mapping.items()}
    target = tmp_path / "staging.sqlite"
    plan = SheetPlan(found.name, entity, chosen, **kwargs)
    result = reader.stage(StageRequest(path, (plan,), options=options), target).plans[0]
    assert result.rows == result.staged + result.rejected == found.data_rows
    staged = rows_of(target, "SELECT * FROM staged_0 ORDER BY row")
    issues = rows_of(target, "SELECT * FROM issue ORDER BY row, cell")
    rejected = rows_of(target, "SELECT * FROM rejected ORDER BY row")
    assert (len(staged), len(rejected)) == (result.staged, result.rejected)
    return staged, issues, rejected


def table(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding, newline="")
    return path


def test_money_in_many_spellings_is_exact(tmp_path, reader):
    path = table(
        tmp_path / "deals.csv",
        'Deal ID,Stage,Amount\na,x,"$1,234.50"\nb,x,"£1,234.50"\nc,x,"(1,234.50)"\nd,x,"1,234.50-"\n'
        'e,x,"USD 1,234.50"\nf,x,"¥1,234"\ng,x,1.2k\nh,x,$1.5M\ni,x,-\nj,x,N/A\nk,x,TBD\nl,x,"€1.234,50"\nm,x,0.005\n',
    )
    mapping = {"Deal ID": "external_id", "Stage": "stage", "Amount": "amount"}
    staged, issues, rejected = stage(reader, path, tmp_path, "opportunity", mapping)
    amounts = {row["external_id"]: (row["amount"], row["currency"]) for row in staged}
    assert amounts == {
        "a": (123450, "USD"),
        "b": (123450, "GBP"),
        "c": (-123450, "USD"),
        "d": (-123450, "USD"),
        "e": (123450, "USD"),
        "f": (1234, "JPY"),
        "g": (120000, "USD"),
        "h": (150000000, "USD"),
        "i": (None, "USD"),
        "j": (None, "USD"),
        "k": (None, "USD"),
        "l": (None, "USD"),
        "m": (None, "USD"),
    }
    assert not rejected
    reasons = {issue["cell"]: issue["reason"] for issue in issues}
    assert "decimal comma" in reasons["C13"]
    assert "finer than the smallest unit of USD" in reasons["C14"]
    assert all(issue["severity"] == "blank" and issue["field"] == "amount" for issue in issues)


def test_amounts_follow_the_currency_of_their_row(tmp_path, reader):
    path = table(tmp_path / "q.csv", "Deal ID,Stage,Amount,Currency\na,x,100,JPY\nb,x,1.5,KWD\nc,x,2.25,EUR\nd,x,3,\n")
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity", default_currency="CHF")
    assert [(row["amount"], row["currency"]) for row in staged] == [
        (100, "JPY"),
        (1500, "KWD"),
        (225, "EUR"),
        (300, None),
    ]
    assert not issues


def test_rates_are_decided_per_column(tmp_path, reader):
    path = table(
        tmp_path / "rates.csv",
        "Deal ID,Stage,Probability (%),P2,P3\na,x,25,0.25,25%\nb,x,100,1,100 %\nc,x,,0.5,\nd,x,0.5,0,0.5%\n",
    )
    for header, wanted in (
        ("Probability (%)", [250_000, 1_000_000, None, 5_000]),
        ("P2", [250_000, 1_000_000, 500_000, 0]),
        ("P3", [250_000, 1_000_000, None, 5_000]),
    ):
        mapping = {"Deal ID": "external_id", "Stage": "stage", header: "probability"}
        staged, issues, _ = stage(reader, path, tmp_path, "opportunity", mapping)
        assert [row["probability"] for row in staged] == wanted, header
        assert not issues


def test_dates_by_the_order_of_their_column(tmp_path, reader):
    path = table(tmp_path / "d.csv", "Deal ID,Stage,Close Date\n0,x,11/12/2020\n1,x,13/12/2020\n2,x,01/02/2021\n")
    staged, _, _ = stage(reader, path, tmp_path, "opportunity")
    assert [row["close_on"] for row in staged] == ["2020-12-11", "2020-12-13", "2021-02-01"]


def test_contradicting_dates_are_bad_cells_with_reasons(tmp_path, reader):
    path = table(tmp_path / "d.csv", "Deal ID,Stage,Close Date\n0,x,13/01/2021\n1,x,01/13/2021\n2,x,02/03/2021\n")
    options = ReadOptions(date_orders={("d", 2): "dmy"})
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity", options=options)
    assert [row["close_on"] for row in staged] == ["2021-01-13", None, "2021-03-02"]
    assert [(i["cell"], i["value"]) for i in issues] == [("C3", "01/13/2021")]
    assert "day/month/year" in issues[0]["reason"]


def test_open_dates_are_never_guessed(tmp_path, reader):
    path = table(tmp_path / "d.csv", "Deal ID,Stage,Close Date\n0,x,01/02/2021\n1,x,03/04/2021\n")
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert [row["close_on"] for row in staged] == [None, None]
    assert len(issues) == 2
    found = reader.inspect(path).main
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity", date_orders={found.columns[2].index: "mdy"})
    assert [row["close_on"] for row in staged] == ["2021-01-02", "2021-03-04"]


def test_spellings_of_dates(tmp_path, reader):
    spellings = {
        "2021-01-05": "2021-01-05",
        "5-Jan-2021": "2021-01-05",
        "Jan 5, 2021": "2021-01-05",
        "20210105": "2021-01-05",
        "44201": "2021-01-05",
        "44201.5": "2021-01-05",
        "2021-01-05T10:00:00Z": "2021-01-05",
        "5. März 2021": "2021-03-05",
        "Q1 2021": None,
        "2021-02-30": None,
        "0000-00-00": None,
        "": None,
    }
    body = "".join(f'{i},x,"{text}"\n' for i, text in enumerate(spellings))
    path = table(tmp_path / "d.csv", f"Deal ID,Stage,Close Date\n{body}")
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert {text: row["close_on"] for text, row in zip(spellings, staged, strict=True)} == spellings
    assert len(issues) == 3


def test_moments_are_utc(tmp_path, reader):
    path = table(
        tmp_path / "leads.csv",
        "Lead ID,Created Date\na,2021-01-05T10:00:00+02:00\nb,2021-01-05 10:00\nc,2021-01-05T23:30:00-05:00\n",
    )
    staged, _, _ = stage(reader, path, tmp_path, "lead")
    assert [row["created_at"] for row in staged] == [
        "2021-01-05 08:00:00",
        "2021-01-05 10:00:00",
        "2021-01-06 04:30:00",
    ]


def test_missing_required_rejects_the_row_and_keeps_its_values(tmp_path, reader):
    path = table(tmp_path / "deals.csv", "Deal ID,Stage,Colour\na,Won,red\n,Won,blue\nc,,green\n")
    staged, issues, rejected = stage(reader, path, tmp_path, "opportunity")
    assert [(row["external_id"], json.loads(row["attributes"])) for row in staged] == [("a", {"Colour": "red"})]
    assert [(row["row"], json.loads(row["values"])["Colour"]) for row in rejected] == [(3, "blue"), (4, "green")]
    assert [(i["cell"], i["severity"]) for i in issues] == [("A3", "reject"), ("B4", "reject")]


def test_identifiers_and_na_survive(tmp_path, reader):
    path = table(tmp_path / "accounts.csv", "Account ID,Account Name,Region\n00017,NA,NA\n00002,N/A,EMEA\n")
    staged, issues, _ = stage(reader, path, tmp_path, "account")
    assert [(row["external_id"], row["name"], row["region"]) for row in staged] == [
        ("00017", "NA", "NA"),
        ("00002", "N/A", "EMEA"),
    ]
    assert not issues


def test_choices_by_synonym(tmp_path, reader):
    path = table(
        tmp_path / "deals.csv", "Deal ID,Stage,Status,Forecast Category\na,x,Closed Won,Committed\nb,x,Verloren,Zz\n"
    )
    mapping = {
        "Deal ID": "external_id",
        "Stage": "stage",
        "Status": "status",
        "Forecast Category": "forecast_category",
    }
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity", mapping)
    assert [(row["status"], row["forecast_category"]) for row in staged] == [("won", "commit"), ("lost", None)]
    assert "commit, best case" in issues[0]["fix"]


def test_workbook_types(tmp_path, reader):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Deals"
    for row in (
        ["Deal ID", "Stage", "Amount", "Close Date", "Probability", "Extra"],
        [1, "Won", 1234.5, dt.date(2025, 3, 4), 0.125, True],
        [
            2.0,
            "Lost",
            0.1 + 0.2,
            dt.datetime(2025, 3, 4, 10, 30, tzinfo=dt.UTC).replace(tzinfo=None),
            1,
            dt.time(9, 30),
        ],
        ["003", "Open", None, None, None, dt.timedelta(hours=30, minutes=5)],
    ):
        sheet.append(row)
    for cell in ("E2", "E3"):
        sheet[cell].number_format = "0.0%"
    sheet["C2"].number_format = "#,##0.00\\ [$€-407]"
    book.save(tmp_path / "deals.xlsx")
    staged, issues, _ = stage(reader, tmp_path / "deals.xlsx", tmp_path, "opportunity")
    assert [(r["external_id"], r["amount"], r["close_on"], r["probability"]) for r in staged] == [
        ("1", 123450, "2025-03-04", 125_000),
        ("2", 30, "2025-03-04", 1_000_000),
        ("003", None, None, None),
    ]
    assert {r["currency"] for r in staged} == {"EUR"}
    assert [json.loads(r["attributes"])["Extra"] for r in staged] == ["TRUE", "09:30:00", "30:05:00"]
    assert not issues


def test_extra_fields_of_ragged_rows_are_kept(tmp_path, reader):
    path = table(tmp_path / "r.csv", "Deal ID,Stage,Amount\na,x,1\nb,x\nc,x,3,more,\nd,x,4\n")
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert json.loads(staged[2]["attributes"]) == {"Column D": "more"}
    assert [i["severity"] for i in issues] == ["note"]


def test_many_different_values_are_staged_as_few_are(tmp_path, reader):
    """The quick ways for long columns of different values give what the careful way gives."""
    count = 12_000
    lines = [f" Deal {i} ,x{i},{i}.{i % 100:02d},note {i}\n" for i in range(count)]
    lines[7_000] = "short,x\n"
    lines[9_000] = "#REF!,y,oops, \n"
    path = table(tmp_path / "deals.csv", "Deal ID,Stage,Amount,Colour\n" + "".join(lines))
    staged, issues, rejected = stage(reader, path, tmp_path, "opportunity")
    by_row = {row["row"]: row for row in staged}
    assert len(staged) == count - 1
    assert [row["row"] for row in rejected] == [9_002]
    assert {issue["cell"] for issue in issues} == {"A9002", "C9002"}
    for i in (0, 1, 4_500, 6_999, 9_001, count - 1):
        row = by_row[i + 2]
        assert (row["external_id"], row["amount"]) == (f"Deal {i}", i * 100 + i % 100)
        assert json.loads(row["attributes"]) == {"Colour": f"note {i}"}
    assert by_row[7_002]["amount"] is None
    assert by_row[7_002]["attributes"] is None


def test_a_changed_file_is_read_anew(tmp_path, reader):
    path = table(tmp_path / "deals.csv", "Deal ID,Stage\na,x\n")
    assert len(stage(reader, path, tmp_path, "opportunity")[0]) == 1
    table(path, "Deal ID,Stage\na,x\nb,y\n")
    assert len(stage(reader, path, tmp_path, "opportunity")[0]) == 2


def test_false_plans_are_refused(tmp_path, reader):
    path = table(tmp_path / "deals.csv", "Deal ID,Stage\na,x\n")
    for plan in (
        SheetPlan("deals", "opportunity", {0: "external_id", 9: "stage"}),
        SheetPlan("deals", "opportunity", {0: "stage", 1: "stage"}),
        SheetPlan("deals", "opportunity", {0: "nonsense"}),
        SheetPlan("other", "opportunity", {0: "external_id"}),
    ):
        with pytest.raises(InputRefusedError):
            reader.stage(StageRequest(path, (plan,)), tmp_path / "t.sqlite")
        assert not (tmp_path / "t.sqlite").exists()


def test_pasted_cells(tmp_path, reader):
    text = 'Account Name\tRevenue\nAcme\t1,200\n"Be\nta"\t3,400\n'
    path = tmp_path / "Pasted.tsv"
    path.write_text(text, encoding="utf-8", newline="")
    found = reader.inspect(path).main
    assert found.headers == ("Account Name", "Revenue")
    assert found.data_rows == 2
    staged, _, _ = stage(reader, path, tmp_path, "account")
    assert [row["annual_revenue"] for row in staged] == [120000, 340000]


def test_a_saved_mapping_finds_moved_columns(tmp_path, reader):
    path = table(tmp_path / "deals.csv", "Deal ID,Phase,Wert\na,x,5\n")
    found = reader.inspect(path).main
    plan = SheetPlan("deals", "opportunity", {0: "external_id", 1: "stage", 2: "amount"}, "EUR")
    saved = SavedMapping.from_dict(json.loads(json.dumps(SavedMapping.of(found, plan).to_dict())))
    table(path, "Wert,Deal ID,Neu,Phase\n5,a,,x\n")
    moved = reader.inspect(path).main
    assert saved.plan(moved).mapping == {0: "amount", 1: "external_id", 3: "stage"}
    assert saved.plan(moved).default_currency == "EUR"
    assert SavedMapping.signature(["A", "b "]) == SavedMapping.signature(["B", "a"])
    assert SavedMapping.signature(["A"]) != SavedMapping.signature(["A", "b"])
    with pytest.raises(ValueError, match="saved mapping"):
        SavedMapping.from_dict({"entity": 3})


CELL = st.sampled_from(
    [
        "",
        " ",
        "a",
        "Won",
        "x1",
        "5",
        "-5.5",
        "1,5",
        "2024-01-31",
        "31/01/2024",
        "#N/A",
        "#REF!",
        "total",
        "é",
        "NA",
        '"',
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=0, max_size=6), max_size=30))
def test_conservation(tmp_path, reader, rows):
    """Each row of the file is staged, rejected, blank, or named among the skipped: none is lost."""
    path = tmp_path / "law.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Deal ID", "Stage", "Amount", "Close Date", "Colour"])
        writer.writerows(rows)
    options = ReadOptions(delimiter=",", header_rows={"law": 1})
    found = reader.inspect(path, options=options).main
    plan = SheetPlan("law", "opportunity", {0: "external_id", 1: "stage", 2: "amount", 3: "close_on"})
    target = tmp_path / "law.sqlite"
    result = reader.stage(StageRequest(path, (plan,), options=options), target).plans[0]
    assert result.rows == result.staged + result.rejected == found.data_rows
    assert result.rows + result.skipped == len(rows)
    seen = [r["row"] for r in rows_of(target, "SELECT row FROM staged_0 UNION ALL SELECT row FROM rejected")]
    assert len(set(seen)) == len(seen)
    for number in set(range(2, len(rows) + 2)) - set(seen):
        blank = not any(cell.strip() for cell in rows[number - 2])
        assert blank or number in {row.row for row in found.skipped}


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        # month first is proven with slashes; dots mean day first nearly everywhere: nothing is read silently
        (["01/13/2026", "02/03/2026", "06.01.2026"], ["2026-01-13", "2026-02-03", None]),
        (["01/13/2026", "02/03/2026", "06-01-2026"], ["2026-01-13", "2026-02-03", None]),
        # dots in a day-first column say what custom and column say
        (["13/01/2026", "02/03/2026", "06.01.2026"], ["2026-01-13", "2026-03-02", "2026-01-06"]),
        (["13.01.2026", "02.03.2026", "06/01/2026"], ["2026-01-13", "2026-03-02", None]),
        # what proves its order by itself needs no column, what no column can mean is told
        (["01/13/2026", "02/03/2026", "6 Jan 2026", "2026-01-06"], ["2026-01-13", "2026-02-03"] + ["2026-01-06"] * 2),
        (
            ["01-13-2026", "02-14-2026", "02/14/2026", "03/03/2026"],
            ["2026-01-13", "2026-02-14"] * 1 + ["2026-02-14", "2026-03-03"],
        ),
    ],
)
def test_a_second_spelling_of_dates_is_never_read_silently(tmp_path, reader, dates, read):
    lines = "".join(f"{i},x,{date}\n" for i, date in enumerate(dates))
    path = table(tmp_path / "d.csv", f"Deal ID,Stage,Close Date\n{lines}")
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert [row["close_on"] for row in staged] == read
    assert [i["value"] for i in issues] == [d for d, r in zip(dates, read, strict=True) if r is None]
    told = [n.what for n in reader.inspect(path).warnings]
    assert bool(issues) == any("another way" in what for what in told)


@pytest.mark.parametrize(
    "dates",
    [
        ["2026-01-13", "2026-02-14", "2026-03-15", "06.01.2026"],
        ["02/03/2026", "04/05/2026", "06/07/2026", "13-01-2026"],
    ],
)
def test_a_few_dates_decide_nothing_for_the_many(tmp_path, reader, dates):
    lines = "".join(f"{i},x,{date}\n" for i, date in enumerate(dates))
    path = table(tmp_path / "d.csv", f"Deal ID,Stage,Close Date\n{lines}")
    assert [q.kind for q in reader.inspect(path).open_questions] == ["date_order"]
    staged, _, _ = stage(reader, path, tmp_path, "opportunity", date_orders={2: "dmy"})
    assert None not in [row["close_on"] for row in staged]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "null", "none", "-", "#N/A"])
def test_words_for_nothing_are_silent(tmp_path, reader, word):
    path = table(
        tmp_path / "n.csv",
        f"Deal ID,Stage,Amount,Close Date,Probability\na,x,1.50,2026-01-13,0.5\nb,x,2.50,2026-01-14,0.6\n"
        f"c,x,{word},{word},{word}\n",
    )
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert (staged[2]["amount"], staged[2]["close_on"], staged[2]["probability"]) == (None, None, None)
    assert not issues


@pytest.mark.parametrize("word", ["tbd", "TBA", "unknown", "call", "?", "see note"])
def test_words_for_not_known_yet_are_told(tmp_path, reader, word):
    path = table(
        tmp_path / "n.csv",
        f"Deal ID,Stage,Amount,Close Date,Probability\na,x,1.50,2026-01-13,0.5\nb,x,2.50,2026-01-14,0.6\n"
        f"c,x,{word},{word},{word}\n",
    )
    staged, issues, _ = stage(reader, path, tmp_path, "opportunity")
    assert (staged[2]["amount"], staged[2]["close_on"], staged[2]["probability"]) == (None, None, None)
    assert sorted((i["cell"], i["value"], i["severity"]) for i in issues) == [
        (f"{letter}4", word, "blank") for letter in "CDE"
    ]
    assert len(reader.inspect(path).warnings) == 3
