"""What the cut ruler's scripts are sent: three lanes over one axis, and where this plan cuts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cutwise.analyses.cut_curve import CutCurve
from cutwise.arrays import Floats, Mask
from cutwise.errors import SolverError
from cutwise.planning.one_device.curve_sides import curve_sides
from cutwise.planning.one_device.cut_positions import ops_mask, smallest_split
from cutwise.plans.plan import DeviceDecision
from cutwise.problem.conditions import LinkConditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, can_pin
from cutwise.schemes.base import comes_back
from cutwise_dashboard import cached
from cutwise_dashboard.charts.palette import PALETTES
from cutwise_dashboard.components.ruler.axis import Axis
from cutwise_dashboard.components.ruler.broken_limits import broken_limits
from cutwise_dashboard.components.ruler.cards import block_numbers, cards_of, packed_cards
from cutwise_dashboard.components.ruler.lanes import (
    LARGEST,
    drawable,
    link_of,
    packed,
    packed_parts,
    parts_of,
    relayed,
    sent_back,
    sent_up,
)
from cutwise_dashboard.components.ruler.ruler_words import captions, note_of, said_of
from cutwise_dashboard.curves import curve_of
from cutwise_dashboard.question import AnsweredQuestion

FITS, BREAKS, ENDLESS = 0, 1, 2
NO_CUT = "Training on the server sends the samples themselves, so there is no cut to move."
NEVER_ENDS = "At these rates and speeds no cut ever ends; raise a rate or a speed."
SAME_SCORE = 1e-9


def ruler_payload(question: AnsweredQuestion, device: int, *, theme: str) -> Mapping[str, Any]:
    """The ruler of one device's cut, the others kept, as JSON values; every number in it is finite."""
    return _payload(question.asked, device, theme, question)


@cached.shared
def _payload(asked: Question, device: int, theme: str, _question: AnsweredQuestion) -> Mapping[str, Any]:
    head = {"device": _question.plan.decisions[device].device, "colors": _colors(theme)}
    try:
        curve = curve_of(_question, device)
    except SolverError:
        return {**head, "message": NO_CUT}
    if (_states(curve) == ENDLESS).all():
        return {**head, "message": NEVER_ENDS}
    return {**head, "message": "", **_lanes(_question, device, curve, theme)}


def _lanes(question: AnsweredQuestion, device: int, curve: CutCurve, theme: str) -> dict[str, Any]:
    problem, plan = question.problem, question.plan
    decision = plan.decisions[device]
    back = comes_back(plan.scheme)
    sides = curve_sides(problem, decision, "device", comes_back=back)
    returned = sides.returned[0]
    blocks = cached.blocks_of(question.problem.cost.graph)
    block_of = block_numbers(blocks, op_count=len(question.problem.cost.graph))
    axis = Axis.of(curve.masks, returned, block_of)
    link = link_of(problem, plan, device, comes_back=back)
    has_edge = decision.edge_cut is not None
    parts = parts_of(curve.stages, has_edge=has_edge, waits=plan.server_policy == "queue")
    bytes_up = sent_up(problem, curve, returned, link)
    rules, broken = broken_limits(curve.excess)
    marks = _marks(question, device, curve)
    return {
        "axis": {"positions": axis.positions, "head": axis.head, "tail": axis.tail},
        "cards": packed_cards(cards_of(axis, block_of), blocks),
        "privateTo": _private_to(problem, curve, axis),
        "tiers": _tiers(problem, decision, curve, axis, returned, bytes_up, link),
        "cuts": list(curve.cuts),
        "names": ["" if name == cut else name for name, cut in zip(curve.names, curve.cuts, strict=True)],
        "parts": packed_parts(parts, axis.positions, theme),
        "totalS": packed(drawable(_delays(curve))),
        "roundS": packed(drawable(curve.round_delays_s)) if len(plan.decisions) > 1 else "",
        "bytes": packed(drawable(bytes_up)),
        "state": packed(_states(curve), np.uint8),
        "limits": list(rules),
        "broken": packed(broken, np.uint8),
        **marks,
        "pinned": bool(question.asked.cut),
        "canPin": can_pin(question.asked.scheme),
        "pinsAll": len(plan.decisions) > 1,
        "captions": captions(question, device),
        "note": note_of(question, curve),
        "words": said_of(question),
    }


def _delays(curve: CutCurve) -> Floats:
    return np.broadcast_to(np.asarray(curve.stages.delay_s, dtype=np.float64), len(curve.names))


def _states(curve: CutCurve) -> Any:
    """Of every position whether it keeps the limits, breaks one, or never ends."""
    delays = _delays(curve)
    ends = np.isfinite(delays) & (delays < LARGEST)
    return np.where(ends, np.where(curve.fits, FITS, BREAKS), ENDLESS)


def _marks(question: AnsweredQuestion, device: int, curve: CutCurve) -> dict[str, int]:
    """Positions of the shown cut, of the best one, and of the one that the plan takes unpinned (-1: none)."""
    own = ops_mask(question.problem, question.best.decisions[device].cut.device_ops)
    found = np.flatnonzero((curve.masks == own).all(axis=1))
    planned = int(found[0]) if len(found) else -1
    best = curve.best
    if planned >= 0 and curve.fits[planned] == curve.fits[best]:
        near = abs(curve.scores[planned] - curve.scores[best]) <= SAME_SCORE * abs(curve.scores[best])
        best = planned if near else best
    return {"chosen": curve.chosen, "best": best, "planned": planned}


def _private_to(problem: SplitProblem, curve: CutCurve, axis: Axis) -> int:
    """The unit up to which everything must stay; 0 where only the inputs must, or all is one piece."""
    least = smallest_split(problem)
    if not (least & ~problem.cost.is_input).any() or least.all():
        return 0
    inside = np.flatnonzero(~(curve.masks & ~least).any(axis=1))
    return axis.ends(int(inside[-1])) if len(inside) else 0


def _tiers(
    problem: SplitProblem,
    decision: DeviceDecision,
    curve: CutCurve,
    axis: Axis,
    returned: Mask,
    bytes_up: Floats,
    link: LinkConditions,
) -> list[dict[str, Any]]:
    """Who runs what from left to right: a party, the unit up to which it does, and the bytes it sends on."""
    last = axis.positions - 1
    if curve.chosen == last:
        return [_tier("device", "device", axis.units, 0.0)]
    first = _tier("device", "device", axis.ends(curve.chosen), float(bytes_up[curve.chosen]))
    if axis.tail:
        back = sent_back(problem, curve.masks[curve.chosen] & ~returned, returned, link)
        server = _tier("server", "server", axis.ends(last), back)
        return [first, server, _tier("device", "device again", axis.units, 0.0)]
    if decision.edge_cut is None:
        return [first, _tier("server", "server", axis.units, 0.0)]
    inner = ops_mask(problem, decision.edge_cut.device_ops)
    at = int((curve.masks != inner).sum(axis=1).argmin())
    stop = axis.units if inner.all() else axis.ends(max(at, curve.chosen))
    edge = _tier("server", "edge", stop, relayed(problem, inner, link))
    return [first, edge] if inner.all() else [first, edge, _tier("cloud", "cloud", axis.units, 0.0)]


def _tier(color: str, name: str, to: int, size_bytes: float) -> dict[str, Any]:
    return {"color": color, "name": name, "to": to, "bytes": float(drawable(size_bytes))}


def _colors(theme: str) -> dict[str, str]:
    palette = PALETTES[theme]
    return {
        "device": palette.categorical[0],
        "server": palette.categorical[1],
        "cloud": palette.categorical[2],
        "cut": palette.cut,
        "text": palette.text,
        "border": palette.border,
        "surface": palette.surface,
        "background": palette.background,
        "primary": palette.primary,
    }
