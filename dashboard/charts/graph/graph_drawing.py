"""What the model viewer shows: drawn nodes, frames and edges, which side each is on, what crosses.

The geometry depends on the graph and on which blocks are open, and is kept; sides and crossing
tensors change with every move of a slider and are small.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.graph.blocks import Block
from cutwise.graph.model_graph import ModelGraph
from cutwise_dashboard.charts.graph.graph_geometry import (
    DrawnEdge,
    DrawnNode,
    Frame,
    Geometry,
    edge_ends,
    geometry_of,
)
from cutwise_dashboard.format import quantity_text

VIEWS = ("blocks", "near_cut", "all")
FULL_VIEW_OPS = 90  # near the cut, blocks are opened up to this many ops


@dataclass(frozen=True, slots=True)
class Crossing:
    """Tensors that leave node `node` for another side: an op makes one, a card may hide several."""

    node: int
    tensors: int
    size_bytes: float
    text: str


@dataclass(frozen=True, eq=False)
class GraphDrawing(Frozen):
    """A geometry with the cut on it.

    `shares[node, side]` is the ratio of the node's ops that run on that side, `crosses` marks the
    edges that go from one side to another. `summary` says the same in words.
    """

    geometry: Geometry
    shares: Floats
    crosses: Mask
    crossings: tuple[Crossing, ...]
    side_names: tuple[str, ...]
    total_text: str
    summary: str

    @property
    def nodes(self) -> tuple[DrawnNode, ...]:
        return self.geometry.nodes

    @property
    def edges(self) -> tuple[DrawnEdge, ...]:
        return self.geometry.edges

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self.geometry.frames

    @property
    def node_by_id(self) -> Mapping[str, int]:
        """The node that shows an op or a card: the card that hides it, if it is folded away."""
        return self.geometry.node_by_id


def draw_graph(
    graph: ModelGraph,
    blocks: tuple[Block, ...],
    *,
    view: str = "near_cut",
    side: Sequence[int] | Ints,
    opened: Collection[str] = frozenset(),
    closed: Collection[str] = frozenset(),
    output_bytes: Sequence[float] | Floats | None = None,
    side_names: tuple[str, ...] = ("Device", "Server"),
    size_text: Callable[[float], str] | None = None,
) -> GraphDrawing:
    """The drawing of `graph` cut by `side`: for each op the place in `side_names` where it runs.

    `view` says which blocks are open before the reader's own choice: none ("blocks"), those the cut
    passes through or touches ("near_cut"), or every one ("all"); blocks named in `opened` are open
    and those in `closed` folded whatever the view. `output_bytes` are the sizes of the tensors as
    sent (0: nothing is sent); left out, they are those of the graph's own tensors.
    """
    if view not in VIEWS:
        raise ValueError(f"view: {view!r} is none of {', '.join(VIEWS)}")
    runs_on = np.asarray(side, dtype=np.int64)
    if runs_on.shape != (len(graph),):
        raise ValueError(f"{graph.name}: side has shape {runs_on.shape} for {len(graph)} ops; give one each")
    sizes = _own_bytes(graph) if output_bytes is None else np.asarray(output_bytes, dtype=np.float64)
    made, read = edge_ends(graph)
    is_cut = (runs_on[made] != runs_on[read]) & (sizes[made] > 0)
    shown = _open_by_view(blocks, view, runs_on, made[is_cut], read[is_cut])
    is_open = frozenset(
        place
        for place, block in enumerate(blocks)
        if (place in shown or block.name in opened) and block.name not in closed
    )
    geometry = geometry_of(graph, blocks, is_open)
    text = size_text or partial(quantity_text, unit="B")
    senders = np.unique(made[is_cut])
    total_text = text(float(sizes[senders].sum())) if senders.size else ""
    return GraphDrawing(
        geometry=geometry,
        shares=_shares(geometry, runs_on, len(side_names)),
        crosses=_crossing_edges(geometry, is_cut),
        crossings=_crossings(geometry, senders, sizes, text),
        side_names=side_names,
        total_text=total_text,
        summary=_summary(graph, blocks, runs_on, senders.size, total_text, side_names),
    )


def toggled(
    drawing: GraphDrawing, name: str, opened: frozenset[str], closed: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """`opened` and `closed` after the reader folds or unfolds block `name` as `drawing` shows it."""
    is_open = any(frame.is_open for frame in drawing.frames if frame.name == name)
    return (opened - {name}, closed | {name}) if is_open else (opened | {name}, closed - {name})


def _open_by_view(blocks: Sequence[Block], view: str, runs_on: Ints, made: Ints, read: Ints) -> set[int]:
    if view == "all":
        return set(range(len(blocks)))
    if view == "blocks" or made.size == 0:
        return set()
    passed = [at for at, block in enumerate(blocks) if np.ptp(runs_on[list(block.ops)]) > 0]
    return _up_to_full(blocks, passed or _touched(blocks, made, read))


def _touched(blocks: Sequence[Block], made: Ints, read: Ints) -> list[int]:
    """The block of the last tensor that crosses and the first block that reads it."""
    block_of = {op: at for at, block in enumerate(blocks) for op in block.ops}
    sender = max(made.tolist(), key=lambda op: block_of[op])
    readers = [block_of[op] for op in read[made == sender].tolist()]
    return [block_of[sender], min(readers)]


def _up_to_full(blocks: Sequence[Block], places: Sequence[int]) -> set[int]:
    kept: set[int] = set()
    total = 0
    for place in places:
        total += len(blocks[place].ops)
        if kept and total > FULL_VIEW_OPS:
            break
        kept.add(place)
    return kept


def _own_bytes(graph: ModelGraph) -> Floats:
    return np.array([op.output.size_bytes for op in graph.ops], dtype=np.float64)


def _shares(geometry: Geometry, runs_on: Ints, sides: int) -> Floats:
    counts = np.zeros((len(geometry.nodes), sides))
    np.add.at(counts, (geometry.node_of, runs_on), 1.0)
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _crossing_edges(geometry: Geometry, is_cut: Mask) -> Mask:
    crosses = np.zeros(len(geometry.edges), dtype=np.bool_)
    drawn = geometry.edge_of[is_cut]
    crosses[drawn[drawn >= 0]] = True
    return crosses


def _crossings(
    geometry: Geometry, senders: Ints, sizes: Floats, size_text: Callable[[float], str]
) -> tuple[Crossing, ...]:
    """One for each node that sends, however many read: a tensor is sent once."""
    nodes = geometry.node_of[senders]
    found = []
    for node in np.unique(nodes).tolist():
        sent = sizes[senders[nodes == node]]
        text = size_text(float(sent.sum()))
        label = text if sent.size == 1 else f"{sent.size} tensors, {text}"
        found.append(Crossing(node, int(sent.size), float(sent.sum()), label))
    return tuple(found)


def _summary(
    graph: ModelGraph,
    blocks: Sequence[Block],
    runs_on: Ints,
    crossing: int,
    total_text: str,
    side_names: Sequence[str],
) -> str:
    sentences = [f"{graph.name}: {len(graph)} ops in {len(blocks)} blocks."]
    for side, name in enumerate(side_names):
        inside = [block.name for block in blocks if side in runs_on[list(block.ops)]]
        if inside:
            named = inside[0] if len(inside) == 1 else f"{inside[0]} to {inside[-1]}"
            sentences.append(f"{name}: {int((runs_on == side).sum())} ops, {named}.")
    crossed = f"{crossing} tensor{'s' if crossing != 1 else ''} with {total_text} cross"
    sentences.append(f"{crossed}{'es' if crossing == 1 else ''}." if crossing else "Nothing crosses.")
    return " ".join(sentences)
