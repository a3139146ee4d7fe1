"""The argument parser, made from the jobs' declarations."""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import inspect
import re
import types
import typing
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from salesops_desktop import __version__
from salesops_desktop.jobs.declare import Job, Needs

PROGRAM = "salesops"


def build(jobs: Iterable[Job]) -> argparse.ArgumentParser:
    """A parser with one command per job; ``territories design`` becomes a command with a sub-command."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Territories, commissions and forecasts for sales operations: every job without a window.",
        epilog=f"Start with: {PROGRAM} sample company.salesops   then: {PROGRAM} kpis company.salesops\n"
        "Exit status: 0 done, 1 the input was refused or the job failed, 2 the command line was wrong.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for job in jobs:
        first, _, second = job.command.partition(" ")
        if second and first not in groups:
            group = commands.add_parser(first, help=f"commands about {first}")
            groups[first] = group.add_subparsers(title="commands", metavar="command", required=True)
        place = groups[first] if second else commands
        _add_job(place, second or first, job)
    return parser


def _add_job(place: argparse._SubParsersAction[argparse.ArgumentParser], name: str, job: Job) -> None:
    text, described = split_docstring(job.help)
    examples = "\n".join(f"  {PROGRAM} {line}" for line in job.examples)
    parser = place.add_parser(
        name,
        help=job.title[0].lower() + job.title[1:],
        description=text,
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if job.needs is not Needs.NOTHING:
        parser.add_argument("workspace", type=Path, help="the workspace file (*.salesops)")
    for parameter, annotation in job.parameters.values():
        _add_parameter(parser, parameter, annotation, described.get(parameter.name, ""))
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(job=job)


def split_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The description of a Google-style docstring, and its ``Args`` by name."""
    body, _, rest = text.partition("\nArgs:\n")
    described: dict[str, str] = {}
    section = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
    name = ""
    for line in section.splitlines():
        match = re.match(r"^ {4}(\w+): (.*)$", line)
        if match:
            name = match[1]
            described[name] = match[2].strip()
        elif name and line.strip():
            described[name] += " " + line.strip()
    body = re.split(r"\n(?:Returns|Raises):\n", body)[0]
    return body.strip(), described


def _add_parameter(
    parser: argparse.ArgumentParser, parameter: inspect.Parameter, annotation: object, text: str
) -> None:
    kind, optional, many = unwrap(annotation)
    help_text = text.replace("%", "%%") or None
    positional = parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    if positional:
        required = parameter.default is inspect.Parameter.empty
        nargs = "+" if many else (None if required else "?")
        extra = {} if required else {"default": parameter.default}
        parser.add_argument(parameter.name, type=_reader(kind), nargs=nargs, help=help_text, **extra)
        return
    flag = f"--{parameter.name.rstrip('_').replace('_', '-')}"
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    if kind is bool:
        action = argparse.BooleanOptionalAction if default else "store_true"
        parser.add_argument(flag, dest=parameter.name, action=action, default=bool(default), help=help_text)
        return
    choices = [member.value for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else None
    shown = kind.__name__ if isinstance(kind, type) else "value"
    parser.add_argument(
        flag,
        dest=parameter.name,
        type=_reader(kind),
        nargs="+" if many else None,
        default=default,
        required=parameter.default is inspect.Parameter.empty and not optional,
        help=help_text,
        metavar="{" + ",".join(choices) + "}" if choices else shown.upper(),
    )


def unwrap(annotation: object) -> tuple[object, bool, bool]:
    """The plain type of an annotation, whether it may be None, and whether it is a list."""
    optional = many = False
    kind = annotation
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        optional = len(parts) < len(typing.get_args(kind))
        kind = parts[0]
    if typing.get_origin(kind) in (list, tuple, typing.get_origin(typing.Sequence[int])):
        many = True
        kind = typing.get_args(kind)[0]
    return kind, optional, many


def _reader(kind: object) -> typing.Callable[[str], object]:
    if kind is dt.date:
        return read_date
    if isinstance(kind, type) and issubclass(kind, Enum):
        return functools.partial(read_choice, kind)
    if kind in (int, float, str, Path):
        return typing.cast("typing.Callable[[str], object]", kind)
    message = f"No way to read a {kind} from the command line."
    raise TypeError(message)


def read_choice(kind: type[Enum], text: str) -> Enum:
    """Read one of a closed list.

    Raises:
        argparse.ArgumentTypeError: it is none of them.
    """
    try:
        return kind(text)
    except ValueError:
        message = f"{text!r} is none of {', '.join(str(member.value) for member in kind)}."
        raise argparse.ArgumentTypeError(message) from None


def read_date(text: str) -> dt.date:
    """Read an ISO date.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date; write it as 2026-09-30."
        raise argparse.ArgumentTypeError(message) from None
