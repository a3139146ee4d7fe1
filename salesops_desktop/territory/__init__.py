"""The territory engine: arrays in, a balanced, connected, compact assignment with its figures out."""

from salesops_desktop.territory.design import design
from salesops_desktop.territory.figures import Design, edges_within, evaluate
from salesops_desktop.territory.geography import great_circle_km
from salesops_desktop.territory.handover import Handover, handover
from salesops_desktop.territory.problem import DesignProblem
from salesops_desktop.territory.saying import concerns

__all__ = [
    "Design",
    "DesignProblem",
    "Handover",
    "concerns",
    "design",
    "edges_within",
    "evaluate",
    "great_circle_km",
    "handover",
]
