"""``salesops …``: reads the command line, runs one job, prints what it returned."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from salesops_desktop.cli import encode, parser, terminal
from salesops_desktop.cli.commands import jobs_for
from salesops_desktop.cli.window_commands import Launcher, window_jobs
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Job, Needs, Report
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.model.errors import Cancelled, FaultsError, SalesOpsError
from salesops_desktop.model.progress import Progress

DONE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str], launcher: Launcher) -> int:
    """Run one command.

    Returns:
        The exit status: 0 done, 1 refused or failed, 2 wrong command line, 130 interrupted.
    """
    try:
        arguments = vars(parser.build(_jobs(argv, launcher)).parse_args(list(argv)))
    except SystemExit as stop:  # argparse has printed its help or its complaint
        return int(stop.code or 0)
    job: Job = arguments.pop("job")
    as_json = bool(arguments.pop("json"))
    errors = Console(stderr=True)
    try:
        with terminal.progress_bar(errors) as progress:
            report = _run(job, arguments, progress)
    except SalesOpsError as error:
        _tell(error, errors, as_json=as_json)
        return REFUSED
    except (Cancelled, KeyboardInterrupt):
        errors.print("Cancelled; nothing was changed.")
        return INTERRUPTED
    if as_json:
        sys.stdout.write(json.dumps(encode.encode(report), ensure_ascii=False, indent=2) + "\n")
    else:
        terminal.show(report, Console(width=None if sys.stdout.isatty() else 160))
    return int(getattr(report, "exit_status", DONE))


def _jobs(argv: Sequence[str], launcher: Launcher) -> list[Job]:
    own = [job for job in window_jobs(launcher) if argv and job.command == argv[0]]
    return own or [*jobs_for(argv), *window_jobs(launcher)]


def _run(job: Job, arguments: dict[str, object], progress: Progress) -> Report:
    workspace = arguments.pop("workspace", None)
    positional = [arguments.pop(name) for name, (p, _) in job.parameters.items() if p.kind is not p.KEYWORD_ONLY]
    if job.needs is Needs.NOTHING or not isinstance(workspace, Path):
        return job.function(JobContext(progress=progress), *positional, **arguments)
    with opened(workspace, read_only=job.needs is Needs.READ, progress=progress) as context:
        return job.function(context, *positional, **arguments)


def _tell(error: SalesOpsError, console: Console, *, as_json: bool) -> None:
    faults = error.faults if isinstance(error, FaultsError) else ()
    if as_json:
        document = {
            "error": error.sentence,
            "faults": [{"where": f.where, "what": f.what, "way_out": f.way_out} for f in faults],
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    console.print(error.sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    for fault in faults:
        line = f"  {fault.where}: {fault.what} {fault.way_out}".rstrip()
        console.print(line, markup=False, highlight=False, soft_wrap=True)
