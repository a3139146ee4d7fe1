"""The overview's forecasts are kept, of the company or of a part of it, so that they can be scored."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.forecast_keeping import (
    Head,
    KeptNode,
    Points,
    keep,
    keep_pipeline,
    node_key,
    pipeline_points,
    recorded,
)
from salesops_desktop.jobs.forecast_overview_report import Overview
from salesops_desktop.jobs.pipeline_frames import Pipeline, Selection

_METHODS = {"series": "running period", "combined": "combination", "judgement": "own numbers"}


def key_of(selection: Selection, loaded: Pipeline) -> str:
    """The key of a selection's node, as trees of nodes have it.

    Args:
        selection: the part of the company.
        loaded: tells families from products.
    """
    key = {"region": selection.region, "team": selection.team, "manager": selection.manager, "person": selection.owner}
    if selection.product is not None:
        wanted = selection.product.strip().casefold()
        deals = loaded.opportunities
        family = deals.loc[deals["family"].astype("string").str.casefold() == wanted, "family"]
        own = deals.loc[deals["product"].astype("string").str.casefold() == wanted, ["family", "product"]]
        if len(family):
            key["family"] = str(family.iloc[0])
        elif len(own):
            key["family"], key["product"] = own["family"].iloc[0], str(own["product"].iloc[0])
    return node_key({name: value for name, value in key.items() if value is not None and not pd.isna(value)})


def keep_overview(
    context: JobContext, found: Overview, loaded: Pipeline, per_won: float, key: str, origin: str
) -> Overview:
    """Keep the overview's forecasts, each once.

    Args:
        context: of a writable workspace.
        found: the overview.
        loaded: the pipeline it was made of.
        per_won: what the actuals count for each unit won.
        key: the node's, see :func:`key_of`.
        origin: ``shown`` or ``rebuilt``.
    """
    ids = []
    verb = "Forecast" if origin == "shown" else "Rebuild the forecast of"
    whose = "" if found.selection.whole else f" of {found.selection}"
    said = (found.series, found.combined, found.judgement if origin == "shown" else None)
    with recorded(context, f"{verb} {found.period.label}{whose} as of {found.as_of}", origin) as unit:
        for outlook in said:
            if outlook is None:
                continue
            document: dict[str, object] = {"sentences": [outlook.reason], "weight": outlook.weight}
            head = _head(found, outlook.kind, _METHODS[outlook.kind], document, origin)
            ends = [{level: np.array([side[level]]) for level in side} for side in (outlook.lower, outlook.upper)]
            points = Points([found.period], np.array([outlook.mean]), *ends)
            ids.append(keep(unit.connection, head, *_placed(points, key, head.method)))
        if found.forecast is not None and found.selection.whole:
            ids.append(
                keep_pipeline(
                    unit.connection, found.forecast, loaded.opportunities, found.currency, per_won=per_won,
                    source=found.source.value, origin=origin,
                )
            )  # fmt: skip
        elif found.forecast is not None:
            document = {"sentences": list(found.forecast.sentences), "per_won": per_won}
            head = _head(found, "pipeline", found.forecast.method, document, origin)
            points = pipeline_points(found.forecast, per_won)
            ids.append(keep(unit.connection, head, *_placed(points, key, head.method)))
    return replace(found, kept=tuple(ids))


def _head(found: Overview, kind: str, method: str, document: dict[str, object], origin: str) -> Head:
    report = {"source": found.source.value, **document}
    period = found.period.kind.value
    return Head(kind, "bookings", period, found.as_of, method, found.currency, report, origin=origin)


def _placed(points: Points, key: str, method: str) -> tuple[Points, list[KeptNode]]:
    """The points as the company's, or as those of its one node that was asked about."""
    place: dict[str, str] = json.loads(key)
    if not place:
        return points, []
    dimension, label = list(place.items())[-1]
    node = KeptNode(1, 0, len(place), dimension, label, place, None, method, naive_wins=False, report={}, points=points)
    return Points([], np.zeros(0)), [node]
