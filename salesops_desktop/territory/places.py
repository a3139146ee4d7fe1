"""The gazetteer and the outlines, for whoever looks for them beside the engine; they live in ``model``."""

from salesops_desktop.model.gazetteer import Gazetteer, Place, Position, Positions, Precision, fold, load_gazetteer
from salesops_desktop.model.outlines import OutlineName, Outlines, load_outlines

__all__ = [
    "Gazetteer",
    "OutlineName",
    "Outlines",
    "Place",
    "Position",
    "Positions",
    "Precision",
    "fold",
    "load_gazetteer",
    "load_outlines",
]
