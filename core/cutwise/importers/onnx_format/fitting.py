"""Finds sizes at which a model can be walked, and which axis is its batch.

What nothing decides is proposed; where the proposals do not fit, a few others are tried before the file is
refused, and where it is refused for sizes that were given, the size that would do is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format.graph_walk import trace
from cutwise.importers.onnx_format.sizes.batch_axis import BatchFinding, batch_axis
from cutwise.importers.onnx_format.sizes.dims import Axis, BoundDims, Known, bind
from cutwise.importers.onnx_format.sizes.weight_evidence import sizes_by_weights
from cutwise.importers.onnx_format.tensors import BranchMisfitError, OnnxTrace, SizeMisfitError
from cutwise.read_limits import SEARCHED_NODES

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

# Sides of pictures and lengths of lines that models are made for.
USUAL_SIDES = (320, 256, 640, 48, 32, 28, 64, 299, 512, 128, 112, 96)
LARGER = tuple(2**power for power in range(1, 12))


UNKNOWN = BatchFinding(None, {}, open=True)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A walked model at sizes that fit it, with the size of its batch, and what is doubtful of that."""

    bound: BoundDims
    trace: OnnxTrace
    batch_size: int
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Task:
    model: ModelProto
    inputs: Sequence[ValueInfoProto]
    dims: Mapping[str, int]
    turns: Mapping[str, int]
    file: str

    def walked(
        self, known: Known, dims: Mapping[str, int] | None = None, *, strict: bool = False
    ) -> tuple[BoundDims, OnnxTrace]:
        """The model at the sizes that follow from what is known; raises where they do not fit.

        Of two branches that data decide one may not fit, unless it is `strict`.
        """
        bound = bind(self.inputs, self.dims if dims is None else dims, file=self.file, known=known)
        return bound, trace(self.model, self.inputs, bound, file=self.file, turns=self.turns, strict=strict)


def fitted(
    model: ModelProto,
    inputs: Sequence[ValueInfoProto],
    dims: Mapping[str, int],
    *,
    turns: Mapping[str, int],
    file: str,
) -> Fitted:
    """The graph of `model` walked at sizes that fit, those in `dims` as they are.

    Raises `ModelImportError` where no sizes that were tried fit.
    """
    task = _Task(model, inputs, dims, turns, file)
    known = Known(weights=sizes_by_weights(model.graph, inputs))
    bound, walked, known = _first_fit(task, known)
    names = [value.name for value in inputs]
    finding = UNKNOWN
    if not bound.named or set(bound.batch) - set(bound.named):
        bound, walked, finding = _settled(task, known, bound, walked, names)
    size = _batch_size(bound, walked, names, finding)
    return Fitted(bound, walked, size, _doubt(finding, size) if not bound.batch_size else "")


def _doubt(finding: BatchFinding, size: int) -> str:
    """What is to be said where the batch is an axis that nothing shows to be one."""
    if finding.batch is not None or not finding.unknown or size == 1:
        return ""
    return (
        f"the first axis is taken for {size} samples, for what {finding.unknown!r} does along it is not "
        f"known; if they are one sample, multiply-adds and bytes are {size} times what is said: export the "
        "model for one sample"
    )


def _settled(
    task: _Task, known: Known, bound: BoundDims, walked: OnnxTrace, names: Sequence[str]
) -> tuple[BoundDims, OnnxTrace, BatchFinding]:
    """The walk at sizes where what was taken for the batch is one, as what the ops do shows.

    A batch of 1 is easily lost among other axes of 1: what looks wrong is looked at again at another size.
    """
    finding = batch_axis(walked, names, bound.named)
    states = _states(bound, walked, names) if finding.batch is None else {}
    roles = _roles(bound, finding)
    try:
        if states:
            other = task.walked(known.with_roles(states))
            second = batch_axis(other[1], names, bound.named)
            if second.batch is not None and states.keys() <= set(second.batch.axes.items()):
                return *other, second
        if not roles:
            return bound, walked, finding
        other = task.walked(known.with_roles(roles))
        second = batch_axis(other[1], names, bound.named)
        found = set(second.batch.axes.items()) if second.batch is not None else set()
        if not any(roles.get(axis) is False for axis in found):
            return *other, second
        if found <= bound.batch:
            return bound, walked, UNKNOWN
        return *task.walked(known.with_roles(dict.fromkeys(found, True))), UNKNOWN
    except SizeMisfitError:
        return bound, walked, UNKNOWN


def _states(bound: BoundDims, walked: OnnxTrace, names: Sequence[str]) -> Mapping[Axis, bool]:
    """Second axes that nothing names: the batch, where the input is the state of a recurrence."""
    specs = {name: walked.tensors.spec(name) for name in names if f"{name}:1" in bound.assumed}
    return {(name, 1): True for name, spec in specs.items() if spec is not None and len(spec.shape) > 2}


def _roles(bound: BoundDims, finding: BatchFinding) -> Mapping[Axis, bool]:
    """Axes that were taken for the batch and are none, with those that are; empty where nothing changes."""
    right = finding.batch.axes.items() if finding.batch is not None else ()
    taken = bound.batch - set(bound.named) - set(right)
    wrong = {axis: False for axis in taken if right or axis in finding.mixed}
    if not wrong or (finding.open and not right):
        return {}
    return wrong | dict.fromkeys(right, True)


def _batch_size(bound: BoundDims, walked: OnnxTrace, names: Sequence[str], finding: BatchFinding) -> int:
    if bound.batch_size:
        return bound.batch_size
    if finding.batch is not None:
        return finding.batch.size
    return _shared_first_size(walked, names) if finding.open else 1


def _shared_first_size(walked: OnnxTrace, names: Sequence[str]) -> int:
    """The size of the first axis, when all inputs with two or more axes and all outputs agree on it."""
    specs = [walked.tensors.spec(name) for name in (*names, *walked.outputs)]
    found = [spec for spec in specs if spec is not None]
    wide = [spec for spec in found[: len(names)] if len(spec.shape) > 1] + found[len(names) :]
    sizes = {spec.shape[0] if spec.shape else 0 for spec in wide}
    size = sizes.pop() if len(sizes) == 1 and any(len(spec.shape) > 1 for spec in wide) else 1
    return max(size, 1)


def _first_fit(task: _Task, known: Known) -> tuple[BoundDims, OnnxTrace, Known]:
    bound = bind(task.inputs, task.dims, file=task.file, known=known)
    try:
        return (*task.walked(known, strict=bool(bound.assumed)), known)
    except SizeMisfitError as misfit:
        error = misfit
    if isinstance(error, BranchMisfitError):
        found = _searched(task, known, _larger(bound, LARGER[:3]), strict=True)
        if found is not None:
            return found
        try:
            return (*task.walked(known), known)
        except SizeMisfitError as misfit:
            error = misfit
    if bound.assumed:
        found = _searched(task, known, _alternatives(bound), strict=False)
        if found is not None:
            return found
    elif task.dims:
        raise _with_remedy(task, known, error)
    raise error


def _searched(
    task: _Task, known: Known, tries: Iterator[Mapping[str, int]], *, strict: bool
) -> tuple[BoundDims, OnnxTrace, Known] | None:
    """The first of some tries that fits, of as many as a search may take."""
    for number, tried in enumerate(tries, start=1):
        if number * len(task.model.graph.node) > SEARCHED_NODES:
            return None
        other = Known(weights=known.weights, roles=known.roles, tried=tried)
        try:
            return (*task.walked(other, strict=strict), other)
        except SizeMisfitError:
            continue
    return None


def _larger(bound: BoundDims, factors: Sequence[int]) -> Iterator[Mapping[str, int]]:
    for factor in factors:
        yield {key: size * factor for key, size in bound.open.items() if key in bound.assumed}


def _alternatives(bound: BoundDims) -> Iterator[Mapping[str, int]]:
    """Other sizes for what was assumed: larger ones, then usual ones, one by one and then all alike."""
    keys = [key for key in bound.open if key in bound.assumed]
    yield from _larger(bound, LARGER[:3])
    for key in keys:
        for size in USUAL_SIDES:
            yield {key: size}
    for size in USUAL_SIDES if len(keys) > 1 else ():
        yield dict.fromkeys(keys, size)
    yield from _larger(bound, LARGER[3:])


def _with_remedy(task: _Task, known: Known, error: SizeMisfitError) -> ModelImportError:
    """The refusal, with the smallest size of those given that would do where one is found."""

    def fits(key: str, size: int) -> bool:
        try:
            task.walked(known, {**task.dims, key: size})
        except ModelImportError:
            return False
        return True

    nodes = max(1, len(task.model.graph.node))
    for key, size in list(task.dims.items())[: SEARCHED_NODES // (12 * nodes)]:
        found = _smallest(partial(fits, key), size)
        if found:
            return ModelImportError(f"{error}; dims={{{key!r}: {found}}} would do")
    return error


def _smallest(fits: Callable[[int], bool], size: int) -> int | None:
    """The smallest size above `size` that fits, where doubling it comes to one that does."""
    high = next((size * factor for factor in LARGER if fits(size * factor)), None)
    if high is None:
        return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
