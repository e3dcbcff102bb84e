"""Which axis of the inputs counts samples, judged by how each goes through the program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cutwise.importers.torch_format.axes.axis_parts import labels_of
from cutwise.importers.torch_format.axes.axis_trace import AxisTrace
from cutwise.importers.torch_format.facts import Shape

NAMED_BATCH = re.compile(r"(^|_)(batch|bs|samples?)(_?size)?$", re.IGNORECASE)
# What people call axes that lie within a sample.
WITHIN = re.compile(
    r"seq|token|length|time|step|word|point|node|vert|edge|atom|bank|row|frame|patch|box|pixel|memory|quer|"
    r"height|width|channel",
    re.IGNORECASE,
)
ADVICE = "export with one sample, or with Dim('batch') where the samples are"


@dataclass(frozen=True, slots=True)
class SampleAxis:
    """How many samples the example has, the symbol of that size where it is open, and what is in doubt."""

    size: int = 1
    symbol: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An input axis, or several that are one, that may count samples: where it stands, by input and axis."""

    label: int
    size: int
    places: tuple[tuple[str, int], ...]

    def stands_first(self) -> bool:
        """True where it is the first axis of an input."""
        return any(axis == 0 for _, axis in self.places)


def batch_of(
    trace: AxisTrace, inputs: Sequence[str], outputs: Mapping[str, Shape], names: Mapping[str, str]
) -> SampleAxis:
    """The axis of `inputs` along which samples go through the program each by itself.

    `outputs` are those of the program with their shapes. `names` are what the user calls open sizes, by
    symbol; one that is called "batch" decides. Else the first axis counts samples unless an op mixes its
    places; then a later axis does that none mixes.
    """
    for symbol, name in names.items():
        if NAMED_BATCH.search(name):
            sizes = (trace.labels.sizes[at] for at, own in trace.symbols.items() if own == symbol)
            return SampleAxis(next(sizes, 1), symbol)
    found = list(_candidates(trace, inputs, names))
    reaching = _reaching(trace, outputs)
    fit = [c for c in found if c.label in reaching and _is_free(trace, c, found) and _may_lead(trace, c)]
    if fit:
        return _chosen(trace, min(fit, key=lambda c: _rank(trace, c)), fit)
    return _agreed(trace, inputs, outputs, names) or SampleAxis(doubts=tuple(_doubts(trace, inputs, names)))


def _candidates(trace: AxisTrace, inputs: Sequence[str], names: Mapping[str, str]) -> Iterator[Candidate]:
    places: dict[int, list[tuple[str, int]]] = {}
    within = set()
    for name in inputs:
        for axis, label in enumerate(trace.inputs[name]):
            if label is not None:
                root = trace.labels.root(label)
                places.setdefault(root, []).append((name, axis))
                if WITHIN.search(names.get(trace.symbols.get(label, ""), "")):
                    within.add(root)
    for label, found in places.items():
        if label not in within:
            yield Candidate(label, trace.labels.sizes[label], tuple(found))


def _reaching(trace: AxisTrace, outputs: Iterable[str]) -> set[int]:
    """Labels that an output has, and those by which samples are known."""
    seen = {label for name in outputs for label in labels_of(trace.axes.get(name, ()))}
    return {trace.labels.root(label) for label in seen | trace.labels.judged}


def _is_free(trace: AxisTrace, candidate: Candidate, others: Sequence[Candidate]) -> bool:
    """True where no op mixes its places, nor those of a first axis of another input that is as long.

    A matrix of neighbours has as many rows as there are nodes, whose axis its product mixes.
    """
    own = {name for name, _ in candidate.places}
    twins = (
        other
        for other in others
        if other.size == candidate.size and any(a == 0 and n not in own for n, a in other.places)
    )
    mixed = trace.labels.mixed
    return candidate.label not in mixed and not any(twin.label in mixed for twin in twins)


def _may_lead(trace: AxisTrace, candidate: Candidate) -> bool:
    """True for a first axis, for a later one where the first is mixed, and where a layer says so."""
    firsts = (trace.inputs[name][0] for name, _ in candidate.places)
    mixed = (first is not None and trace.labels.root(first) in trace.labels.mixed for first in firsts)
    return candidate.stands_first() or candidate.label in trace.labels.judged or any(mixed)


def _rank(trace: AxisTrace, candidate: Candidate) -> tuple[bool, int, int]:
    """Best is what every input with several axes has; then what stands first in the one with most axes.

    Queries alone also go through attention each by itself: what keys have too is the batch.
    """
    ranks = {name: len(trace.inputs[name]) for name, _ in candidate.places}
    largest = max(ranks.values())
    wide = [name for name, axes in trace.inputs.items() if len(axes) > 1]
    missing = sum(name not in ranks for name in wide)
    first = min(axis for name, axis in candidate.places if ranks[name] == largest)
    return missing > 0, first, -len(ranks)


def _chosen(trace: AxisTrace, best: Candidate, fit: Sequence[Candidate]) -> SampleAxis:
    own = {name for name, _ in best.places}
    apart = (c for c in fit if c.size != best.size and c.stands_first())
    doubts = [
        f"{_where(best)} has size {best.size}, {_where(other)} has {other.size}: "
        f"{best.size} samples are taken; {ADVICE}"
        for other in apart
        if not own & {name for name, _ in other.places}
    ]
    return SampleAxis(best.size, _symbol(trace, best.label), tuple(doubts))


def _symbol(trace: AxisTrace, label: int) -> str:
    return next((s for at, s in trace.symbols.items() if trace.labels.root(at) == label), "")


def _agreed(
    trace: AxisTrace, inputs: Sequence[str], outputs: Mapping[str, Shape], names: Mapping[str, str]
) -> SampleAxis | None:
    """The size of the first axis where all inputs and the first output agree on it, mixed or not.

    One input alone whose first axis is mixed agrees with nothing, nor does an axis that is a later one too
    or that the user calls otherwise.
    """
    firsts = [trace.inputs[name][0] for name in inputs if len(trace.inputs[name]) > 1]
    roots = {trace.labels.root(label) for label in firsts if label is not None}
    fit = {c.label for c in _candidates(trace, inputs, names) if all(axis == 0 for _, axis in c.places)}
    sizes = {trace.labels.sizes[root] for root in roots}
    mixed = [trace.labels.mixed[root] for root in roots if root in trace.labels.mixed]
    shape = next(iter(outputs.values()), ())
    if None in firsts or len(sizes) != 1 or sizes != set(shape[:1]) or not roots <= fit:
        return None
    if mixed and len(firsts) == 1:
        return None
    size = sizes.pop()
    doubt = (
        f"op {mixed[0]!r} mixes what lies along the first axis of the inputs, whose {size} places are taken "
        f"for samples because inputs and output agree on them; {ADVICE}"
    ) if mixed else ""  # fmt: skip
    return SampleAxis(size, next((_symbol(trace, root) for root in roots), ""), (doubt,) if doubt else ())


def _doubts(trace: AxisTrace, inputs: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    """Why the example is one sample, unless an input has one sample or the user calls the axis otherwise."""
    firsts = {name: trace.inputs[name][0] for name in inputs if len(trace.inputs[name]) > 1}
    name, label = next(iter(firsts.items()), ("", None))
    if label is None or None in firsts.values() or names.get(trace.symbols.get(label, "")):
        return
    root = trace.labels.root(label)
    reason = trace.labels.mixed.get(root, "")
    why = f"op {reason!r} mixes its places" if reason else "no output has it"
    yield (
        f"the first axis of input {name!r} has size {trace.labels.sizes[root]} and {why}: the example is "
        f"taken for one sample; {ADVICE}"
    )


def _where(candidate: Candidate) -> str:
    name, axis = candidate.places[0]
    return f"axis {axis} of input {name!r}"
