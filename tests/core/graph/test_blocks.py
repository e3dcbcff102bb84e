"""Blocks against networks written out by hand in the shape their papers give them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.graph.blocks import Block, blocks
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.graph.reading_order import gates
from cutwise.graph.spans import MOST_OPS
from cutwise.importers import load_model


class Network:
    """Adds ops one after another; each method answers the id of what it added."""

    def __init__(self, *, with_paths: bool = True) -> None:
        self.ops: list[Op] = []
        self.with_paths = with_paths

    def add(self, kind: str, *inputs: str, path: str = "", shape: Sequence[int] = (1, 64)) -> str:
        name = f"{len(self.ops)}_{kind}"
        block = path if self.with_paths else ""
        self.ops.append(
            Op(id=name, kind=kind, inputs=inputs, block=block, output=TensorSpec(shape=tuple(shape)))
        )
        return name

    def chain(self, kinds: str, start: str, *, path: str = "", shape: Sequence[int] = (1, 64)) -> str:
        for kind in kinds.split():
            start = self.add(kind, start, path=path, shape=shape)
        return start

    def graph(self, name: str) -> ModelGraph:
        return ModelGraph(name=name, ops=tuple(self.ops))


def resnet18(*, with_paths: bool = True) -> ModelGraph:
    net = Network(with_paths=with_paths)
    x = net.add("input")
    for path in ("conv1 conv2d", "bn1 batch_norm", "relu relu", "maxpool max_pool"):
        x = net.chain(path.split()[1], x, path=path.split()[0])
    for layer in range(1, 5):
        for block in range(2):
            path = f"layer{layer}/{block}"
            shape = (1, 32 * 2**layer, 112 // 2**layer, 112 // 2**layer)
            inner = net.chain("conv2d batch_norm relu conv2d batch_norm", x, path=path, shape=shape)
            skip = x
            if layer > 1 and block == 0:
                skip = net.chain("conv2d batch_norm", x, path=f"{path}/downsample", shape=shape)
            x = net.chain("relu", net.add("add", inner, skip, path=path, shape=shape), path=path, shape=shape)
    x = net.chain("global_avg_pool", x, path="avgpool")
    net.add("linear", net.add("flatten", x), path="fc")
    return net.graph("resnet18")


def vgg16() -> ModelGraph:
    net = Network()
    x = net.add("input")
    place = 0
    for convolutions in (2, 2, 3, 3, 3):
        for kind in ["conv2d", "relu"] * convolutions + ["max_pool"]:
            x = net.add(kind, x, path=f"features/{place}")
            place += 1
    x = net.add("flatten", net.add("avg_pool", x, path="avgpool"))
    for place, kind in enumerate(["linear", "relu", "dropout", "linear", "relu", "dropout", "linear"]):
        x = net.add(kind, x, path=f"classifier/{place}")
    return net.graph("vgg16")


def densenet121(*, with_paths: bool = True) -> ModelGraph:
    net = Network(with_paths=with_paths)
    x = net.add("input")
    for name in ("conv2d", "batch_norm", "relu", "max_pool"):
        x = net.add(name, x, path=f"features/{name}0")
    for block, layers in enumerate((6, 12, 24, 16), start=1):
        made = [x]
        for layer in range(1, layers + 1):
            path = f"features/denseblock{block}/denselayer{layer}"
            joined = net.add("concat", *made, path=path) if len(made) > 1 else x
            made.append(net.chain("batch_norm relu conv2d batch_norm relu conv2d", joined, path=path))
        x = net.add("concat", *made, path=f"features/denseblock{block}")
        if block < 4:
            x = net.chain("batch_norm relu conv2d avg_pool", x, path=f"features/transition{block}")
    x = net.chain("batch_norm", x, path="features/norm5")
    net.add("linear", net.chain("relu global_avg_pool flatten", x), path="classifier")
    return net.graph("densenet121")


def gpt2(*, layers: int = 12, with_paths: bool = True, with_mask: bool = True) -> ModelGraph:
    net = Network(with_paths=with_paths)
    tokens = net.add("input")
    mask = net.add("constant") if with_mask else ""
    words = net.add("embedding", tokens, path="transformer/wte")
    places = net.add("constant", path="transformer/wpe")
    x = net.add("dropout", net.add("add", words, places, path="transformer"), path="transformer/drop")
    for layer in range(layers):
        path = f"transformer/h/{layer}"
        attention = f"{path}/attn"
        q, k, v = (net.add("linear", net.chain("layer_norm", x, path=path), path=attention) for _ in "qkv")
        scores = net.chain("mul", net.add("matmul", q, k, path=attention), path=attention)
        scores = net.add("add", scores, *([mask] if mask else []), path=attention)
        mixed = net.add("matmul", net.chain("softmax", scores, path=attention), v, path=attention)
        x = net.add("add", net.chain("linear dropout", mixed, path=attention), x, path=path)
        inner = net.chain("layer_norm", x, path=f"{path}/ln_2")
        x = net.add("add", net.chain("linear gelu linear dropout", inner, path=f"{path}/mlp"), x, path=path)
    x = net.chain("layer_norm", x, path="transformer/ln_f")
    net.add("linear", x, path="lm_head")
    return net.graph("gpt2")


def googlenet() -> ModelGraph:
    net = Network()
    x = net.add("input")
    x = net.add("max_pool", net.chain("conv2d batch_norm relu", x, path="conv1"), path="maxpool1")
    for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        path = f"inception{name}"
        branches = [net.chain("conv2d batch_norm relu", x, path=f"{path}/branch1")]
        for branch in (2, 3):
            inner = net.chain("conv2d batch_norm relu", x, path=f"{path}/branch{branch}/0")
            branches.append(net.chain("conv2d batch_norm relu", inner, path=f"{path}/branch{branch}/1"))
        pooled = net.chain("max_pool", x, path=f"{path}/branch4/0")
        branches.append(net.chain("conv2d batch_norm relu", pooled, path=f"{path}/branch4/1"))
        x = net.add("concat", *branches, path=path)
        if name in ("3b", "4e"):
            x = net.add("max_pool", x, path=f"maxpool{name[0]}")
    x = net.chain("global_avg_pool flatten dropout", x, path="avgpool")
    net.add("linear", x, path="fc")
    return net.graph("googlenet")


def interleaved_towers() -> ModelGraph:
    """Two towers of ten ops whose ops the file lists in turns, joined by a head."""
    net = Network()
    ends = {tower: net.add("input") for tower in ("user", "item")}
    for _ in range(10):
        for tower in ends:
            ends[tower] = net.add("linear", ends[tower], path=f"{tower}_tower")
    net.chain("linear relu linear", net.add("concat", *ends.values(), path="top"), path="top")
    return net.graph("two_tower")


ALL = (
    resnet18(),
    resnet18(with_paths=False),
    vgg16(),
    densenet121(),
    densenet121(with_paths=False),
    gpt2(),
    gpt2(with_paths=False),
    googlenet(),
    interleaved_towers(),
)


SHIPPED = [
    ("resnet18", 10),
    ("googlenet", 13),
    ("densenet121", 20),
    ("mobilenet_v2", 20),
    ("vgg16", 6),
    ("vit_b16", 14),
    ("gpt2", 14),
    ("unet", 9),
    ("two_tower", 15),
]


def names(found: Sequence[Block]) -> list[str]:
    return [block.name for block in found]


@pytest.mark.parametrize("graph", ALL, ids=lambda graph: graph.name)
def test_every_op_is_in_one_block_and_blocks_form_a_dag(graph: ModelGraph) -> None:
    found = blocks(graph)
    assert sorted(op for block in found for op in block.ops) == list(range(len(graph)))
    assert len(set(names(found))) == len(found)
    home = {op: place for place, block in enumerate(found) for op in block.ops}
    contracted = networkx.DiGraph((home[u], home[v]) for u, v in graph.edges if home[u] != home[v])
    assert networkx.is_directed_acyclic_graph(contracted)
    assert all(u < v for u, v in contracted.edges)


@pytest.mark.parametrize("graph", ALL, ids=lambda graph: graph.name)
def test_no_block_is_too_large_to_look_at(graph: ModelGraph) -> None:
    assert max(len(block.ops) for block in blocks(graph)) <= MOST_OPS + 2
    assert len(blocks(graph)) <= 40


def test_resnet18_is_stem_residual_blocks_and_head() -> None:
    layers = [f"layer{layer}/{block}" for layer in range(1, 5) for block in range(2)]
    assert names(blocks(resnet18())) == ["stem", *layers, "head"]


def test_resnet18_without_paths_has_the_same_blocks() -> None:
    named, plain = blocks(resnet18()), blocks(resnet18(with_paths=False))
    assert [block.ops for block in plain] == [block.ops for block in named]
    assert names(plain) == ["stem", *(f"residual {at}" for at in range(1, 9)), "head"]


@pytest.mark.parametrize(("sample", "count"), SHIPPED)
def test_a_shipped_model_fits_one_look(sample: str, count: int) -> None:
    # Counted by hand from the architectures: stem, stages or layers, and head.
    found = blocks(load_model(f"sample:{sample}"))
    assert len(found) == count
    assert max(len(block.ops) for block in found) <= MOST_OPS


def test_identical_residual_blocks_share_a_signature() -> None:
    found = {block.name: block for block in blocks(resnet18())}
    # Both blocks of layer1 have 64 channels and no projection; the first of layer2 has one.
    assert found["layer1/0"].signature == found["layer1/1"].signature
    assert found["layer1/0"].repeats == 2
    assert found["layer2/0"].repeats == 1
    assert found["stem"].repeats == 1


def test_vgg16_features_are_cut_after_each_pooling() -> None:
    found = blocks(vgg16())
    assert names(found) == [
        "features/0–4",
        "features/5–9",
        "features/10–16",
        "features/17–23",
        "features/24–30",
        "classifier",
    ]
    assert [len(block.ops) for block in found] == [6, 5, 7, 7, 9, 7]


def test_densenet121_dense_layers_share_blocks() -> None:
    found = blocks(densenet121())
    assert 15 <= len(found) <= 24
    assert names(found)[:3] == ["stem", "denseblock1/denselayer1–3", "denseblock1/denselayer4–6"]
    assert "transition2" in names(found)
    assert names(found)[-1] == "head"


def test_gpt2_is_embed_layers_and_head() -> None:
    assert names(blocks(gpt2())) == ["embed", *(f"h/{layer}" for layer in range(12)), "head"]


def test_a_mask_read_by_every_layer_does_not_hide_the_gates() -> None:
    with_mask, without = gpt2(), gpt2(with_mask=False)
    assert len(gates(with_mask)) == len(gates(without))
    assert len(blocks(gpt2(with_paths=False))) <= 20


def test_attention_and_mlp_join_into_one_layer_where_they_repeat() -> None:
    plain = blocks(gpt2(with_paths=False))
    # Each layer: norm, q, k, v, matmul, mul, add, softmax, matmul, linear, dropout, add; norm, linear,
    # gelu, linear, dropout, add. The first layer also holds the mask.
    assert [len(block.ops) for block in plain if block.name.startswith("attention")] == [21] + [20] * 11


def test_googlenet_modules_stay_whole_with_their_branches() -> None:
    found = {block.name: len(block.ops) for block in blocks(googlenet())}
    # 1 + 2 + 2 + 1 convolutions of three ops, one pooling, one concat; 3b takes the pooling after it.
    assert found["inception3a"] == 6 * 3 + 1 + 1
    assert found["inception3b"] == 6 * 3 + 1 + 1 + 1
    assert list(found)[-1] == "head"


def test_interleaved_towers_are_told_apart_by_their_paths() -> None:
    assert names(blocks(interleaved_towers())) == ["user_tower", "item_tower", "top"]


def test_ops_without_a_path_stay_with_their_producer() -> None:
    net = Network()
    x = net.add("input")
    for layer in range(12):
        x = net.chain("linear relu", x, path=f"body/{layer}")
        x = net.chain("dropout", x)
    net.chain("linear relu linear", x, path="out")
    # The first also holds the input.
    assert [len(block.ops) for block in blocks(net.graph("body"))] == [4] + [3] * 12


def test_ops_before_the_first_and_after_the_last_module_are_stem_and_head() -> None:
    net = Network()
    x = net.chain("conv2d batch_norm relu", net.add("input"))
    for layer in range(4):
        x = net.chain("conv2d batch_norm relu conv2d", x, path=f"body/{layer}")
    net.chain("global_avg_pool flatten linear", x)
    found = blocks(net.graph("body"))
    assert names(found) == ["stem", "body/0", "body/1", "body/2", "body/3", "head"]


def test_gates_of_a_diamond_are_its_ends() -> None:
    net = Network()
    x = net.add("input")
    net.add("add", net.chain("relu", x), net.chain("tanh", x))
    # 0 input, 1 relu, 2 tanh, 3 add: after 1 and 2 the input or both branches are still live.
    assert gates(net.graph("diamond")) == (0, 3)


def test_a_graph_without_ops_has_no_blocks() -> None:
    assert blocks(ModelGraph(name="nothing", ops=())) == ()


def test_blocks_of_ten_thousand_ops_take_less_than_a_third_of_a_second() -> None:
    graph = gpt2(layers=520)
    assert len(graph) > 10_000
    started = time.perf_counter()
    found = blocks(graph)
    assert time.perf_counter() - started < 1.5  # 0.3 s on an idle core
    assert len(found) < 600


@st.composite
def random_graphs(draw: st.DrawFn) -> ModelGraph:
    net = Network()
    count = draw(st.integers(1, 60))
    for at in range(count):
        readable = [op.id for op in net.ops]
        inputs = draw(st.lists(st.sampled_from(readable), max_size=3, unique=True)) if at else []
        kind = draw(st.sampled_from(["linear", "relu", "max_pool", "add", "constant"]))
        path = draw(st.sampled_from(["", "a", "a/0", "a/1", "b/0/c", "b/1"]))
        net.add(kind if inputs else "input", *inputs, path=path)
    return net.graph("random")


@settings(max_examples=60, deadline=None)
@given(random_graphs())
def test_any_graph_is_cut_into_blocks_in_topological_order(graph: ModelGraph) -> None:
    test_every_op_is_in_one_block_and_blocks_form_a_dag(graph)
    assert blocks(graph) == blocks(graph)
