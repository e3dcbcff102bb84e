"""Where the ops, cards and edges of a model graph lie, before anything is known about a cut.

Each block is laid out by itself; the browser flows the blocks into rows like words and breaks a
block's columns where it is wider than the page.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cutwise.arrays import Ints
from cutwise.frozen import Frozen
from cutwise.graph.block_names import parts_of
from cutwise.graph.blocks import Block
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise_dashboard.caches import kept
from cutwise_dashboard.charts.graph.layered_layout import BlockLayout, Edge, Point, lay_out

OP_WIDTH, OP_HEIGHT, COLUMN_GAP = 82.0, 26.0, 24.0
CARD_WIDTH, CARD_HEIGHT = 132.0, 50.0
PADDING, TITLE_HEIGHT = 14.0, 22.0
CARD_PREFIX = "block:"

KIND_LABELS = {
    "batch_norm": "norm",
    "layer_norm": "norm",
    "group_norm": "norm",
    "rms_norm": "norm",
    "instance_norm": "norm",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "conv_transpose2d": "up conv",
    "global_avg_pool": "avg pool",
    "global_max_pool": "max pool",
    "reduce_mean": "mean",
    "reduce_sum": "sum",
}


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """An op, or a folded block as a card; `x` and `y` are its centre inside its unbroken block.

    `id` is the op's id, or "block:" and the block's name; `ops` are positions in `graph.ops`.
    """

    id: str
    label: str
    sub_label: str
    detail: str
    column: int
    x: float
    y: float
    width: float
    height: float
    block: int
    ops: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One block as drawn: a card, or its ops in `columns` columns under its name."""

    name: str
    ops: int
    columns: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """From node to node, with the points it passes in the producer's and then in the reader's block.

    A point is (column, y); column -1 and the one after the last are the borders of the block.
    """

    producer: int
    reader: int
    way_out: tuple[Point, ...]
    way_in: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class Geometry(Frozen):
    """Where everything is; two geometries are equal when their digests are.

    There is one edge for each pair of drawn nodes that share a tensor. `node_of` maps op positions
    to nodes, `edge_of` the edges of the graph to drawn ones, -1 for those hidden in a card.
    """

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]
    frames: tuple[Frame, ...]
    node_of: Ints
    edge_of: Ints
    digest: str
    node_by_id: Mapping[str, int] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geometry) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True)
class _Wires(Frozen):
    """The edges of a graph as seen from its blocks, in places inside each block.

    Per block: the edges inside it, the ways in with their readers, the way in for each block that
    sends to it, and the place of each way out.
    """

    inner: Sequence[Sequence[Edge]]
    ways_in: Sequence[tuple[tuple[int, ...], ...]]
    way_in_from: Sequence[Mapping[int, int]]
    ways_out: Sequence[Mapping[int, int]]


@kept
def edge_ends(graph: ModelGraph) -> tuple[Ints, Ints]:
    """Producers and readers of the graph's edges, as two arrays of op positions."""
    producers, readers = graph.edge_array.T
    return producers, readers


@kept
def geometry_of(graph: ModelGraph, blocks: tuple[Block, ...], is_open: frozenset[int]) -> Geometry:
    """The geometry of `graph` with the blocks at the places `is_open` unfolded."""
    home = {op: (at, place) for at, block in enumerate(blocks) for place, op in enumerate(block.ops)}
    wires = _wires(graph, len(blocks), home)
    nodes: list[DrawnNode] = []
    layouts: dict[int, BlockLayout] = {}
    node_of = np.zeros(len(graph), dtype=np.int64)
    for at, block in enumerate(blocks):
        if at in is_open and len(block.ops) > 1:
            layouts[at] = _layout(block, wires, at)
            node_of[list(block.ops)] = np.arange(len(nodes), len(nodes) + len(block.ops))
            nodes += _op_nodes(graph, block, at, layouts[at])
        else:
            node_of[list(block.ops)] = len(nodes)
            nodes.append(_card(graph, block, at))
    edges, edge_of = _edges(graph, home, wires, layouts, node_of)
    by_id = {node.id: place for place, node in enumerate(nodes)}
    by_id |= {op.id: int(node) for op, node in zip(graph.ops, node_of, strict=True)}
    key = (graph.digest, [(block.name, block.ops) for block in blocks], sorted(layouts))
    return Geometry(
        nodes=tuple(nodes),
        edges=tuple(edges),
        frames=tuple(_frame(block, layouts.get(at)) for at, block in enumerate(blocks)),
        node_of=node_of,
        edge_of=edge_of,
        digest=hashlib.sha256(repr(key).encode()).hexdigest()[:16],
        node_by_id=by_id,
    )


def _wires(graph: ModelGraph, blocks: int, home: Mapping[int, tuple[int, int]]) -> _Wires:
    inner: list[list[Edge]] = [[] for _ in range(blocks)]
    received: list[dict[int, dict[int, None]]] = [defaultdict(dict) for _ in range(blocks)]
    ways_out: list[dict[int, int]] = [{} for _ in range(blocks)]
    for producer, reader in zip(*(ends.tolist() for ends in edge_ends(graph)), strict=True):
        (source, sender), (target, place) = home[producer], home[reader]
        if source == target:
            inner[source].append((sender, place))
        else:
            received[target][source][place] = None
            ways_out[source].setdefault(sender, len(ways_out[source]))
    shared = [_shared_ways(readers_of) for readers_of in received]
    return _Wires(inner, [ways for ways, _ in shared], [by_source for _, by_source in shared], ways_out)


def _shared_ways(
    readers_of: Mapping[int, Mapping[int, None]],
) -> tuple[tuple[tuple[int, ...], ...], dict[int, int]]:
    """One way in for all blocks that send to the same readers."""
    ways: dict[tuple[int, ...], int] = {}
    by_source = {source: ways.setdefault(tuple(readers), len(ways)) for source, readers in readers_of.items()}
    return tuple(ways), by_source


def _layout(block: Block, wires: _Wires, at: int) -> BlockLayout:
    return lay_out(len(block.ops), tuple(wires.inner[at]), wires.ways_in[at], tuple(wires.ways_out[at]))


def _edges(
    graph: ModelGraph,
    home: Mapping[int, tuple[int, int]],
    wires: _Wires,
    layouts: Mapping[int, BlockLayout],
    node_of: Ints,
) -> tuple[list[DrawnEdge], Ints]:
    drawn: dict[Edge, int] = {}
    edges: list[DrawnEdge] = []
    edge_of = np.full(len(graph.edges), -1, dtype=np.int64)
    for at, (producer, reader) in enumerate(zip(*(e.tolist() for e in edge_ends(graph)), strict=True)):
        pair = (int(node_of[producer]), int(node_of[reader]))
        if pair[0] == pair[1]:
            continue
        if pair not in drawn:
            (source, sender), (target, place) = home[producer], home[reader]
            way_out: tuple[Point, ...] = ()
            way_in: tuple[Point, ...] = ()
            if source == target:
                way_out = layouts[source].paths[sender, place]
            else:
                if source in layouts:
                    way_out = layouts[source].exit_path(sender, wires.ways_out[source][sender])
                if target in layouts:
                    way_in = layouts[target].entry_path(wires.way_in_from[target][source], place)
            drawn[pair] = len(edges)
            edges.append(DrawnEdge(*pair, _lowered(way_out), _lowered(way_in)))
        edge_of[at] = drawn[pair]
    return edges, edge_of


def _lowered(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple((column, y + _top()) for column, y in points)


def _top() -> float:
    return TITLE_HEIGHT + PADDING + OP_HEIGHT / 2


def _op_nodes(graph: ModelGraph, block: Block, at: int, layout: BlockLayout) -> list[DrawnNode]:
    return [
        DrawnNode(
            id=graph.ops[op].id,
            label=op_label(graph.ops[op]),
            sub_label="",
            detail=_op_detail(graph.ops[op], block),
            column=column,
            x=PADDING + column * (OP_WIDTH + COLUMN_GAP) + OP_WIDTH / 2,
            y=y + _top(),
            width=OP_WIDTH,
            height=OP_HEIGHT,
            block=at,
            ops=(op,),
        )
        for op, column, y in zip(block.ops, layout.columns, layout.heights, strict=True)
    ]


def _card(graph: ModelGraph, block: Block, at: int) -> DrawnNode:
    label, module = _card_label(block.name)
    count = f"{len(block.ops)} ops" if len(block.ops) > 1 else op_label(graph.ops[block.ops[0]])
    return DrawnNode(
        id=CARD_PREFIX + block.name,
        label=label,
        sub_label=f"{module} · {count}" if module else count,
        detail=_card_detail(graph, block),
        column=0,
        x=CARD_WIDTH / 2,
        y=CARD_HEIGHT / 2,
        width=CARD_WIDTH,
        height=CARD_HEIGHT,
        block=at,
        ops=block.ops,
    )


def _card_label(name: str) -> tuple[str, str]:
    """The last module of a block's name, with the one it counts where it is a number, and the one around."""
    parts = parts_of(name)
    shown = 2 if parts[-1][:1].isdigit() and len(parts) > 1 else 1
    return "/".join(parts[-shown:]), "".join(parts[-shown - 1 : -shown])


def _frame(block: Block, layout: BlockLayout | None) -> Frame:
    return Frame(block.name, len(block.ops), layout.width if layout else 1, layout is not None)


def op_label(op: Op) -> str:
    """A short name for what an op does, as it fits on the drawing.

    >>> op_label(Op(id="c", kind="conv2d", attrs={"kernel": (3, 3)})), op_label(Op(id="o", kind="other:Foo"))
    ('conv 3×3', 'Foo')
    """
    if op.kind == "custom":
        return op.id
    label = KIND_LABELS.get(op.kind, op.kind.removeprefix("other:").replace("_", " "))
    kernel = op.attrs.get("kernel")
    if label == "conv" and isinstance(kernel, Sequence) and 0 < len(kernel) <= 2:
        return f"{label} {'×'.join(str(size) for size in kernel)}"
    return label


def _op_detail(op: Op, block: Block) -> str:
    shape = "×".join(str(size) for size in op.output.shape)
    made = f"{op.kind} → {shape} {op.output.dtype}" if shape else op.kind
    return f"{op.id}\n{made}\n{op.block or block.name}"


def _card_detail(graph: ModelGraph, block: Block) -> str:
    kinds = Counter(op_label(graph.ops[op]) for op in block.ops).most_common(4)
    alike = f", {block.repeats} alike" if block.repeats > 1 else ""
    inside = ", ".join(f"{count} {label}" for label, count in kinds)
    return f"{block.name}\n{len(block.ops)} ops{alike}\n{inside}"
