"""Everything that is measured, in one table.

    python -m benchmarks [--quick] [--only imports|statements|changelog|grid|window|span]

``--quick`` takes small sizes: minutes become seconds, and the ratios of imports suffer from the fixed cost of each.
"Theirs" is what one would use instead, measured in the same run on the same machine; a ratio above 1 says how many
times faster ours is. Where only a part is compared, the row says so.
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


def of_span(*, quick: bool) -> Iterator[Line]:
    """Published districting instances: largest diameter of ours and of A-TS in 30 minutes."""
    said = output("benchmarks.territory_span", *(("--steps", "20", "n1000") if quick else ()))
    found = False
    for name, mine, wall, _, _, theirs in re.findall(r"^(del-\S+) +" + r"([\d.]+) +" * 5, said, re.MULTILINE):
        found = True
        ratio = f"{float(theirs) / float(mine):.3f}"
        yield Line(f"span of {name} in {float(wall):.0f} s / A-TS, 30 minutes", mine, theirs, ratio)
    for remark in said.splitlines()[-4 if found else 0 :]:
        yield Line(f"  {remark}", "")


PARTS: dict[str, Callable[..., Iterator[Line]]] = {
    "imports": of_imports,
    "changelog": of_changelog,
    "statements": of_statements,
    "grid": of_grid,
    "window": of_window,
    "span": of_span,
}


def output(module: str, *words: str) -> str:
    """What a benchmark of its own prints."""
    command = [sys.executable, "-m", module, *words]
    environment = imports.off_screen()
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment).stdout


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
                lines += measure(quick=given.quick)
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
