"""The catalogue: forty products of six families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FAMILIES: dict[str, tuple[str, float, float, tuple[str, ...]]] = {
    # family: (code, cheapest list price in major units, cost share, models)
    "Nexa Sensors": ("NX", 90.0, 0.46, ("Mini", "Flow", "Heat", "Press", "Level", "Vibe", "Multi")),
    "Orbit Gateways": ("OR", 420.0, 0.52, ("One", "Duo", "Field", "Rack", "Edge", "Secure", "Ultra")),
    "Pulse Drives": ("PL", 1_150.0, 0.58, ("100", "200", "400", "400 XT", "800", "800 XT", "1200")),
    "Lumen Analytics": ("LM", 2_400.0, 0.17, ("Start", "Team", "Plant", "Group", "Insight", "Forecast")),
    "Atlas Platform": ("AT", 7_800.0, 0.21, ("Core", "Plus", "Suite", "Twin", "Connect", "Control")),
    "Care Services": ("CR", 650.0, 0.63, ("Basic", "Extended", "Premium", "Onsite", "Training", "Migration", "Audit")),
}
"""Service contracts cost most to deliver, software least."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product; money in minor units, the same number in both currencies."""

    number: int
    code: str
    name: str
    family: str
    list_price: int
    unit_cost: int
    active: bool
    ease: float
    """How much likelier than average it is won, on the log-odds scale."""


def make_products(rng: np.random.Generator) -> tuple[Product, ...]:
    """Make the catalogue; prices rise within a family, two products are no longer sold."""
    made: list[Product] = []
    for family, (code, price, cost_share, models) in FAMILIES.items():
        brand, steps = family.split()[0], np.cumprod(rng.uniform(1.25, 1.75, len(models)))
        for i, model in enumerate(models):
            listed = round(price * float(steps[i]) / 5) * 500
            made.append(
                Product(
                    len(made),
                    f"{code}-{(i + 1) * 10:03d}",
                    f"{brand} {model}",
                    family,
                    listed,
                    round(listed * cost_share * float(rng.uniform(0.9, 1.1))),
                    not (i == 0 and code in ("PL", "CR")),
                    float(rng.normal(0.0, 0.2)),
                )
            )
    return tuple(made)
