from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.costs.graph_cost import COLUMNS, GraphCost, price
from cutwise.costs.lora import rewritten, without_adapters
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import load_model
from tests.core.costs.formula_calls import graph, op, stated
from tests.core.costs.no_loss import NO_LOSS
from tests.core.costs.small_transformers import BATCH, TOKENS, WIDTH, transformer
from tests.core.costs.torch_truth import counted_flops, dense_flops, saved_bytes

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

CHAIN = graph(
    op("x", "input", shape=(1, 4)),
    op("fc", "linear", "x", (1, 6), weights={"w": (6, 4), "b": (6,)}, in_features=4, block="body"),
    op("relu", "relu", "fc", (1, 6), block="body"),
    op("out", "linear", "relu", (1, 3), weights={"v": (3, 6)}, in_features=6),
)


def lora(*targets: str, rank: int = 2, **workload: object) -> Workload:
    merged = bool(workload.pop("merged", False))
    return Workload(
        loss=NO_LOSS,
        batch_size=BATCH,
        tuning=Lora(rank=rank, targets=targets, merged=merged, dropout_ratio=0.0),
        **workload,
    )


def adapted(model: ModelGraph, workload: Workload) -> set[str]:
    return {op.id for op in rewritten(model, workload).ops if "adapts" in op.attrs}


def test_adapter_is_two_small_layers_beside_the_layer_and_the_sum_takes_its_name():
    made = rewritten(CHAIN, lora("fc"))
    assert [(op.id, op.kind, op.inputs, op.output.shape) for op in made.ops] == [
        ("x", "input", (), (1, 4)),
        ("fc/base", "linear", ("x",), (1, 6)),
        ("fc/lora_a", "linear", ("x",), (1, 2)),
        ("fc/lora_b", "linear", ("fc/lora_a",), (1, 6)),
        ("fc", "add", ("fc/base", "fc/lora_b"), (1, 6)),
        ("relu", "relu", ("fc",), (1, 6)),
        ("out", "linear", ("relu",), (1, 3)),
    ]
    assert {op.block for op in made.ops[1:5]} == {"body"}
    assert made.ops[4].attrs["factor"] == 8  # alpha 16 over rank 2
    assert [weight.shape for op in made.ops[2:4] for weight in op.weights] == [(2, 4), (6, 2)]


def test_adapter_costs_what_is_worked_out_by_hand():
    """lora_a 4 x 2 = 8 multiply-adds, lora_b 2 x 6 = 12; the sum multiplies and adds 6 elements. Backward:
    lora_a its weights 16 FLOP, no input; lora_b both 24; the sum 6; fc/base nothing, for x needs no gradient;
    out its input 36. Kept: x 16 B by lora_a, its result 8 B by lora_b, relu's 24 B."""
    cost = price(CHAIN, lora("fc"))
    assert cost.forward_flops.tolist() == [0, 48, 16, 24, 12, 6, 36]
    assert cost.backward_input_flops.tolist() == [0, 0, 0, 24, 6, 6, 36]
    assert cost.backward_weight_flops.tolist() == [0, 0, 16, 24, 0, 0, 0]
    assert cost.saved_bytes.tolist() == [0, 0, 16, 8, 0, 24, 0]
    assert cost.trainable_parameters == 2 * 4 + 6 * 2
    assert cost.parameters == 24 + 6 + 18 + 20
    assert cost.exchanged_bytes.sum() == cost.trainable_bytes.sum() == 20 * 4


def test_nothing_below_the_first_adapter_runs_backward_or_is_sent_a_gradient():
    cost = price(CHAIN, lora("out"))
    assert not cost.backward_input_flops[:3].any()
    assert not cost.gradient_bytes[:3].any()
    assert not cost.saved_bytes[:3].any()


def test_price_belongs_to_the_rewritten_graph_and_pricing_that_again_changes_nothing():
    workload = lora("attention", "mlp")
    cost = price(transformer(), workload)
    assert cost.graph is rewritten(transformer(), workload)
    assert price(cost.graph, workload) == cost


def test_graph_without_its_adapters_is_the_graph_of_the_file():
    assert without_adapters(rewritten(transformer(), lora("all_linear"))) == transformer()
    assert without_adapters(transformer()) == transformer()


def test_targets_are_roles_ids_or_blocks():
    model = transformer(layers=2)
    attention = {f"{i}/attention/{part}" for i in (0, 1) for part in ("q", "k", "v", "out")}
    mlp = {f"{i}/mlp/{part}" for i in (0, 1) for part in ("up", "down")}
    assert adapted(model, lora("attention")) == attention
    assert adapted(model, lora("mlp")) == mlp
    assert adapted(model, lora("all_linear")) == attention | mlp | {"embed"}
    assert adapted(model, lora("*/q", "*/v", "head")) == {
        "0/attention/q", "0/attention/v", "1/attention/q", "1/attention/v", "head",
    }  # fmt: skip
    assert adapted(CHAIN, lora("body")) == {"fc"}


def test_frozen_ops_get_no_adapter():
    model = transformer(layers=2)
    assert adapted(model, lora("*/q", frozen=("0/*",))) == {"1/attention/q"}
    with pytest.raises(ScenarioError, match=r"workload\.frozen: freezes every layer"):
        rewritten(model, lora("*/q", frozen=("*/q",)))


def test_every_target_without_a_linear_layer_is_reported_with_what_there_is():
    with pytest.raises(ScenarioError) as caught:
        price(load_model("sample:resnet18"), lora("attention", "layer1/*"))
    assert len(caught.value.mistakes) == 2
    assert (
        "workload.tuning.targets: 'attention' matches no linear layer of resnet18, which has "
        "1 linear (head: fc), 20 conv2d, 20 batch_norm" in str(caught.value)
    )


def test_model_that_states_its_costs_has_no_layer_to_adapt():
    toy = graph(stated("x", kind="input", output_bytes=4), stated("a", "x", trainable_bytes=4))
    with pytest.raises(ScenarioError, match="which has no layer with weights"):
        price(toy, lora("all_linear"))


def test_output_layer_can_be_adapted_by_name():
    assert adapted(load_model("sample:resnet18"), lora("fc")) == {"fc"}


def test_layers_that_share_a_weight_share_its_adapter():
    """One adapter of 2 x (4 + 4) parameters, read twice."""
    ops = [op("x", "input", shape=(1, 4))]
    for name, source in (("a", "x"), ("b", "a")):
        ops.append(op(name, "linear", source, (1, 4), weights={"w": (4, 4)}, in_features=4))
    cost = price(graph(*ops), lora("a", "b"))
    assert cost.trainable_parameters == 16
    assert cost.row("b/lora_a").trainable_bytes == 0


def test_adapters_of_quantised_weights_are_in_fp32_as_peft_makes_them_or_as_given():
    """fc: 24 x 0.5625 B and 6 biases x 4 B; adapters 8 and 12 weights x 4 B. torchtune: biases and adapters
    in 16 bit."""
    cost = price(CHAIN, lora("fc", weights_dtype="nf4"))
    assert cost.row("fc/base").weight_bytes == 24 * 0.5625 + 24
    assert (cost.row("fc/lora_a").weight_bytes, cost.row("fc/lora_b").weight_bytes) == (32, 48)
    cost = price(CHAIN, lora("fc", weights_dtype="nf4", compute_dtype="bf16", preset="torchtune"))
    assert cost.row("fc/base").weight_bytes == 24 * 0.5625 + 12
    assert (cost.row("fc/lora_a").weight_bytes, cost.row("fc/lora_b").weight_bytes) == (16, 24)


def test_merged_adapters_leave_no_trace_in_inference():
    assert rewritten(CHAIN, lora("fc", merged=True, mode="inference")) is CHAIN
    assert price(CHAIN, lora("fc", mode="inference")).forward_flops.sum() == 90 + 16 + 24 + 12


def test_merged_adapters_cost_a_product_a_batch_and_the_gradient_of_the_whole_matrix():
    """fc and its merging, 2 x 4 x 6 x 2 = 96 FLOP once for 2 samples: 48 + 48 forward; for the weights 48 of
    the whole matrix and 2 x 96 / 2 for both adapters. out keeps its share of the sum for the gradient of
    its input, 6 x 3 x 4 / 2 = 36 B; x needs none, so fc keeps x alone."""
    cost = price(CHAIN, lora("fc", "out", merged=True))
    row = cost.row("fc")
    assert len(cost) == len(CHAIN)
    assert (row.forward_flops, row.backward_input_flops, row.backward_weight_flops) == (96, 0, 144)
    assert cost.saved_bytes.tolist() == [0, 16, 24, 36]
    assert cost.trainable_parameters == 20 + 2 * (6 + 3)


def test_sequence_length_that_the_model_was_not_read_at_is_refused_with_the_remedy():
    read = dataclasses.replace(CHAIN, dims={"sequence": 128})
    assert price(read, Workload(loss=NO_LOSS, sequence_length=128)) is not None
    with pytest.raises(
        ScenarioError, match=r"read at 128 tokens, not 512; load it with .*--dim sequence=512"
    ):
        price(read, Workload(loss=NO_LOSS, sequence_length=512))
    with pytest.raises(ScenarioError, match="toy has no open dimension 'sequence'"):
        price(CHAIN, Workload(loss=NO_LOSS, sequence_length=512))


@given(st.integers(1, 64), st.booleans(), st.sampled_from(["attention", "mlp", "all_linear"]))
def test_adapters_add_work_and_take_training_away(rank: int, merged: bool, target: str):
    """Trained are rank x (inputs + outputs) of each layer, whatever the form; forward work only grows."""
    model = transformer()
    plain = price(model, Workload(loss=NO_LOSS, batch_size=BATCH))
    cost = price(model, lora(target, rank=rank, merged=merged))
    layers = [model.ops[model.index[name]] for name in adapted(model, lora(target, rank=rank))]
    assert cost.trainable_parameters == sum(rank * sum(layer.weights[0].shape) for layer in layers)
    assert cost.parameters == plain.parameters + cost.trainable_parameters
    assert cost.forward_flops.sum() > plain.forward_flops.sum()
    assert all(np.isfinite(getattr(cost, name)).all() for name in COLUMNS)


def test_adapters_of_gpt2_run_backward_at_little_more_than_forward():
    """12 layers x 4 projections x rank 8 x (768 + 768) = 589 824 weights; every frozen layer runs once more,
    for the gradient of its input, but for queries, keys and values of the first, whose input needs none."""
    cost = price(load_model("sample:gpt2"), lora("attention", rank=8, attention="eager"))
    assert cost.trainable_parameters == 589_824
    forward, backward = dense_flops(cost)
    small = sum(
        forward
        for op, forward in zip(cost.graph.ops, cost.forward_flops, strict=True)
        if op.attrs.get("adapter")
    )
    products = cost.forward_flops[[op.kind == "matmul" for op in cost.graph.ops]].sum()
    first = 3 * 2 * 128 * 768 * (768 + 8)
    assert backward == forward + products + small - first


class Adapted(nn.Module):
    """A frozen linear layer with a trained side branch."""

    def __init__(self, base: nn.Linear, rank: int, factor: float):
        super().__init__()
        self.base, self.factor = base, factor
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x)) * self.factor


class Transformer(nn.Module):
    """`small_transformers.transformer` in torch."""

    def __init__(self, layers: int = 2):
        super().__init__()
        self.embed, self.head = nn.Linear(12, WIDTH), nn.Linear(WIDTH, 5)
        self.blocks = nn.ModuleList(nn.ModuleDict(self._block()) for _ in range(layers))

    def _block(self):
        flat = {name: nn.Linear(WIDTH, WIDTH) for name in ("q", "k", "v", "out")}
        wide = {"up": nn.Linear(WIDTH, 4 * WIDTH), "down": nn.Linear(4 * WIDTH, WIDTH)}
        return flat | wide | {"ln1": nn.LayerNorm(WIDTH), "ln2": nn.LayerNorm(WIDTH)}

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            y = block["ln1"](x)
            q, k, v = (block[n](y).view(BATCH, TOKENS, 2, WIDTH // 2).transpose(1, 2) for n in "qkv")
            y = torch.softmax(q @ k.transpose(2, 3) / 3.0, dim=-1) @ v
            x = x + block["out"](y.transpose(1, 2).reshape(x.shape))
            x = x + block["down"](functional.gelu(block["up"](block["ln2"](x))))
        return self.head(x)


TARGETS = {
    "attention": ("q", "k", "v", "out"),
    "mlp": ("up", "down"),
    "all_linear": ("q", "k", "v", "out", "up", "down"),
    "*/q": ("q",),
}


def with_adapters(names: tuple[str, ...], *, rank: int) -> nn.Module:
    module = Transformer()
    module.requires_grad_(requires_grad=False)
    for block in module.blocks:
        for name in names:
            block[name] = Adapted(block[name], rank, 2.0)
    if len(names) == len(TARGETS["all_linear"]):
        module.embed = Adapted(module.embed, rank, 2.0)
    return module


def same_as(cost: GraphCost, module: nn.Module) -> None:
    """Parameters, saved bytes and FLOPs both ways are those of the module run by torch."""
    data = torch.randn(BATCH, TOKENS, 12)
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert cost.trainable_parameters == trained
    assert cost.parameters == sum(p.numel() for p in module.parameters())
    assert dense_flops(cost) == counted_flops(module, data)
    assert cost.saved_bytes.sum() * BATCH == pytest.approx(saved_bytes(module, data), rel=0.005)


@pytest.mark.parametrize("target", TARGETS)
def test_adapted_transformer_costs_what_it_does_in_torch(target: str):
    cost = price(transformer(layers=2), lora(target, rank=3, attention="eager"))
    same_as(cost, with_adapters(TARGETS[target], rank=3))


def test_merged_adapters_cost_what_they_do_in_torch():
    """The merged matrix is B A and W added; torch makes and keeps it once a batch."""

    class Merged(Adapted):
        def forward(self, x):
            return functional.linear(
                x, self.base.weight + (self.up.weight @ self.down.weight) * 2.0, self.base.bias
            )

    module = with_adapters(TARGETS["mlp"], rank=3)
    for block in module.blocks:
        for name in TARGETS["mlp"]:
            block[name].__class__ = Merged
    cost = price(transformer(layers=2), lora("mlp", rank=3, attention="eager", merged=True))
    same_as(cost, module)


@pytest.mark.parametrize("target", TARGETS)
def test_adapted_transformer_costs_what_it_does_in_peft(target: str):
    """Runs where the library is installed: the torch module above is the same network."""
    peft = pytest.importorskip("peft")
    names = [*TARGETS[target], *(["embed"] if target == "all_linear" else [])]
    config = peft.LoraConfig(r=3, lora_alpha=6, target_modules=names)
    module = peft.get_peft_model(Transformer(), config)
    same_as(price(transformer(layers=2), lora(target, rank=3, attention="eager")), module)
