"""The main job end to end on the sample company: spreadsheets in, all tabs' jobs, workbooks out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from salesops_desktop.jobs import commissions, exports, forecasts, kpis, territories, workspaces
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.progress import part_of

_SUMMARY = "summary.txt"


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Where the demo's things are, and what was found."""

    workspace: Path
    spreadsheets: Path
    workbooks: Path
    pictures: Path
    said: tuple[str, ...]

    def lines(self) -> Sequence[str]:
        """The findings, then the paths."""
        return [
            *self.said,
            f"Workspace: {self.workspace}",
            f"Spreadsheets it was made from: {self.spreadsheets}",
            f"Workbooks: {self.workbooks} (territory hand-over, commissions, statements, forecast, KPIs)",
        ]


def build_demo(context: JobContext, out: Path, *, scale: float = 1.0) -> DemoReport:
    """Make the sample company, run all jobs on it and write the workbooks; a demo that is there already is used again.

    Args:
        context: for progress.
        out: the folder, made where it is missing.
        scale: 1 is about 120 people and 4,000 accounts.
    """
    out = out.resolve()
    report = DemoReport(out / "Sample company.salesops", out / "spreadsheets", out / "workbooks", out / "pictures", ())
    summary = out / _SUMMARY
    if summary.exists() and report.workspace.exists():
        return replace(report, said=tuple(summary.read_text("utf-8").splitlines()))
    out.mkdir(parents=True, exist_ok=True)
    report.workspace.unlink(missing_ok=True)
    making = replace(context, progress=part_of(context.progress, 0, 50))
    made = sample(making, report.workspace, files=report.spreadsheets, scale=scale)
    rows = sum(outcome.rows for outcome in made.imported.outcomes)
    said = [
        f"Imported {rows:,} rows from {len(made.imported.outcomes)} spreadsheets; {made.imported.rejected} rejected."
    ]
    with opened(report.workspace) as inner:
        said += _jobs(replace(inner, progress=part_of(context.progress, 50, 75)))
        report.workbooks.mkdir(exist_ok=True)
        _workbooks(replace(inner, progress=part_of(context.progress, 75, 100)), report.workbooks)
    summary.write_text("\n".join(said) + "\n", "utf-8")
    return replace(report, said=tuple(said))


def _jobs(context: JobContext) -> list[str]:
    said = []
    designed = territories.design_territories(context)
    before_after = designed.balance[0]
    said.append(
        f"Territories: {len(designed.territories)}; {before_after.label.lower()} {before_after.after:.0%} "
        f"(today {before_after.before or 0:.0%}); {len(designed.handover):,} accounts change hands."
    )
    run = commissions.run_commissions(context)
    paid = " and ".join(run.totals())
    said.append(f"Commissions {run.head.period}: {len(run.people)} people, {len(run.lines):,} lines, {paid}.")
    forecast = forecasts.run_forecast(context)
    best = forecast.series.backtest.overall(forecast.series.method)
    said.append(f"Forecast: {forecast.series.label}, back-test MASE {best.mase:.2f} over {best.n} forecasts.")
    measured = kpis.kpis(context)
    values = [
        f"{r.definition.label.lower()} {kpis.shown(r.overall.value, r.definition.unit, measured.currency)}"
        for r in measured.results[:3]
    ]
    healthy = workspaces.check(context)
    said.append(f"KPIs of {measured.periods[0].label} to {measured.periods[-1].label}: {', '.join(values)}.")
    said.extend(healthy.summary()[:1])
    return said


def _workbooks(context: JobContext, folder: Path) -> None:
    names = {
        exports.What.TERRITORIES: "Territory hand-over.xlsx",
        exports.What.COMMISSIONS: "Commissions.xlsx",
        exports.What.FORECAST: "Forecast.xlsx",
        exports.What.KPIS: "KPIs.xlsx",
        exports.What.STATEMENTS: "Statements",
    }
    for number, (what, name) in enumerate(names.items()):
        share = 100 / len(names)
        part = replace(context, progress=part_of(context.progress, number * share, (number + 1) * share))
        exports.export(part, what, folder / name)
