"""The cut device–server–device against enumeration, by scan and by CP-SAT."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.u_shape.flow import relaxed, u_shape_of
from cutwise.cuts.u_shape.scan import order_of
from cutwise.cuts.u_shape.u_shape_cut import u_shape_cut
from cutwise.cuts.u_shape.u_shape_numbers import SERVER, TOP, UShapeProblem, u_shape_cost
from cutwise.cuts.u_shape.u_shape_program import search
from cutwise.errors import SolverError
from tests.core.cuts.graphs import chain, dense, random_graph, residual, transformer
from tests.core.cuts.labellings import all_labellings, is_labelling, u_totals
from tests.core.cuts.tiers.test_tier_cut import bare

CLOSE = 1e-9


def problem_on(
    rng: np.random.Generator, graph: SplitGraph, *, pinned_top: np.ndarray, scale: float = 1.0
) -> UShapeProblem:
    """Device costs mostly above the server's, and tensors `scale` times as dear."""
    ops = graph.op_count
    return UShapeProblem(
        graph=graph,
        device_costs=rng.uniform(-0.1, 1, ops),
        server_costs=rng.uniform(-0.1, 0.5, ops),
        up_costs=scale * rng.random(ops),
        down_costs=scale * rng.random(ops),
        pinned_top=pinned_top,
    )


def enumerated(problem: UShapeProblem) -> tuple[np.ndarray, np.ndarray]:
    """Every labelling that keeps pins and ties, and what each costs."""
    rows = all_labellings(problem.graph, 3, tied=False)
    rows = rows[(rows[:, problem.pinned_top] == 2).all(axis=1)]
    for group in problem.graph.ties:
        on_server = rows[:, list(group)] == 1
        rows = rows[on_server.all(axis=1) | ~on_server.any(axis=1)]
    costs = (problem.device_costs, problem.server_costs, problem.up_costs, problem.down_costs)
    return rows, u_totals(problem.graph, *costs, rows)


def drawn(rng: np.random.Generator, *, kind: str) -> UShapeProblem:
    ops = int(rng.integers(3, 9))
    if kind == "dag":
        graph = random_graph(rng, ops, device=1)
    else:
        skips = [(u, v) for u in range(ops) for v in range(u + 2, ops) if rng.random() < 0.3]
        first = np.arange(ops) < rng.integers(0, 3)
        ties = ((0, ops - 1),) if rng.random() < 0.3 else ()
        graph = SplitGraph(
            op_count=ops, edges=chain(ops) + skips, device_features=[], crossing_features=[],
            pinned=first, ties=ties,
        )  # fmt: skip
    top = np.arange(ops) >= ops - rng.integers(0, 3 if kind == "dag" else 2)
    return problem_on(rng, graph, pinned_top=top, scale=10 ** rng.uniform(-1.5, 0))


@pytest.mark.parametrize("kind", ["dag", "ordered"])
def test_the_cut_equals_enumeration(kind: str) -> None:
    """150 random graphs, and 150 chains with random skips, which are scanned; both ends pinned and tied."""
    methods, statuses, empty = set(), set(), 0
    for seed in range(150):
        problem = drawn(np.random.default_rng(seed), kind=kind)
        rows, totals = enumerated(problem)

        cut = u_shape_cut(problem)

        assert cut.status == ("optimal" if len(rows) else "infeasible"), f"seed {seed}"
        least = totals.min(initial=np.inf)
        assert cut.value == pytest.approx(least, rel=CLOSE, abs=CLOSE), f"seed {seed}"
        methods.add(cut.method)
        statuses.add(cut.status)
        if cut.labels is not None:
            assert is_u_shape(problem, cut.labels)
            assert cut.bound - cut.bound_error <= cut.value + CLOSE
            empty += not (cut.labels == 1).any()
    assert methods == ({"scan", "max_flow", "cp_sat"} if kind == "dag" else {"scan"})
    assert statuses == ({"optimal", "infeasible"} if kind == "dag" else {"optimal"})
    assert 5 <= empty <= 100


@pytest.mark.parametrize("kind", ["dag", "ordered"])
def test_caps_equal_enumeration(kind: str) -> None:
    """Device and server memory near what the free optimum uses, two resources in half of the cases."""
    binding = infeasible = 0
    for seed in range(150):
        rng = np.random.default_rng(500 + seed)
        problem = drawn(rng, kind=kind)
        rows, totals = enumerated(problem)
        if not len(rows):
            continue
        use = rng.random((problem.graph.op_count, 2, 1 + seed % 2))
        constant = 0.1 * rng.random((2, 1 + seed % 2))
        on_server = (rows == 1).astype(float)
        used = np.stack([(1 - on_server) @ use[:, 0], on_server @ use[:, 1]], axis=1) + constant
        caps = np.full(constant.shape, np.inf)
        for part in rng.choice(2, 2):
            caps[part, -1] = used[totals.argmin(), part, -1] * rng.uniform(0.5, 1.1)
        fits = (used <= caps).all(axis=(1, 2))

        cut = u_shape_cut(problem, use=use, caps=caps, constant=constant)

        least = totals[fits].min(initial=np.inf)
        assert cut.value == pytest.approx(least, rel=CLOSE, abs=CLOSE), f"seed {seed}"
        assert cut.status == ("optimal" if fits.any() else "infeasible")
        binding += bool(fits.any()) and least > totals.min() + CLOSE
        infeasible += not fits.any()
    assert binding >= 20
    assert infeasible >= 5


def test_scan_and_program_agree_on_graphs_in_one_order() -> None:
    """Dense blocks of 41 ops, where every op reads many before it."""
    for seed in range(3):
        graph = bare(41, dense(5), pinned=(0,))
        rng = np.random.default_rng(seed)
        problem = problem_on(rng, graph, pinned_top=np.arange(41) == 40, scale=0.3)

        scanned = u_shape_cut(problem)
        on_server, bound, error = search(problem, (), 20.0)

        assert scanned.method == "scan"
        assert u_shape_cost(problem, u_shape_of(problem, on_server)) == pytest.approx(
            scanned.value, rel=CLOSE
        )
        assert bound == pytest.approx(scanned.value, abs=error + CLOSE)


def test_a_tensor_that_skips_the_server_costs_nothing() -> None:
    """Op 0 is read on the server and in the top: 1 + 2 + 1 of work, 10 up once, 20 down."""
    skip = bare(3, [(0, 1), (1, 2), (0, 2)], pinned=(0,))
    problem = UShapeProblem(
        graph=skip,
        device_costs=[1.0, 99, 1],
        server_costs=[0.0, 2, 0],
        up_costs=[10.0, 0, 0],
        down_costs=[7.0, 20, 0],
        pinned_top=[False, False, True],
    )

    cut = u_shape_cut(problem)

    assert (cut.value, cut.labels.tolist()) == (34.0, [0, 1, 2])


def test_tensors_with_several_readers_are_sent_once_each_way() -> None:
    """0 is read by 1 and 2 on the server, 1 by 3 and 4 in the top: 5 up, 7 down, 2 of work at each end."""
    graph = bare(5, [(0, 1), (0, 2), (1, 2), (1, 3), (1, 4)], pinned=(0,))
    problem = UShapeProblem(
        graph=graph,
        device_costs=[2.0, 50, 50, 1, 1],
        server_costs=[0.0] * 5,
        up_costs=[5.0] * 5,
        down_costs=[7.0] * 5,
        pinned_top=[False, False, False, True, True],
    )

    cut = u_shape_cut(problem)

    assert (cut.value, cut.labels.tolist(), cut.method) == (16.0, [0, 1, 1, 2, 2], "scan")


def test_a_tie_binds_the_device_to_itself_across_the_server() -> None:
    """An embedding in the bottom tied to the head in the top: both on the device is one side."""
    graph = SplitGraph(
        op_count=4, edges=chain(4), device_features=[], crossing_features=[],
        pinned=np.arange(4) == 0, ties=((0, 3),),
    )  # fmt: skip
    problem = UShapeProblem(
        graph=graph,
        device_costs=[1.0, 9, 9, 3],
        server_costs=[0.0, 1, 1, 0],
        up_costs=[1.0] * 4,
        down_costs=[1.0] * 4,
    )

    # 1 + 1 + 1 + 3 and two tensors; without the tie op 3 would be on the server for 0
    assert u_shape_cut(problem).value == 8.0
    assert u_shape_cut(problem).labels.tolist() == [0, 1, 1, 2]


def test_the_server_stays_empty_where_sending_costs_more() -> None:
    problem = problem_on(
        np.random.default_rng(0), bare(5, chain(5), pinned=(0,)), pinned_top=np.arange(5) == 4, scale=1e4
    )

    cut = u_shape_cut(problem)

    assert cut.labels.tolist() == [0, 0, 0, 0, 2]
    assert cut.value == pytest.approx(problem.device_costs.sum())


def test_an_op_pinned_to_both_ends_is_infeasible() -> None:
    problem = problem_on(
        np.random.default_rng(0), bare(3, chain(3), pinned=(2,)), pinned_top=np.arange(3) == 1
    )

    assert u_shape_cut(problem).status == "infeasible"


def test_only_unordered_branches_need_the_integer_program() -> None:
    def ordered(ops: int, edges: list[tuple[int, int]]) -> bool:
        problem = problem_on(np.random.default_rng(0), bare(ops, edges, pinned=(0,)), pinned_top=np.zeros(0))
        return order_of(problem) is not None

    assert ordered(50, chain(50))
    assert ordered(15, residual(2))
    assert ordered(17, dense(2))
    assert not ordered(15, transformer(1))


def test_a_transformer_with_branches_is_solved_to_the_end() -> None:
    """Two layers, 29 ops: q, k and v are not ordered, so that CP-SAT answers."""
    graph = bare(29, transformer(2), pinned=(0,))
    problem = problem_on(np.random.default_rng(4), graph, pinned_top=np.arange(29) == 28, scale=0.3)

    cut = u_shape_cut(problem)

    assert (cut.status, cut.method) == ("optimal", "cp_sat")
    assert cut.bound == pytest.approx(cut.value, abs=cut.bound_error + CLOSE)


def comes_back() -> UShapeProblem:
    """Chain 0 → 1 → 2 → 3 with a side branch 0 → 4: 1 and 3 are cheap on the server, 2 on the device."""
    return UShapeProblem(
        graph=bare(5, [*chain(4), (0, 4)], pinned=(0,)),
        device_costs=[0.0, 9, 0, 9, 0],
        server_costs=[0.0, 0, 7, 0, 9],
        up_costs=[1.0] * 5,
        down_costs=[1.0] * 5,
    )


def test_a_minimum_cut_may_come_back_to_the_server_and_a_u_shape_may_not() -> None:
    """Up, down and up again is 3; in one stretch op 2 is on the server too, 7 + 1."""
    on_server, value, error = relaxed(comes_back())
    assert (on_server.tolist(), value) == ([False, True, False, True, False], pytest.approx(3.0, abs=error))
    assert u_shape_of(comes_back(), on_server) is None

    cut = u_shape_cut(comes_back())

    assert (cut.value, cut.labels.tolist(), cut.method) == (8.0, [0, 1, 1, 1, 0], "cp_sat")


def test_the_minimum_cut_is_never_above_a_u_shape_and_equals_it_when_it_is_one() -> None:
    ones = 0
    for seed in range(150):
        problem = drawn(np.random.default_rng(9000 + seed), kind="dag")
        rows, totals = enumerated(problem)
        on_server, value, error = relaxed(problem)
        labels = u_shape_of(problem, on_server)

        assert value - error <= totals.min(initial=np.inf) + CLOSE
        if labels is not None:
            ones += 1
            assert labels.tolist() in rows.tolist()
            assert value == pytest.approx(totals.min(), rel=CLOSE, abs=CLOSE)
        else:
            assert not ((rows == 1) == on_server).all(axis=1).any()
    assert 30 <= ones <= 145


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"device_costs": [0.0, np.inf, 0]}, "device_costs: give a finite number for each of 3 ops"),
        ({"up_costs": [0.0, -1, 0]}, "up_costs of op 1 is negative"),
        ({"pinned_top": [True]}, r"pinned_top has shape \(1,\)"),
    ],
)
def test_costs_without_a_cut_are_refused(given: dict[str, object], sentence: str) -> None:
    zeros = dict.fromkeys(("device_costs", "server_costs", "up_costs", "down_costs"), np.zeros(3))

    with pytest.raises(SolverError, match=sentence):
        UShapeProblem(graph=bare(3, chain(3)), **{**zeros, **given})


@pytest.mark.parametrize("edges", [[], chain(3)])
def test_what_exactly_fits_the_server_fits(edges: list[tuple[int, int]]) -> None:
    """0.1 + 0.2 is a little more than 0.3; ops 1 and 2 save 5 and 4 there. By CP-SAT and by scan."""
    problem = UShapeProblem(
        graph=bare(3, edges, pinned=(0,)),
        device_costs=[0.0, 5, 4],
        server_costs=np.zeros(3),
        up_costs=np.zeros(3),
        down_costs=np.zeros(3),
    )
    use = np.array([[0.0, 0], [0, 0.1], [0, 0.2]])

    for cap, value in ((0.1 + 0.2, 0.0), (0.3, 4.0), (0.05, 9.0)):
        cut = u_shape_cut(problem, use=use, caps=[np.inf, cap])
        assert (cut.status, cut.value) == ("optimal", value)
        assert cut.bound == pytest.approx(value, abs=1e-12)


def test_caps_need_amounts() -> None:
    problem = problem_on(np.random.default_rng(0), bare(3, chain(3)), pinned_top=np.zeros(0))

    with pytest.raises(SolverError, match="use and caps belong together"):
        u_shape_cut(problem, caps=[1, 1])


def is_u_shape(problem: UShapeProblem, labels: npt.ArrayLike) -> bool:
    """True when `labels` (n,) keep the pins of both ends and each tie on one side, and never fall."""
    parts = np.asarray(labels)
    if not is_labelling(problem.untied, parts, 3):
        return False
    on_server = parts == SERVER
    together = all(len({bool(on_server[op]) for op in group}) == 1 for group in problem.graph.ties)
    return together and bool((parts[problem.pinned_top] == TOP).all())
