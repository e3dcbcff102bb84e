"""Loops and choices inside a program, against the same module with its steps one after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_model
from cutwise.importers.torch_format.from_torch import export, from_torch
from cutwise.importers.torch_format.loops.trip_count import number_of
from cutwise.importers.torch_format.nodes import Ref

torch = pytest.importorskip("torch")
nn = torch.nn

from torch._higher_order_ops.map import map as mapped  # noqa: E402
from torch._higher_order_ops.scan import scan  # noqa: E402
from torch._higher_order_ops.while_loop import while_loop  # noqa: E402

from tests.core.costs.no_loss import NO_LOSS  # noqa: E402
from tests.core.costs.torch_truth import counted_flops, saved_bytes  # noqa: E402

BATCH, STEPS = 2, 7


class Cell(nn.Module):
    """Two layers, and steps over them that `run` takes."""

    def __init__(self, run: Callable[..., Any], plain: Callable[..., Any]) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.run, self.plain, self.unrolled = run, plain, False

    def forward(self, *data: Any) -> Any:
        return (self.plain if self.unrolled else self.run)(self, *data)


def recurrent(m: Cell, h: Any, x: Any) -> Any:
    return torch.tanh(m.a(h) + x)


def gated(m: Cell, state: Any, x: Any) -> Any:
    h, c = state
    gate = torch.sigmoid(m.a(x) + m.b(h))
    c = c * gate + x
    return torch.tanh(c), c


def scanned(m: Cell, x: Any, h: Any) -> Any:
    return scan(lambda h, x: (new := recurrent(m, h, x), new.clone()), h, x)[1]


def scanned_one_by_one(m: Cell, x: Any, h: Any) -> Any:
    made = []
    for step in x.unbind(0):
        h = recurrent(m, h, step)
        made.append(h)
    return torch.stack(made)


def scanned_states(m: Cell, x: Any, h: Any, c: Any) -> Any:
    return scan(lambda s, x: (new := gated(m, s, x), new[0].clone()), (h, c), x, dim=1)[1]


def scanned_states_one_by_one(m: Cell, x: Any, h: Any, c: Any) -> Any:
    made, state = [], (h, c)
    for step in x.unbind(1):
        state = gated(m, state, step)
        made.append(state[0])
    return torch.stack(made, 1)


def repeated(m: Cell, x: Any) -> Any:
    count = torch.zeros((), dtype=torch.int64)
    return while_loop(lambda i, x: i < STEPS, lambda i, x: (i + 1, torch.tanh(m.a(x))), (count, x))[1]


def repeated_one_by_one(m: Cell, x: Any) -> Any:
    for _ in range(STEPS):
        x = torch.tanh(m.a(x))
    return x


def each(m: Cell, x: Any) -> Any:
    return mapped(lambda x: m.b(torch.relu(m.a(x))), x)


def each_one_by_one(m: Cell, x: Any) -> Any:
    return torch.stack([m.b(torch.relu(m.a(part))) for part in x.unbind(0)])


def per_sample(m: Cell, x: Any) -> Any:
    return torch.vmap(lambda row: m.b(torch.relu(m.a(row)).flip(0)).softmax(-1))(x)


def all_samples(m: Cell, x: Any) -> Any:
    return m.b(torch.relu(m.a(x)).flip(1)).softmax(-1)


def per_column(m: Cell, x: Any) -> Any:
    return torch.vmap(lambda part: torch.tanh(m.b(m.a(part))), in_dims=1)(x)


def all_columns(m: Cell, x: Any) -> Any:
    return torch.tanh(m.b(m.a(x))).transpose(0, 1)


STATE = torch.randn(BATCH, 8)
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = {
    "scan": (scanned, scanned_one_by_one, (torch.randn(STEPS, BATCH, 8), STATE)),
    "scan with two states": (
        scanned_states, scanned_states_one_by_one,
        (torch.randn(BATCH, STEPS, 8), STATE, torch.randn(BATCH, 8)),
    ),
    "while": (repeated, repeated_one_by_one, (STATE,)),
    "vmap": (per_sample, all_samples, (torch.randn(BATCH, STEPS, 8),)),
    "vmap along a later axis": (per_column, all_columns, (torch.randn(BATCH, STEPS, 8),)),
    "map": (each, each_one_by_one, (torch.randn(STEPS, BATCH, 8),)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_loop_counts_and_keeps_as_its_steps_do_one_by_one(name: str) -> None:
    """Unrolled, a state handed on that nothing else keeps is a tensor of each step."""
    run, plain, data = CASES[name]
    module = Cell(run, plain)
    graph = from_torch(module, data)
    module.unrolled = True
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    assert (graph.batch_size, dict(cost.unpriced)) == (BATCH, {})
    assert cost.macs * BATCH * 2 == counted_flops(module, *data)[0]
    assert cost.saved_bytes.sum() * BATCH == pytest.approx(saved_bytes(module, *data), rel=0.03)


def count_down(m: Cell, x: Any, n: Any) -> Any:
    return while_loop(lambda i, x: i > 0, lambda i, x: (i - 1, torch.tanh(m.a(x))), (n, x))[1]


def test_how_often_a_loop_runs_is_asked_where_data_say_it(tmp_path: Path) -> None:
    module, data = Cell(count_down, count_down), (STATE, torch.tensor(4))
    with pytest.raises(
        ModelImportError, match=r"runs as often as its data say; say how often: dims=\{'while"
    ):
        from_torch(module, data)
    graph = from_torch(module, data, dims={"while_loop.trips": 5})
    assert (price(graph, Workload(loss=NO_LOSS)).macs, dict(graph.dims)) == (5 * 64, {"while_loop.trips": 5})
    written = export(module, data, tmp_path / "loop.pt2", dims={"while_loop.trips": 5})
    assert written == load_model(tmp_path / "loop.pt2", dims={"while_loop.trips": 5}) == graph
    with pytest.raises(
        ModelImportError, match=r"dims names 'scan\.trips', which is not open in this file; open"
    ):
        from_torch(Cell(repeated, repeated), STATE, dims={"scan.trips": 5})


def chosen(m: Cell, x: Any) -> Any:
    return torch.cond(x.sum() > 0, lambda x: m.a(x), lambda x: m.b(m.b(x)), (x,))


def test_of_branches_the_larger_is_read_and_the_other_weighed() -> None:
    graph = from_torch(Cell(chosen, chosen), STATE)
    assert price(graph, Workload(loss=NO_LOSS)).macs == 2 * 64
    assert graph.parameters == 72
    assert graph.warnings == (
        "op 'cond' chooses by its data; of its branches the one that multiplies most is read",
        "2 parameter tensors ('a.weight', 'a.bias'; 72 parameters) reach no output and are not counted",
    )


def kept(m: Cell, x: Any, n: Any) -> Any:
    count = n.item()
    torch._check(count > 0)
    torch._check(count < 6)
    return m.a(x[:count])


def padded(m: Cell, x: Any, n: Any) -> Any:
    count = n.item()
    torch._check(count >= 0)
    return m.a(x[:1].expand(count, 8)).sum(0) + m.b(x)


def test_a_size_that_data_decide_is_the_most_it_can_be_or_asked_for() -> None:
    data = (torch.zeros(6, 8), torch.tensor(3))
    graph = from_torch(Cell(kept, kept), data)
    assert (price(graph, Workload(loss=NO_LOSS)).macs, dict(graph.dims)) == (5 * 64, {"u0": 5})
    assert "data decide the size 'u0': 5, the most it can be, is assumed; dims={'u0': …}" in "".join(
        graph.warnings
    )
    assert price(from_torch(Cell(kept, kept), data, dims={"u0": 2}), Workload(loss=NO_LOSS)).macs == 2 * 64
    with pytest.raises(ModelImportError, match="dims gives 'u0' the size 9; the model takes 1 to 5"):
        from_torch(Cell(kept, kept), data, dims={"u0": 9})


def test_a_size_without_a_bound_is_asked_for() -> None:
    module, data = Cell(padded, padded), (torch.zeros(6, 8), torch.tensor(3))
    with pytest.raises(
        ModelImportError, match=r"data decide the size 'u0'; say what it is: dims=\{'u0': SIZE\}"
    ):
        from_torch(module, data)
    assert price(from_torch(module, data, dims={"u0": 3}), Workload(loss=NO_LOSS)).macs == (3 + 6) * 64


@pytest.mark.parametrize(
    ("op", "values", "number"),
    [
        ("zeros", [[]], 0),
        ("full", [[], 7], 7),
        ("add", [Ref("i"), 1, 2], 4),
        ("lt", [Ref("i"), Ref("unknown")], None),
        ("remainder", [Ref("i"), 0], None),
        ("full", [[2], 7], None),
    ],
)
def test_counters_are_followed_as_far_as_they_are_spelled_out(op: str, values: Any, number: Any) -> None:
    assert number_of(op, values, {"i": 3}) == number
