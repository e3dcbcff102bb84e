"""Modules of many kinds: weights that are computed, shared or frozen, complex numbers, inputs of any form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.torch_format.from_torch import from_torch

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

from torch.nn.utils import parametrizations  # noqa: E402

from tests.core.costs.no_loss import NO_LOSS  # noqa: E402
from tests.core.costs.torch_truth import counted_flops, saved_bytes  # noqa: E402

BATCH = 2
ROW, ROWS, MAPS = torch.randn(BATCH, 8), torch.randn(BATCH, 6, 8), torch.randn(BATCH, 4, 8, 8)


def priced(graph: ModelGraph) -> GraphCost:
    return price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))


def chain(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


class With(nn.Module):
    """Layers by name and what is done with them."""

    def __init__(self, function: Callable[..., Any], **layers: Any) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            if isinstance(layer, torch.Tensor):
                self.register_buffer(name, layer)
            else:
                setattr(self, name, layer)

    def forward(self, *data: Any) -> Any:
        return self.function(self, *data)


def frozen(module: nn.Module) -> nn.Module:
    return module.requires_grad_(requires_grad=False)


def biases_only(module: nn.Module) -> nn.Module:
    for name, parameter in module.named_parameters():
        parameter.requires_grad_("bias" in name)
    return module


def adapted(m: Any, x: Any) -> Any:
    return m.base(x) + m.up(m.down(x)) * 2


def mixed(m: Any, x: Any) -> Any:
    weights = m.gate(x).softmax(-1)
    return sum(weights[..., at : at + 1] * expert(x) for at, expert in enumerate(m.experts))


def dequantised(m: Any, x: Any) -> Any:
    return functional.linear(m.first(x), m.weight.to(x.dtype) * m.scale, None)


def rotated(m: Any, x: Any) -> Any:
    pairs = torch.view_as_complex(m.first(x).unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * m.turns).flatten(-2)


def doubled_by_hook(module: nn.Module) -> nn.Module:
    module.register_forward_hook(lambda module, inputs, output: output * output)
    return module


MODULES: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "adapter on a frozen layer": (
        lambda: With(adapted, first=frozen(nn.Linear(8, 8)), base=frozen(nn.Linear(8, 8)),
                     down=nn.Linear(8, 2, bias=False), up=nn.Linear(2, 8, bias=False)), ROWS,
    ),
    "frozen trunk": (
        lambda: chain(frozen(nn.Conv2d(4, 4, 3)), frozen(nn.BatchNorm2d(4)), nn.ReLU(), nn.Conv2d(4, 2, 3)),
        MAPS,
    ),
    "biases alone": (lambda: biases_only(chain(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))), ROWS),
    "biases of convolutions": (lambda: biases_only(chain(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 3))), MAPS),
    "experts": (
        lambda: With(mixed, gate=nn.Linear(8, 3), experts=nn.ModuleList(nn.Linear(8, 8) for _ in range(3))),
        ROWS,
    ),
    "a matrix from 8 bits": (
        lambda: With(dequantised, first=nn.Linear(8, 8), scale=torch.ones(16, 1),
                     weight=torch.ones(16, 8, dtype=torch.int8)), ROW,
    ),
    "rotation in complex numbers": (
        lambda: With(rotated, first=nn.Linear(8, 8), turns=torch.polar(torch.ones(6, 4), torch.ones(6, 4))),
        ROWS,
    ),
    "a hook": (lambda: doubled_by_hook(nn.Linear(8, 8)), ROW),
    "dropout that is off": (lambda: chain(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU()).eval(), ROW),
    "one layer twice": (lambda: chain(*[nn.Linear(8, 8)] * 2), ROW),
    "data in parallel": (lambda: nn.DataParallel(chain(nn.Linear(8, 8), nn.ReLU())), ROW),
    "compiled": (lambda: torch.compile(chain(nn.Linear(8, 8), nn.ReLU())), ROW),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODULES)
def test_modules_count_train_and_keep_as_in_pytorch(name: str) -> None:
    build, data = MODULES[name]
    module = build()
    cost = priced(from_torch(module, data))
    assert cost.macs * 2 * BATCH == counted_flops(module, data)[0]
    assert cost.saved_bytes.sum() * BATCH == saved_bytes(module, data)
    used = [p for n, p in module.named_parameters() if "first" not in n or "adapter" not in name]
    assert cost.parameters == sum(p.numel() for p in used)
    assert cost.trainable_parameters == sum(p.numel() for p in used if p.requires_grad)
    assert dict(cost.unpriced) == {}


@pytest.mark.parametrize("wrap", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_a_computed_matrix_is_kept_once_a_batch(wrap: Callable[[nn.Module], nn.Module]) -> None:
    """16 x 8 numbers, whatever the samples; norms and their vectors, under 120 B here, are not counted."""
    module = chain(nn.Linear(8, 8), wrap(nn.Linear(8, 16)))
    cost = priced(from_torch(module, ROW))
    kept = cost.saved_bytes.sum() * BATCH
    assert kept == 4 * (2 * 8 + 2 * 8 + 16 * 8)
    assert 0 <= saved_bytes(module, ROW) - kept < 120
    assert cost.trainable_parameters == sum(p.numel() for p in module.parameters())


class Spectral(nn.Module):
    """A layer of a Fourier neural operator."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 16)
        self.weight = nn.Parameter(torch.randn(4, 4, 5, dtype=torch.complex64))

    def forward(self, x: Any) -> Any:
        low = torch.fft.rfft(self.first(x))[..., :5]
        return torch.fft.irfft(torch.einsum("bix,iox->box", low, self.weight), n=16)


def test_a_complex_product_takes_four_real_ones_and_twice_the_bytes() -> None:
    """4 x 16 x 16 real multiply-adds of the layer, 4 x 4 x 5 complex ones; transforms of 16 real numbers."""
    module, data = Spectral(), torch.randn(BATCH, 4, 16)
    cost = priced(from_torch(module, data))
    assert cost.macs == 4 * 16 * 16 + 4 * (4 * 4 * 5)
    assert cost.saved_bytes.sum() * BATCH == saved_bytes(module, data)
    transforms = [at for at, op in enumerate(cost.graph.ops) if op.kind == "fft"]
    assert [cost.forward_flops[at] for at in transforms] == [5 * 4 * 16 * 4 / 2] * 2
    assert cost.weight_bytes.sum() == 4 * (16 * 16 + 16) + 8 * 80
    assert (cost.parameters, dict(cost.unpriced)) == (16 * 16 + 16 + 80, {})


def test_layers_that_no_output_needs_are_weighed() -> None:
    module = With(lambda m, x: m.used(x) + 0 * len(m.spare(x)), used=nn.Linear(8, 8), spare=nn.Linear(8, 99))
    graph = from_torch(module, ROW)
    assert graph.parameters == 72
    assert graph.warnings == (
        "2 parameter tensors ('spare.weight', 'spare.bias'; 891 parameters) reach no output and are not "
        "counted",
    )


def test_a_model_without_gradients_trains_nothing_and_says_so() -> None:
    graph = from_torch(frozen(nn.Linear(8, 8)), ROW)
    assert graph.warnings == (
        "no parameter of the file needs a gradient (requires_grad), so that nothing is trained",
    )
    assert (priced(graph).trainable_parameters, graph.parameters) == (0, 72)


@dataclasses.dataclass
class Pair:
    """Two tensors under names."""

    a: Any
    b: Any


class Cache:
    """Something that no export knows how to hand out."""

    def __init__(self, kept: Any) -> None:
        self.kept = kept


def test_inputs_and_outputs_may_have_any_form() -> None:
    plain = priced(from_torch(With(lambda m, a, b: m.one(a) + b, one=nn.Linear(8, 8)), (ROW, ROW.clone())))
    forms: list[tuple[Callable[..., Any], Any]] = [
        (lambda m, d: {"y": m.one(d.a) + d.b, "cache": Cache(d.a)}, (Pair(ROW, ROW.clone()),)),
        (lambda m, d: Pair(m.one(d["a"]) + d["b"], None), ({"a": ROW, "b": ROW.clone()},)),
        (lambda m, a, rest: [m.one(a) + rest[0][0], Cache(a)], (ROW, [(ROW.clone(), 3)])),
    ]
    for function, data in forms:
        cost = priced(from_torch(With(function, one=nn.Linear(8, 8)), data))
        assert (cost.macs, cost.saved_bytes.sum()) == (plain.macs, plain.saved_bytes.sum())


@pytest.mark.filterwarnings("ignore")
def test_scripted_modules_are_refused_with_what_to_do() -> None:
    with pytest.raises(ModelImportError, match="is a scripted module; give the module that it was made from"):
        from_torch(torch.jit.script(nn.Linear(8, 8)), ROW)


@pytest.mark.parametrize(
    ("dtype", "proposed"), [(torch.bfloat16, '{"weights_dtype": "bf16"}'), (torch.float32, None)]
)
def test_the_number_format_of_the_weights_is_proposed_for_the_workload(
    dtype: Any, proposed: str | None
) -> None:
    graph = from_torch(nn.Linear(8, 8).to(dtype), ROW.to(dtype))
    assert graph.provenance.get("workload") == proposed
