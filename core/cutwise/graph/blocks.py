"""Blocks of a model graph, for display and folding: what a reader would call one layer or module.

Module paths come first, the graph's own structure where paths are missing or too coarse. All ops
are put in one topological order that keeps a module together; blocks are intervals of that order,
so the blocks themselves form a directed acyclic graph.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from cutwise.graph.block_names import block_name, last_part, parent_of, parts_of, unique, without_root
from cutwise.graph.model_graph import ModelGraph
from cutwise.graph.reading_order import OpOrder, Readers, flow_of, line_of, order_by_module

MOST_OPS = 30  # in one block: more do not fit one view
RUN_OPS = 8  # of a plain chain in one block
CHAIN_OPS = 12  # a module that is a chain longer than this is cut into runs
TINY_OPS = 3  # below this a span is no block of its own between others
MANY_BLOCKS = 40  # beyond this, neighbours from one module share a block
FEWEST_REPEATS = 3  # before a pattern of spans is read as one repeated layer

POOLS = frozenset({"max_pool", "avg_pool", "global_avg_pool", "global_max_pool"})
FOLLOWERS = frozenset({"relu", "relu6", "silu", "gelu", "dropout", "identity", "clip"})

Interval = tuple[int, int]


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


@dataclass(frozen=True)
class _Span:
    """The interval [start, stop) of a line, the module it lies in and the paths it stands for."""

    start: int
    stop: int
    module: str
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return self.stop - self.start


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
    spans = _spans(line, [modules[op] for op in line.order], [paths[op] for op in line.order])
    if not any(paths):
        spans = _join_repeated(line, spans)
    if len(spans) > MANY_BLOCKS:
        spans = _join_siblings(spans)
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


def _spans(line: OpOrder, modules: Sequence[str], paths: Sequence[str]) -> list[_Span]:
    spans: list[_Span] = []
    start = 0
    for module, members in groupby(modules):
        stop = start + len(list(members))
        size = stop - start
        if size > MOST_OPS or (size > CHAIN_OPS and all(line.gate[start:stop])):
            spans += [_piece(module, paths, *ends) for ends in _pieces(line, start, stop)]
        else:
            spans.append(_Span(start, stop, module, (module,)))
        start = stop
    return _without_tiny(line, spans)


def _piece(module: str, paths: Sequence[str], start: int, stop: int) -> _Span:
    level = len(parts_of(module)) + 1
    labels = dict.fromkeys("/".join(parts_of(path)[:level]) for path in paths[start:stop])
    return _Span(start, stop, module, tuple(labels))


def _pieces(line: OpOrder, start: int, stop: int) -> list[Interval]:
    """Cuts an interval at its gates: the segments between gates, and runs of the chains among them."""
    pieces: list[Interval] = []
    chain = begin = start
    for at in range(start, stop):
        if not line.gate[at] and at + 1 < stop:
            continue
        if at + 1 - begin - sum(line.fixed[begin : at + 1]) > 1:
            pieces = _with_chain(line, pieces, chain, begin)
            pieces += _thin_cuts(line, begin, at + 1)
            chain = at + 1
        begin = at + 1
    return _with_chain(line, pieces, chain, stop)


def _with_chain(line: OpOrder, pieces: list[Interval], start: int, stop: int) -> list[Interval]:
    """`pieces` and the chain [start, stop) after them; what follows a segment directly goes to it."""
    if pieces:
        begin, end = pieces[-1]
        while end < stop and line.ops[end].kind in FOLLOWERS:
            end += 1
        if stop - end < TINY_OPS and stop < len(line.ops):
            end = stop
        pieces = [*pieces[:-1], (begin, end)]
        start = end
    return pieces + list(_runs(line, start, stop))


def _runs(line: OpOrder, start: int, stop: int) -> Iterator[Interval]:
    longest = RUN_OPS if stop - start <= RUN_OPS * RUN_OPS else MOST_OPS
    begin = start
    for at in range(start, stop):
        size = at + 1 - begin
        is_pooled = line.ops[at].kind in POOLS and min(size, stop - at - 1) >= TINY_OPS
        if at + 1 == stop or size == longest or is_pooled:
            yield begin, at + 1
            begin = at + 1


def _thin_cuts(line: OpOrder, start: int, stop: int) -> Iterator[Interval]:
    """Cuts a long segment where the fewest tensors are live, into parts of at most `MOST_OPS`."""
    while stop - start > MOST_OPS:
        ends = range(start + RUN_OPS - 2, start + MOST_OPS)
        end = min(ends, key=lambda at: (line.live[at], -at)) + 1
        yield start, end
        start = end
    yield start, stop


def _without_tiny(line: OpOrder, spans: list[_Span]) -> list[_Span]:
    """Joins spans of one or two ops with the neighbour they belong to, else with each other."""
    kept: list[_Span] = []
    tiny: list[_Span] = []
    for span in spans:
        if len(span) < TINY_OPS:
            tiny.append(span)
            continue
        begin = span.start
        while kept and tiny and _goes_back(line, tiny[0], kept[-1], span):
            kept[-1] = replace(kept[-1], stop=tiny.pop(0).stop)
        while tiny and _belongs(tiny[-1], span):
            begin = tiny.pop().start
        if kept and sum(map(len, tiny)) < TINY_OPS:
            kept[-1] = replace(kept[-1], stop=begin)
        else:
            kept += _joined(line, tiny)
        kept.append(replace(span, start=begin))
        tiny = []
    return _with_tail(line, kept, tiny)


def _with_tail(line: OpOrder, kept: list[_Span], tiny: list[_Span]) -> list[_Span]:
    if not kept or not kept[-1].module:
        return kept + _joined(line, tiny)
    while tiny and _belongs(tiny[0], kept[-1]):
        kept[-1] = replace(kept[-1], stop=tiny.pop(0).stop)
    if 0 < sum(map(len, tiny)) < TINY_OPS and len(kept[-1]) <= RUN_OPS:
        tiny.insert(0, kept.pop())
    return kept + _joined(line, tiny)


def _goes_back(line: OpOrder, tiny: _Span, before: _Span, after: _Span) -> bool:
    return _belongs(tiny, before) and (line.gate[tiny.stop - 1] or not _belongs(tiny, after))


def _belongs(tiny: _Span, neighbour: _Span) -> bool:
    """Whether `tiny` lies in the same module: beside the neighbour, or directly in what holds it."""
    parent = parent_of(neighbour.module)
    is_near = parent != "" and parent in (tiny.module, parent_of(tiny.module))
    return tiny.module == neighbour.module or is_near


def _joined(line: OpOrder, tiny: Sequence[_Span]) -> list[_Span]:
    if not tiny:
        return []
    joined: list[_Span] = []
    whole = (tiny[0].start, tiny[-1].stop)
    fits = whole[1] - whole[0] <= RUN_OPS
    for start, stop in [whole] if fits else _pieces(line, *whole):
        modules = dict.fromkeys(s.module for s in tiny if s.start < stop and start < s.stop)
        joined.append(_Span(start, stop, next(iter(modules)), tuple(modules)))
    return joined


def _join_repeated(line: OpOrder, spans: list[_Span]) -> list[_Span]:
    """Joins two or three spans that repeat (attention, mlp, attention, mlp, …) into one layer each."""
    signatures = [_signature(line, span, with_fixed=False) for span in spans]
    joined: list[_Span] = []
    at = 0
    while at < len(spans):
        found = [(period * _repeats(signatures, at, period), period) for period in (2, 3)]
        covered, period = max(found)
        is_layer = spans[at : at + period][-1].stop - spans[at].start <= MOST_OPS
        if covered < FEWEST_REPEATS * period or not is_layer:
            covered = period = 1
        joined += [
            replace(spans[first], stop=spans[first + period - 1].stop)
            for first in range(at, at + covered, period)
        ]
        at += covered
    return joined


def _repeats(signatures: Sequence[str], at: int, period: int) -> int:
    pattern = signatures[at : at + period]
    repeats = 0
    while len(set(pattern)) > 1 and signatures[at : at + period] == pattern:
        repeats += 1
        at += period
    return repeats


def _join_siblings(spans: list[_Span]) -> list[_Span]:
    """Joins neighbours from one module into spans of at most `MOST_OPS`, of about equal size."""
    joined: list[_Span] = []
    for _, group in groupby(spans, key=lambda span: parent_of(span.module)):
        siblings = list(group)
        fewest = len(_packed(siblings, MOST_OPS))
        even = -(-sum(map(len, siblings)) // fewest)
        packings = (_packed(siblings, most) for most in range(even, MOST_OPS + 1))
        joined += next(packed for packed in packings if len(packed) == fewest)
    return joined


def _packed(spans: Sequence[_Span], most: int) -> list[_Span]:
    packed = [spans[0]]
    for span in spans[1:]:
        if span.stop - packed[-1].start <= most:
            packed[-1] = replace(packed[-1], stop=span.stop, labels=packed[-1].labels + span.labels)
        else:
            packed.append(span)
    return packed


def _named_blocks(model: str, line: OpOrder, spans: Sequence[_Span]) -> tuple[Block, ...]:
    signatures = [_signature(line, span) for span in spans]
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


def _names(model: str, line: OpOrder, spans: Sequence[_Span]) -> list[str]:
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


def _signature(line: OpOrder, span: _Span, *, with_fixed: bool = True) -> str:
    """A digest of the kinds, shapes and inner edges of a span; names do not enter."""
    ops = [line.ops[at] for at in range(span.start, span.stop) if with_fixed or not line.fixed[at]]
    place = {op.id: at for at, op in enumerate(ops)}
    facts = [
        (op.kind, op.output.shape, [w.shape for w in op.weights], [place.get(i, -1) for i in op.inputs])
        for op in ops
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
