"""Sharing a company target among territories: by potential, history and growth, within floors and caps, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import PPM, allocate
from salesops_desktop.territory.fairness import Fairness, fairness
from salesops_desktop.territory.filling import fill, round_whole, spread_rows
from salesops_desktop.territory.quota_request import Limit, Mix, QuotaRequest, QuotaSeat

__all__ = ["Limit", "Mix", "QuotaLine", "QuotaPlan", "QuotaRequest", "QuotaSeat", "allocate_quotas"]

Bound = Literal["", "floor", "cap", "fixed", "vacant"]


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One territory's quota, in minor units.

    Attributes:
        seat: the territory as it was given.
        quota: of the year.
        periods: the same by period; they sum to ``quota``.
        share: its part of the whole, in ppm.
        from_potential: how much of the quota its potential brought about.
        from_history: how much its history did.
        from_trend: how much its history at its own growth did. The three sum to the quota of a territory that is held
            by no bound, and to 0 where a bound alone decides.
        bound: what held it, if anything.
        rest: what it has taken on because it is finer than the rounding unit.
        reason: the same as a sentence.
    """

    seat: QuotaSeat
    quota: int
    periods: tuple[int, ...]
    share: int
    from_potential: int
    from_history: int
    from_trend: int
    bound: Bound
    rest: int
    reason: str


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """The whole target shared out.

    Attributes:
        request: what was asked.
        lines: one per territory, in the order of the request; their quotas sum to ``request.total`` exactly.
        fairness: how evenly it lies on the territories.
        sentences: what a reader should know.
    """

    request: QuotaRequest
    lines: tuple[QuotaLine, ...]
    fairness: Fairness
    sentences: tuple[str, ...]

    def carried(self, managers: Sequence[str]) -> dict[str, int]:
        """What each manager carries: the target (without the over-assignment) in proportion to the people's quotas.

        Args:
            managers: the manager of each line's territory.

        Returns:
            Minor units by manager; they sum to the target exactly.
        """
        names = sorted(set(managers))
        sums = [sum(line.quota for line, m in zip(self.lines, managers, strict=True) if m == name) for name in names]
        return dict(zip(names, allocate(self.request.target, sums), strict=True))


def allocate_quotas(request: QuotaRequest) -> QuotaPlan:
    """Share a target among territories.

    Shares follow the mix of potential, history and growth, times the presence of each territory's person. One common
    level is raised until the whole is shared out, each territory within its floor and cap (water-filling), and rounded
    to the unit by largest remainder. Everything is exact: quotas sum to the whole, periods to their quota. The order of
    the territories does not matter, and a higher potential never lowers a territory's exact part.

    Args:
        request: the target, the territories and the rules.

    Raises:
        FaultsError: the request makes no sense or cannot be met; every reason is listed with what would fit.
    """
    request.check()
    seats = request.seats
    shares = request.shares()
    amounts = _rounded(request, shares)
    rest_at, rest = _rest(request, amounts)
    quotas = [amount + (rest if i == rest_at else 0) for i, amount in enumerate(amounts)]
    order = sorted(range(len(seats)), key=lambda i: seats[i].name)
    weights = [_period_weights(request, seats[i]) for i in order]
    spread = spread_rows([quotas[i] for i in order], weights, request.unit)
    periods = dict(zip(order, spread, strict=True))
    parts = allocate(PPM, quotas)
    lines = []
    for i, seat in enumerate(seats):
        bound = _bound(request, seat, amounts[i])
        held = rest if i == rest_at else 0
        potential, history, trend = _sources(request, seat, quotas[i]) if bound == "" else (0, 0, 0)
        reason = _reason(request, seat, bound, held)
        lines.append(
            QuotaLine(seat, quotas[i], tuple(periods[i]), parts[i], potential, history, trend, bound, held, reason)
        )
    return QuotaPlan(request, tuple(lines), fairness(request, quotas), tuple(_sentences(request, lines)))


def _rounded(request: QuotaRequest, shares: Sequence[int]) -> list[int]:
    """Each territory's amount in whole units (fixed ones as they are); the sum is short of the whole by the rest."""
    seats, unit = request.seats, request.unit
    free = [i for i, seat in enumerate(seats) if seat.fixed is None]
    fixed = sum(seat.fixed or 0 for seat in seats)
    units = (request.total - fixed) // unit
    bounds = [request.bounds(seats[i]) for i in free]
    low = [-(-least // unit) for least, _ in bounds]
    high = [None if most is None else most // unit for _, most in bounds]
    amounts = [seat.fixed or 0 for seat in seats]
    if not free:
        return amounts
    try:
        parts = fill(units, [shares[i] for i in free], low, high)
    except ValueError:
        what = "Territories with potential or history are all at their caps, the others have no claim to the rest."
        raise FaultsError(
            f"The quotas cannot be shared out: {what}",
            [Fault("caps", what, "Raise the caps, or give the others a floor.")],
            way_out="Raise the caps, or give the others a floor.",
        ) from None
    for i, count in zip(free, round_whole(parts, [seats[i].name for i in free]), strict=True):
        amounts[i] = count * unit
    return amounts


def _rest(request: QuotaRequest, amounts: Sequence[int]) -> tuple[int, int]:
    """Which territory takes what is finer than the unit, and how much that is; (-1, 0) when there is nothing."""
    rest = request.total - sum(amounts)
    if rest == 0:
        return -1, 0
    seats = request.seats

    def has_room(i: int) -> bool:
        most = request.bounds(seats[i])[1]
        return most is None or amounts[i] + rest <= most

    named = [i for i, seat in enumerate(seats) if seat.name == request.rest_on]
    fitting = [i for i in named or range(len(seats)) if has_room(i)]
    if not fitting:
        where = request.rest_on or "rounding"
        what = f"The rest of {request.said(rest)} fits under no cap."
        way_out = "Name another territory for it, or round to a smaller unit."
        raise FaultsError(f"The quotas cannot be shared out: {what}", [Fault(where, what, way_out)], way_out=way_out)
    return min(fitting, key=lambda i: (-amounts[i], seats[i].name)), rest


def _period_weights(request: QuotaRequest, seat: QuotaSeat) -> list[int]:
    """The season, lower where the person is not there yet; the season alone where they never are."""
    presence = seat.presence or (PPM,) * len(request.season)
    weights = [weight * share for weight, share in zip(request.season, presence, strict=True)]
    return weights if sum(weights) else list(request.season)


def _bound(request: QuotaRequest, seat: QuotaSeat, amount: int) -> Bound:
    if seat.fixed is not None:
        return "fixed"
    if seat.vacant and request.vacancies == "spread":
        return "vacant"
    low, high = request.bounds(seat)
    if high is not None and amount > high - request.unit:
        return "cap"
    return "floor" if low and amount < low + request.unit else ""


def _sources(request: QuotaRequest, seat: QuotaSeat, quota: int) -> tuple[int, int, int]:
    """How much of a quota each part of the mix brought about."""
    mix, seats = request.mix, request.seats
    potential = sum(other.potential for other in seats) or 1
    history = sum(other.history for other in seats) or 1
    trend = sum(other.history * (PPM + other.growth) for other in seats) or 1
    claims = (
        mix.potential * seat.potential * history * trend,
        mix.history * seat.history * potential * trend,
        mix.trend * seat.history * (PPM + seat.growth) * potential * history,
    )
    if not any(claims):
        return 0, 0, 0
    first, second, third = allocate(quota, claims)
    return first, second, third


def _reason(request: QuotaRequest, seat: QuotaSeat, bound: Bound, rest: int) -> str:
    low, high = request.bounds(seat)
    said = {
        "fixed": f"Promised: {request.said(low)}.",
        "vacant": "Vacant: the others share it.",
        "cap": f"Held down by its cap of {request.said(high or 0)}.",
        "floor": f"Held up by its floor of {request.said(low)}.",
        "": "By the mix.",
    }[bound]
    full = sum(request.season) * PPM
    present = request.present(seat)
    if bound == "" and present < full:
        said += f" Its person carries {100 * present / full:.0f} % of a full year."
    if bound == "" and seat.vacant:
        said += " Vacant: somebody must cover it."
    if rest:
        said += f" {request.said(rest)} of it is finer than the rounding unit."
    return said


def _sentences(request: QuotaRequest, lines: Sequence[QuotaLine]) -> list[str]:
    said = []
    if request.over:
        said.append(
            f"The territories' quotas come to {request.said(request.total)}: {request.over / 10_000:g} % above the "
            f"target of {request.said(request.target)}, which the managers carry."
        )
    for bound, text in (
        ("fixed", "{} fixed"),
        ("floor", "{} held up by the floor"),
        ("cap", "{} held down by the cap"),
        ("vacant", "{} vacant and shared among the others"),
    ):
        names = [line.seat.name for line in lines if line.bound == bound]
        if names:
            said.append(f"{text.format(len(names))}: {_listed(names)}.")
    covered = [line.seat.name for line in lines if line.seat.vacant and line.bound != "vacant"]
    if covered:
        amount = sum(line.quota for line in lines if line.seat.vacant)
        said.append(f"Nobody carries the quota of the vacant {_listed(covered)} yet: {request.said(amount)}.")
    empty = [line.seat.name for line in lines if line.quota == 0 and line.bound == ""]
    if empty:
        said.append(f"Without potential and history there is no quota: {_listed(empty)}.")
    relative = request.floor.of_last is not None or request.cap.of_last is not None
    unknown = [line.seat.name for line in lines if line.seat.last is None and line.bound == ""]
    if relative and unknown:
        said.append(f"No limit, because there was no quota last year: {_listed(unknown)}.")
    said += [
        f"{line.seat.name} takes the {request.said(line.rest)} that the rounding unit leaves over."
        for line in lines
        if line.rest
    ]
    return said


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "")
