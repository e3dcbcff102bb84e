"""What a report claims: the gap worked by hand, optimal only where a certificate closes it."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

import cutwise
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Certificate, Report, relative_gap
from cutwise.tolerances import CLOSED_GAP


@pytest.mark.parametrize(
    ("value", "bound", "gap"),
    [
        (4.0, 3.0, 0.25),
        (3.0, 4.0, 0.25),
        (-4.0, -5.0, 0.2),
        (0.0, 0.0, 0.0),
        (2.0, 2.0, 0.0),
        (1.0, 0.0, 1.0),
        (math.inf, 1.0, None),
        (1.0, math.inf, None),
        (math.inf, math.inf, None),
    ],
)
def test_the_gap_is_the_distance_over_the_larger_size(value: float, bound: float, gap: float | None) -> None:
    assert relative_gap(value, bound) == gap


@pytest.mark.parametrize(
    ("bound", "certified", "status"),
    [
        (2.0, True, "optimal"),
        (2.0 * (1 - 0.9e-9), True, "optimal"),
        (2.0 * (1 - 1.1e-9), True, "feasible"),
        (1.0, True, "feasible"),
        (math.inf, True, "feasible"),
        (None, True, "feasible"),
        (2.0, False, "feasible"),
    ],
)
def test_optimal_is_what_a_certificate_brings_within_a_billionth(
    bound: float | None, certified: bool, status: str
) -> None:
    proof = Certificate(method="by hand", value=2.0, bound=2.0) if certified else None
    report = Report.of(method="by hand", value=2.0, bound=bound, certificate=proof)
    assert report.status == status
    assert report.gap == (None if bound is None else relative_gap(2.0, bound))


def test_a_gap_just_as_wide_as_is_closed_is_closed() -> None:
    proof = Certificate(method="by hand", value=2.0, bound=2.0)
    report = Report(method="by hand", value=2.0, bound=2.0, gap=CLOSED_GAP, certificate=proof)
    assert report.status == "optimal"


def test_the_widest_phase_says_how_many_are_active(chain: ModelGraph) -> None:
    """Two groups in the first phase, one of two devices in the second."""
    plan = cutwise.plan(chain, cutwise.Scenario(), "fast_split")
    places = [(0, 0), (0, 1), (1, 0), (1, 0)]
    decisions = tuple(replace(plan.decisions[0], phase=phase, group=group) for phase, group in places)
    wide = replace(plan, decisions=decisions)
    assert wide.phases == (((0,), (1,)), ((2, 3),))
    assert wide.active == 2


def test_without_an_edge_no_part_of_one_is_taken_away(chain: ModelGraph) -> None:
    decision = cutwise.plan(chain, cutwise.Scenario(), "fast_split").decisions[0]
    assert (decision.edge, decision.edge_cut, decision.edge_share) == (None, None, 1.0)


def test_run_times_are_parts_of_what_passed(chain: ModelGraph) -> None:
    began = time.perf_counter()
    timing = cutwise.plan(chain, cutwise.Scenario(), "fast_split").report.timing
    passed = time.perf_counter() - began
    assert timing
    assert all(0 <= seconds <= passed for seconds in timing.values())
    assert sum(timing.values()) <= passed
