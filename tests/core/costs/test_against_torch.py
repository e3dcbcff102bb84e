"""Prices of hand-made graphs against what PyTorch does with the same network."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.ops.pointwise import ACTIVATIONS
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op
from tests.core.costs.formula_calls import graph, op
from tests.core.costs.no_loss import NO_LOSS
from tests.core.costs.torch_truth import counted_flops, dense_flops, saved_bytes

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

BATCH = 2


def total_saved(cost: GraphCost) -> float:
    return cost.saved_bytes.sum() * cost.graph.batch_size


def norm_op(name: str, source: str, shape: tuple[int, ...]) -> Op:
    width = (shape[1],)
    statistics = {f"{name}.mean": width, f"{name}.var": width}
    return op(
        name,
        "batch_norm",
        source,
        shape,
        weights={f"{name}.g": width, f"{name}.h": width},
        buffers=statistics,
    )


class ResidualNet(nn.Module):
    """A stem, one residual block, a head."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(8) for _ in range(3))
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1, bias=False) for _ in range(2))
        self.relu, self.pool, self.head = nn.ReLU(inplace), nn.MaxPool2d(2), nn.Linear(8, 10)

    def forward(self, x):
        x = self.pool(self.relu(self.norms[0](self.stem(x))))
        y = self.relu(self.norms[1](self.convs[0](x)))
        x = self.relu(x + self.norms[2](self.convs[1](y)))
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


def residual_graph() -> ModelGraph:
    n, wide, small = BATCH, (BATCH, 8, 16, 16), (BATCH, 8, 8, 8)
    return graph(
        op("x", "input", shape=(n, 3, 32, 32)),
        op("stem", "conv2d", "x", wide, weights={"s": (8, 3, 3, 3)}),
        norm_op("bn0", "stem", wide),
        op("relu0", "relu", "bn0", wide),
        op("pool", "max_pool", "relu0", small, kernel=(2, 2)),
        op("c1", "conv2d", "pool", small, weights={"w1": (8, 8, 3, 3)}),
        norm_op("bn1", "c1", small),
        op("relu1", "relu", "bn1", small),
        op("c2", "conv2d", "relu1", small, weights={"w2": (8, 8, 3, 3)}),
        norm_op("bn2", "c2", small),
        op("sum", "add", "pool bn2", small),
        op("relu2", "relu", "sum", small),
        op("mean", "global_avg_pool", "relu2", (n, 8, 1, 1)),
        op("flat", "flatten", "mean", (n, 8)),
        op("head", "linear", "flat", (n, 10), weights={"h": (10, 8), "hb": (10,)}, in_features=8),
        batch_size=n,
    )


class Perceptron(nn.Module):
    """Layer norm, two layers with GELU between, sigmoid."""

    def __init__(self):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(12), nn.Linear(12, 48), nn.Linear(48, 12)

    def forward(self, x):
        return torch.sigmoid(self.down(functional.gelu(self.up(self.norm(x)))))


def perceptron_graph() -> ModelGraph:
    narrow, wide = (BATCH, 5, 12), (BATCH, 5, 48)
    return graph(
        op("x", "input", shape=narrow),
        op("norm", "layer_norm", "x", narrow, weights={"g": (12,), "b": (12,)}),
        op("up", "linear", "norm", wide, weights={"u": (48, 12), "ub": (48,)}, in_features=12),
        op("gelu", "gelu", "up", wide),
        op("down", "linear", "gelu", narrow, weights={"d": (12, 48), "db": (12,)}, in_features=48),
        op("y", "sigmoid", "down", narrow),
        batch_size=BATCH,
    )


TOKENS, HEADS, WIDTH = 7, 2, 8


class Attention(nn.Module):
    """Self-attention with one projection for queries, keys and values."""

    def __init__(self, eager: bool = False):
        super().__init__()
        self.project, self.out, self.eager = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), eager

    def forward(self, x):
        parts = self.project(x).split(WIDTH, dim=-1)
        q, k, v = (p.view(*p.shape[:2], HEADS, WIDTH // HEADS).transpose(1, 2) for p in parts)
        if self.eager:
            y = torch.softmax(q @ k.transpose(2, 3) / 2.0, dim=-1) @ v
        else:
            y = functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(x.shape))


def attention_graph(*, fused_op: bool) -> ModelGraph:
    n, width = BATCH, WIDTH // HEADS
    flat, heads, scores = (n, TOKENS, WIDTH), (n, HEADS, TOKENS, width), (n, HEADS, TOKENS, TOKENS)
    ops = [
        op("x", "input", shape=flat),
        op("p", "linear", "x", (n, TOKENS, 3 * WIDTH), weights={"pw": (3 * WIDTH, WIDTH)}, in_features=WIDTH),
        op("split", "split", "p", flat, output_index=0),
        op("split:1", "split", "p", flat, output_index=1),
        op("split:2", "split", "p", flat, output_index=2),
    ]
    for name, source in (("q", "split"), ("k", "split:1"), ("v", "split:2")):
        ops.append(op(f"{name}r", "reshape", source, (n, TOKENS, HEADS, width)))
        ops.append(op(name, "transpose", f"{name}r", heads, perm=(0, 2, 1, 3)))
    if fused_op:
        sizes = {
            "heads": HEADS,
            "q_length": TOKENS,
            "k_length": TOKENS,
            "head_dim": width,
            "value_dim": width,
        }
        ops.append(op("y", "attention", "q k v", heads, **sizes))
    else:
        ops += [
            op("kt", "transpose", "k", (n, HEADS, width, TOKENS), perm=(0, 1, 3, 2)),
            op("s", "matmul", "q kt", scores),
            op("scaled", "div", "s", scores),
            op("soft", "softmax", "scaled", scores),
            op("y", "matmul", "soft v", heads),
        ]
    ops += [
        op("yt", "transpose", "y", (n, TOKENS, HEADS, width), perm=(0, 2, 1, 3)),
        op("merged", "reshape", "yt", flat),
        op("o", "linear", "merged", flat, weights={"ow": (WIDTH, WIDTH)}, in_features=WIDTH),
    ]
    return graph(*ops, batch_size=n)


class Shuffle(nn.Module):
    """Convolution, ReLU, channel shuffle, depthwise convolution, product with a gate."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, groups=6)

    def forward(self, x):
        x = torch.relu(self.first(x))
        y = x.reshape(BATCH, 2, 3, 6, 6).transpose(1, 2).reshape(BATCH, 6, 6, 6)
        return self.second(y) * torch.sigmoid(functional.adaptive_avg_pool2d(x, 1))


def shuffle_graph() -> ModelGraph:
    n, maps = BATCH, (BATCH, 6, 6, 6)
    return graph(
        op("x", "input", shape=(n, 3, 8, 8)),
        op("c", "conv2d", "x", maps, weights={"w": (6, 3, 3, 3), "b": (6,)}),
        op("relu", "relu", "c", maps),
        op("r", "reshape", "relu", (n, 2, 3, 6, 6)),
        op("t", "transpose", "r", (n, 3, 2, 6, 6), perm=(0, 2, 1, 3, 4)),
        op("s", "reshape", "t", maps),
        op("d", "conv2d", "s", (n, 6, 4, 4), weights={"v": (6, 1, 3, 3), "vb": (6,)}, groups=6),
        op("mean", "global_avg_pool", "relu", (n, 6, 1, 1)),
        op("gate", "sigmoid", "mean", (n, 6, 1, 1)),
        op("y", "mul", "d gate", (n, 6, 4, 4)),
        batch_size=n,
    )


IMAGE, ROWS, WORDS = (BATCH, 3, 32, 32), (BATCH, 5, 12), (BATCH, TOKENS, WIDTH)
CASES = {
    "residual net": (lambda: ResidualNet(), residual_graph, IMAGE, "fused"),
    "residual net, in place": (lambda: ResidualNet(inplace=True), residual_graph, IMAGE, "fused"),
    "perceptron": (Perceptron, perceptron_graph, ROWS, "fused"),
    "fused attention": (Attention, lambda: attention_graph(fused_op=True), WORDS, "fused"),
    "written-out attention as fused": (Attention, lambda: attention_graph(fused_op=False), WORDS, "fused"),
    "eager attention": (
        lambda: Attention(eager=True),
        lambda: attention_graph(fused_op=False),
        WORDS,
        "eager",
    ),
    "channel shuffle": (Shuffle, shuffle_graph, (BATCH, 3, 8, 8), "fused"),
}


@pytest.mark.parametrize("name", CASES)
def test_saved_bytes_are_what_autograd_keeps(name: str):
    module, model, shape, attention = CASES[name]
    cost = price(model(), Workload(loss=NO_LOSS, attention=attention))
    assert total_saved(cost) == pytest.approx(saved_bytes(module(), torch.randn(shape)), rel=0.02)


@pytest.mark.parametrize("name", ["residual net", "perceptron", "eager attention"])
def test_flops_forward_and_backward_are_what_torch_counts(name: str):
    module, model, shape, attention = CASES[name]
    cost = price(model(), Workload(loss=NO_LOSS, attention=attention))
    assert dense_flops(cost) == counted_flops(module(), torch.randn(shape))


def test_fused_attention_counts_what_the_open_one_does_forward():
    cost = price(attention_graph(fused_op=True), Workload(loss=NO_LOSS))
    assert dense_flops(cost)[0] == counted_flops(Attention(), torch.randn(WORDS))[0]
    assert cost.macs * BATCH * 2 == dense_flops(cost)[0]


def test_frozen_layers_keep_and_work_as_little_as_in_torch():
    """First layer and norm frozen: backward starts at the second layer."""
    module = Perceptron()
    for frozen in (module.norm, module.up):
        frozen.requires_grad_(requires_grad=False)
    cost = price(perceptron_graph(), Workload(loss=NO_LOSS, frozen=("norm", "up")))
    assert total_saved(cost) == saved_bytes(module, torch.randn(ROWS))
    assert dense_flops(cost) == counted_flops(module, torch.randn(ROWS))


def test_frozen_head_keeps_and_works_as_little_as_in_torch():
    module = Perceptron()
    module.down.requires_grad_(requires_grad=False)
    cost = price(perceptron_graph(), Workload(loss=NO_LOSS, frozen=("down",)))
    assert total_saved(cost) == saved_bytes(module, torch.randn(ROWS))
    assert dense_flops(cost) == counted_flops(module, torch.randn(ROWS))


def test_grouped_convolution_counts_forward_as_torch_does():
    """Torch's backward count forgets the groups, so only forward is compared."""
    assert (
        dense_flops(price(shuffle_graph(), Workload(loss=NO_LOSS)))[0]
        == counted_flops(Shuffle(), torch.randn(2, 3, 8, 8))[0]
    )


@pytest.mark.parametrize("shape", [(2, 3, 12), (2, 4, 5, 5)])
def test_convolution_in_other_dimensions_counts_as_in_torch(shape: tuple[int, ...]):
    if len(shape) == 3:
        module, kind, weight = nn.Conv1d(3, 2, 5), "conv1d", (2, 3, 5)
    else:
        module, kind, weight = nn.ConvTranspose2d(4, 6, 2, stride=2), "conv_transpose2d", (4, 6, 2, 2)
    data = torch.randn(shape)
    made = tuple(module(data).shape)
    model = graph(
        op("x", "input", shape=shape), op("c", kind, "x", made, weights={"w": weight}), batch_size=2
    )
    assert dense_flops(price(model, Workload(loss=NO_LOSS))) == counted_flops(module, data)


class States(nn.Module):
    """The sequence of states a recurrent layer makes, without its last ones."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


GATES = {"lstm": 4, "gru": 3, "rnn": 1}
STEPS, READ, HIDDEN = 7, 10, 20


def recurrent_graph(kind: str, directions: int, layers: int, bias: bool) -> ModelGraph:
    """Layers of a recurrent net as an ONNX file has them: the directions apart, turned and joined."""
    ops, width = [op("x", "input", shape=(STEPS, BATCH, READ))], READ
    for n in range(layers):
        rows = GATES[kind] * HIDDEN
        weights = {f"W{n}": (directions, rows, width), f"R{n}": (directions, rows, HIDDEN)}
        weights |= {f"B{n}": (directions, 2 * rows)} if bias else {}
        apart, joined = (STEPS, directions, BATCH, HIDDEN), (STEPS, BATCH, directions * HIDDEN)
        facts = {"hidden_size": HIDDEN, "directions": directions}
        ops.append(op(f"l{n}", kind, ops[-1].id, apart, weights=weights, **facts))
        turned = (STEPS, BATCH, directions, HIDDEN)
        ops.append(op(f"t{n}", "transpose", f"l{n}", turned, perm=(0, 2, 1, 3)))
        ops.append(op(f"r{n}", "reshape", f"t{n}", joined))
        width = directions * HIDDEN
    return graph(*ops, batch_size=BATCH)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize(("directions", "layers", "bias"), [(1, 1, False), (2, 1, True), (2, 2, False)])
def test_recurrent_net_counts_as_in_torch_but_for_its_first_steps(kind, directions, layers, bias):
    """Nothing lies before step 1, so torch leaves out its gradient through time: for each layer and direction
    2 x 2 samples x 20·gates x 20 FLOP. A plain RNN keeps its first states too, 160 B each. Without data:
    on a processor torch runs an LSTM as one op that its counter does not know."""
    made = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind]
    layer = made(READ, HIDDEN, layers, bias=bias, bidirectional=directions == 2, device="meta")
    data = torch.empty(STEPS, BATCH, READ, device="meta")
    cost = price(recurrent_graph(kind, directions, layers, bias), Workload(loss=NO_LOSS))
    forward, backward = counted_flops(States(layer), data)
    first_steps = directions * layers * 2 * BATCH * GATES[kind] * HIDDEN * HIDDEN
    assert dense_flops(cost) == (forward, backward + first_steps)
    first_states = (kind == "rnn") * directions * layers * BATCH * HIDDEN * 4
    stacked = kind == "rnn" and layers == 2
    assert stacked or total_saved(cost) + first_states == saved_bytes(States(layer), data)


SAME_IN_TORCH = {
    "hardswish": functional.hardswish, "hardsigmoid": functional.hardsigmoid, "mish": functional.mish,
    "softplus": functional.softplus, "gelu": functional.gelu, "silu": functional.silu,
    "relu6": functional.relu6, "leaky_relu": functional.leaky_relu,
    "softmax": lambda x: torch.softmax(x, -1), "log_softmax": lambda x: torch.log_softmax(x, -1),
    "pow": lambda x: x**3, "clip": lambda x: x.clamp(-1, 1),
    # Only in place does torch keep the result alone.
    "elu": lambda x: functional.elu_((x * 1).requires_grad_(requires_grad=x.requires_grad)),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(ACTIVATIONS))
def test_activation_keeps_the_same_tensor_as_in_torch(kind: str):
    """A product by 2, then the activation: torch keeps one storage of 24 floats, input or result."""
    function = SAME_IN_TORCH.get(kind) or getattr(torch, kind)
    doubled = (torch.rand(2, 3, 4) + 0.5).requires_grad_() * 2
    kept: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        result = function(doubled)
    places = {tensor.untyped_storage().data_ptr() for tensor in kept if tensor.dim()}
    wanted = result if ACTIVATIONS[kind][2] else doubled
    assert places == {wanted.untyped_storage().data_ptr()}
