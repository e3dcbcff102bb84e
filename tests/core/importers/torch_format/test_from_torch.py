"""Modules read through torch.export, priced, and compared with what PyTorch itself counts and keeps."""

from __future__ import annotations

import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.guarded.guarded_process import PROJECT
from cutwise.importers.gate.reading import read_here
from cutwise.importers.torch_format.from_torch import export, from_torch

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

import tests  # noqa: E402
from tests.core.costs.no_loss import NO_LOSS  # noqa: E402
from tests.core.costs.torch_truth import counted_flops, dense_flops, saved_bytes  # noqa: E402
from tests.core.importers.torch_models import MODELS, on_meta  # noqa: E402

BATCH = 2


def without_dropout(module: Any) -> Any:
    """PyTorch's CPU keeps four bytes of dropout's mask where a GPU keeps one: left out of comparisons."""
    for layer in module.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return module


def total_saved(cost: GraphCost) -> float:
    return cost.saved_bytes.sum() * cost.graph.batch_size


@cache
def sample(name: str) -> tuple[Any, Any, ModelGraph]:
    """A shipped sample as a module, an input, and the graph of both."""
    module, data = on_meta(name, BATCH)
    return without_dropout(module), data, from_torch(module, data, name=name)


@pytest.fixture
def plain_kernels() -> Iterator[None]:
    """The CPU's own recurrent kernel is one opaque call; without it PyTorch shows its parts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TF32 acceleration")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


@pytest.mark.parametrize("name", MODELS)
def test_parameters_macs_and_saved_bytes_are_pytorchs(name: str) -> None:
    module, data, graph = sample(name)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH, attention="eager"))
    assert graph.batch_size == BATCH
    assert graph.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert cost.macs * 2 * BATCH == counted_flops(module, data)[0]
    assert total_saved(cost) == pytest.approx(saved_bytes(module, data), rel=0.001)
    assert (dict(cost.unpriced), graph.warnings) == ({}, ())


@pytest.mark.parametrize("name", MODELS)
def test_totals_are_those_of_the_shipped_sample(name: str) -> None:
    """The sample leaves out the ratio of its dropouts, so that they drop; ours say 0 here."""
    graph, shipped = sample(name)[2], cutwise.load_model(f"sample:{name}")
    kept = [replace(op, attrs={"ratio": 0}) if op.kind == "dropout" else op for op in shipped.ops]
    ours, theirs = (
        price(model, Workload(loss=NO_LOSS, batch_size=BATCH))
        for model in (graph, replace(shipped, ops=tuple(kept)))
    )
    assert (ours.parameters, ours.macs) == (theirs.parameters, theirs.macs)
    for column in ("weight_bytes", "buffer_bytes", "exchanged_bytes"):
        assert getattr(ours, column).sum() == getattr(theirs, column).sum()
    for column in ("saved_bytes", "forward_flops", "backward_input_flops", "backward_weight_flops"):
        assert getattr(ours, column).sum() == pytest.approx(getattr(theirs, column).sum(), rel=0.002)


def test_blocks_and_names_are_the_modules() -> None:
    module, data = on_meta("resnet18")
    graph = from_torch(module, data)
    assert graph.name == "ResNet18"
    assert graph.ops[graph.index["layer1/0/conv1"]].block == "layer1/0"
    assert graph.ops[graph.index["layer2/0/downsample/0"]].weights[0].id == "layer2.0.downsample.0.weight"
    assert {op.block for op in graph.ops} >= {"", "layer1/0", "layer4/1", "layer3/0/downsample"}


@pytest.mark.parametrize("name", ["vit_b16", "gpt2"])
def test_fused_attention_keeps_what_the_fused_kernel_keeps(name: str) -> None:
    """One layer on the CPU, where PyTorch fuses it."""
    module, data = on_meta(name, BATCH)
    layers = module.encoder if name == "vit_b16" else module.h
    layer = layers[0].to_empty(device="cpu")
    data = torch.zeros(BATCH, 128, 768)
    cost = price(from_torch(layer, data), Workload(loss=NO_LOSS, batch_size=BATCH))
    assert total_saved(cost) == pytest.approx(saved_bytes(layer, data), rel=0.001)


class Reader(nn.Module):
    """A linear layer, then `function` on its result and the given layers."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.first, self.layers, self.function = nn.Linear(8, 8), nn.ModuleList(layers), function

    def forward(self, x: Any) -> Any:
        return self.function(self.first(x), *self.layers)


def first_result(x: Any, layer: Any) -> Any:
    return layer(x)[0]


def last_states(x: Any, layer: Any) -> Any:
    states = layer(x)[1]
    return torch.cat(states, 2) if isinstance(states, tuple) else states


def self_attention(x: Any, layer: Any) -> Any:
    return layer(x, x, x, need_weights=False)[0]


def written_in_parts(x: Any) -> Any:
    whole = torch.zeros(x.shape)
    whole[:, :3] = x[:, :3]
    whole[:, 3:] += x[:, 3:] * 2
    return whole * x


def rotary(x: Any) -> Any:
    with torch.no_grad():
        angles = torch.arange(x.shape[1])[:, None] * torch.tensor([1.0, 0.1, 0.01, 0.001])
        cos, sin = torch.cat([angles.cos()] * 2, 1), torch.cat([angles.sin()] * 2, 1)
    return x * cos + torch.cat([-x[..., 4:], x[..., :4]], -1) * sin


def grouped_query_attention(x: Any) -> Any:
    query = x.view(BATCH, 6, 4, 2).transpose(1, 2)
    key, value = (part.reshape(BATCH, 6, 2, 2).transpose(1, 2) for part in x.split(4, -1))
    y = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    return y.transpose(1, 2).flatten(2)


ROWS, MAPS = (BATCH, 6, 8), (BATCH, 4, 8, 8)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "lstm": (lambda: Reader(first_result, nn.LSTM(8, 5, batch_first=True)), ROWS),
    "lstm, last states": (lambda: Reader(last_states, nn.LSTM(8, 5, batch_first=True)), ROWS),
    "gru": (lambda: Reader(first_result, nn.GRU(8, 5, batch_first=True)), ROWS),
    "grouped convolution": (
        lambda: Reader(lambda x, c: c(x), nn.Conv2d(4, 6, 3, padding="same", groups=2)), MAPS,
    ),
    "turned convolution": (lambda: Reader(lambda x, c: c(x), nn.ConvTranspose2d(4, 6, 3, 2, groups=2)), MAPS),
    "convolution by data": (lambda: Reader(lambda x: functional.conv2d(x, x[:, :, :3, :3])), MAPS),
    "einsum": (lambda: Reader(lambda x: torch.einsum("bij,bkj->bik", x, x)), ROWS),
    "einsum with a weight": (
        lambda: Reader(lambda x, w: torch.einsum("oc,bic->bio", w.weight, x), nn.Linear(8, 3, bias=False)),
        ROWS,
    ),
    "attention module": (lambda: Reader(self_attention, nn.MultiheadAttention(8, 2, batch_first=True)), ROWS),
    "grouped queries": (lambda: Reader(grouped_query_attention), ROWS),
    "encoder layer": (
        lambda: Reader(lambda x, e: e(x), nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)), ROWS,
    ),
    "written in parts": (lambda: Reader(written_in_parts), ROWS),
    "in place": (lambda: Reader(lambda x: (x * 2).add_(x).relu_().sigmoid()), ROWS),
    "gated": (lambda: Reader(lambda x: functional.glu(functional.silu(x) * x)), ROWS),
    "norms": (
        lambda: Reader(lambda x, g, i: i(g(x)), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)), MAPS,
    ),
    "pools": (
        lambda: Reader(lambda x: functional.avg_pool2d(functional.max_pool2d(x, 2), 2)
                       + functional.adaptive_avg_pool2d(x, (2, 2))), MAPS,
    ),
    "largest": (lambda: Reader(lambda x: x.max(1)[0] + x.topk(3, 1)[0].mean(1) + x.amax(1)), ROWS),
    "pieces": (lambda: Reader(lambda x: torch.cat([p * 2 for p in x.unbind(1)] + [x[:, 0].exp()], 1)), ROWS),
    "turned and joined": (lambda: Reader(lambda x: x.permute(0, 2, 1).reshape(BATCH, -1).square()), ROWS),
    "resized": (lambda: Reader(lambda x: functional.interpolate(x, size=(5, 9), mode="bilinear")), MAPS),
    "normalised": (lambda: Reader(lambda x: functional.normalize(x, dim=-1)), ROWS),
    "parametric": (lambda: Reader(lambda x, p: p(x), nn.PReLU()), ROWS),
}  # fmt: skip


@pytest.mark.usefixtures("plain_kernels")
@pytest.mark.parametrize("name", NETWORKS)
def test_small_networks_count_and_keep_as_in_pytorch(name: str) -> None:
    build, shape = NETWORKS[name]
    module, data = build(), torch.randn(shape)
    cost = price(from_torch(module, data), Workload(loss=NO_LOSS, batch_size=BATCH))
    assert cost.macs * 2 * cost.graph.batch_size == counted_flops(module, data)[0]
    assert total_saved(cost) == pytest.approx(saved_bytes(module, data), rel=0.01)
    assert cost.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert dict(cost.unpriced) == {}


class LearnedMask(nn.Module):
    """Attention with a learned bias on its scores, read from a table of distances as in Swin."""

    def __init__(self, *, table: bool) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.bias = nn.Parameter(torch.zeros(11, 2) if table else torch.zeros(1, 2, 6, 6))
        distance = torch.arange(6)[:, None] - torch.arange(6) + 5
        self.register_buffer("places", distance.flatten() if table else None)

    def forward(self, x: Any) -> Any:
        q, k, v = (part.view(BATCH, 6, 2, 4).transpose(1, 2) for part in self.qkv(x).split(8, -1))
        bias = self.bias if self.places is None else self.bias[self.places].view(6, 6, 2).permute(2, 0, 1)
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.contiguous())
        return self.out(y.transpose(1, 2).flatten(2))


@pytest.mark.parametrize(("table", "frozen"), [(False, False), (True, False), (False, True)])
def test_a_learned_mask_trains_in_the_eager_kernel_and_a_frozen_one_in_the_fused(
    table: bool, frozen: bool
) -> None:
    module, data = LearnedMask(table=table), torch.randn(ROWS)
    module.bias.requires_grad_(not frozen)
    graph = from_torch(module, data)
    attention = next(op.id for op in graph.ops if op.kind == "attention")
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH, frozen=(attention,) if frozen else ()))
    assert total_saved(cost) == saved_bytes(module, data)


class Stopped(nn.Module):
    """A part without gradients, one behind it, and one behind a detached copy of that."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))

    def forward(self, x: Any) -> Any:
        before = self.layers[0](x)
        with torch.no_grad():
            x = self.layers[1](before).relu()
        x = self.layers[2](x)
        return self.layers[3](x.detach() * 2).exp() + x + before


def test_gradients_stop_where_pytorch_stops_them() -> None:
    module, data = Stopped(), torch.randn(ROWS)
    graph = from_torch(module, data)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    assert total_saved(cost) == saved_bytes(module, data)
    assert dense_flops(cost) == counted_flops(module, data)
    module(data).sum().backward()
    trained = sum(p.numel() for p in module.parameters() if p.grad is not None)
    assert cost.trainable_parameters == trained == 3 * (8 * 8 + 8)
    assert graph.warnings == (
        "1 ops with parameters ('layers.1.weight') run under torch.no_grad() and are not trained",
    )


@pytest.mark.usefixtures("plain_kernels")
@pytest.mark.parametrize("bias", [False, True])
def test_a_projected_hidden_state_counts_and_keeps_as_in_pytorch(bias: bool) -> None:
    """Torch leaves out the gradient through time of step 1: 2 x 2 samples x 4·5 x 3 FLOP."""
    module = Reader(first_result, nn.LSTM(8, 5, proj_size=3, bias=bias, batch_first=True))
    data = torch.randn(ROWS)
    graph = from_torch(module, data)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    forward, backward = counted_flops(module, data)
    assert dense_flops(cost) == (forward, backward + 2 * BATCH * 20 * 3)
    assert total_saved(cost) == saved_bytes(module, data)
    assert graph.warnings == ()


def test_copies_are_no_concatenations_and_keep_nothing() -> None:
    module, data = Reader(lambda x: x.flip(1).roll(1, 2).clone().exp()), torch.randn(ROWS)
    graph = from_torch(module, data)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    assert [op.kind for op in graph.ops] == ["input", "linear", "copy", "copy", "copy", "exp"]
    assert total_saved(cost) == saved_bytes(module, data)
    assert dict(cost.unpriced) == {}


def test_tables_made_anew_are_what_is_not_counted() -> None:
    """Sines and cosines of 6 positions and 8 angles, 4 bytes each, belong to no sample."""
    module, data = Reader(rotary), torch.randn(ROWS)
    graph = from_torch(module, data)
    assert [op.kind for op in graph.ops if op.kind in ("sin", "cos", "other")] == []
    assert total_saved(price(graph, Workload(loss=NO_LOSS))) == saved_bytes(module, data) - 2 * 6 * 8 * 4


@pytest.mark.usefixtures("plain_kernels")
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_layers_and_directions_of_a_recurrent_module_become_ops(kind: type[nn.Module]) -> None:
    """Copies that turn the sequence round in the reverse direction (under 5 %) are not counted."""
    module = Reader(
        first_result, kind(8, 5, num_layers=2, bidirectional=True, dropout=0.25, batch_first=True)
    )
    data, name = torch.randn(ROWS), kind.__name__.lower()
    graph = from_torch(module, data)
    cost = price(graph, Workload(loss=NO_LOSS, batch_size=BATCH))
    kinds = [op.kind for op in graph.ops]
    assert kinds == ["input", "linear", name, name, "concat", "dropout", name, name, "concat"]
    assert cost.macs * 2 * BATCH == counted_flops(without_dropout(module), data)[0]
    assert cost.parameters == sum(parameter.numel() for parameter in module.parameters())


class Tied(nn.Module):
    """A token model whose output layer shares the weights of its embedding, with buffers of both sorts."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.norm, self.out = (
            nn.Embedding(11, 8),
            nn.BatchNorm1d(4),
            nn.Linear(8, 11, bias=False),
        )
        self.out.weight = self.tokens.weight
        self.register_buffer("scale", torch.ones(8))
        self.register_buffer("table", torch.ones(4, 8), persistent=False)

    def forward(self, ids: Any) -> Any:
        return self.out(self.norm(self.tokens(ids) * self.scale + self.table))


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_tied_weights_and_buffers_are_told_apart(device: str) -> None:
    """88 weights of the table once, 2 x 4 of the norm; buffers: mean and variance of 4, and 8 scales."""
    with torch.device(device):
        module, ids = Tied(), torch.zeros(3, 4, dtype=torch.long)
    graph = from_torch(module, ids)
    assert graph.parameters == 96
    embedding, out = (next(op for op in graph.ops if op.kind == kind) for kind in ("embedding", "linear"))
    assert embedding.weights == out.weights
    buffers = {weight.id: weight.elements for weight in graph.weights.values() if weight.role == "buffer"}
    assert buffers == {"norm.running_mean": 4, "norm.running_var": 4, "scale": 8}


@pytest.mark.parametrize("training", [True, False])
def test_an_archive_saved_by_pytorch_reads_as_ours(tmp_path: Path, training: bool) -> None:
    module, ids = Tied().train(training), torch.zeros(3, 4, dtype=torch.long)
    torch.export.save(torch.export.export(module, (ids,), strict=False), tmp_path / "theirs.pt2")
    ours = export(module, ids, tmp_path / "ours.pt2")
    theirs = cutwise.load_model(tmp_path / "theirs.pt2")
    assert ours == theirs == cutwise.load_model(tmp_path / "ours.pt2") == from_torch(module, ids)
    assert theirs.provenance["producer"] == f"PyTorch {torch.__version__}"
    assert (tmp_path / "ours.pt2").stat().st_size * 3 < (tmp_path / "theirs.pt2").stat().st_size


def test_other_releases_of_pytorch_are_read_by_way_of_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the function that makes the JSON alone is another, a whole archive is saved and read."""
    from torch._export.serde import serialize

    module, ids = Tied(), torch.zeros(3, 4, dtype=torch.long)
    graph = from_torch(module, ids)
    monkeypatch.delattr(serialize, "serialize")
    assert from_torch(module, ids) == graph


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["resnet18", "unet"])
def test_a_decomposed_program_costs_the_same(tmp_path: Path, name: str) -> None:
    module, data = on_meta(name, BATCH)
    program = torch.export.export(module.eval(), (data,), strict=False).run_decompositions()
    torch.export.save(program, tmp_path / "net.pt2")
    lowered, plain = (
        price(graph, Workload(loss=NO_LOSS))
        for graph in (read_here(tmp_path / "net.pt2", {}), from_torch(module, data))
    )
    assert (lowered.parameters, lowered.macs) == (plain.parameters, plain.macs)
    assert total_saved(lowered) == pytest.approx(total_saved(plain), rel=0.001)


def test_open_dimensions_keep_their_names_and_take_other_sizes() -> None:
    batch, length = torch.export.Dim("batch"), torch.export.Dim("sequence", max=64)
    module = Reader(self_attention, nn.MultiheadAttention(8, 2, batch_first=True))
    shapes = {"x": {0: batch, 1: length}}
    graph = from_torch(module, torch.randn(ROWS), dynamic_shapes=shapes)
    assert (graph.batch_size, dict(graph.dims)) == (BATCH, {"sequence": 6})
    other = from_torch(module, torch.randn(ROWS), dynamic_shapes=shapes, dims={"batch": 3, "sequence": 17})
    fixed = price(from_torch(module, torch.randn(3, 17, 8)), Workload(loss=NO_LOSS))
    priced = price(other, Workload(loss=NO_LOSS))
    assert (other.batch_size, priced.macs) == (3, fixed.macs)
    assert total_saved(priced) == total_saved(fixed)
    with pytest.raises(ModelImportError, match="dims gives 'sequence' the size 65; the model takes"):
        from_torch(module, torch.randn(ROWS), dynamic_shapes=shapes, dims={"sequence": 65})


class Two(nn.Module):
    """Two inputs, one of which has a name and none needs the other's shape."""

    def forward(self, image: Any, weight: Any = None) -> Any:
        return image.exp() if weight is None else image.exp() * weight


def test_example_inputs_may_be_a_tensor_a_tuple_or_keywords() -> None:
    image = torch.randn(BATCH, 3)
    assert [op.kind for op in from_torch(Two(), image).ops] == ["input", "exp"]
    pair = from_torch(Two(), (image, image))
    assert [op.id for op in pair.ops] == ["image", "weight", "exp", "mul"]
    assert from_torch(Two(), {"image": image, "weight": image}) == pair


class Learned(nn.Module):
    """Attention whose queries are parameters, as in DETR and Perceiver."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, 3, 8))

    def forward(self, x: Any) -> Any:
        return functional.scaled_dot_product_attention(self.queries.expand(x.shape[0], -1, -1), x, x)


def test_learned_queries_keep_their_place() -> None:
    """2 samples x 3 queries x 6 keys x (8 + 8) multiply-adds."""
    graph = from_torch(Learned(), torch.randn(ROWS))
    cost = price(graph, Workload(loss=NO_LOSS))
    assert [(op.kind, len(op.inputs)) for op in graph.ops] == [
        ("input", 0),
        ("identity", 0),
        ("attention", 3),
    ]
    assert (cost.macs * BATCH, cost.parameters) == (2 * 3 * 6 * 16, 24)


class Frozen(nn.Module):
    """A frozen layer, a product of parameters, a mask table of 2 MB, an input nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.base, self.a, self.b = (
            nn.Linear(8, 8),
            nn.Parameter(torch.ones(8, 2)),
            nn.Parameter(torch.ones(2, 8)),
        )
        self.base.requires_grad_(requires_grad=False)
        self.register_buffer("mask", torch.ones(1024, 512), persistent=False)

    def forward(self, x: Any, unused: Any) -> Any:
        return functional.linear(self.base(x), self.a @ self.b) + self.mask[:1, :8]


def test_what_a_graph_does_not_show_is_told() -> None:
    graph = from_torch(Frozen(), (torch.randn(BATCH, 8), torch.randn(BATCH, 8)))
    told = "\n".join(graph.warnings)
    assert "input 'unused' is read by no op and is left out" in told
    assert "1 matrix products of parameters alone are not counted" in told
    assert (
        "2 parameter tensors ('base.weight', 'base.bias'; 72 parameters) need no gradient in the file" in told
    )
    assert "2 MB of constant tables and masks are not counted as memory" in told


def test_a_batch_that_cannot_be_told_is_one_sample() -> None:
    graph = from_torch(Reader(lambda x: x.mean()), torch.randn(ROWS))
    assert graph.batch_size == 1
    assert "the first axis of input 'x' has size 2 and no output has it" in graph.warnings[0]


def test_time_before_batch_is_seen() -> None:
    for shapes in (None, {"x": {1: torch.export.Dim("batch")}}):
        graph = from_torch(Reader(first_result, nn.LSTM(8, 5)), torch.randn(7, 3, 8), dynamic_shapes=shapes)
        assert (graph.batch_size, graph.warnings) == (3, ())


def test_an_exported_file_is_small_and_the_same_each_time(tmp_path: Path) -> None:
    """Written here and by another process, whose sets are in another order."""
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from tests.core.importers.torch_models import on_meta, torch\n"
        "from cutwise.importers.torch_format.from_torch import export\n"
        "dims = ({0: torch.export.Dim('batch')},)\n"
        "export(*on_meta('unet', 2), sys.argv[3], dynamic_shapes=dims)"
    )
    (tmp_path / "other").mkdir()
    here, other = tmp_path / "unet.pt2", tmp_path / "other" / "unet.pt2"
    export(*on_meta("unet", 2), here, dynamic_shapes=({0: torch.export.Dim("batch")},))
    command = [sys.executable, "-c", code, str(PROJECT), str(Path(tests.__file__).parents[1]), str(other)]
    subprocess.run(command, env={"PYTHONHASHSEED": "7"}, check=True, capture_output=True)
    assert here.read_bytes() == other.read_bytes()
    assert here.stat().st_size < 10_000
    with zipfile.ZipFile(here) as archive:
        assert archive.namelist() == [
            "unet/archive_format",
            "unet/models/model.json",
            "unet/extra/cutwise.json",
        ]
        text = archive.read("unet/models/model.json").decode()
    assert "torch_models.py" not in text
    assert "stack_trace" not in text
    assert cutwise.load_model(here, dims={"batch": 5}).batch_size == 5


class ByData(nn.Module):
    """Its path depends on numbers, which no export can follow."""

    def forward(self, x: Any) -> Any:
        return x.exp() if x.sum() > 0 else x.neg()


@pytest.mark.parametrize(
    ("module", "inputs", "says"),
    [
        ("resnet18", torch.zeros(1), "resnet18: is a str, not a torch.nn.Module; give the model itself"),
        (Two(), 3, "Two: example inputs are a int; give a tensor, a tuple of arguments or a mapping"),
        (Two(), (), "Two: torch.export cannot export it (TypeError: "),
        (ByData(), torch.zeros(3), "ByData: torch.export cannot export it ("),
        (nn.Linear(3, 4), torch.zeros(2, 5), "Linear: torch.export cannot export it ("),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(module: Any, inputs: Any, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        from_torch(module, inputs, name="resnet18" if isinstance(module, str) else None)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    for target, says in (
        (tmp_path / "net.onnx", "is not called .pt2"),
        (tmp_path / "no" / "net.pt2", "cannot be written"),
    ):
        with pytest.raises(ModelImportError, match=says):
            export(Two(), torch.zeros(2, 3), target)


def test_without_pytorch_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelImportError, match="PyTorch is not installed; install it with pip install"):
        from_torch(object(), ())  # type: ignore[arg-type]
