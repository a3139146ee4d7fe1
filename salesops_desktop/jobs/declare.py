"""One declaration per job: from it come the command, the menu entry, the palette entry and the reference page."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Concatenate, ParamSpec, Protocol, TypeVar, runtime_checkable

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.tables import Table

P = ParamSpec("P")
R = TypeVar("R")


class Needs(StrEnum):
    """What a job needs of the workspace."""

    NOTHING = "nothing"
    READ = "read"
    WRITE = "write"


class Lane(StrEnum):
    """Where the window runs a job."""

    FILE = "file"
    """The one worker that touches the workspace file."""
    FREE = "free"
    """A thread beside it: work that frees the interpreter and needs no file."""


@runtime_checkable
class Report(Protocol):
    """What a job returns: a frozen dataclass that can tell itself in sentences and tables."""

    def summary(self) -> Sequence[str]:
        """What was done, in a few sentences."""

    def tables(self) -> Sequence[Table]:
        """The figures, as tables; may be empty."""


@dataclass(frozen=True, slots=True)
class Job:
    """A declared job."""

    command: str
    """The words of the command line, e.g. ``territories design``; also the job's id."""
    title: str
    """The menu and palette entry, as an imperative."""
    group: str
    """The tab or menu it belongs to: file, data, territories, commissions, forecast, performance."""
    needs: Needs
    lane: Lane
    examples: tuple[str, ...]
    """Command lines for ``--help``, without the program's name."""
    function: Callable[..., Report]

    @property
    def help(self) -> str:
        """The job's docstring."""
        return inspect.getdoc(self.function) or self.title

    @property
    def parameters(self) -> dict[str, tuple[inspect.Parameter, object]]:
        """The parameters after the context, with their resolved types."""
        plain = inspect.unwrap(self.function)
        hints = typing.get_type_hints(plain)
        names = list(inspect.signature(plain).parameters.values())[1:]
        return {p.name: (p, hints[p.name]) for p in names}


REGISTRY: dict[str, Job] = {}
"""All declared jobs by command."""


def job(
    command: str,
    *,
    title: str,
    group: str,
    needs: Needs = Needs.READ,
    lane: Lane = Lane.FILE,
    examples: Sequence[str] = (),
) -> Callable[[Callable[Concatenate[JobContext, P], R]], Callable[Concatenate[JobContext, P], R]]:
    """Declare a typed function as a job. Its first argument is the :class:`JobContext`, its result a Report."""

    def declare(function: Callable[Concatenate[JobContext, P], R]) -> Callable[Concatenate[JobContext, P], R]:
        @functools.wraps(function)
        def run(context: JobContext, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if needs is not Needs.NOTHING:
                workspace = context.workspace
                if needs is Needs.WRITE:
                    workspace.must_be_writable()
            watched = nullcontext() if context.current is None else context.current.watching(context.progress)
            with watched:
                result = function(context, *args, **kwargs)
            context.finish()
            return result

        REGISTRY[command] = Job(
            command, title, group, needs, lane, tuple(examples), typing.cast("Callable[..., Report]", run)
        )
        return run

    return declare
