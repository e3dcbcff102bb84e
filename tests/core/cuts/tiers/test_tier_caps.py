"""The capped cut into tiers against enumeration, and what happens at the edge of a cap."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.cuts.tiers.tier_caps import capped_tier_cut
from cutwise.cuts.tiers.tier_cut import TierProblem, tier_cut
from cutwise.errors import SolverError
from tests.core.cuts.graphs import chain, random_graph
from tests.core.cuts.labellings import all_labellings, is_labelling, tier_totals
from tests.core.cuts.tiers.test_tier_cut import bare, random_dag_problem

CLOSE = 1e-9


def three() -> TierProblem:
    """Chain of 3 on 3 tiers: each op costs 5, 2, 0; each hop of each tensor costs 1."""
    return TierProblem(
        graph=bare(3, chain(3), pinned=(0,)), tier_costs=[[5.0, 2, 0]] * 3, hop_costs=[[1.0, 1]] * 3
    )


def used_by(rows: np.ndarray, use: np.ndarray) -> np.ndarray:
    """What each row (M, n) takes of each tier's resources (M, K, R)."""
    tiers = range(use.shape[1])
    return np.stack([(rows == tier).astype(float) @ use[:, tier] for tier in tiers], axis=1)


@pytest.mark.parametrize("tiers", [2, 3, 4])
def test_caps_equal_enumeration(tiers: int) -> None:
    """100 graphs for each number of tiers; one or two caps are drawn around what the free optimum uses."""
    answers = {"free": 0, "binding": 0, "infeasible": 0}
    for seed in range(100):
        rng = np.random.default_rng(7000 + 100 * tiers + seed)
        graph = random_graph(rng, int(rng.integers(4, 9 if tiers < 4 else 8)), device=1)
        ops, resources = graph.op_count, int(rng.integers(1, 3))
        costs, hops = rng.uniform(-0.2, 1, (ops, tiers)), 0.3 * rng.random((ops, tiers - 1))
        problem = TierProblem(graph=graph, tier_costs=costs, hop_costs=hops)
        use = rng.random((ops, tiers, resources)) * (rng.random((ops, tiers, resources)) < 0.8)
        constant = rng.random((tiers, resources)) * 0.2
        rows = all_labellings(graph, tiers)
        totals, used = tier_totals(graph, costs, hops, rows), used_by(rows, use) + constant
        caps = np.full((tiers, resources), np.inf)
        for tier in rng.choice(rows[totals.argmin()], 2):
            caps[tier, 0] = used[totals.argmin(), tier, 0] * rng.uniform(0.5, 1.1)
        fits = (used <= caps).all(axis=(1, 2))

        cut = capped_tier_cut(problem, use=use, caps=caps, constant=constant)

        least = totals[fits].min(initial=np.inf)
        assert cut.value == pytest.approx(least, rel=CLOSE, abs=CLOSE), f"seed {seed}"
        assert cut.status == ("optimal" if fits.any() else "infeasible"), f"seed {seed}"
        if cut.labels is None:
            answers["infeasible"] += 1
            continue
        answers["binding" if cut.method == "cp_sat" else "free"] += 1
        assert (cut.value > totals.min() + CLOSE) <= (cut.method == "cp_sat")
        assert is_labelling(graph, cut.labels, tiers)
        assert (used_by(cut.labels[None], use)[0] + constant <= caps).all()
        assert cut.bound - cut.bound_error <= cut.value
    assert answers["binding"] >= 50, answers
    assert min(answers.values()) >= 5, answers


def test_caps_that_do_not_bind_leave_the_answer_to_max_flow() -> None:
    """Op 0 stays for 5, the rest on tier 2 for 0 and two hops."""
    cut = capped_tier_cut(three(), use=np.ones((3, 3)), caps=[3, 3, 3])

    assert (cut.status, cut.value, cut.method) == ("optimal", 7.0, "max_flow")


def test_a_cap_on_the_last_tier_leaves_ops_on_the_one_before() -> None:
    """Room for one op on tier 2: op 1 on tier 1 for 2, 5 + 2 + 0 and two hops."""
    cut = capped_tier_cut(three(), use=np.ones((3, 3)), caps=[3, 3, 1])

    assert (cut.status, cut.value, cut.method) == ("optimal", 9.0, "cp_sat")
    assert cut.labels.tolist() == [0, 1, 2]


def test_what_is_there_already_counts() -> None:
    """Two on tier 2 before any op: room for one of three."""
    arguments = {"use": np.ones((3, 3)), "caps": [9, 9, 3]}

    assert capped_tier_cut(three(), **arguments).value == 7.0
    assert capped_tier_cut(three(), **arguments, constant=[0, 0, 2]).labels.tolist() == [0, 1, 2]


def test_no_room_is_an_answer() -> None:
    """Three ops and room for two; and a pinned op with no room on tier 0."""
    for caps in ([1, 1, 0], [0, 9, 9], [9, 9, -1]):
        cut = capped_tier_cut(three(), use=np.ones((3, 3)), caps=caps)
        assert (cut.status, cut.value, cut.labels) == ("infeasible", np.inf, None)


@pytest.mark.parametrize("tier", [0, 1, 2])
def test_what_exactly_fits_fits(tier: int) -> None:
    """0.1 + 0.2 is a little more than 0.3 in float64: both ops on a tier when the cap is that, else not."""
    costs = np.full((2, 3), 9.0)
    costs[:, tier] = 0
    problem = TierProblem(graph=bare(2, chain(2)), tier_costs=costs, hop_costs=np.zeros((2, 2)))
    use = np.array([[0.1] * 3, [0.2] * 3])

    for cap, value in ((0.1 + 0.2, 0.0), (0.3, 9.0)):
        caps = np.full(3, np.inf)
        caps[tier] = cap
        assert capped_tier_cut(problem, use=use, caps=caps).value == value


def test_more_answers_that_just_do_not_fit_than_are_excluded_lose_none_that_fits() -> None:
    """Three of 12 times 0.1 exceed 0.3 by an ulp, in 220 ways: two go to tier 1, which saves 2 of 12."""
    graph = bare(12, [])
    problem = TierProblem(graph=graph, tier_costs=[[1.0, 0]] * 12, hop_costs=np.zeros((12, 1)))

    cut = capped_tier_cut(problem, use=np.full((12, 2), 0.1), caps=[np.inf, 0.3])

    assert cut.value == 10.0


def test_a_cap_on_120_ops_is_solved_to_the_end() -> None:
    """Room on the last tier for four fifths of the ops that would be there."""
    problem = random_dag_problem(np.random.default_rng(5), ops=120, reads=3, tiers=3)
    free = tier_cut(problem)
    use = np.ones((120, 3))
    caps = np.where(np.arange(3) == 2, 0.8 * np.count_nonzero(free.labels == 2), np.inf)

    cut = capped_tier_cut(problem, use=use, caps=caps)

    assert cut.status == "optimal"
    assert cut.value > free.value
    assert np.count_nonzero(cut.labels == 2) <= caps[2]


def test_no_answer_in_time_is_an_error_that_says_so() -> None:
    with pytest.raises(SolverError, match=r"no split within cap 0 of part 2 was found in 0\.0 s"):
        capped_tier_cut(three(), use=np.ones((3, 3)), caps=[np.inf, np.inf, 1], time_limit_s=0.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"use": np.ones((3, 2))}, r"use has shape \(3, 2\); give \(3, 3\)"),
        ({"use": -np.ones((3, 3))}, "use holds a negative number"),
        ({"caps": [1, 1]}, r"caps has shape \(2,\); give \(3,\)"),
        ({"caps": [1, 1, np.nan]}, "caps must be numbers"),
        ({"constant": [1, 1]}, r"constant has shape \(2,\)"),
    ],
)
def test_caps_of_another_shape_are_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(SolverError, match=sentence):
        capped_tier_cut(three(), **{"use": np.ones((3, 3)), "caps": [1, 1, 1], **given})
