"""Compiled parts of the bounds: the cheapest load a territory can take up around a point, at given prices.

At prices ``u`` the unit i costs a territory centred on p ``w_i d(i, p) - u_i``. The cheapest set of units (parts of
units allowed) whose load lies between two limits is found by sorting the units by cost per load: a lower bound of
what any territory centred on p costs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from salesops_desktop.territory.kernels.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

RADIUS = 6371.0088
"""Of the Earth, km, as in geography.py."""
QUARTER = RADIUS * np.pi / 2
"""Nearer than this, km, the distance to a point is convex along great circles."""


@compiled("void(f8[::1], f8[::1], i8[::1], i8, f8[::1], f8[::1], f8[::1], i8[::1], f8[::1])")
def _take_up(
    cost: Floats,
    load: Floats,
    order: Longs,
    count: int,
    low: Floats,
    high: Floats,
    value: Floats,
    whole: Longs,
    part: Floats,
) -> None:
    """The cheapest load between ``low`` and ``high``, for several pairs of limits at once.

    Args:
        cost: per place of the list.
        load: per place of the list.
        order: places by cost per load, [count]; those without load and with a negative cost first.
        count: how many there are.
        low: [c].
        high: [c].
        value: the cheapest cost, [c] (written); infinite where all together do not reach ``low``.
        whole: how many of ``order`` are taken whole, [c] (written).
        part: the part of the next that is taken, [c] (written).
    """
    for c in range(len(low)):
        total, held, at, share = 0.0, 0.0, 0, 0.0
        while at < count:
            place = order[at]
            if cost[place] >= 0.0 and held >= low[c]:
                break
            room = (high[c] if cost[place] < 0.0 else low[c]) - held
            if load[place] > room:
                share = max(room, 0.0) / load[place]
                total += share * cost[place]
                held += share * load[place]
                break
            total += cost[place]
            held += load[place]
            at += 1
        value[c] = total if held >= low[c] * (1.0 - 1e-12) else np.inf
        whole[c] = at
        part[c] = share


@compiled("f8(f8, f8)")
def _rate(cost: float, load: float) -> float:
    """Cost per load; what has no load comes first where it saves, and last where it costs."""
    if load > 0.0:
        return cost / load
    return -np.inf if cost < 0.0 else np.inf


@compiled("f8(f8[:,::1], i8, f8[::1])")
def _km(vectors: Floats, unit: int, point: Floats) -> float:
    x = vectors[unit, 0] - point[0]
    y = vectors[unit, 1] - point[1]
    z = vectors[unit, 2] - point[2]
    half = np.sqrt(x * x + y * y + z * z) / 2
    return float(2 * RADIUS * np.arcsin(min(half, 1.0)))


@compiled(
    "void(i8[::1], i4[::1], f8[::1], i4[::1], f8[::1], f8[::1], i8[::1], i8[::1], f8[::1], f8[::1],"
    " f8[:,::1], i8[:,::1], f8[:,::1])"
)
def price_points(
    first: Longs,
    units: Ints,
    cost_base: Floats,
    order: Ints,
    load: Floats,
    price: Floats,
    class_first: Longs,
    class_count: Longs,
    low: Floats,
    high: Floats,
    value: Floats,
    whole: Longs,
    part: Floats,
) -> None:
    """The cheapest load around each candidate point; the order of its list is kept for the next call.

    Args:
        first: where the list of each point begins, [p + 1].
        units: the units of the lists.
        cost_base: weight times distance, per place of the lists.
        order: places within each list by cost per load (rewritten).
        load: per unit.
        price: per unit.
        class_first: the first pair of limits that the point is asked for, [p].
        class_count: how many, [p].
        low: [c].
        high: [c].
        value: [p, c] (written, infinite where not asked).
        whole: [p, c] (written).
        part: [p, c] (written).
    """
    widest = 0
    for p in range(len(first) - 1):
        widest = max(widest, first[p + 1] - first[p])
    rate = np.empty(widest)
    cost = np.empty(widest)
    loads = np.empty(widest)
    places = np.empty(widest, dtype=np.int64)
    for p in range(len(first) - 1):
        begin = first[p]
        count = first[p + 1] - begin
        for at in range(count):
            unit = units[begin + at]
            cost[at] = cost_base[begin + at] - price[unit]
            loads[at] = load[unit]
            rate[at] = _rate(cost[at], loads[at])
        for at in range(count):  # nearly in order from the last time
            place = np.int64(order[begin + at])
            mine = rate[place]
            back = at
            while back > 0 and rate[places[back - 1]] > mine:
                places[back] = places[back - 1]
                back -= 1
            places[back] = place
        for at in range(count):
            order[begin + at] = places[at]
        a, b = class_first[p], class_first[p] + class_count[p]
        value[p, :] = np.inf
        _take_up(cost, loads, places, count, low[a:b], high[a:b], value[p, a:b], whole[p, a:b], part[p, a:b])


@compiled("void(i8[::1], i4[::1], i4[::1], f8[:,::1], i8[:,::1], f8[:,::1], f8[::1])")
def cover(first: Longs, units: Ints, order: Ints, share: Floats, whole: Longs, part: Floats, covered: Floats) -> None:
    """How often each unit is taken when the sets of :func:`price_points` are used ``share`` times, [p, c]."""
    covered[:] = 0.0
    for p in range(share.shape[0]):
        for c in range(share.shape[1]):
            times = share[p, c]
            if times <= 0.0:
                continue
            begin = first[p]
            for at in range(whole[p, c]):
                covered[units[begin + order[begin + at]]] += times
            if part[p, c] > 0.0:
                covered[units[begin + order[begin + whole[p, c]]]] += times * part[p, c]


@compiled("i8(f8[::1], f8, i4[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8, f8, f8[::1], i4[::1])")
def _needed(
    centre: Floats,
    radius: float,
    units: Ints,
    vectors: Floats,
    weight: Floats,
    load: Floats,
    price: Floats,
    low: float,
    high: float,
    km: Floats,
    kept: Ints,
) -> int:
    """The units that a cheapest territory centred within ``radius`` may have to take, with their distances.

    At the worst place of the cell the loads are full at some cost per load; units that cost more at their best place
    are taken nowhere in the cell.
    """
    count = len(units)
    loads, upper = np.empty(count), np.empty(count)
    for at in range(count):
        unit = units[at]
        km[at] = _km(vectors, unit, centre) if weight[unit] > 0.0 else 0.0
        loads[at] = load[unit]
        upper[at] = _rate(weight[unit] * (km[at] + radius) - price[unit], loads[at])
    held, threshold = 0.0, np.inf
    for place in np.argsort(upper):
        held += loads[place]
        if held >= high or (upper[place] >= 0.0 and held >= low):
            threshold = max(upper[place], 0.0)
            break
    threshold += 1e-9 * (1.0 + abs(threshold))
    many = 0
    for at in range(count):
        unit = units[at]
        lower = _rate(weight[unit] * max(km[at] - radius, 0.0) - price[unit], loads[at])
        if lower <= threshold and lower < np.inf:
            kept[many] = unit
            km[many] = km[at]
            many += 1
    return many


@compiled("void(f8[::1], f8, i4[::1], i8, f8[:,::1], f8[::1], f8[:,::1])")
def _slopes(centre: Floats, radius: float, units: Ints, many: int, vectors: Floats, km: Floats, slope: Floats) -> None:
    """How the distance to each unit grows as the centre moves: a unit vector of the tangent plane, 0 at the unit."""
    for at in range(many):
        if km[at] <= 0.0 or km[at] + radius >= QUARTER:
            continue
        unit, dot, size = units[at], 0.0, 0.0
        for i in range(3):
            dot += vectors[unit, i] * centre[i]
        for i in range(3):
            slope[at, i] = dot * centre[i] - vectors[unit, i]
            size += slope[at, i] ** 2
        for i in range(3):
            slope[at, i] = slope[at, i] / np.sqrt(size) if size > 0.0 else 0.0


@compiled(
    "i8(f8[::1], f8[:,::1], i4[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], i4[::1])"
)
def price_cell(
    centre: Floats,
    corners: Floats,
    units: Ints,
    vectors: Floats,
    weight: Floats,
    load: Floats,
    price: Floats,
    low: Floats,
    high: Floats,
    needed: Floats,
    at_centre: Floats,
    bound: Floats,
    kept: Ints,
) -> int:
    """What territories centred anywhere in a cell of the globe cost at least.

    The distance to a point is convex along great circles within a quarter of the globe, so it lies above its tangent
    at the cell's centre; the least over the cell of a set's tangents is at a corner. Farther units are held to their
    distance less the cell's radius.

    Args:
        centre: unit vector.
        corners: tangent vectors, km, from the centre to the corners of a polygon around the cell, [q, 3].
        units: which may be taken at all by a territory centred in the cell, [u].
        vectors: unit vectors, [n, 3].
        weight: of the distance, 0 without a position, [n].
        load: [n].
        price: [n].
        low: [c].
        high: [c].
        needed: from which bound on no better one is asked, [c].
        at_centre: the cheapest load about the centre itself, [c] (written; infinite where it was not worth asking).
        bound: no territory centred in the cell costs less, [c] (written).
        kept: the units that a territory centred in the cell may have to take, the answer many (written).
    """
    radius = 0.0
    for q in range(len(corners)):
        radius = max(radius, np.sqrt((corners[q] ** 2).sum()))
    km = np.empty(len(units))
    many = _needed(centre, radius, units, vectors, weight, load, price, low.max(), high.max(), km, kept)
    cost, loads, rate = np.empty(many), np.empty(many), np.empty(many)
    value, whole, part = np.empty(len(low)), np.empty(len(low), dtype=np.int64), np.empty(len(low))
    for at in range(many):  # first as if each unit were as near as the cell allows
        loads[at] = load[kept[at]]
        cost[at] = weight[kept[at]] * max(km[at] - radius, 0.0) - price[kept[at]]
        rate[at] = _rate(cost[at], loads[at])
    _take_up(cost, loads, np.argsort(rate), many, low, high, bound, whole, part)
    enough = True
    for c in range(len(low)):
        enough = enough and bound[c] >= needed[c]
    at_centre[:] = np.inf
    if enough or many > 16 * (whole.max() + 8):  # dear enough, or so large a cell that only cutting it helps
        return many
    slope = np.zeros((many, 3))
    _slopes(centre, radius, kept, many, vectors, km, slope)
    for at in range(many):
        loads[at] = load[kept[at]]
        cost[at] = weight[kept[at]] * km[at] - price[kept[at]]
        rate[at] = _rate(cost[at], loads[at])
    _take_up(cost, loads, np.argsort(rate), many, low, high, at_centre, whole, part)
    tangent = np.full(len(low), np.inf)
    for q in range(len(corners)):
        for at in range(many):
            unit = kept[at]
            far = km[at]
            if km[at] + radius >= QUARTER:
                far = max(km[at] - radius, 0.0)
            else:
                for i in range(3):
                    far += slope[at, i] * corners[q, i]
            cost[at] = weight[unit] * far - price[unit]
            rate[at] = _rate(cost[at], loads[at])
        _take_up(cost, loads, np.argsort(rate), many, low, high, value, whole, part)
        for c in range(len(low)):
            tangent[c] = min(tangent[c], value[c])
    for c in range(len(low)):
        bound[c] = max(bound[c], tangent[c])
    return many


@compiled("i8(f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i4[::1], f8[::1])")
def list_units(
    points: Floats,
    vectors: Floats,
    weight: Floats,
    load: Floats,
    price: Floats,
    limit: Floats,
    first: Longs,
    units: Ints,
    cost_base: Floats,
) -> int:
    """The units whose cost per load about each point is at most its limit; how many there are in all.

    Where ``units`` is too short for them, what did not fit is only counted.

    Args:
        points: unit vectors, [p, 3].
        vectors: unit vectors, [n, 3].
        weight: [n].
        load: [n].
        price: [n].
        limit: cost per load, [p].
        first: where the list of each point begins, [p + 1] (written).
        units: the lists (written).
        cost_base: weight times distance, per place of the lists (written).
    """
    room, at = len(units), 0
    for p in range(len(points)):
        first[p] = at
        for unit in range(len(vectors)):
            base = 0.0
            if weight[unit] > 0.0:
                most = price[unit] + limit[p] * load[unit]
                x = vectors[unit, 0] - points[p, 0]
                y = vectors[unit, 1] - points[p, 1]
                z = vectors[unit, 2] - points[p, 2]
                straight = weight[unit] * RADIUS
                if most < 0.0 or straight * straight * (x * x + y * y + z * z) > most * most:
                    continue  # even in a straight line it is too far
                base = weight[unit] * _km(vectors, unit, points[p])
            if _rate(base - price[unit], load[unit]) <= limit[p]:
                if at < room:
                    units[at] = unit
                    cost_base[at] = base
                at += 1
    first[len(points)] = at
    return at


@compiled("void(i8[::1], i4[::1], f8[::1], i4[::1], i8[::1], f8[::1], i8, f8[:,::1], i8[:,::1])")
def knapsack_points(
    first: Longs,
    units: Ints,
    cost_base: Floats,
    order: Ints,
    load: Longs,
    price: Floats,
    capacity: int,
    value: Floats,
    whole: Longs,
) -> None:
    """The cheapest whole units within the capacity of each place, by dynamic programming.

    Args:
        first: where the list of each place begins, [p + 1].
        units: the units of the lists.
        cost_base: their cost without prices, per place of the lists.
        order: places of each list, those taken first (rewritten).
        load: whole numbers per unit.
        price: per unit.
        capacity: of each place.
        value: the cheapest cost, [p, 1] (written).
        whole: how many of ``order`` are taken, [p, 1] (written).
    """
    for p in range(len(first) - 1):
        begin = first[p]
        count = first[p + 1] - begin
        best = np.zeros(capacity + 1)
        taken = np.zeros((count, capacity + 1), dtype=np.bool_)
        for at in range(count):
            cost = cost_base[begin + at] - price[units[begin + at]]
            size = load[units[begin + at]]
            if cost >= 0.0:
                continue
            for room in range(capacity, size - 1, -1):
                if best[room - size] + cost < best[room]:
                    best[room] = best[room - size] + cost
                    taken[at, room] = True
        value[p, 0] = best[capacity]
        room, front, back = capacity, 0, count - 1
        for at in range(count - 1, -1, -1):
            if taken[at, room]:
                order[begin + front] = at
                front += 1
                room -= load[units[begin + at]]
            else:
                order[begin + back] = at
                back -= 1
        whole[p, 0] = front


@compiled(
    "void(f8[:,::1], i8[::1], i8[::1], i4[::1], f8[:,::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8, f8[::1])"
)
def settle(
    points: Floats,
    chosen: Longs,
    first: Longs,
    units: Ints,
    vectors: Floats,
    weight: Floats,
    load: Floats,
    price: Floats,
    low: Floats,
    high: Floats,
    steps: int,
    value: Floats,
) -> None:
    """Move points downhill: each to the best centre of what it takes up (Weiszfeld), again and again.

    Args:
        points: unit vectors, one for each of ``chosen`` (rewritten).
        chosen: whose lists they take from, [m].
        first: where the list of each point begins, [p + 1].
        units: the units of the lists.
        vectors: unit vectors, [n, 3].
        weight: [n].
        load: [n].
        price: [n].
        low: one pair of limits, [1].
        high: [1].
        steps: how often each is moved.
        value: the cheapest cost before the last move, [m] (written).
    """
    whole, part, worth = np.empty(1, dtype=np.int64), np.empty(1), np.empty(1)
    for m in range(len(chosen)):
        begin = first[chosen[m]]
        count = first[chosen[m] + 1] - begin
        cost, loads, rate, km = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
        for _ in range(steps):
            for at in range(count):
                unit = units[begin + at]
                km[at] = _km(vectors, unit, points[m]) if weight[unit] > 0.0 else 0.0
                cost[at] = weight[unit] * km[at] - price[unit]
                loads[at] = load[unit]
                rate[at] = _rate(cost[at], loads[at])
            order = np.argsort(rate)
            _take_up(cost, loads, order, count, low, high, worth, whole, part)
            value[m] = worth[0]
            x, y, z = 0.0, 0.0, 0.0
            for at in range(min(whole[0] + 1, count)):
                place = order[at]
                unit = units[begin + place]
                pull = weight[unit] / max(km[place], 0.1) * (1.0 if at < whole[0] else part[0])
                x += pull * vectors[unit, 0]
                y += pull * vectors[unit, 1]
                z += pull * vectors[unit, 2]
            size = np.sqrt(x * x + y * y + z * z)
            if size > 0.0:
                points[m, 0], points[m, 1], points[m, 2] = x / size, y / size, z / size
