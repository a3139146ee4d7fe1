"""The map of the accounts: coloured by territory or by heat, sized by a measure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QLocale, QRectF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.layers import COLOURS, SIZES, layer_called, round_steps, values_of, writer
from salesops_desktop.ui.tabs.territories.layers_bar import LayersBar
from salesops_desktop.ui.tabs.territories.picture import ALIKE_SIZE, disc_scale, disc_sizes, lands_of
from salesops_desktop.ui.tabs.territories.presenter import Shown, TerritoryState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.map import MapView
from salesops_desktop.ui.widgets.map_heat import AREA_KM2, Measure
from salesops_desktop.ui.widgets.map_overlay import Legend
from salesops_desktop.ui.widgets.map_scene import Layer

_MOST_NAMED = 12
"""So many territories fit a legend; more are named on the map itself."""


class MapPane(MapView):
    """Draws scenarios.

    Args:
        formats: how figures are written.
        parent: Qt's parent.
    """

    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent, QLocale())
        self._formats = formats
        self._scenario: Shown | None = None
        self._bright: tuple[str, ...] = ()
        self._layer_names: tuple[str, ...] = ()
        self.layers = LayersBar(self)
        self.layers.move(8, 8)
        self.layers.changed.connect(self._layers_chosen)
        self.setAccessibleName(tr("Map of accounts by territory"))
        self.set_fill(True)
        self.colored.connect(self.retheme)

    def render_state(self, state: TerritoryState) -> None:
        """Show a state; draws anew only what is different."""
        shown = state.shown
        self.layers.setVisible(shown is not None)
        if shown is None:
            if self._scenario is not None:
                self.clear()
                self._scenario = None
            return
        bright = state.selection.territories
        if shown is not self._scenario:
            self._draw(shown, bright)
        elif bright != self._bright:
            self.set_bright([shown.picture.names.index(name) for name in bright])
        self._bright = bright
        marked = () if bright else state.selection.accounts
        if self.selected_keys() != list(marked):
            self.set_selection(marked)

    def _draw(self, shown: Shown, bright: tuple[str, ...]) -> None:
        picture, old = shown.picture, self._scenario
        same = old is not None and old.picture.like(picture) and self.group_names == picture.names
        self._scenario = shown
        if same:
            self.recolor(picture.place)
            if picture.areas is not None:
                self.set_area_groups(*picture.areas)
        else:
            # First: they decide the projection of the outlines.
            self.set_points(picture.lon, picture.lat, picture.place, self._sizes(), self._label, picture.keys)
            self._draw_outlines(shown)
            self.set_groups(picture.names)
        self.set_bright([picture.names.index(name) for name in bright])
        self._show_heat()
        self.set_legend(self._legend_of(shown))

    def _draw_outlines(self, shown: Shown) -> None:
        """The outlines, and the areas among them that were handed out."""
        picture = shown.picture
        areas = "" if picture.areas is None else picture.areas[0]
        names = (*(name for name, _ in picture.outlines), areas)
        if names != self._layer_names:
            self._layer_names = names
            self.set_outlines(
                [
                    Layer(name, made, "areas" if name == areas else "land", lands_of(name, made))
                    for name, made in picture.outlines
                ]
            )
        if picture.areas is not None:
            self.set_area_groups(*picture.areas)

    def show_places(self, place: np.ndarray[tuple[int], np.dtype[np.int64]], names: Sequence[str]) -> None:
        """Show the accounts of the scenario in other territories, while a design is being made."""
        self.recolor(place)
        if tuple(names) != self.group_names:
            self.set_groups(names)

    def show_scenario(self) -> None:
        """Show the accounts where the scenario has them again."""
        if self._scenario is not None:
            self.show_places(self._scenario.picture.place, self._scenario.picture.names)

    def look_closer(self, territories: Sequence[str]) -> None:
        """Bring some territories near."""
        if self._scenario is not None:
            self.fit_points(self._scenario.picture.keys_in(territories))

    # ------------------------------------------------------------------ layers

    def _layers_chosen(self) -> None:
        if self._scenario is not None:
            self.resize_points(self._sizes())
            self._show_heat()
            self.set_legend(self._legend_of(self._scenario))

    def _sizes(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        assert self._scenario is not None
        accounts = self._scenario.report.accounts
        values = values_of(layer_called(self.layers.sizes.currentData(), SIZES), accounts)
        return np.full(len(accounts), ALIKE_SIZE) if values is None or not values.any() else disc_sizes(values)

    def _show_heat(self) -> None:
        if self._scenario is None:
            return
        accounts = self._scenario.report.accounts
        layer = layer_called(self.layers.colour.currentData(), COLOURS)
        values = values_of(layer, accounts)
        if values is None:
            self.set_heat(None)
            return
        write = writer(layer, accounts, self._formats)
        area = self._formats.integer(int(AREA_KM2))
        title = tr("{measure} per {area} km²", measure=tr(accounts[layer.column].label), area=area)
        self.set_heat(Measure(values, title, write, layer.cool))

    def _legend_of(self, shown: Shown) -> Legend:
        """Territories with their colours while there are few (more are named on the map), and what sizes mean."""
        names = shown.picture.names
        entries: list[tuple[str, str]] = []
        if 1 < len(names) <= _MOST_NAMED:
            colors = [self.color_of(place) for place in range(len(names))]
            entries = [(name, color) for name, color in zip(names, colors, strict=True) if color is not None]
        accounts = shown.report.accounts
        layer = layer_called(self.layers.sizes.currentData(), SIZES)
        values = values_of(layer, accounts)
        heat = layer_called(self.layers.colour.currentData(), COLOURS).column
        if heat or values is None or not values.any():  # with heat there are no discs
            return Legend(entries=tuple(entries))
        write = writer(layer, accounts, self._formats)
        scale = disc_scale(values)
        steps = round_steps(scale)
        sizes = tuple((write(step), float(disc_sizes(np.array([step]), scale)[0])) for step in steps)
        return Legend(entries=tuple(entries), sizes_title=tr(accounts[layer.column].label), sizes=sizes)

    # ------------------------------------------------------------------ words

    def _label(self, row: int) -> str:
        if self._scenario is None:
            return ""
        accounts = self._scenario.report.accounts

        def cell(name: str) -> str:
            return self._formats.cell(accounts[name])(row) if name in accounts.names else ""

        owner, territory = cell("from_person"), cell("territory")
        lines = [cell("account"), ", ".join(part for part in (cell("city"), cell("country")) if part)]
        lines.append(tr("Territory: {name}", name=territory or tr("none")))
        if owner and owner != territory:
            lines.append(tr("Owner today: {name}", name=owner))
        lines.append(tr("Potential: {amount}", amount=cell("potential")))
        if cell("white_space"):
            lines.append(tr("Not won of it: {amount}", amount=cell("white_space")))
        return "\n".join(line for line in lines if line)

    def retheme(self) -> None:
        """Colours of the legend follow the theme."""
        if self._scenario is not None:
            self.set_legend(self._legend_of(self._scenario))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """The choices keep to their corner."""
        super().resizeEvent(event)
        self.layers.adjustSize()

    def _kept_free(self) -> list[QRectF]:
        return [*super()._kept_free(), QRectF(self.layers.geometry())]

    def take_picture(self) -> Callable[[], Path]:
        """Take what the map shows, without its buttons; the answer writes it to a file, on any thread."""
        self.tools.hide()
        self.layers.hide()
        try:
            image = self.grab().toImage()
        finally:
            self.tools.show()
            self.layers.show()

        def write() -> Path:
            with tempfile.NamedTemporaryFile(prefix="map-", suffix=".png", delete=False) as file:
                path = Path(file.name)
            image.save(str(path))
            return path

        return write
