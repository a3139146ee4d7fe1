"""Everything that is measured, in one table.

    python -m benchmarks [--quick] [--only PART]

``--quick`` takes small sizes: minutes become seconds, and the ratios of imports suffer from the fixed cost of each.
"Theirs" is what one would use instead, measured in the same run on the same machine, or the figure another published;
a ratio above 1 says how many times faster, shorter or better ours is. Where only a part is compared, the row says so.
Parts whose instances are shared data beside the checkout say so where it is absent, and measure nothing.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import imports

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    name: str
    ours: str
    theirs: str = ""
    ratio: str = ""
    peak: str = ""


def of_imports(*, quick: bool) -> Iterator[Line]:
    """The import job against pandas and to_sql."""
    sizes = (50_000, 5_000) if quick else (1_000_000, 100_000)
    for title, ways in imports.measure(*sizes).items():
        mine, other = ways["ours"], ways["theirs"]
        yield Line(
            f"import {title} / pandas + to_sql",
            f"{mine['seconds']:.1f} s",
            f"{other['seconds']:.1f} s",
            f"{other['seconds'] / mine['seconds']:.2f}",
            f"{mine['parent_mb']:.0f} + {mine['child_mb']:.0f} / {other['parent_mb']:.0f} MB",
        )
        slowest = max(figures["obeyed"] for way, figures in ways.items() if way.startswith("cancel"))
        yield Line("  longest silence of its progress", f"{mine['silence'] * 1000:.0f} ms")
        yield Line("  cancel obeyed after at most", f"{slowest * 1000:.0f} ms")


def of_statements(*, quick: bool) -> Iterator[Line]:
    """Commission statements against openpyxl writing the same cells."""
    said = output("benchmarks.statements", "--people", "10" if quick else "100")
    ways = re.findall(r"^  (.+?) +([\d.]+) s wall +([\d.]+) s CPU +(\d+) MB peak$", said, re.MULTILINE)
    (_, mine, cpu, peak), (_, whole, _, whole_peak), (_, theirs, their_cpu, their_peak) = ways
    count = re.match(r"(\d+) statements", said)
    yield Line(
        f"export of {count[1] if count else '?'} statements / openpyxl, values only (CPU)",
        f"{float(cpu):.1f} s",
        f"{float(their_cpu):.1f} s",
        f"{float(their_cpu) / float(cpu):.2f}",
        f"{peak} / {their_peak} MB",
    )
    yield Line("  the same on the clock", f"{float(mine):.1f} s", f"{float(theirs):.1f} s")
    yield Line("  the same as one workbook", f"{float(whole):.1f} s", peak=f"{whole_peak} MB")


def of_changelog(*, quick: bool) -> Iterator[Line]:
    """Importing rows with the change log on against the same without it."""
    said = output("benchmarks.changelog", "10000" if quick else "100000", "1" if quick else "3")
    rows = said.split(" ", 1)[0]
    for step, off, on, ratio in re.findall(r"^(import|update) +([\d.]+) +([\d.]+) +([\d.]+)$", said, re.MULTILINE):
        yield Line(
            f"{step} of {rows} rows, change log on / off (CPU)", f"{on} s", f"{off} s", f"{1 / float(ratio):.2f}"
        )
    for step, on in re.findall(r"^(undo import|redo import) +([\d.]+)$", said, re.MULTILINE):
        yield Line(f"{step} of {rows} rows (CPU)", f"{on} s")


def of_grid(*, quick: bool) -> Iterator[Line]:
    """The table of accounts against Qt's own view on a pandas frame, which has a tenth of the rows."""
    sizes = ("--rows", "100000", "--stock-rows", "10000") if quick else ()
    said = output("benchmarks.grid", *sizes)
    head = re.search(r"grid ([\d,]+) +stock ([\d,]+)", said)
    rows, stock = head.groups() if head else ("?", "?")
    for label, mine, other in re.findall(r"^(\S.*?) {2,}([\d.]+)(?: +([\d.]+))?\s*$", said, re.MULTILINE):
        ratio = f"{float(other) / float(mine):.1f}" if other and float(mine) else ""
        beside = f" / plain view, {stock}" if other else ""
        speed = f" ({1000 / float(mine):.0f} frames/s)" if label == "wheel step" else ""
        yield Line(
            f"table of {rows}: {label}{speed}{beside} (CPU)", f"{mine} ms", f"{other} ms" if other else "", ratio
        )


def of_window(*, quick: bool) -> Iterator[Line]:
    """The start of the window: best of some runs."""
    said = output("benchmarks.window_start", "--runs", "2" if quick else "5")
    for label, best, median in re.findall(r"^(\S.*?) {2,}(\d+) +(\d+)", said, re.MULTILINE):
        if "memory" in label:
            yield Line("window: memory peak", "", peak=f"{best} MB")
        else:
            yield Line(f"window: {label.removesuffix(', ms')}, best (median)", f"{best} ms ({median} ms)")


def of_designs(*, quick: bool) -> Iterator[Line]:
    """Territory designs of the named instances and of several sizes beside METIS: mean distance to the centre."""
    said = output("benchmarks.territories", *(("--effort", "quick", "--only", "C50", "A50r") if quick else ()))
    yield from absent(said)
    row = re.compile(r"^(\S.{23})(ours \w+|METIS ncuts \d+) +" + r"([\d.]+) +" * 4 + r"(\d+)(.*)$", re.MULTILINE)
    for name, engine, wall, cpu, off, mean, split, beside in row.findall(said):
        facts = re.search(r"below its ([\d.]+) of the facts", beside)
        theirs = facts[1] if facts else ""
        yield Line(
            f"{name.strip()}, {engine}: mean km{' / METIS as given with it' if theirs else ''}",
            mean,
            theirs,
            f"{float(theirs) / float(mean):.3f}" if theirs else "",
        )
        yield Line(f"  {off} % from balance, {split} in several pieces", f"{float(wall):.1f} s ({float(cpu):.1f} CPU)")
    for remark in re.findall(r"^\d+ designs of .*$", said, re.MULTILINE):
        yield Line(f"  {remark}", "")


def of_bounds(*, quick: bool) -> Iterator[Line]:
    """What is proven of designs: distance reached and bound; the same proof against published optima."""
    said = output("benchmarks.territory_bounds", *(("--quick",) if quick else ()))
    yield from absent(said)
    designs = r"^(\w+) +([\d.]+) +([\d.]+) +([\d.]+%) +[\d.]+ +([\d.]+%) +([\d.]+)  "
    for name, reached, lower, gap, best_gap, cpu in re.findall(designs, said, re.MULTILINE):
        yield Line(f"{name}: mean km reached / proven bound, gap {gap}", reached, lower)
        yield Line(f"  gap of the best known {best_gap}; the proof", f"{cpu} s CPU")
    optima = r"^(\S+) +(\d+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+%) +([\d.]+)$"
    for name, units, places, best, bound, gap, cpu in re.findall(optima, said, re.MULTILINE):
        yield Line(f"{name}, {units} units, {places} places: bound / published optimum, gap {gap}", bound, best)
        yield Line("  the proof", f"{cpu} s CPU")


def of_disruption(*, quick: bool) -> Iterator[Line]:
    """A drifted plan repaired: what moves, beside the proven bound and beside a design from scratch."""
    said = output("benchmarks.territory_disruption", *(("--only", "A50r", "--no-strip") if quick else ()))
    yield from absent(said)
    for name, told in re.findall(r"^(\w+): today (.*(?:\n  .*)*)", said, re.MULTILINE):
        bound, scratch, repaired, ratio, clock, cpu = figures(
            told,
            r"bound ([\d.]+)% moved",
            r"scratch: ([\d.]+)% moved",
            r"repaired: ([\d.]+)% moved",
            r"= ([\d.]+) × bound",
            r"repaired: .*; ([\d.]+) s: \w+",
            r"repaired: .*\(([\d.]+) s CPU",
        )
        times = f"{float(scratch) / float(repaired):.1f}"
        yield Line(f"{name}: moved by a repair / from scratch", f"{repaired} %", f"{scratch} %", times)
        yield Line(f"  the bound of what must move is {bound} %: times that", ratio)
        yield Line("  the repair", f"{float(clock):.1f} s ({float(cpu):.1f} CPU)")
    for name, count, clock, cpu in re.findall(
        r"^(\w+): strip of (\d+) plans: \w+; ([\d.]+) s \(([\d.]+) s CPU", said, re.MULTILINE
    ):
        yield Line(f"{name}: strip of {count} plans, none better than another", f"{clock} s ({cpu} CPU)")


def of_live(*, quick: bool) -> Iterator[Line]:
    """A lasso of units goes to another territory: all figures known again, beside a fresh evaluation."""
    said = output("benchmarks.territory_live", *(("--edits", "40") if quick else ()))
    for told in said.splitlines():
        head, p50, p95, c50, c95, scratch, opening = figures(
            told,
            r"^(.*?): p50",
            r": p50 ([\d.]+)",
            r"ms, p95 ([\d.]+)",
            r"CPU p50 ([\d.]+)",
            r"CPU p50 .*?p95 ([\d.]+)",
            r"scratch ([\d.]+)",
            r"desk ([\d.]+)",
        )
        yield Line(f"{head} moved / evaluated anew", f"{p50} ms", f"{scratch} ms", f"{float(scratch) / float(p50):.0f}")
        yield Line("  95th percentile", f"{p95} ms")
        yield Line("  both in CPU", f"{c50}, {c95} ms")
        yield Line("  opening the desk", f"{opening} ms")


def of_map(*, quick: bool) -> Iterator[Line]:
    """The map of many units: what an edit, a lasso and a new view cost."""
    sizes = ("--units", "10000", "--territories", "100", "--repeat", "10") if quick else ()
    said = output("benchmarks.territory_map", *sizes)
    (units,) = figures(said, r"^([\d,]+ units, \d+ territories)")
    found = re.findall(r"^(\S.*?) {2,}([\d.]+) +([\d.]+) +([\d.]+)$", said, re.MULTILINE)
    for label, median, slow, cpu in found:
        yield Line(f"map of {units}: {label}, median (p95; CPU)", f"{median} ms ({slow}; {cpu})")


def of_span(*, quick: bool) -> Iterator[Line]:
    """Published districting instances: largest diameter of ours and of A-TS in 30 minutes."""
    said = output("benchmarks.territory_span", *(("--steps", "20", "n1000") if quick else ()))
    yield from absent(said)
    found = False
    for name, mine, wall, _, _, theirs in re.findall(r"^(del-\S+) +" + r"([\d.]+) +" * 5, said, re.MULTILINE):
        found = True
        ratio = f"{float(theirs) / float(mine):.3f}"
        yield Line(f"span of {name} in {float(wall):.0f} s / A-TS, 30 minutes", mine, theirs, ratio)
    for remark in said.splitlines()[-4 if found else len(said) :]:
        yield Line(f"  {remark}", "")


def of_commissions(*, quick: bool) -> Iterator[Line]:
    """A million transactions through four tiers against a Decimal loop and pandas in floating point."""
    said = output("benchmarks.commissions", *(("--transactions", "50000", "--people", "200") if quick else ()))
    row = r"^  {} +([\d.]+) s CPU +[\d.]+ s wall +(\d+) MB"
    found = {way: re.search(row.format(way), said, re.MULTILINE) for way in ("Decimal loop", "pandas.*?point", "ours")}
    mine = found["ours"]
    for way, label in (("Decimal loop", "Decimal loop"), ("pandas.*?point", "pandas, floating point")):
        other = found[way]
        if mine and other:
            ratio = f"{float(other[1]) / float(mine[1]):.2f}"
            peak = f"{mine[2]} / {other[2]} MB"
            name = f"commissions, four marginal tiers / {label} (CPU)"
            yield Line(name, f"{mine[1]} s", f"{other[1]} s", ratio, peak)
    for remark in re.findall(r"^  ((?:ten components|a deal edited).*)$", said, re.MULTILINE):
        yield Line(f"  {remark}", "")


def of_storing(*, quick: bool) -> Iterator[Line]:
    """A run stored with its lines, inputs, log and hash, beside calculating it."""
    said = output("benchmarks.commission_storing", *(("--transactions", "20000", "--people", "200") if quick else ()))
    one, stored = figures(said, r"^  calculation +([\d.]+) s CPU", r"^  storing and hash +([\d.]+) s CPU")
    ratio = re.search(r"to the calculation: ([\d.]+) \(CPU\)", said)
    yield Line("commissions stored / calculated (CPU)", f"{stored} s", f"{one} s", ratio[1] if ratio else "")


def of_sliders(*, quick: bool) -> Iterator[Line]:
    """A prepared period under moving sliders against calculating everybody anew."""
    said = output("benchmarks.commission_what_if", *(("--transactions", "20000") if quick else ()))
    row = r"^  (\w+) +([\d.]+) ms = +(\d+) updates/s; everybody anew +(\d+) ms, +([\d.]+)x; (\d+) people wrong"
    for name, mine, often, theirs, ratio, off in re.findall(row, said, re.MULTILINE):
        yield Line(f"what-if, {name} of 2,000 people / a new run (CPU)", f"{mine} ms", f"{theirs} ms", ratio)
        yield Line(f"  {often} updates a second, {off} people paid otherwise than by a run", "")


def of_series(*, quick: bool) -> Iterator[Line]:
    """The M3 competition: accuracy beside its best entrant, short histories beside statsforecast, intervals, speed."""
    said = output("benchmarks.forecast_series", *(("--quick",) if quick else ()))
    if "nothing measured" in said:
        yield Line("not measured: the M3 series are not here", "")
        return
    mine, best = figures(said, r"^ours, chosen .* ([\d.]+)$", r"^THETA \(published\) .* ([\d.]+)$")
    yield Line("M3, 3,003 series: sMAPE / best entrant", mine, best, f"{float(best) / float(mine):.3f}")
    row = r"^  (\w+) +n= *(\d+) h= *(\d+) +\d+ series +([\d.]+) / *([\d.]+) \((\w+)\)"
    for kind, length, ahead, ours, theirs, source in re.findall(row, said, re.MULTILINE):
        name = f"M3 {kind}, last {length} only, {ahead} ahead: sMAPE / statsforecast ({source})"
        yield Line(name, ours, theirs, f"{float(theirs) / float(ours):.3f}")
    for kind, middle, wide in re.findall(r"^  (\w+) .*80 %: ([\d.]+) .*95 %: ([\d.]+)", said, re.MULTILINE):
        yield Line(f"M3 {kind}: intervals of 80 %, 95 % held", f"{middle}, {wide}")
    spent = re.findall(r"^  (\w[\w ,]+?) +([\d.]+) s$", said, re.MULTILINE)
    for name, seconds in spent:
        yield Line(f"1,428 monthly series, 18 ahead: {name} (CPU)", f"{seconds} s")
    (source,) = figures(said, r"^  \((quoted|measured)")
    for name, theirs, ratio in re.findall(r"^  statsforecast (\w+) +([\d.]+) s = (\d+) x", said, re.MULTILINE):
        yield Line(
            f"  the first of these / statsforecast {name} ({source}, CPU)", f"{spent[0][1]} s", f"{theirs} s", ratio
        )


def of_hierarchy(*, quick: bool) -> Iterator[Line]:
    """The tourism hierarchy: error by level beside bottom-up and the nodes' own forecasts; a large one's time."""
    said = output("benchmarks.forecast_hierarchy", *(("--nodes", "1000", "--origins", "2") if quick else ()))
    if "data is not here" in said:
        yield Line("not measured: the tourism hierarchy is not here", "")
    row = r"^(\S.{17}) +([\d.]+) +([\d.]+) +([\d.]+) +[\d.]+ +([\d.]+) +([\d.]+) +([\d.]+)$"
    for level, ours, base, simple, ratio, middle, wide in re.findall(row, said, re.MULTILINE):
        yield Line(f"tourism, {level.strip()}: WAPE / bottom-up (each by itself: {base})", ours, simple, ratio)
        yield Line("  intervals of 80 %, 95 % held", f"{middle}, {wide}")
    head, cpu, peak = figures(said, r"^([\d,]+ nodes, .*):$", r"^([\d.]+) CPU s, .*peak", r"peak (\d+) MB")
    yield Line(f"{head} (CPU)", f"{cpu} s", peak=f"{peak} MB")


def of_pipeline(*, quick: bool) -> Iterator[Line]:
    """The open pipeline walk-forward against CRM rates and naive projections; intervals against known truth."""
    said = output("benchmarks.forecast_pipeline", "--companies", "4" if quick else "40")
    months, found = "", dict[tuple[str, str], str]()
    for line in said.splitlines():
        if title := re.match(r"(\d) month\(s\) ahead, (.*)", line):
            months = title[1] if "open then" in title[2] else ""
        elif months and (row := re.match(r"  (\w+) +\d+ +([\d.]+) ", line)):
            found[months, row[1]] = row[2]
    for (months, method), theirs in found.items():
        if method in ("overall", "age_window", "same_point"):
            mine = found[months, "calibrated"]
            name = f"pipeline {months} months ahead, WAPE / {method.replace('_', ' ')}"
            yield Line(name, mine, theirs, f"{float(theirs) / float(mine):.1f}")
    for ahead, held in re.findall(r"^(\d) month\(s\): .*?held .*? / ([\d.]+% ± [\d.]+%) /", said, re.MULTILINE):
        yield Line(f"80 % intervals of simulated companies, {ahead} months ahead, held", held)


def of_scenario(*, quick: bool) -> Iterator[Line]:
    """A slider of the Forecast tab, dragged through the real window."""
    said = output("benchmarks.forecast_sliders", "--seconds", "2" if quick else "5")
    for name, pictures, cpu in re.findall(r"^  (\w+) .*?([\d.]+) pictures/s out; +([\d.]+) ms", said, re.MULTILINE):
        yield Line(f"pictures a second while {name.replace('_', ' ')} is dragged", pictures)
        yield Line("  processor time of each", f"{cpu} ms")


PARTS: dict[str, Callable[..., Iterator[Line]]] = {
    "imports": of_imports,
    "changelog": of_changelog,
    "statements": of_statements,
    "commissions": of_commissions,
    "storing": of_storing,
    "sliders": of_sliders,
    "scenario": of_scenario,
    "grid": of_grid,
    "window": of_window,
    "designs": of_designs,
    "bounds": of_bounds,
    "disruption": of_disruption,
    "live": of_live,
    "map": of_map,
    "span": of_span,
    "series": of_series,
    "hierarchy": of_hierarchy,
    "pipeline": of_pipeline,
}


def output(module: str, *words: str) -> str:
    """What a benchmark of its own prints."""
    command = [sys.executable, "-m", module, *words]
    environment = imports.off_screen()
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment).stdout


def figures(said: str, *patterns: str) -> list[str]:
    """What each pattern finds; one that finds nothing is an error, so that no row goes missing unseen."""
    found = [re.search(pattern, said, re.MULTILINE) for pattern in patterns]
    missing = [pattern for pattern, match in zip(patterns, found, strict=True) if match is None]
    if missing:
        raise ValueError(f"nothing like {missing[0]!r} in what the benchmark printed")
    return [match[1] for match in found if match]


def absent(said: str) -> Iterator[Line]:
    """A row that says so where a benchmark's instances are not here."""
    for remark in re.findall(r"^.* are not here: .*$", said, re.MULTILINE):
        yield Line(f"not measured: {remark}", "")


def rows_of(measure: Callable[..., Iterator[Line]], *, quick: bool) -> list[Line]:
    """The rows of a part; a part without any is an error."""
    found = list(measure(quick=quick))
    if not found:
        raise ValueError("no figure was found in what the benchmark printed")
    return found


def main() -> None:
    """Measure, then print the table; a part that fails says so in its row and fails the whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", choices=PARTS, help="one part")
    given = parser.parse_args()
    lines, failed = [], False
    for name, measure in PARTS.items():
        if given.only in (None, name):
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            try:
                lines += rows_of(measure, quick=given.quick)
            except (subprocess.CalledProcessError, AssertionError, ValueError) as error:
                failed = True
                lines.append(Line(f"{name} FAILED: {error}"[:120], ""))
    width = max((len(line.name) for line in lines), default=4) + 2
    print(f"{'what':{width}}{'ours':>18}{'theirs':>12}{'ratio':>8}  peak memory")
    for line in lines:
        print(f"{line.name:{width}}{line.ours:>18}{line.theirs:>12}{line.ratio:>8}  {line.peak}".rstrip())
    sys.exit(failed)


if __name__ == "__main__":
    main()
