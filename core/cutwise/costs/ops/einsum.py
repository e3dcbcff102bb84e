"""Cost of an Einstein summation by its equation: products of two operands at a time, left to right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cutwise.costs.ops.formula import FORMULAS, OpCall, OpWork
from cutwise.units import FLOP_PER_MULTIPLY_ADD

ELLIPSIS = "..."
FIRST_HIDDEN = 0x3B1  # alpha: no equation names an index by a Greek letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """An operand's shape; its place among the op's inputs, or None for a weight."""

    shape: tuple[int, ...]
    position: int | None
    needs_grad: bool


@FORMULAS.named("einsum")
def einsum(call: OpCall) -> OpWork:
    r"""Work of an `equation` such as "bij,bjk->bik".

    Each product of two operands takes one multiply-add for every value of all their indices together,
    $2 \prod n_i$ forward and as much for the gradient of either; indices of neither the result nor a
    later operand are summed away. One operand alone is summed or turned. Operands that are weights
    stand behind those that are activations, unless `weight_places` says where they stand; they have the
    shapes they are stored in, unless `weight_shapes` says how the equation sees them.
    """
    operands = _operands(call)
    terms, result = _parsed(str(call.op.attrs["equation"]), [operand.shape for operand in operands])
    sizes = _sizes(terms, operands)
    if len(terms) == 1:
        summed = call.input_elements * (set(terms[0]) > set(result))
        return OpWork(forward_flops=summed, input_gradient_flops=summed * call.needs_grad())
    products = _products(terms, result, sizes)
    by_weights = by_inputs = 0
    for place, macs in enumerate(products, start=1):
        before = [operand for operand in operands[:place] if operand.needs_grad]
        for wanted in (before, [operands[place]] if operands[place].needs_grad else []):
            by_inputs += macs * any(operand.position is not None for operand in wanted)
            by_weights += macs * bool(wanted) * all(operand.position is None for operand in wanted)
    return OpWork(
        forward_flops=FLOP_PER_MULTIPLY_ADD * sum(products),
        input_gradient_flops=FLOP_PER_MULTIPLY_ADD * by_inputs,
        weight_gradient_flops=FLOP_PER_MULTIPLY_ADD * by_weights,
        macs=sum(products),
        saves=_kept(operands),
    )


def _operands(call: OpCall) -> list[Operand]:
    """All operands in the order of the equation."""
    found = [
        Operand(shape=tensor.shape, position=position, needs_grad=call.needs_grad(position))
        for position, tensor in enumerate(call.inputs)
    ]
    ends = range(len(found), len(found) + len(call.op.weights))
    shapes = call.op.attrs.get("weight_shapes", [weight.shape for weight in call.op.weights])
    for place, shape in zip(call.op.attrs.get("weight_places", ends), shapes, strict=True):
        found.insert(place, Operand(shape=tuple(shape), position=None, needs_grad=call.weights_trained))
    return found


def _kept(operands: Sequence[Operand]) -> tuple[int, ...]:
    """Activations that the gradient of another operand reads."""
    wanting = sum(operand.needs_grad for operand in operands)
    return tuple(o.position for o in operands if o.position is not None and wanting > o.needs_grad)


def _parsed(equation: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[str], str]:
    """Index letters of every operand and of the result; an ellipsis becomes letters of its own."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise IndexError(f"equation {equation!r} has {len(terms)} operands, the op {len(shapes)}")
    if not arrow:
        named = left.replace(",", "").replace(ELLIPSIS, "")
        once = (letter for letter in sorted(set(named)) if named.count(letter) == 1)
        result = ELLIPSIS * (ELLIPSIS in left) + "".join(once)
    spare = [len(s) - len(t.replace(ELLIPSIS, "")) for t, s in zip(terms, shapes, strict=True)]
    hidden = "".join(chr(FIRST_HIDDEN + number) for number in range(max(spare)))
    opened = [t.replace(ELLIPSIS, hidden[len(hidden) - n :]) for t, n in zip(terms, spare, strict=True)]
    return opened, result.replace(ELLIPSIS, hidden)


def _sizes(terms: Sequence[str], operands: Sequence[Operand]) -> Mapping[str, int]:
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, operands, strict=True):
        for letter, size in zip(term, operand.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    return sizes


def _products(terms: Sequence[str], result: str, sizes: Mapping[str, int]) -> list[int]:
    """Multiply-adds of the product with each operand but the first."""
    found, held = [], set(terms[0])
    for place, term in enumerate(terms[1:], start=1):
        together = held | set(term)
        found.append(math.prod(sizes[letter] for letter in together))
        held = together & set(result).union(*terms[place + 1 :])
    return found
