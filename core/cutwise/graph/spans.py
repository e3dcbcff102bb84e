"""Spans of a reading order: intervals that keep a module together, cut and joined for a reader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cutwise.graph.block_names import parent_of, parts_of
from cutwise.graph.reading_order import OpOrder

MOST_OPS = 30  # in one block: more do not fit one view
RUN_OPS = 8  # of a plain chain in one block
CHAIN_OPS = 12  # a module that is a chain longer than this is cut into runs
TINY_OPS = 3  # below this a span is no block of its own between others
MANY_BLOCKS = 40  # beyond this, neighbours from one module share a block
FEWEST_REPEATS = 3  # before a pattern of spans is read as one repeated layer

POOLS = frozenset({"max_pool", "avg_pool", "global_avg_pool", "global_max_pool"})
FOLLOWERS = frozenset({"relu", "relu6", "silu", "gelu", "dropout", "identity", "clip"})

Interval = tuple[int, int]


@dataclass(frozen=True)
class OpSpan:
    """The interval [start, stop) of a line, the module it lies in and the paths it stands for."""

    start: int
    stop: int
    module: str
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return self.stop - self.start


def spans_of(line: OpOrder, modules: Sequence[str], paths: Sequence[str]) -> list[OpSpan]:
    """The spans of a line whose ops lie in these modules, with the paths they stand for."""
    spans: list[OpSpan] = []
    start = 0
    for module, members in groupby(modules):
        stop = start + len(list(members))
        size = stop - start
        if size > MOST_OPS or (size > CHAIN_OPS and all(line.gate[start:stop])):
            spans += [_piece(module, paths, *ends) for ends in _pieces(line, start, stop)]
        else:
            spans.append(OpSpan(start, stop, module, (module,)))
        start = stop
    return _without_tiny(line, spans)


def _piece(module: str, paths: Sequence[str], start: int, stop: int) -> OpSpan:
    level = len(parts_of(module)) + 1
    labels = dict.fromkeys("/".join(parts_of(path)[:level]) for path in paths[start:stop])
    return OpSpan(start, stop, module, tuple(labels))


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


def _without_tiny(line: OpOrder, spans: list[OpSpan]) -> list[OpSpan]:
    """Joins spans of one or two ops with the neighbour they belong to, else with each other."""
    kept: list[OpSpan] = []
    tiny: list[OpSpan] = []
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


def _with_tail(line: OpOrder, kept: list[OpSpan], tiny: list[OpSpan]) -> list[OpSpan]:
    if not kept or not kept[-1].module:
        return kept + _joined(line, tiny)
    while tiny and _belongs(tiny[0], kept[-1]):
        kept[-1] = replace(kept[-1], stop=tiny.pop(0).stop)
    if 0 < sum(map(len, tiny)) < TINY_OPS and len(kept[-1]) <= RUN_OPS:
        tiny.insert(0, kept.pop())
    return kept + _joined(line, tiny)


def _goes_back(line: OpOrder, tiny: OpSpan, before: OpSpan, after: OpSpan) -> bool:
    return _belongs(tiny, before) and (line.gate[tiny.stop - 1] or not _belongs(tiny, after))


def _belongs(tiny: OpSpan, neighbour: OpSpan) -> bool:
    """Whether `tiny` lies in the same module: beside the neighbour, or directly in what holds it."""
    parent = parent_of(neighbour.module)
    is_near = parent != "" and parent in (tiny.module, parent_of(tiny.module))
    return tiny.module == neighbour.module or is_near


def _joined(line: OpOrder, tiny: Sequence[OpSpan]) -> list[OpSpan]:
    if not tiny:
        return []
    joined: list[OpSpan] = []
    whole = (tiny[0].start, tiny[-1].stop)
    fits = whole[1] - whole[0] <= RUN_OPS
    for start, stop in [whole] if fits else _pieces(line, *whole):
        modules = dict.fromkeys(s.module for s in tiny if s.start < stop and start < s.stop)
        joined.append(OpSpan(start, stop, next(iter(modules)), tuple(modules)))
    return joined


def join_repeated(line: OpOrder, spans: list[OpSpan]) -> list[OpSpan]:
    """Joins two or three spans that repeat (attention, mlp, attention, mlp, …) into one layer each."""
    signatures = [signature_of(line, span, with_fixed=False) for span in spans]
    joined: list[OpSpan] = []
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


def join_siblings(spans: list[OpSpan]) -> list[OpSpan]:
    """Joins neighbours from one module into spans of at most `MOST_OPS`, of about equal size."""
    joined: list[OpSpan] = []
    for _, group in groupby(spans, key=lambda span: parent_of(span.module)):
        siblings = list(group)
        fewest = len(_packed(siblings, MOST_OPS))
        even = -(-sum(map(len, siblings)) // fewest)
        packings = (_packed(siblings, most) for most in range(even, MOST_OPS + 1))
        joined += next(packed for packed in packings if len(packed) == fewest)
    return joined


def _packed(spans: Sequence[OpSpan], most: int) -> list[OpSpan]:
    packed = [spans[0]]
    for span in spans[1:]:
        if span.stop - packed[-1].start <= most:
            packed[-1] = replace(packed[-1], stop=span.stop, labels=packed[-1].labels + span.labels)
        else:
            packed.append(span)
    return packed


def signature_of(line: OpOrder, span: OpSpan, *, with_fixed: bool = True) -> str:
    """A digest of the kinds, shapes and inner edges of a span; names do not enter."""
    ops = [line.ops[at] for at in range(span.start, span.stop) if with_fixed or not line.fixed[at]]
    place = {op.id: at for at, op in enumerate(ops)}
    facts = [
        (op.kind, op.output.shape, [w.shape for w in op.weights], [place.get(i, -1) for i in op.inputs])
        for op in ops
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
