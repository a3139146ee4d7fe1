"""The import of spreadsheets, step by step. Plain Python: no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from salesops_desktop.model.errors import PasswordNeededError, SalesOpsError

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.jobs.import_draft import DraftFile, DraftSheet, ImportDraft, Question, ReadOptions
    from salesops_desktop.jobs.imports import ImportPreview, ImportReport, UnmatchedReference
    from salesops_desktop.ui.tasks import RunsJobs, Task

Step = Literal["files", "preview", "done"]
DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMAL_MARKS = (".", ",")


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that could not be read, and why."""

    path: Path
    fault: SalesOpsError

    @property
    def needs_password(self) -> bool:
        """Whether a password would open it."""
        return isinstance(self.fault, PasswordNeededError)


@dataclass(frozen=True, slots=True)
class ImportState:
    """Everything the import shows."""

    step: Step = "files"
    draft: ImportDraft | None = None
    refused: tuple[Refused, ...] = ()
    chosen: tuple[int, int] = (0, 0)
    """(file, sheet) whose columns are shown."""
    preview: ImportPreview | None = None
    accepted: tuple[UnmatchedReference, ...] = ()
    report: ImportReport | None = None
    busy: str = ""
    share: float | None = None
    fault: SalesOpsError | None = field(default=None, compare=False)
    undone: bool = False

    @property
    def files(self) -> tuple[DraftFile, ...]:
        """The files that could be read."""
        return () if self.draft is None else self.draft.files

    @property
    def file(self) -> DraftFile | None:
        """The file whose columns are shown."""
        return self.files[self.chosen[0]] if self.chosen[0] < len(self.files) else None

    @property
    def sheet(self) -> DraftSheet | None:
        """The sheet whose columns are shown."""
        file = self.file
        return file.sheets[self.chosen[1]] if file is not None and self.chosen[1] < len(file.sheets) else None

    @property
    def open_questions(self) -> int:
        """How many questions must still be answered."""
        return 0 if self.draft is None else len(self.draft.questions)

    @property
    def can_preview(self) -> bool:
        """Whether the files are ready to be previewed."""
        return not self.busy and self.draft is not None and self.draft.planned > 0 and not self.open_questions

    @property
    def can_import(self) -> bool:
        """Whether the import would change anything."""
        return not self.busy and self.preview is not None and self.preview.report.changes_anything


@dataclass(frozen=True, slots=True)
class Inspected:
    """What came of looking into files."""

    files: tuple[DraftFile, ...]
    refused: tuple[Refused, ...]


def inspect_each(context: JobContext, paths: Sequence[Path], passwords: dict[Path, str]) -> Inspected:
    """Look into each file by itself, so that one bad file does not cost the others."""
    from salesops_desktop.jobs.import_draft import draft_of  # noqa: PLC0415  # heavy

    files: list[DraftFile] = []
    refused: list[Refused] = []
    for path in paths:
        try:
            given = (passwords[path],) if path in passwords else ()
            files += draft_of(context, [path], passwords=given).files
        except SalesOpsError as fault:
            refused.append(Refused(path, fault))
    return Inspected(tuple(files), tuple(refused))


def _reread(context: JobContext, draft: ImportDraft, number: int, options: ReadOptions) -> ImportDraft:
    """Read a file with other options; mappings made by hand stay where the headers are the same."""
    from salesops_desktop.jobs.import_draft import planned, reread  # noqa: PLC0415  # heavy

    before = {sheet.inspection.name: sheet for sheet in draft.files[number].sheets}
    made = reread(context, draft, number, options)
    for sheet in made.files[number].sheets:
        old = before.get(sheet.inspection.name)
        if old is not None and old.inspection.headers == sheet.inspection.headers:
            made = planned(made, number, sheet.inspection.name, old.plan)
    return made


def _answer(context: JobContext, draft: ImportDraft, number: int, question: Question, value: str) -> ImportDraft:
    from salesops_desktop.jobs.import_draft import answered  # noqa: PLC0415  # heavy

    return answered(context, draft, number, question, value)


def _preview(context: JobContext, draft: ImportDraft) -> ImportPreview:
    from salesops_desktop.jobs.imports import preview_import  # noqa: PLC0415  # heavy

    return preview_import(context, draft)


def _repreview(context: JobContext, preview: ImportPreview, accepted: tuple[UnmatchedReference, ...]) -> ImportPreview:
    from salesops_desktop.jobs.imports import Decisions, repreview  # noqa: PLC0415  # heavy

    chosen: dict[str, dict[str, int]] = {}
    for match in accepted:
        if match.candidate_id is not None:
            chosen.setdefault(match.entity, {})[match.text] = match.candidate_id
    return repreview(context, preview, Decisions(accepted=chosen))


def _import(context: JobContext, preview: ImportPreview) -> ImportReport:
    from salesops_desktop.jobs.imports import run_import  # noqa: PLC0415  # heavy

    report = run_import(context, preview)
    context.finish()
    return report


def _undo(context: JobContext, action: int) -> None:
    from salesops_desktop.jobs.workspaces import undo  # noqa: PLC0415  # heavy

    undo(context, action=action)


class ImportPresenter:
    """Holds the state of one import.

    Args:
        runner: runs the jobs.
        render: shows a state.
    """

    def __init__(self, runner: RunsJobs, render: Callable[[ImportState], None]) -> None:
        self._runner = runner
        self._render = render
        self._passwords: dict[Path, str] = {}
        self._task: Task | None = None
        self.state = ImportState()

    def _become(self, state: ImportState) -> None:
        self.state = state
        self._render(state)

    def _run(
        self, words: str, function: Callable[..., object], params: dict[str, object], done: Callable[..., None]
    ) -> None:
        self._become(replace(self.state, busy=words, share=None, fault=None))

        def on_done(result: object) -> None:
            self.state = replace(self.state, busy="", share=None)
            done(result)

        def on_progress(part: float, whole: float, what: str) -> None:
            share = min(1.0, part / whole) if whole > 0 else None
            self._become(replace(self.state, share=share, busy=what or self.state.busy))

        self._task = self._runner.run(
            function,
            params,
            title=words,
            on_done=on_done,
            on_error=self._failed,
            on_progress=on_progress,
            on_cancelled=lambda: self._become(replace(self.state, busy="", share=None)),
        )

    def _failed(self, fault: SalesOpsError) -> None:
        self._become(replace(self.state, busy="", share=None, fault=fault))

    def cancel(self) -> None:
        """Stop what is running."""
        if self._task is not None:
            self._task.cancel()

    def leave(self) -> None:
        """The view is going away: stop what is running, show nothing any more."""
        self._render = lambda _state: None
        self.cancel()

    # ------------------------------------------------------------------ files

    def add_files(self, paths: Sequence[Path]) -> None:
        """Look into more files; those already here are looked into once."""
        known = {file.path for file in self.state.files}
        new = [path for path in dict.fromkeys(Path(p) for p in paths) if path not in known]
        if new:
            again = set(new)
            self.state = replace(self.state, refused=tuple(r for r in self.state.refused if r.path not in again))
            params: dict[str, object] = {"paths": new, "passwords": dict(self._passwords)}
            self._run("Looking into the files", inspect_each, params, self._inspected)

    def _inspected(self, found: Inspected) -> None:
        from salesops_desktop.jobs.import_draft import ImportDraft  # noqa: PLC0415  # loaded by now

        fresh = len(self.state.files)
        draft = ImportDraft((*self.state.files, *found.files))
        state = replace(self.state, draft=draft, refused=(*self.state.refused, *found.refused))
        if found.files:
            state = replace(state, chosen=(fresh, _best_sheet(found.files[0])))
        self._become(state)

    def remove_file(self, path: Path) -> None:
        """Leave a file out."""
        draft = self.state.draft
        if draft is not None:
            draft = replace(draft, files=tuple(file for file in draft.files if file.path != path))
        refused = tuple(r for r in self.state.refused if r.path != path)
        self._become(replace(self.state, draft=draft, refused=refused, chosen=(0, 0), fault=None))

    def give_password(self, path: Path, password: str) -> None:
        """Try a password on a file that needs one."""
        self._passwords[path] = password
        self.add_files([path])

    def choose(self, file: int, sheet: int) -> None:
        """Show the columns of a sheet."""
        if (file, sheet) != self.state.chosen:
            self._become(replace(self.state, chosen=(file, sheet)))

    # ------------------------------------------------------------------ settings and mapping

    def set_entity(self, name: str | None) -> None:
        """Import the sheet as another kind of record; None leaves it out."""
        from salesops_desktop.jobs.import_draft import SheetPlan  # noqa: PLC0415  # loaded by now

        sheet = self.state.sheet
        if sheet is None or name == (sheet.plan.entity if sheet.plan else None):
            return
        plan = None
        if name is not None:
            guess = next((g for g in sheet.inspection.suggestions if g.entity == name), None)
            currency = sheet.plan.default_currency if sheet.plan else self._currency()
            plan = SheetPlan(sheet.inspection.name, name, dict(guess.mapping) if guess else {}, currency)
        self._replan(plan)

    def _currency(self) -> str:
        plans = (sheet.plan for file in self.state.files for sheet in file.sheets)
        return next((plan.default_currency for plan in plans if plan is not None), "USD")

    def map_column(self, index: int, name: str | None) -> None:
        """Say which field a column is; None leaves it to the attributes. A field has one column at most."""
        sheet = self.state.sheet
        if sheet is None or sheet.plan is None or sheet.plan.mapping.get(index) == name:
            return
        mapping = {i: f for i, f in sheet.plan.mapping.items() if i != index and f != name}
        if name is not None:
            mapping[index] = name
        self._replan(replace(sheet.plan, mapping=dict(sorted(mapping.items()))))

    def set_date_order(self, index: int, order: str) -> None:
        """Say how the dates of a column are written."""
        sheet = self.state.sheet
        if sheet is not None and sheet.plan is not None:
            self._replan(replace(sheet.plan, date_orders={**sheet.plan.date_orders, index: order}))

    def _replan(self, plan: object) -> None:
        from salesops_desktop.jobs.import_draft import SheetPlan, planned  # noqa: PLC0415  # loaded by now

        draft, sheet = self.state.draft, self.state.sheet
        if draft is not None and sheet is not None and (plan is None or isinstance(plan, SheetPlan)):
            made = planned(draft, self.state.chosen[0], sheet.inspection.name, plan)
            self._become(replace(self.state, draft=made, preview=None, accepted=()))

    def answer(self, question: Question, value: str) -> None:
        """Answer a question of the file in view."""
        params: dict[str, object] = {
            "draft": self.state.draft,
            "number": self.state.chosen[0],
            "question": question,
            "value": value,
        }
        self._run("Reading the file again", _answer, params, self._redrafted)

    def set_options(self, **changes: object) -> None:
        """Read the file in view otherwise: encoding, delimiter, header_rows, decimal_marks."""
        file = self.state.file
        if file is not None:
            options = replace(file.options, **changes)  # type: ignore[arg-type]
            params: dict[str, object] = {
                "draft": self.state.draft,
                "number": self.state.chosen[0],
                "options": options,
            }
            self._run("Reading the file again", _reread, params, self._redrafted)

    def set_header_row(self, row: int) -> None:
        """Say which row of the sheet in view holds the headers; 0 for none."""
        file, sheet = self.state.file, self.state.sheet
        if file is not None and sheet is not None and row != sheet.inspection.header_row:
            self.set_options(header_rows={**file.options.header_rows, sheet.inspection.name: row})

    def set_decimal_mark(self, index: int, mark: str) -> None:
        """Say how the numbers of a column are written."""
        file, sheet = self.state.file, self.state.sheet
        if file is not None and sheet is not None:
            key = (sheet.inspection.name, index)
            self.set_options(decimal_marks={**file.options.decimal_marks, key: mark})

    def _redrafted(self, draft: ImportDraft) -> None:
        self._become(replace(self.state, draft=draft, preview=None, accepted=()))

    # ------------------------------------------------------------------ preview and import

    def to_preview(self) -> None:
        """Show what the import would do."""
        if self.state.can_preview:
            self._run("Comparing with the workspace", _preview, {"draft": self.state.draft}, self._previewed)

    def _previewed(self, preview: ImportPreview) -> None:
        self._become(replace(self.state, step="preview", preview=preview))

    def accept(self, matches: Sequence[UnmatchedReference]) -> None:
        """Take likely matches as what was meant; the preview is made again."""
        known = {(m.entity, m.text) for m in self.state.accepted}
        new = [m for m in matches if m.candidate_id is not None and (m.entity, m.text) not in known]
        if new and self.state.preview is not None:
            accepted = (*self.state.accepted, *new)
            self.state = replace(self.state, accepted=accepted)
            params: dict[str, object] = {"preview": self.state.preview, "accepted": accepted}
            self._run("Comparing with the workspace", _repreview, params, self._previewed)

    def accept_all(self) -> None:
        """Take every likely match."""
        if self.state.preview is not None:
            self.accept([m for m in self.state.preview.report.unmatched if m.candidate_id is not None])

    def back(self) -> None:
        """Back to files and columns."""
        self._become(replace(self.state, step="files", fault=None))

    def run_import(self) -> None:
        """Import what was previewed, as one action."""
        if self.state.can_import:
            self._run("Importing", _import, {"preview": self.state.preview}, self._imported)

    def _imported(self, report: ImportReport) -> None:
        self._become(replace(self.state, step="done", report=report, preview=None))

    def undo(self) -> None:
        """Take the import back."""
        report = self.state.report
        if report is not None and report.action_id is not None and not self.state.undone:
            done = self._undone
            self._run("Taking the import back", _undo, {"action": report.action_id}, done)

    def _undone(self, _nothing: object) -> None:
        self._become(replace(self.state, undone=True))


def _best_sheet(file: DraftFile) -> int:
    planned = [i for i, sheet in enumerate(file.sheets) if sheet.plan is not None]
    return planned[0] if planned else max(0, file.inspection.main_sheet)
