from __future__ import annotations

import dataclasses

import pytest

from cutwise.costs.graph_cost import COLUMNS, price
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import load_model
from tests.core.costs.formula_calls import graph, op, stated
from tests.core.costs.no_loss import NO_LOSS
from tests.core.costs.small_transformers import BATCH, TOKENS, WIDTH, layer, mlp_ops
from tests.core.costs.torch_truth import counted_flops, dense_flops


def towers(count: int = 3) -> ModelGraph:
    """An embedding, and residual blocks of norm, layer, GELU, layer and sum, each a module of its own."""
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    for number in range(count):
        made = mlp_ops(f"b/{number}", ops[-1].id)
        ops += [dataclasses.replace(found, block=f"b/{number}") for found in made]
    return graph(*ops, batch_size=BATCH)


def again(**workload: object) -> Workload:
    return Workload(loss=NO_LOSS, batch_size=BATCH, checkpointing="blocks", **workload)


def test_blocks_are_those_that_are_drawn():
    assert [block.name for block in blocks(towers())] == ["stem", "b/0", "b/1", "b/2"]


def test_only_inputs_of_layers_are_kept_of_the_last_too():
    """x 6 x 12 x 4 = 288 B; the sums before b/0, b/1 and b/2, 384 B each. Without: also 6 x 2 x 4 = 48 B of
    statistics, the norm's result 384 B, up's result 1 536 B and GELU's 1 536 B in each."""
    plain, cost = price(towers(), Workload(loss=NO_LOSS, batch_size=BATCH)), price(towers(), again())
    kept = {name: cost.row(name).saved_bytes for name in ("embed", "b/0/ln", "b/1/ln", "b/2/ln")}
    assert kept == {"embed": 288, "b/0/ln": 384, "b/1/ln": 384, "b/2/ln": 384}
    assert cost.saved_bytes.sum() == 288 + 3 * 384
    assert plain.saved_bytes.sum() == 288 + 3 * (384 + 48 + 384 + 2 * 1_536)


def test_what_a_block_makes_again_is_alive_while_it_runs_backward():
    """b/0: norm 48 B beside its own 384 B, up 48 + 384 beside 1 536, GELU 1 536 more, down and sum 1 536 more
    beside their own 384 B."""
    cost = price(towers(), again())
    alive = [cost.row(f"b/0/{name}").transient_bytes for name in ("ln", "up", "gelu", "down", "sum")]
    assert alive == [384 + 48, 1_536 + 432, 1_536 + 1_968, 384 + 3_504, 384 + 3_504]


def test_forward_work_of_every_layer_is_done_twice():
    plain, cost = price(towers(), Workload(loss=NO_LOSS, batch_size=BATCH)), price(towers(), again())
    more = cost.backward_input_flops - plain.backward_input_flops
    repeated = [op.id.startswith("b/") for op in towers().ops]
    assert (more == plain.forward_flops * repeated).all()
    assert (cost.backward_weight_flops == plain.backward_weight_flops).all()


def test_block_that_no_gradient_passes_is_not_run_again():
    plain = price(towers(), Workload(loss=NO_LOSS, batch_size=BATCH, frozen=("embed", "b/0")))
    cost = price(towers(), again(frozen=("embed", "b/0")))
    assert not (cost.backward_input_flops - plain.backward_input_flops)[:7].any()
    assert not cost.saved_bytes[:7].any()
    assert cost.row("b/1/ln").saved_bytes == 384


def test_inference_is_as_without_checkpointing():
    for name in COLUMNS:
        plain, cost = (
            price(towers(), Workload(loss=NO_LOSS, mode="inference")),
            price(towers(), again(mode="inference")),
        )
        assert (getattr(cost, name) == getattr(plain, name)).all()


def test_adapters_belong_to_the_block_of_their_layer():
    """Kept are the embedding, though b/0's norm needs no gradient of it, and the sum before b/1."""
    cost = price(towers(), again(tuning=Lora(rank=2, targets=("b/*",))))
    kept = {name: cost.row(name).saved_bytes for name in ("embed", "b/0/ln", "b/0/up/lora_a", "b/1/ln")}
    assert kept == {"embed": 0, "b/0/ln": 384, "b/0/up/lora_a": 0, "b/1/ln": 384}
    row = cost.row("b/1/up/lora_a")
    assert row.backward_input_flops == 2 * row.forward_flops


def test_ops_that_state_what_they_keep_are_checkpointed_too():
    """A chain without layers runs again run by run, but for the last: every run keeps the 8 B it reads (the
    first the input, which is its own), the last 5 B an op instead."""
    ops = [stated("0", kind="input", output_bytes=8)]
    ops += [
        stated(str(i), str(i - 1), forward_flops=3, backward_flops=6, output_bytes=8, saved_bytes=5,
               trainable_bytes=4)
        for i in range(1, 20)
    ]  # fmt: skip
    model = graph(*ops)
    runs = blocks(model)
    cost = price(model, again())
    last = len(runs[-1].ops)
    assert cost.saved_bytes.sum() == 8 * (len(runs) - 2) + 5 * last
    assert cost.backward_input_flops.sum() == 6 * 19 + 3 * (19 - last)


@pytest.mark.parametrize("name", ["resnet18", "gpt2", "densenet121", "unet"])
def test_checkpointing_a_sample_keeps_less_and_works_more(name: str):
    model = load_model(f"sample:{name}")
    plain, cost = (
        price(model, Workload(loss=NO_LOSS)),
        price(model, Workload(loss=NO_LOSS, checkpointing="blocks")),
    )
    assert cost.saved_bytes.sum() < 0.6 * plain.saved_bytes.sum()
    assert cost.backward_input_flops.sum() > plain.backward_input_flops.sum()
    assert (cost.forward_flops == plain.forward_flops).all()


def test_flops_are_what_torch_counts_with_its_own_checkpoints():
    """Without early stop: torch else leaves out what a block runs behind the last tensor it keeps."""
    torch = pytest.importorskip("torch")
    from torch.utils.checkpoint import set_checkpoint_early_stop

    from tests.core.costs.torch_towers import Towers

    with set_checkpoint_early_stop(enable=False):
        counted = counted_flops(Towers(again=True), torch.randn(BATCH, TOKENS, 12))
    assert dense_flops(price(towers(), again())) == counted
