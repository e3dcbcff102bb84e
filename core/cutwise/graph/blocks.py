"""Blocks of a model graph, for display and folding: what a reader would call one layer or module.

Module paths come first, the graph's own structure where paths are missing or too coarse. All ops
are put in one topological order that keeps a module together; blocks are intervals of that order,
so the blocks themselves form a directed acyclic graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from cutwise.graph.block_names import block_name, last_part, parent_of, parts_of, unique, without_root
from cutwise.graph.model_graph import ModelGraph
from cutwise.graph.reading_order import OpOrder, Readers, flow_of, line_of, order_by_module
from cutwise.graph.spans import (
    MANY_BLOCKS,
    MOST_OPS,
    RUN_OPS,
    TINY_OPS,
    OpSpan,
    join_repeated,
    join_siblings,
    signature_of,
    spans_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Ops shown as one: `ops` are positions in `graph.ops`, producers before readers.

    `name` is unique in its graph. Blocks with the same `signature` have the same inner structure and
    shapes; `repeats` counts them, this one included. `depth` is the number of modules around it.
    """

    name: str
    ops: tuple[int, ...]
    signature: str
    repeats: int
    depth: int


def blocks(graph: ModelGraph) -> tuple[Block, ...]:
    """The blocks of `graph` in topological order; every op is in exactly one.

    >>> from cutwise.graph.model_graph import Op
    >>> toy = ModelGraph(name="toy", ops=(Op(id="x", kind="input"), Op(id="y", kind="relu", inputs=("x",))))
    >>> [(block.name, block.ops) for block in blocks(toy)]
    [('toy', (0, 1))]
    """
    if not graph.ops:
        return ()
    flow = flow_of(graph)
    paths = _filled_paths(graph, flow)
    modules = _modules(paths)
    line = line_of(graph, flow, order_by_module(flow, modules))
    spans = spans_of(line, [modules[op] for op in line.order], [paths[op] for op in line.order])
    if not any(paths):
        spans = join_repeated(line, spans)
    if len(spans) > MANY_BLOCKS:
        spans = join_siblings(spans)
    return _named_blocks(graph.name, line, spans)


def _filled_paths(graph: ModelGraph, flow: Readers) -> list[str]:
    """Module paths; an op without one belongs where its input comes from, a source where it goes.

    What lies before the first module and after the last belongs to the model itself: the empty path.
    """
    paths = [op.block.strip("/") for op in graph.ops]
    leads_to_module = [False] * len(paths)
    for at in range(len(paths) - 1, -1, -1):
        leads_to_module[at] = any(paths[r] or leads_to_module[r] for r in flow.readers[at])
    for at, made_from in enumerate(flow.producers):
        if not paths[at] and leads_to_module[at]:
            known = [p for p in made_from if paths[p] and not flow.fixed[p]]
            paths[at] = paths[max(known)] if known else ""
    for at in range(len(paths) - 1, -1, -1):
        is_source = flow.fixed[at] or not flow.producers[at]
        if not paths[at] and flow.readers[at] and is_source:
            paths[at] = paths[min(flow.readers[at])]
    return paths


def _modules(paths: Sequence[str]) -> list[str]:
    """For each op the module that is shown as one: its path cut at the level that suits the size."""
    size: Counter[str] = Counter()
    for path, count in Counter(paths).items():
        parts = parts_of(path)
        for level in range(len(parts) + 1):
            size["/".join(parts[:level])] += count
    children: dict[str, list[str]] = {prefix: [] for prefix in size}
    for prefix in size:
        if prefix:
            children[parent_of(prefix)].append(prefix)

    opened: set[str] = set()
    for prefix in sorted(size, key=lambda path: len(parts_of(path)), reverse=True):
        composite = sum(size[child] >= TINY_OPS for child in children[prefix])
        is_list = prefix == "" or all(last_part(child).isdigit() for child in children[prefix])
        is_large = size[prefix] > MOST_OPS and composite > 0
        is_wrapper = len(children[prefix]) == 1 and children[prefix][0] in opened
        if is_large or is_wrapper or (is_list and size[prefix] > RUN_OPS and composite >= 2):
            opened.add(prefix)
    module_of = {path: _cut_path(path, opened) for path in set(paths)}
    return [module_of[path] for path in paths]


def _cut_path(path: str, opened: set[str]) -> str:
    module = ""
    for part in parts_of(path):
        if module not in opened:
            break
        module = f"{module}/{part}" if module else part
    return module


def _named_blocks(model: str, line: OpOrder, spans: Sequence[OpSpan]) -> tuple[Block, ...]:
    signatures = [signature_of(line, span) for span in spans]
    repeats = Counter(signatures)
    return tuple(
        Block(
            name=name,
            ops=tuple(line.order[span.start : span.stop]),
            signature=signature,
            repeats=repeats[signature],
            depth=max(0, len(parts_of(span.module)) - 1),
        )
        for name, span, signature in zip(_names(model, line, spans), spans, signatures, strict=True)
    )


def _names(model: str, line: OpOrder, spans: Sequence[OpSpan]) -> list[str]:
    if len(spans) == 1 and not any(spans[0].labels):
        return [model]
    root = _root([span.module for span in spans])
    names = [
        block_name(
            [label for label in span.labels if label not in root],
            frozenset(op.kind for op in line.ops[span.start : span.stop]),
            is_first=span.start == 0,
            is_last=span.stop == len(line.ops),
        )
        for span in spans
    ]
    return unique(without_root(names))


def _root(modules: Sequence[str]) -> set[str]:
    """The modules that hold all others: what lies in them directly is named by its place."""
    paths = [[*parts_of(module), ""] for module in modules if module]
    shared = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))]
    return {"/".join(shared[: depth + 1]) for depth in range(len(shared))} if len(set(modules)) > 1 else set()
