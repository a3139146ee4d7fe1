"""The sample company as a workspace: its spreadsheets are generated, then imported like anybody's."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.jobs.commission_plans import starter_plans
from salesops_desktop.jobs.company import company, newest_day
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.forecasts import run_forecast
from salesops_desktop.jobs.imports import ImportReport, import_files
from salesops_desktop.jobs.sample import generate
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.progress import part_of
from salesops_desktop.model.tables import Table
from salesops_desktop.workspace.workspace import Workspace

COMPANY = "Sample company"


@dataclass(frozen=True, slots=True)
class SampleReport:
    """The new workspace and what was imported into it."""

    path: Path
    files: Path | None
    """Where the spreadsheets are kept; None where they were not to be kept."""
    imported: ImportReport

    def summary(self) -> Sequence[str]:
        """What was made."""
        said = [f"Made {self.path}: a sample company with generated names."]
        if self.files is not None:
            said.append(f"Its spreadsheets are in {self.files}; those in {self.files / 'raw'} hold faults on purpose.")
        return [*said, *self.imported.summary()]

    def tables(self) -> Sequence[Table]:
        """What the import did not take as it stood."""
        return self.imported.tables()


@job(
    "sample",
    title="Open sample company",
    group="file",
    needs=Needs.NOTHING,
    examples=("sample company.salesops", "sample company.salesops --files exports --seed 11"),
)
def sample(
    context: JobContext, path: Path, *, files: Path | None = None, seed: int = 7, scale: float = 1.0
) -> SampleReport:
    """Make a workspace with a sample company: spreadsheets as CRMs export them are generated and imported.

    Args:
        path: the workspace file to make.
        files: a folder to keep the spreadsheets in, with a second, faulty export to try the import on.
        seed: another one makes another company.
        scale: 1 is about 120 people and 4,000 accounts.
    """
    if path.exists():
        raise InputRefusedError("There is a file of that name already.", where=str(path), way_out="Choose another.")
    with tempfile.TemporaryDirectory(prefix="salesops-", ignore_cleanup_errors=True) as scratch:
        folder = files or Path(scratch)
        made = generate(
            folder, seed=seed, scale=scale, raw=files is not None, progress=part_of(context.progress, 0, 40)
        )
        Workspace.create(path, currency="USD", company=COMPANY).close()
        try:
            with opened(path, progress=part_of(context.progress, 40, 90)) as inner:
                report = import_files(inner, list(made.paths), as_of=made.as_of, accept_matches=True)
                starter_plans(inner)
                _forecast_the_past(inner)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    context.progress(100, 100, "")
    return SampleReport(path, files, report)


def _forecast_the_past(context: JobContext) -> None:
    """Forecasts as they would have been made at the last quarters' ends, so that there is something to score."""
    with context.workspace.read() as connection:
        today = newest_day(connection)
        calendar = company(connection).calendar
    if today is None:
        return
    quarter = calendar.containing(today, PeriodKind.QUARTER)
    for steps in range(-4, 0):
        day = calendar.following(quarter, steps).end
        run_forecast(context, period=PeriodKind.QUARTER, horizon=1, as_of=day, pipeline=False)
