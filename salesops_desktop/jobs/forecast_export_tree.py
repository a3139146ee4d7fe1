"""The forecast of a hierarchy as its workbook wants it: one level a sheet, each the sum of the one below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from salesops_desktop.forecast.reconciliation_race import LABELS
from salesops_desktop.jobs.forecast_node_report import Matrix, Node, NodesReport
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.sheets.writing import forecast_records as sheet

_SEASONS = {PeriodKind.WEEK: 52, PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 1}
_MANY = {"company": "Company", "person": "People", "family": "Families", "country": "Countries"}


@dataclass(frozen=True, slots=True)
class _Rank:
    """The nodes of one level, and the names of their keys."""

    keys: tuple[str, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Sum:
    """The level that another one is the sum of, and by the numbers of its nodes the node each is counted in."""

    below: int
    parents: Mapping[int, int]


def tree_of(report: NodesReport) -> sheet.Tree:
    """The workbook's levels. A level whose sums cannot be told from one below holds the program's own figures."""
    ranks = _ranks(report)
    sums = [_sum_of(report, ranks, place) for place in range(len(ranks))]
    before = _year_before(report)
    levels = []
    for place, rank in enumerate(ranks):
        feeds = [i for i, found in enumerate(sums) if found is not None and found.below == place]
        carried = [found.parents for i in feeds if (found := sums[i]) is not None]
        rows = tuple(_row(report, node, rank, carried, before) for node in rank.nodes)
        below = sums[place]
        headings = tuple(key.title() for key in rank.keys) or ("Company",)
        levels.append(
            sheet.Level(_name(rank.nodes[0]), headings, None if below is None else below.below, tuple(feeds), rows)
        )
    how = LABELS.get(report.reconciliation, report.reconciliation.replace("_", " "))
    return sheet.Tree(
        report.currency, report.measure.capitalize(), tuple(p.label for p in report.future), tuple(levels),
        bool(report.fixed), f"The levels were made to add up by this way, chosen by back-test: {how}.",
    )  # fmt: skip


def _ranks(report: NodesReport) -> list[_Rank]:
    found: dict[int, list[Node]] = {}
    for node in report.nodes:
        found.setdefault(node.level, []).append(node)
    ranks = []
    for number in sorted(found):
        nodes = tuple(found[number])
        keys = tuple(level for level in report.levels if level in nodes[0].key)
        ranks.append(_Rank(keys, nodes))
    return ranks


def _name(node: Node) -> str:
    parts = [_MANY.get(part, part.capitalize() + "s") for part in node.dimension.split(" × ")]
    return " × ".join(parts)


def _sum_of(report: NodesReport, ranks: Sequence[_Rank], place: int) -> _Sum | None:
    """The nearest level below with all keys of this one and more, where its nodes really add up to this one's."""
    own = ranks[place]
    known = {tuple(node.key[key] for key in own.keys): node.number for node in own.nodes}
    finer = [i for i in range(place + 1, len(ranks)) if set(own.keys) < set(ranks[i].keys)]
    for below in sorted(finer, key=lambda i: (len(ranks[i].keys), i)):
        held = [(node.number, known.get(tuple(node.key[k] for k in own.keys))) for node in ranks[below].nodes]
        parents = {number: parent for number, parent in held if parent is not None}
        if len(parents) == len(held) and _adds_up(report, parents, own):
            return _Sum(below, parents)
    return None


def _adds_up(report: NodesReport, parents: Mapping[int, int], own: _Rank) -> bool:
    numbers, inside = np.array(list(parents)), np.array(list(parents.values()))
    for values in (report.mean, report.adjusted, report.history):
        sums = np.zeros_like(values)
        np.add.at(sums, inside, values[numbers])
        rows = [node.number for node in own.nodes]
        if not np.array_equal(sums[rows], values[rows]):
            return False
    return True


def _year_before(report: NodesReport) -> Matrix | None:
    """(n,) what the periods ahead brought a year before; None where the history is too short for all of them."""
    season, ahead = _SEASONS[report.period], len(report.future)
    start = len(report.periods) - season
    if start < 0 or ahead > season:
        return None
    return np.asarray(report.history[:, start : start + ahead].sum(axis=1))


def _row(
    report: NodesReport, node: Node, rank: _Rank, carried: Sequence[Mapping[int, int]], before: Matrix | None
) -> sheet.NodeRow:
    n = node.number
    ends = [int(side[80][n]) if 80 in side else None for side in (report.total_lower, report.total_upper)]
    return sheet.NodeRow(
        n, tuple(parents[n] for parents in carried), tuple(node.key[key] for key in rank.keys) or ("Company",),
        None if before is None else int(before[n]), tuple(report.mean[n].tolist()), tuple(report.adjusted[n].tolist()),
        ends[0], ends[1], report.method_label(n), report.wape(n), " ".join(report.node_notes[n]),
    )  # fmt: skip
