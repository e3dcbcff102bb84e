"""The best cut device–server–device, which keeps inputs and labels on the device, exactly."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Ints
from cutwise.cuts.accepted_cut import Accepted, Accepts
from cutwise.cuts.integer_program import Status, status_of
from cutwise.cuts.tiers.tier_labels import LabelCap, label_caps
from cutwise.cuts.u_shape.flow import relaxed, u_shape_of
from cutwise.cuts.u_shape.scan import order_of, scan
from cutwise.cuts.u_shape.u_shape_numbers import UShapeProblem, u_shape_cost
from cutwise.cuts.u_shape.u_shape_program import search, search_accepted
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

Method = Literal["scan", "max_flow", "cp_sat"]

HOLDS = ((True, False, True), (False, True, False))


@dataclass(frozen=True, eq=False, kw_only=True)
class UShapeCut(Frozen):
    """The cheapest cut device–server–device; (inf, None) when there is none.

    None costs less than `bound` - `bound_error`. `status` is "feasible" when the time ran out before the
    gap was closed. `method` says what answered: a scan of all cuts of a graph whose movable ops stand in
    one order, a minimum cut that happened to be one, or an integer program. `ended` is False where the
    search for an accepted cut ended before there was one, so that there may be some.
    """

    status: Status
    value: float
    labels: Ints | None
    bound: float
    bound_error: float
    method: Method
    runtime_s: float = field(compare=False)
    ended: bool = True


def u_shape_cut(
    problem: UShapeProblem,
    *,
    use: npt.ArrayLike | None = None,
    caps: npt.ArrayLike | None = None,
    constant: npt.ArrayLike | None = None,
    accepts: Accepts | None = None,
    time_limit_s: float = 10.0,
) -> UShapeCut:
    """The labels of least cost: 0 bottom and 2 top on the device, 1 on the server, which may be empty.

    The top holds no more than its pins, what the server's ops lead to, and all that follows.

    `use` (n, 2) or (n, 2, R) is what an op takes on the device and on the server, within `caps` (2,) or
    (2, R) as in `capped_tier_cut`; both ends count together. Only cuts count whose ops on the server (n,)
    `accepts` says yes to; the others are excluded one by one. Where all ops that can move stand in one
    order, as in a chain with whatever skips, all pairs of ends are tried. Otherwise the minimum cut of
    `relaxed` answers when its server part is left only once and keeps the caps; else CP-SAT does.

    Raises `SolverError` for a wrong shape, or when the time ends before any answer was found.

    >>> from cutwise.cuts.split_graph import SplitGraph
    >>> chain = SplitGraph(op_count=4, edges=[[0, 1], [1, 2], [2, 3]], device_features=[],
    ...                    crossing_features=[], pinned=[True, False, False, False])
    >>> cut = u_shape_cut(UShapeProblem(graph=chain, device_costs=[1, 9, 9, 1], server_costs=[0, 1, 1, 0],
    ...                                 up_costs=[5, 1, 1, 0], down_costs=[9, 9, 2, 0],
    ...                                 pinned_top=[False, False, False, True]))
    >>> cut.value, cut.labels.tolist(), cut.method
    (11.0, [0, 1, 1, 2], 'scan')
    """
    began = time.perf_counter()
    within = _caps(problem, use, caps, constant)
    method, found, error = _solved(problem, within, accepts, time_limit_s)
    on_server, bound = found.mask, found.bound
    labels = None if on_server is None else u_shape_of(problem, on_server)
    value = math.inf if labels is None else u_shape_cost(problem, labels)
    return UShapeCut(
        status=status_of(value, bound, error),
        value=value,
        labels=labels,
        bound=min(bound, value),
        bound_error=error,
        method=method,
        runtime_s=time.perf_counter() - began,
        ended=found.ended,
    )


def _solved(
    problem: UShapeProblem, within: Sequence[LabelCap], accepts: Accepts | None, time_limit_s: float
) -> tuple[Method, Accepted, float]:
    """What answered, the best ops on the server with what none are below, and that bound's error."""
    order = order_of(problem)
    if order is not None:
        return "scan", scan(problem, order, within, accepts), 0.0
    on_server, flow, flow_error = relaxed(problem)
    labels = u_shape_of(problem, on_server)
    kept = labels is not None and all(cap.keeps(labels) for cap in within)
    if kept and (accepts is None or accepts(on_server)):
        return "max_flow", Accepted(mask=on_server, bound=flow, ended=True), flow_error
    if accepts is None:
        best, bound, error = search(problem, within, time_limit_s)
        found = Accepted(mask=best, bound=bound, ended=True)
    else:
        found, error = search_accepted(problem, within, accepts, time_limit_s)
    if flow > found.bound:
        found, error = replace(found, bound=flow), flow_error
    return "cp_sat", found, error


def _caps(
    problem: UShapeProblem,
    use: npt.ArrayLike | None,
    caps: npt.ArrayLike | None,
    constant: npt.ArrayLike | None,
) -> tuple[LabelCap, ...]:
    if use is None and caps is None:
        return ()
    if use is None or caps is None:
        raise SolverError("use and caps belong together; give both or neither")
    return label_caps(problem.graph, holds=np.array(HOLDS), use=use, caps=caps, constant=constant)
