"""The map of the accounts, coloured by territory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.picture import disc_sizes, lands_of
from salesops_desktop.ui.tabs.territories.presenter import Shown, TerritoryState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.map import MapView
from salesops_desktop.ui.widgets.map_overlay import Legend, legend_of
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
        self.setAccessibleName(tr("Map of accounts by territory"))
        self.set_fill(True)
        self.colored.connect(self.retheme)

    def render_state(self, state: TerritoryState) -> None:
        """Show a state; draws anew only what is different."""
        shown = state.shown
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
        picture = shown.picture
        sizes = disc_sizes(shown.report.accounts["potential"].values)
        # First: they decide the projection of the outlines.
        self.set_points(picture.lon, picture.lat, picture.place, sizes, self._label, picture.keys)
        names = tuple(name for name, _ in picture.outlines)
        if names != self._layer_names:
            self._layer_names = names
            self.set_outlines([Layer(name, made, lands=lands_of(name, made)) for name, made in picture.outlines])
        self.set_groups(picture.names)
        self.set_bright([picture.names.index(name) for name in bright])
        self.set_legend(self._legend_of(shown))
        self._scenario = shown

    def look_closer(self, territories: Sequence[str]) -> None:
        """Bring some territories near."""
        if self._scenario is not None:
            self.fit_points(self._scenario.picture.keys_in(territories))

    def _legend_of(self, shown: Shown) -> Legend:
        """Names with their colours while there are few; more are named on the map itself."""
        names = shown.picture.names
        if not 1 < len(names) <= _MOST_NAMED:
            return Legend()
        colors = [self.color_of(place) for place in range(len(names))]
        known = [(name, color) for name, color in zip(names, colors, strict=True) if color is not None]
        return legend_of("", [name for name, _ in known], [color for _, color in known])

    def _label(self, row: int) -> str:
        if self._scenario is None:
            return ""
        accounts = self._scenario.report.accounts

        def cell(name: str) -> str:
            return self._formats.cell(accounts[name])(row)

        owner, territory = cell("from_person"), cell("territory")
        lines = [cell("account"), ", ".join(part for part in (cell("city"), cell("country")) if part)]
        lines.append(tr("Territory: {name}", name=territory or tr("none")))
        if owner and owner != territory:
            lines.append(tr("Owner today: {name}", name=owner))
        lines.append(tr("Potential: {amount}", amount=cell("potential")))
        return "\n".join(line for line in lines if line)

    def retheme(self) -> None:
        """Colours of the legend follow the theme."""
        if self._scenario is not None:
            self.set_legend(self._legend_of(self._scenario))

    def save_picture(self) -> Path:
        """Write what the map shows, without its buttons, to a file of its own; the caller deletes it."""
        self.tools.hide()
        try:
            self.draw_now()
            image = self.grab()
        finally:
            self.tools.show()
        with tempfile.NamedTemporaryFile(prefix="map-", suffix=".png", delete=False) as file:
            path = Path(file.name)
        image.save(str(path), "PNG")
        return path
