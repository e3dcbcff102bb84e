from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.graph.blocks import Block, blocks
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph, toggled
from cutwise_dashboard.charts.graph.graph_geometry import CARD_PREFIX, OP_HEIGHT, OP_WIDTH, op_label


def op(name: str, *inputs: str, block: str = "", kind: str = "relu") -> Op:
    kind = kind if inputs else "input"
    return Op(id=name, kind=kind, inputs=inputs, block=block, output=TensorSpec(shape=(1, 25)))


def chain_of_blocks(count: int = 4, size: int = 4) -> ModelGraph:
    """`count` blocks "body/0", … of `size` ops each, one after the other; op i is named "i"."""
    ops = [op("0", block="body/0")]
    ops += [op(str(at), str(at - 1), block=f"body/{at // size}") for at in range(1, count * size)]
    return ModelGraph(name="body", ops=tuple(ops))


def fan() -> ModelGraph:
    """One tensor with three readers, which are added up."""
    return ModelGraph(
        name="fan", ops=(op("x"), op("a", "x"), op("b", "x"), op("c", "x"), op("sum", "a", "b", "c"))
    )


def cut_after(graph: ModelGraph, count: int) -> list[int]:
    return [0] * count + [1] * (len(graph) - count)


def drawn(graph: ModelGraph, side: list[int], **options: object) -> GraphDrawing:
    return draw_graph(graph, blocks(graph), side=side, **options)  # type: ignore[arg-type]


def open_blocks(drawing: GraphDrawing) -> list[str]:
    return [frame.name for frame in drawing.frames if frame.is_open]


def test_a_crossing_tensor_has_one_label_however_many_readers() -> None:
    drawing = drawn(fan(), cut_after(fan(), 1), view="all")
    assert [crossing.text for crossing in drawing.crossings] == ["100 B"]  # 25 numbers of 4 bytes
    assert int(drawing.crosses.sum()) == 3


def test_sizes_and_their_text_are_the_callers() -> None:
    sizes = [6.3e6, 0.0, 0.0, 0.0, 0.0]
    drawing = drawn(
        fan(), cut_after(fan(), 1), view="all", output_bytes=sizes, size_text=lambda size: f"{size / 1e6} MB"
    )
    assert [crossing.text for crossing in drawing.crossings] == ["6.3 MB"]
    assert drawing.total_text == "6.3 MB"


def test_a_tensor_of_no_bytes_does_not_cross() -> None:
    drawing = drawn(fan(), cut_after(fan(), 1), view="all", output_bytes=[0.0] * 5)
    assert drawing.crossings == ()
    assert not drawing.crosses.any()
    assert drawing.summary.endswith("Nothing crosses.")


def test_near_the_cut_opens_the_block_it_passes_through() -> None:
    graph = chain_of_blocks()
    assert open_blocks(drawn(graph, cut_after(graph, 6), view="near_cut")) == ["body/1"]


def test_near_the_cut_opens_both_blocks_it_runs_between() -> None:
    graph = chain_of_blocks()
    assert open_blocks(drawn(graph, cut_after(graph, 8), view="near_cut")) == ["body/1", "body/2"]


@pytest.mark.parametrize("count", [0, 16])
def test_without_a_cut_all_blocks_are_folded(count: int) -> None:
    graph = chain_of_blocks()
    assert open_blocks(drawn(graph, cut_after(graph, count), view="near_cut")) == []


def test_blocks_view_opens_none_and_all_view_every_one() -> None:
    graph = chain_of_blocks()
    side = cut_after(graph, 6)
    assert open_blocks(drawn(graph, side, view="blocks")) == []
    assert open_blocks(drawn(graph, side, view="all")) == ["body/0", "body/1", "body/2", "body/3"]


def test_the_reader_opens_and_folds_against_the_view() -> None:
    graph = chain_of_blocks()
    drawing = drawn(graph, cut_after(graph, 6), opened={"body/3"}, closed={"body/1"})
    assert open_blocks(drawing) == ["body/3"]


def test_toggling_twice_comes_back() -> None:
    graph = chain_of_blocks()
    side = cut_after(graph, 6)
    opened, closed = toggled(drawn(graph, side), "body/1", frozenset(), frozenset())
    folded = drawn(graph, side, opened=opened, closed=closed)
    assert open_blocks(folded) == []
    opened, closed = toggled(folded, "body/1", opened, closed)
    assert open_blocks(drawn(graph, side, opened=opened, closed=closed)) == ["body/1"]


def test_a_card_shows_the_share_of_each_side() -> None:
    graph = chain_of_blocks()
    drawing = drawn(graph, cut_after(graph, 5), view="blocks")
    # body/1 holds ops 4 to 7, of which only op 4 is on the device.
    assert drawing.shares[1].tolist() == [0.25, 0.75]


def test_tensors_hidden_in_one_card_share_a_label_that_counts_them() -> None:
    graph = ModelGraph(
        name="twin", ops=(op("x"), op("a", "x"), op("b", "x"), op("c", "a", "b"), op("d", "c"))
    )
    drawing = drawn(graph, cut_after(graph, 3), view="blocks")
    assert [(crossing.tensors, crossing.text) for crossing in drawing.crossings] == [(2, "2 tensors, 200 B")]


def test_geometry_stays_while_the_cut_moves_inside_a_block() -> None:
    graph = chain_of_blocks()
    before, after = (drawn(graph, cut_after(graph, count)) for count in (5, 6))
    assert before.geometry is after.geometry
    assert drawn(graph, cut_after(graph, 9)).geometry != before.geometry


def test_every_op_is_in_one_node_and_every_folded_op_is_found_by_its_card() -> None:
    graph = chain_of_blocks()
    drawing = drawn(graph, cut_after(graph, 6))
    assert sorted(at for node in drawing.nodes for at in node.ops) == list(range(16))
    assert drawing.nodes[drawing.node_by_id["0"]].id == CARD_PREFIX + "body/0"
    assert drawing.nodes[drawing.node_by_id["5"]].id == "5"


def test_the_summary_says_in_words_what_is_drawn() -> None:
    graph = chain_of_blocks()
    assert drawn(graph, cut_after(graph, 8)).summary == (
        "body: 16 ops in 4 blocks. Device: 8 ops, body/0 to body/1. "
        "Server: 8 ops, body/2 to body/3. 1 tensor with 100 B crosses."
    )


def test_a_third_side_has_a_share_of_its_own() -> None:
    graph = chain_of_blocks()
    side = [0] * 4 + [1] * 8 + [2] * 4
    drawing = drawn(graph, side, view="blocks", side_names=("Device", "Edge", "Cloud"))
    assert drawing.shares.argmax(axis=1).tolist() == [0, 1, 1, 2]


def test_an_op_of_a_hand_made_graph_is_labelled_by_its_own_name() -> None:
    assert op_label(Op(id="merge", kind="custom")) == "merge"


@pytest.mark.parametrize(
    ("name", "label", "sub_label"),
    [
        ("head", "head", "2 ops"),
        ("layer1/0", "layer1/0", "2 ops"),
        ("block3/denselayer1–4", "denselayer1–4", "block3 · 2 ops"),
        ("image_tower/layer1/0", "layer1/0", "image_tower · 2 ops"),
    ],
)
def test_a_card_is_named_by_its_innermost_module(name: str, label: str, sub_label: str) -> None:
    graph = ModelGraph(name="toy", ops=(op("x"), op("y", "x")))
    only = (Block(name=name, ops=(0, 1), signature="", repeats=1, depth=0),)
    (card,) = draw_graph(graph, only, view="blocks", side=[0, 0]).nodes
    assert (card.label, card.sub_label) == (label, sub_label)


def test_a_side_for_each_op_is_asked_for() -> None:
    with pytest.raises(ValueError, match="fan: side has shape"):
        drawn(fan(), [0, 1])


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ValueError, match="'everything' is none of blocks, near_cut, all"):
        drawn(fan(), cut_after(fan(), 1), view="everything")


@st.composite
def cut_graphs(draw: st.DrawFn) -> tuple[ModelGraph, list[int]]:
    count = draw(st.integers(2, 40))
    ops = [op("0", block="m/0")]
    for at in range(1, count):
        inputs = draw(st.lists(st.integers(0, at - 1), min_size=1, max_size=3, unique=True))
        ops.append(op(str(at), *map(str, inputs), block=f"m/{draw(st.integers(0, 3))}"))
    side = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    return ModelGraph(name="random", ops=tuple(ops)), side


@settings(max_examples=60, deadline=None)
@given(cut_graphs(), st.sampled_from(["blocks", "near_cut", "all"]))
def test_exactly_the_edges_between_the_sides_cross(case: tuple[ModelGraph, list[int]], view: str) -> None:
    graph, side = case
    drawing = drawn(graph, side, view=view)
    node_of = drawing.geometry.node_of
    pairs = {(edge.producer, edge.reader) for edge in drawing.edges}
    assert pairs == {(node_of[u], node_of[v]) for u, v in graph.edges if node_of[u] != node_of[v]}
    crossing = {
        (node_of[u], node_of[v]) for u, v in graph.edges if side[u] != side[v] and node_of[u] != node_of[v]
    }
    assert {
        (edge.producer, edge.reader)
        for edge, crosses in zip(drawing.edges, drawing.crosses, strict=True)
        if crosses
    } == crossing
    senders = {u for u, v in graph.edges if side[u] != side[v]}
    assert sum(crossing.tensors for crossing in drawing.crossings) == len(senders)


@settings(max_examples=40, deadline=None)
@given(cut_graphs())
def test_no_two_ops_of_a_block_overlap(case: tuple[ModelGraph, list[int]]) -> None:
    drawing = drawn(*case, view="all")
    for block in range(len(drawing.frames)):
        inside = [node for node in drawing.nodes if node.block == block]
        for at, one in enumerate(inside):
            for other in inside[at + 1 :]:
                apart = abs(one.x - other.x) >= OP_WIDTH or abs(one.y - other.y) >= OP_HEIGHT
                assert apart, (one.id, other.id)


def test_ten_thousand_ops_are_placed_once_and_then_only_coloured() -> None:
    graph = chain_of_blocks(count=400, size=25)
    found: tuple[Block, ...] = blocks(graph)
    draw_graph(graph, found, view="all", side=cut_after(graph, 5000))
    started = time.perf_counter()
    drawing = draw_graph(graph, found, view="all", side=np.array(cut_after(graph, 6000)))
    assert time.perf_counter() - started < 0.1  # 10 ms on an idle core
    assert len(drawing.nodes) == 10_000
