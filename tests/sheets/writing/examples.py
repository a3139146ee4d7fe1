"""Reports like real ones, seeded, for the tests of the workbooks."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from dataclasses import replace

import numpy as np

from salesops_desktop.commission import (
    Basis,
    Component,
    ExchangeRate,
    ExchangeRates,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    RunResult,
    calculate,
)
from salesops_desktop.jobs.commission_exports import Payments, run_records
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.money import divide_half_up
from salesops_desktop.model.periods import Period, PeriodKind
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.book import Provenance
from salesops_desktop.sheets.writing.commission_records import CommissionRun
from salesops_desktop.sheets.writing.forecast_records import (
    Assumptions,
    ChangedDeal,
    Changes,
    CoursePoint,
    Coverage,
    ForecastReport,
    Headline,
    KeyDeal,
    Level,
    MethodAccuracy,
    Move,
    NodeRow,
    Outlook,
    PipelineDeal,
    SeriesPoint,
    Shown,
    TestedForecast,
    Tree,
)
from salesops_desktop.sheets.writing.kpis import KpiPoint, KpiReport, KpiSheet
from salesops_desktop.sheets.writing.territory_records import (
    AccountLine,
    BalanceLine,
    BoundLine,
    Leaver,
    QuotaLine,
    ScenarioBook,
    TerritoryLine,
)
from tests.commission.plan_cases import credits_of

PAYLOADS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com","x")',
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
)
FIRST = ("Ana", "Bo", "Chidi", "Dagný", "Émile", "Fatima", "Gül", "Hiro", "Ines", "Jörg", "Kofi", "Lena")
LAST = ("Abara", "Brandt", "Castillo", "D'Souza", "Eriksen", "Fontaine", "Grünewald", "Hashimoto", "Ivanova")
CITIES = ("Köln", "Chicago", "São Paulo", "Leeds", "Zürich", "Austin")


def provenance(title: str, period: str = "2026 Q3") -> Provenance:
    made = dt.datetime(2026, 10, 1, 8, 30, tzinfo=dt.UTC)
    return Provenance(title, "Example & Söhne", period, made, "example.salesops", 42, "5f" * 32)


def person(index: int) -> str:
    return f"{FIRST[index % len(FIRST)]} {LAST[(index * 7) % len(LAST)]}"


def commission_result(people: int = 3, lines: int = 8) -> RunResult:
    """A quarter of two plans: tiers to quota and above for most, a flat rate in yen for the last person."""
    generator = np.random.default_rng(7)
    tiers = RateTable.of([(0, 50_000), (1_000_000, 80_000)], basis=Basis.ATTAINMENT)
    plan = Plan(
        "Account executive 2026", "EUR", dt.date(2026, 1, 1), (Component("New business", tiers, cap=9_000_000),)
    )
    japan = Plan("Japan 2026", "JPY", dt.date(2026, 1, 1), (Component("=New [business]", RateTable.flat(50_000)),))
    rows = []
    for person_id in range(1, people + 1):
        for i in range(lines):
            day = dt.date(2026, 7, 1) + dt.timedelta(days=i % 92)
            amount = int(generator.integers(-50_000, 20_700_000 // max(lines, 1)))
            rows.append((person_id, day, f"T-{person_id}-{i:05}", amount, "EUR"))
    rows.append((people + 1, dt.date(2026, 8, 1), "T-JPY", 1_000_000, "USD"))
    period = Period(dt.date(2026, 7, 1), dt.date(2026, 9, 30), "2026 Q3", PeriodKind.QUARTER)
    return calculate(
        [plan, japan],
        [PlanAssignment(n, plan.name, plan.effective_from) for n in range(1, people + 1)]
        + [PlanAssignment(people + 1, japan.name, japan.effective_from)],
        credits_of(rows),
        [Quota(n, Measure.BOOKINGS, period.start, period.end, 10_000_000, "EUR") for n in range(1, people + 1)],
        period,
        rates=ExchangeRates([ExchangeRate("USD", "JPY", dt.date(2026, 1, 1), 151_234_567_891)]),
    )


def commission_run(people: int = 3, lines: int = 8) -> CommissionRun:
    """The run of :func:`commission_result`, with a bonus, a holdback and a hold for everybody but the last."""
    result = commission_result(people, lines)
    who = {n: (person(n), f"P{n:04}", person(0) if n % 2 else "Uma Ude") for n in range(1, people + 1)}
    who[people + 1] = ("=Hiro/Hashimoto", "P9999", person(0))
    plan = "Account executive 2026"
    items, settled = {}, {}
    for n in range(1, people + 1):
        earned = result.totals().get((n, "EUR"), 0) + 12_345
        items[n] = [
            ("adjustment", plan, "", "T-9", 12_345, "=1+1 promised in July", "EUR"),
            ("hold", plan, "", "", 500, "The customer has not signed", "EUR"),
        ]
        steps = [("Earned", earned, "Lines and adjustments"), ("Held back", -1_000, "Waits"), ("Held", -500, "A hold")]
        settled[n, plan] = ("EUR", earned - 1_500, steps, [("Held back", 1_000)])
    accounts = {
        int(key): PAYLOADS[i % len(PAYLOADS)] if i % 3 == 0 else f"Customer {key}"
        for i, key in enumerate(result.credits.key)
    }
    return run_records(
        result, who, provenance("Commission run"), "approved", accounts, Payments(items, settled),
        ("2 credits have no person and are not paid.",),
    )  # fmt: skip


def territory_book(accounts: int = 60, picture: bytes | None = None, territories: int = 5) -> ScenarioBook:
    """A scenario whose names and texts are as hostile as texts can be."""
    generator = np.random.default_rng(5)
    names = ["West*", '=1+1 "quoted"', "[North]'s, #1", "a~?b"]
    listed = []
    for i in range(accounts):
        listed.append(
            AccountLine(
                1000 + 7 * i,
                f"001{i:012}",
                PAYLOADS[i % len(PAYLOADS)] if i % 9 == 0 else f"Customer {i} GmbH",
                CITIES[i % len(CITIES)],
                int(generator.integers(1, territories + 1)),
                person(i % 7) if i % 8 else "=Hiro/Hashimoto*",
                int(generator.integers(0, 90_000_000)),
                float(np.round(generator.random() * 40, 1)),
                int(generator.integers(0, 9_000_000)) if generator.random() < 0.6 else 0,
                dt.date(2026, 10, 5) + dt.timedelta(days=i) if generator.random() < 0.5 else None,
                bool(generator.random() < 0.3),
                i % 13 == 0,
            )
        )
    made = tuple(
        TerritoryLine(
            70 + n,
            n,
            names[n - 1] if n <= len(names) else f"West {n}",
            person(n) if n != 5 else "",
            person(20 + n % 3),
            sum(a.potential for a in listed) / territories,
            sum(a.workload for a in listed) / territories,
            61.25 - n,
            tuple(QuotaLine(f"2027-Q{q}", "bookings", 25_000_000 + q + n, "EUR") for q in range(1, 5))
            if n != 2
            else (),
        )
        for n in range(1, territories + 1)
    )
    balance = (
        BalanceLine("Potential: largest deviation from the mean", 0.412, 0.049),
        BalanceLine("Workload: largest deviation from the mean", 0.35, 0.081),
        BalanceLine("Mean distance to the centre, km", 84.2, 58.9, ValueKind.NUMBER),
        BalanceLine("Share of accounts that keep their person", None, 0.7),
    )
    return ScenarioBook(
        provenance("Territories: West 2027"),
        3,
        "West 2027",
        "EUR",
        made,
        tuple(listed),
        balance,
        sentences=("A balance of 3 % cannot be reached: the largest account alone is 8 % of a territory.",),
        bounds=(
            BoundLine("Largest deviation in potential", 0.049, 0.012),
            BoundLine("Mean distance, km (flow to the homes)", 58.9, 55.1, ValueKind.NUMBER),
            BoundLine("Share of potential that changes hands", 0.3, None),
        ),
        certificate=("No assignment has a mean distance below 55.1 km: this one lies 6.9 % above.",),
        effective="2027-01-01",
        state="5f" * 32,
        workspace="example",
        map_png=picture,
    )


def territory_part(accounts: int = 150) -> ScenarioBook:
    """The part of one manager: two territories, two neighbours, and what leaves for them."""
    whole = territory_book(accounts)
    own = whole.territories[:2]
    numbers = {t.number for t in own}
    stay = tuple(a for a in whole.accounts if a.territory in numbers)
    gone = [a for a in whole.accounts if a.territory not in numbers and a.moves]
    return replace(
        whole,
        provenance=provenance("Territories: West 2027, part of Jean Dupont"),
        territories=own,
        accounts=stay,
        balance=(),
        leavers=tuple(Leaver(a, whole.territories[a.territory - 1].name, "somebody else") for a in gone),
        neighbours=whole.territories[2:4],
        sentences=(),
        certificate=(),
        scope="Jean Dupont",
    )


def forecast_report(periods: int = 36, deals: int = 40) -> ForecastReport:
    generator = np.random.default_rng(8)
    series = []
    for i in range(periods + 6):
        name = f"{2023 + i // 12}-{i % 12 + 1:02}"
        level = int(90_000_000 + 600_000 * i + 15_000_000 * np.sin(i * np.pi / 6) + generator.normal(0, 4e6))
        if i < periods:
            series.append(SeriesPoint(name, actual=level))
        else:
            widths = [int(w * (1 + 0.1 * (i - periods))) for w in (3e6, 6e6, 11e6)]
            bounds = tuple(level - w for w in widths), tuple(level + w for w in widths)
            series.append(SeriesPoint(name, None, level, *bounds))
    accuracy = (
        MethodAccuracy("Theta", 1, 24, 5_123_456.7, 0.712, -120_000.2, chosen=True),
        MethodAccuracy("Seasonal naive", 1, 24, 7_200_000.0, 1.0, 340_000.0, chosen=False),
    )
    tested = tuple(
        TestedForecast(f"2025-{i:02}", f"2025-{i + 1:02}", 1, 91_000_007 * i, 90_500_000 * i) for i in range(1, 12)
    )
    pipeline = []
    for i in range(deals):
        amount, probability = int(generator.integers(1, 40_000_000)), int(generator.integers(0, 1_000_001))
        soon = probability * 2 // 3
        pipeline.append(
            PipelineDeal(
                f"006{i:09}",
                PAYLOADS[i % len(PAYLOADS)] if i % 10 == 0 else f"Renewal {i}",
                f"Customer {i} GmbH",
                person(i),
                ("Prospecting", "Engaging", "Negotiation")[i % 3],
                None if i % 8 == 0 else dt.date(2026, 10, 1) + dt.timedelta(days=3 * i),
                dt.date(2026, 11, 1),
                amount,
                probability,
                divide_half_up(amount * probability, 1_000_000),
                ("commit", "best case", "pipeline", "")[i % 4],
                soon,
                divide_half_up(amount * soon, 1_000_000),
                i % 3 if i % 5 else None,
                "no activity for 60 days" if i % 7 == 0 else "",
                "a new deal 31%, age × 0.42",
            )
        )
    return ForecastReport(
        provenance("Forecast", "2026 Q4"),
        "EUR",
        "Bookings",
        "Theta, chosen by its back-test",
        (0.5, 0.8, 0.95),
        tuple(series),
        accuracy,
        (Coverage(0.5, 0.52, 24), Coverage(0.8, 0.79, 24), Coverage(0.95, None, 24)),
        tested,
        tuple(pipeline),
        (("In 9 of 10 cases above", 812_000_000), ("As likely above as below", 955_000_000)),
        ("Chosen because its back-test error was the smallest of four methods.",),
        outlook=forecast_outlook(),
        tree=forecast_tree(),
        key_deals=(
            KeyDeal("006000000001", "=1+1", person(1), 12_345_67, 0.4, 0.31, 0.7, 0.2, "Its size: as usual."),
            KeyDeal("006000000002", "Renewal 2", person(2), 99, 0.9, 0.01, None, None, "As usual."),
        ),
        changes=forecast_changes(),
        pipeline_tests=(Shown(_calibration(), "Of deals given such a chance, so many were won."),),
        scores=(Shown(_calibration(), "League."), Shown(build_table("Empty", _bins(), []))),
        assumptions=Assumptions((("Seed", "1"), ("Method", "Theta")), (Shown(_calibration()),), ("Nothing left out.",)),
    )


def forecast_outlook() -> Outlook:
    weeks = [dt.date(2026, 10, 4) + dt.timedelta(weeks=i) for i in range(13)]
    course = [CoursePoint(day, 90_000_00 * i, 85_000_00 * i) for i, day in enumerate(weeks[:3])] + [
        CoursePoint(
            day, 90_000_00 * i, 85_000_00 * i if i == 3 else None, 85_000_00 * i, (1_00 * i,) * 3, (99_000_00 * i,) * 3
        )
        for i, day in enumerate(weeks)
        if i >= 3
    ]
    headlines = (
        Headline("Target", 1_000_000_00, forecast=False),
        Headline("Actual to date", 255_000_00, forecast=False),
        Headline("Combined", 981_234_56, 800_000_00, 1_100_000_00, 0.45, None, 0.08, -0.01, 7),
        Headline("Managers", 1_050_000_01),
    )
    return Outlook(
        "2026-Q4", dt.date(2026, 10, 25), 1_000_000_00, "The quotas of 12 people.", 255_000_00, headlines, "2026-Q3",
        tuple(course), ("Combined: 8.0% away from what came.",), build_table("Forecasts as they were", _bins(), []),
        ("The actuals are booked transactions.",),
    )  # fmt: skip


def forecast_tree(crossed: int = 3, currency: str | None = "EUR") -> Tree:
    """Company, regions and people of equal names in several regions, with one number fixed."""
    people = []
    for i in range(4 * crossed):
        model = tuple(1_000_03 + 7 * i + 13 * h for h in range(6))
        adjusted = (model[0] + 5_000_01, *model[1:]) if i == 2 else model
        region = 1 + i % crossed
        name = PAYLOADS[i % len(PAYLOADS)] if i % 3 == 0 else "Ann Weller"
        people.append(
            NodeRow(10 + i, (region,), (f"Region *{region}", name), 77_77 * i, model, adjusted, -5 * i, 9_999_999,
                    "Theta", 0.12, "left on 2026-01-01" if i == 1 else "")
        )  # fmt: skip

    def above(number: int, parents: tuple[int, ...], names: tuple[str, ...], rows: list[NodeRow]) -> NodeRow:
        sums = [tuple(map(sum, zip(*(getattr(r, kind) for r in rows), strict=True))) for kind in ("model", "adjusted")]
        before = sum(r.before or 0 for r in rows)
        return NodeRow(number, parents, names, before, sums[0], sums[1], None, None, "Combination", None, "")

    regions = [
        above(r, (0,), (f"Region *{r}",), [p for p in people if p.parents == (r,)]) for r in range(1, crossed + 1)
    ]
    levels = (
        Level("Company", ("Company",), 1, (), (above(0, (), ("Company",), regions),)),
        Level("Regions", ("Region",), 2, (0,), tuple(regions)),
        Level("People", ("Region", "Person"), None, (1,), tuple(people)),
    )
    periods = ("2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03")
    return Tree(currency, "Amount", periods, levels, overridden=True, reconciliation="MinT.")


def forecast_changes() -> Changes:
    moves = ("New", "Grown", "Exchange rates", "Pushed out", "Won")
    deals = []
    for i in range(25):
        move = ("New", "Grown", "Pushed out", "Won", "Unchanged")[i % 5]
        before = 0 if move == "New" else 1_000_01 * (i + 1)
        rates = -3 if move == "Grown" else 0
        after = {"New": 777_77 + i, "Grown": before + 10_000_09 + rates, "Unchanged": before}.get(move, 0)
        deals.append(
            ChangedDeal(f"D{i}", PAYLOADS[i % len(PAYLOADS)], "Customer", person(i), move, before, after, rates,
                        "Prospecting", "Won", None, dt.date(2026, 10, 1))
        )  # fmt: skip
    amounts = {
        move: sum(d.rates if move == "Exchange rates" else d.after - d.before - d.rates
                  for d in deals if move in (d.move, "Exchange rates"))
        for move in moves
    }  # fmt: skip
    return Changes(
        dt.date(2026, 8, 31), dt.date(2026, 9, 30), "due in 2026-Q4", sum(d.before for d in deals),
        sum(d.after for d in deals), "Exchange rates", tuple(Move(m, amounts[m], 5, "Meaning.") for m in moves),
        tuple(deals), ("One deal has no amount.",),
    )  # fmt: skip


def _bins() -> list[ColumnSpec]:
    fraction = ValueKind.FRACTION
    return [
        ColumnSpec("low", "From", fraction), ColumnSpec("high", "To", fraction),
        ColumnSpec("n", "Deals", ValueKind.INTEGER), ColumnSpec("predicted", "Predicted", fraction),
        ColumnSpec("observed", "Observed", fraction),
    ]  # fmt: skip


def _calibration() -> Table:
    return build_table(
        "Calibration", _bins(), [(i / 5, (i + 1) / 5, 40 + i, i / 5 + 0.1, i / 5 + 0.08) for i in range(5)]
    )


def kpi_rows(count: int = 30) -> Table:
    specs = [
        ColumnSpec("key", "Opportunity ID", ValueKind.TEXT),
        ColumnSpec("owner", "Owner", ValueKind.TEXT),
        ColumnSpec("close_on", "Close date", ValueKind.DATE),
        ColumnSpec("won", "Won", ValueKind.BOOLEAN),
        ColumnSpec("amount", "Amount", ValueKind.MONEY, currency="EUR"),
    ]
    rows = [
        (PAYLOADS[i % len(PAYLOADS)], person(i), dt.date(2026, 7, 1) + dt.timedelta(i), i % 2 == 0, 100 * i + 7)
        for i in range(count)
    ]
    return build_table("Closed opportunities", specs, rows)


def kpi_report() -> KpiReport:
    number, integer, money = ValueKind.NUMBER, ValueKind.INTEGER, ValueKind.MONEY
    periods = [f"2026-{month:02}" for month in range(1, 10)]
    rate = [KpiPoint(p, (20 + i) / (47 + i), 20 + i, 47 + i) for i, p in enumerate(periods)]
    rate[3] = KpiPoint(periods[3], None, reason="No value for 2026-04 because nothing was closed. Import more.")
    won = KpiSheet(
        "Win rate",
        "Opportunities won ÷ (won + lost), by the close date in the period. Open ones do not count.",
        "Closed basis, as Salesforce and HubSpot reports count it",
        "Share",
        ValueKind.FRACTION,
        "Won opportunities",
        "Won and lost opportunities",
        integer,
        integer,
        tuple(rate),
        KpiPoint("All", 189 / 432, 189, 432),
        kpi_rows(),
    )
    cycle = KpiSheet(
        "Sales cycle time",
        "Calendar days from creation to winning: mean.",
        "",
        "Days",
        number,
        "Sum of days",
        "Won opportunities",
        integer,
        integer,
        tuple(KpiPoint(p, (1000 + 31 * i) / 20, 1000 + 31 * i, 20) for i, p in enumerate(periods)),
        KpiPoint("All", 57.25, 11450, 200),
        higher_is_better=False,
    )
    weighted = KpiSheet(
        "Weighted pipeline",
        "Sum of amount × probability of the open deals at the end of the period.",
        "",
        "EUR",
        money,
        "Weighted amount",
        "",
        money,
        integer,
        tuple(KpiPoint(p, 123_456_789 + i, 123_456_789 + i) for i, p in enumerate(periods)),
        KpiPoint("All", 123_456_797, 123_456_797),
    )
    return KpiReport(provenance("Performance", "2026"), "EUR", (won, cycle, weighted), ("Quotas are not imported.",))


def picture(width: int = 900, height: int = 500) -> bytes:
    """A PNG with a gradient, made without an imaging library."""
    shades = [bytes((x * 255 // width, y * 255 // height, 160)) for y in range(height) for x in range(width)]
    rows = b"".join(b"\0" + b"".join(shades[y * width : (y + 1) * width]) for y in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
