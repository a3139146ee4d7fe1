"""The layers of the map: which column of the accounts each shows, and how its figures are written. No Qt in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.widgets.formats import Formats

Floats = npt.NDArray[np.float64]
TERRITORIES: Final = "territories"
ALIKE: Final = "alike"


@dataclass(frozen=True, slots=True)
class MapLayer:
    """One entry of a choice.

    Attributes:
        name: how the code calls it.
        label: how the choice calls it.
        column: the accounts' column, empty for none.
        cool: whether its heat is shown in cool colours.
    """

    name: str
    label: str
    column: str = ""
    cool: bool = False


COLOURS: Final = (
    MapLayer(TERRITORIES, "Territories"),
    MapLayer("potential", "Heat of potential", "potential"),
    MapLayer("workload", "Heat of workload", "workload"),
    MapLayer("open", "Heat of open pipeline", "open"),
    MapLayer("white_space", "White space (not won)", "white_space", cool=True),
)
SIZES: Final = (
    MapLayer("potential", "Potential", "potential"),
    MapLayer("workload", "Workload", "workload"),
    MapLayer("open", "Open pipeline", "open"),
    MapLayer("white_space", "White space", "white_space"),
    MapLayer(ALIKE, "All alike"),
)


def layer_called(name: str, layers: tuple[MapLayer, ...]) -> MapLayer:
    """The layer of a name, the first where there is none."""
    return next((layer for layer in layers if layer.name == name), layers[0])


def values_of(layer: MapLayer, accounts: Table) -> Floats | None:
    """What a layer shows of each account, not below 0; None for a layer without a column, or one not known here."""
    if not layer.column or layer.column not in accounts.names:
        return None
    column = accounts[layer.column]
    known = np.nan_to_num(np.asarray(column.values, dtype=np.float64))
    if column.missing is not None:
        known = np.where(column.missing, 0.0, known)
    return np.maximum(known, 0.0)


def writer(layer: MapLayer, accounts: Table, formats: Formats) -> Callable[[float], str]:
    """Writes a figure of a layer with its unit, short."""
    currency = accounts[layer.column].currency if layer.column in accounts.names else None
    if currency:
        return lambda value: formats.short_money(value, currency)
    unit = " h" if layer.column == "workload" else ""

    def write(value: float) -> str:
        digits = 0 if value >= 10 or value == 0 else 1
        return formats.number(value, digits) + unit

    return write


def round_steps(largest: float) -> tuple[float, float, float]:
    """Three round values for a legend of sizes, the last not above ``largest``."""
    if largest <= 0:
        return 0.0, 0.0, 0.0
    power = 10.0 ** np.floor(np.log10(largest))
    top = next(step * power for step in (5, 2, 1) if step * power <= largest)
    return float(top / 20), float(top / 4), float(top)
