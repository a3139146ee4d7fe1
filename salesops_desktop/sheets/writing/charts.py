"""Charts with a title, titled axes, alternative text, and their values stored for viewers that do not calculate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from openpyxl.chart.bar_chart import BarChart
from openpyxl.chart.data_source import AxDataSource, NumData, NumVal, StrData, StrRef, StrVal
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.line_chart import LineChart
from openpyxl.chart.reference import Reference
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from salesops_desktop.model.tables import Cell
from salesops_desktop.sheets.writing.blocks import TablePlan
from salesops_desktop.sheets.writing.style import category_color, color, column_format
from salesops_desktop.sheets.writing.text import clean

_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One line (or set of bars) of a chart: a column of a placed table.

    ``dashed`` tells a forecast from history without colour; ``faint`` draws the bounds of an interval. ``shade`` is a
    colour role of the tokens instead of the next colour. ``hidden`` bars carry those stacked on them.
    """

    column: str
    dashed: bool = False
    faint: bool = False
    shade: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart of a placed table.

    Attributes:
        title: what it shows.
        x_title: the title of the category axis.
        y_title: the title of the value axis, with its unit.
        categories: the column along the category axis, of text (period names).
        lines: what is drawn.
        description: the alternative text: what a person who cannot see the chart should know.
        kind: lines, bars side by side, or bars stacked on each other.
        width: centimetres.
        height: centimetres.
    """

    title: str
    x_title: str
    y_title: str
    categories: str
    lines: tuple[Line, ...]
    description: str
    kind: Literal["line", "bar", "stacked"] = "line"
    width: float = 22.0
    height: float = 9.5
    rows: int = 0
    """How many rows of the table to draw, from the first; 0 for all."""


def make_chart(spec: ChartSpec, plan: TablePlan, worksheet: Any) -> Any:
    """The openpyxl chart of ``spec`` over the placed table ``plan``, which lies on ``worksheet``."""
    count = spec.rows or len(plan.table)
    chart: Any = LineChart() if spec.kind == "line" else BarChart()
    if spec.kind == "stacked":
        chart.grouping, chart.overlap = "stacked", 100
    if spec.kind != "line":
        chart.gapWidth = 60
    chart.title = clean(spec.title)[0]
    chart.title.overlay = False
    chart.x_axis.title, chart.y_axis.title = clean(spec.x_title)[0], clean(spec.y_title)[0]
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False  # else newer versions of Excel hide it
        axis.title.overlay = False
    chart.width, chart.height = spec.width, spec.height
    if sum(not line.hidden for line in spec.lines) > 1:
        chart.legend.position = "b"
        unnamed = [LegendEntry(idx=i, delete=True) for i, line in enumerate(spec.lines) if line.hidden]
        chart.legend.legendEntry = unnamed
    else:
        chart.legend = None
    chart.y_axis.number_format = _axis_format(plan, [line.column for line in spec.lines])
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=color("grid_line"), w=6350))
    chart.x_axis.tickLblPos = "low"
    _thin_labels(chart, count)
    labels = _categories(spec.categories, plan, worksheet, count)
    for index, line in enumerate(spec.lines):
        chart.series.append(_series(line, index, spec.kind, plan, worksheet, labels, count))
    chart.layout = Layout(manualLayout=ManualLayout(h=0.62, w=0.84, x=0.11, y=0.15))
    chart.description = clean(spec.description)[0]
    return chart


def _axis_format(plan: TablePlan, names: Sequence[str]) -> str:
    values = [plan.table[name].cell(i) for name in names for i in range(len(plan.table))]
    if any(abs(float(value)) >= 1_000 for value in values if isinstance(value, (int, float, Decimal))):
        return "#,##0"  # cents only crowd an axis of thousands
    given = plan.formats.get(names[0], column_format(plan.table[names[0]], with_code=False))
    return (given if isinstance(given, str) else given[0]).split(' "')[0]


def _thin_labels(chart: Any, points: int) -> None:
    if points > 24:
        chart.x_axis.tickLblSkip = -(-points // 12)
        chart.x_axis.tickMarkSkip = chart.x_axis.tickLblSkip


def _series(
    line: Line, index: int, kind: str, plan: TablePlan, worksheet: Any, labels: AxDataSource, count: int
) -> Any:
    place = plan.place(line.column)
    reference = Reference(worksheet, min_col=place, min_row=plan.first, max_row=plan.row + count)
    series: Any = SeriesFactory(reference, title=plan.label(line.column))
    series.cat = labels
    series.val.numRef.numCache = _numbers([plan.table[line.column].cell(i) for i in range(count)])
    shade = color(line.shade or "text_muted") if line.shade or line.faint else category_color(index)
    if kind != "line":
        series.graphicalProperties = (
            GraphicalProperties(noFill=True) if line.hidden else GraphicalProperties(solidFill=shade)
        )
        series.invertIfNegative = False
        return series
    series.smooth = False
    series.marker.symbol = "none" if line.faint or count > 40 else "circle"
    series.marker.size = 5
    series.marker.graphicalProperties = GraphicalProperties(solidFill=shade, ln=LineProperties(solidFill=shade))
    series.graphicalProperties = GraphicalProperties(
        ln=LineProperties(
            solidFill=shade, w=9525 if line.faint else 25400, prstDash="sysDash" if line.dashed or line.faint else None
        )
    )
    return series


def _categories(name: str, plan: TablePlan, worksheet: Any, count: int) -> AxDataSource:
    place = plan.place(name)
    reference = Reference(worksheet, min_col=place, min_row=plan.first, max_row=plan.row + count)
    values = [plan.table[name].cell(i) for i in range(count)]
    points = [StrVal(idx=i, v=clean(str(v))[0]) for i, v in enumerate(values[:_MOST_POINTS]) if v is not None]
    return AxDataSource(strRef=StrRef(f=str(reference), strCache=StrData(ptCount=len(values), pt=points)))


def _numbers(values: Sequence[Cell]) -> NumData:
    points = [NumVal(idx=i, v=str(v)) for i, v in enumerate(values[:_MOST_POINTS]) if v is not None]
    return NumData(formatCode="General", ptCount=len(values), pt=points)
