"""Autograd functions with a backward pass of their own, against what PyTorch keeps of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.reading import read_here
from cutwise.importers.torch_format.from_torch import export, from_torch

torch = pytest.importorskip("torch")
nn = torch.nn

from torch.utils.checkpoint import checkpoint  # noqa: E402

from tests.core.costs.no_loss import NO_LOSS  # noqa: E402
from tests.core.costs.torch_truth import counted_flops, saved_bytes  # noqa: E402

BATCH = 2
DATA = torch.randn(BATCH, 32)


class Gelu(torch.autograd.Function):
    """Keeps its input, of eight tensors that its forward makes."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return 0.5 * x * (1 + torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x)))

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (x,) = ctx.saved_tensors
        return gradient * x


class Gate(torch.autograd.Function):
    """Keeps something that it makes on the way, and its weight."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        gate = torch.sigmoid(x)
        ctx.save_for_backward(gate, weight)
        return x * gate * weight

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        gate, weight = ctx.saved_tensors
        return gradient * gate * weight, (gradient * gate).sum(0)


class Net(nn.Module):
    """Both functions, the second of a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down, self.scale = nn.Linear(32, 64), nn.Linear(64, 32), nn.Parameter(torch.ones(32))

    def forward(self, x: Any) -> Any:
        wide = Gelu.apply(self.up(x))
        return Gate.apply(self.down(wide), self.scale)


class Checkpointed(nn.Module):
    """A part that runs again in the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.up, self.down = nn.Linear(32, 32), nn.Linear(32, 64), nn.Linear(64, 32)

    def forward(self, x: Any) -> Any:
        def part(x: Any) -> Any:
            return self.down(torch.tanh(self.up(x)))

        return checkpoint(part, self.first(x), use_reentrant=True)


def kept(graph: ModelGraph) -> float:
    return price(graph, Workload(loss=NO_LOSS, batch_size=BATCH)).saved_bytes.sum() * BATCH


@pytest.mark.parametrize(
    ("module", "called"), [(Net(), "2 autograd functions ('Gelu', 'Gate')"), (Checkpointed(), "1 autograd")]
)
def test_of_a_function_what_it_saves_itself_is_kept(module: Any, called: str) -> None:
    graph = from_torch(module, DATA)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    assert kept(graph) == saved_bytes(module, DATA)
    assert cost.macs * 2 * BATCH == counted_flops(module, DATA)[0]
    assert cost.trainable_parameters == sum(p.numel() for p in module.parameters())
    (warning,) = graph.warnings
    assert warning.startswith(called)
    assert "a backward pass of their own: they are taken to keep what they save themselves" in warning


def test_an_exported_file_notes_its_functions(tmp_path: Path) -> None:
    graph = export(Net(), DATA, tmp_path / "net.pt2")
    assert read_here(tmp_path / "net.pt2", {}) == graph == from_torch(Net(), DATA)
    with_none = export(nn.Linear(32, 32), DATA, tmp_path / "plain.pt2")
    assert with_none.warnings == ()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strict", [False, True])
def test_a_file_of_pytorch_names_functions_in_its_stack_traces(tmp_path: Path, strict: bool) -> None:
    """Taken to keep what they read: their 2 x 64 and 2 x 32 inputs, 2 x 64 and 2 x 32 of the layers."""
    program = torch.export.export(Net(), (DATA,), strict=strict)
    torch.export.save(program, tmp_path / "net.pt2")
    graph = read_here(tmp_path / "net.pt2", {})
    assert kept(graph) == 4 * BATCH * (64 + 32 + 64 + 32)
    (warning,) = graph.warnings
    assert "2 autograd functions ('Gelu', 'Gate')" in warning
    assert "they are taken to keep what they read" in warning
