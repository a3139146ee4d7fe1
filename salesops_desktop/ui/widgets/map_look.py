"""What colour everything on the map has: groups, what is marked, what stands out, where something is about to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.model.tokens import ThemeTokens
from salesops_desktop.ui.widgets.map_heat import Measure
from salesops_desktop.ui.widgets.map_render import Look, Pixels, Plate, argb, blend
from salesops_desktop.ui.widgets.map_scene import Ints

Mask = npt.NDArray[np.bool_]
_LAND: Final = {"light": 0.40, "dark": 0.42}
"""How strongly a group's colour tints its land."""
_TARGET: Final = 0.78
_FADED_LAND: Final = 0.10
_FADED_POINT: Final = 0.30


@dataclass(slots=True)
class Marks:
    """What is picked out on the map.

    Attributes:
        points: which points are selected, or None.
        areas: ids of the selected areas.
        bright: groups that stand out while the others fade; all alike where empty.
        target: the group the selection would go to; -1 for none.
    """

    points: Mask | None = None
    areas: frozenset[str] = frozenset()
    bright: frozenset[int] = field(default_factory=frozenset)
    target: int = -1

    def rows(self, count: int) -> Ints:
        """The selected rows of ``count`` points."""
        if self.points is None or len(self.points) != count:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.points)


def look_of(
    plate: Plate,
    group: Ints,
    colors: Ints,
    marks: Marks,
    areas: Mapping[str, Sequence[str | None]],
    measure: Measure | None,
    tokens: ThemeTokens,
) -> Look:
    """The colours of a plate.

    Args:
        plate: the view.
        group: group number per point.
        colors: colour number per group.
        marks: what is picked out.
        areas: colours of the features of layers, by the layer's name.
        measure: the heat shown, or None.
        tokens: the theme.
    """
    count = max(int(group.max(initial=-1)) + 1, len(colors), marks.target + 1)
    shades = [tokens.category(int(colors[i])) if i < len(colors) else tokens.category(i) for i in range(count)]
    land, core = _group_shades(shades, marks, tokens)
    going = group
    points = marks.points if marks.points is not None and len(marks.points) == len(group) else None
    if points is not None and marks.target >= 0:
        going = np.where(points, marks.target, group)  # how it would look
    cores = core[going]
    rims = np.full(len(group), argb(tokens.color("map_rim")), dtype=np.uint32)
    shown = None
    if points is not None:
        rims[points] = argb(tokens.color("map_text"))
    levels = None
    if measure is not None and plate.heat is not None:
        levels = plate.heat.colors(measure.ramp(tokens))
        shown = points if points is not None else np.zeros(len(group), dtype=np.bool_)
    features = _features(plate, areas, marks, tokens)
    return Look(features, land, argb(tokens.color("map_edge")), going, cores, rims, levels, shown, _going(plate, marks))


def _going(plate: Plate, marks: Marks) -> Ints | None:
    """The group of each feature, the selected ones where they would go."""
    areas = plate.scene.areas
    if areas is None or marks.target < 0 or not marks.areas:
        return areas
    areas = areas.copy()
    for each in plate.scene.shapes:
        if each.layer.role == "areas":
            picked = np.isin(np.array(each.layer.outlines.ids), list(marks.areas))
            areas[each.first_id + np.flatnonzero(picked)] = marks.target
    return areas


def _group_shades(shades: Sequence[str], marks: Marks, tokens: ThemeTokens) -> tuple[Pixels, Pixels]:
    """Colours of land and of points by group; the last of each is for those in no group."""
    ground, plain = tokens.color("map_land"), _LAND[tokens.name]
    land = np.zeros(len(shades) + 1, dtype=np.uint32)
    core = np.zeros(len(shades) + 1, dtype=np.uint32)
    for i, shade in enumerate(shades):
        faded = bool(marks.bright) and i not in marks.bright
        strength = _TARGET if i == marks.target else _FADED_LAND if faded else plain
        land[i] = blend(shade, ground, strength)
        core[i] = blend(shade, ground, _FADED_POINT) if faded and i != marks.target else argb(shade)
    land[-1] = argb(ground)
    core[-1] = argb(tokens.color("border_strong"))
    return land, core


def _features(plate: Plate, areas: Mapping[str, Sequence[str | None]], marks: Marks, tokens: ThemeTokens) -> Pixels:
    """Colours by feature id: water, plain land, coloured areas, selected areas."""
    shapes = plate.scene.shapes
    fills = np.full(1 + sum(len(s.layer.outlines) for s in shapes), argb(tokens.color("map_water")), dtype=np.uint32)
    for each in shapes:
        part = fills[each.first_id : each.first_id + len(each.layer.outlines)]
        part[:] = argb(tokens.color("map_land"))
        for place, shade in enumerate(areas.get(each.layer.name, ())):
            if shade is not None:
                part[place] = argb(shade)
        if each.layer.role == "areas" and marks.areas and plate.scene.areas is None:
            for place, name in enumerate(each.layer.outlines.ids):
                if name in marks.areas:
                    part[place] = argb(tokens.color("accent"))
    return fills
