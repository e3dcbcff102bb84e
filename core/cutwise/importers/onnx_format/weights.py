"""Which constants an ONNX node reads are weights, and under which id."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from cutwise.graph.model_graph import FLOATING, Weight
from cutwise.importers.onnx_format.ops import OnnxRule
from cutwise.importers.onnx_format.tensors import OnnxStep, Tensors

# Nothing, everything, and where nothing is to be seen at all.
MASK_NUMBERS = 3
LEARNED = re.compile(r"pos|emb|table|\.weight$", re.IGNORECASE)
QUANTISED = frozenset({"int8", "uint8", "int4", "uint4", "int2", "uint2", "int16", "uint16"})
BIAS = "int32"  # what is added to products of 8-bit numbers


def weights_of(tensors: Tensors, step: OnnxStep, rule: OnnxRule, seen: set[str]) -> tuple[Weight, ...]:
    """The weights `step` reads, main one first, each once; `seen` collects ids over the whole graph."""
    found: dict[str, Weight] = {}
    for slot in (*rule.weights, *rule.buffers):
        name = step.inputs[slot] if slot < len(step.inputs) else ""
        if tensors.is_constant(name):
            role = "buffer" if slot in rule.buffers else "parameter"
            for weight in _at_slot(tensors, name, rule, role, slot):
                read = tensors.spec(name)
                whole = read is None or read.elements == weight.elements
                own = _untied(tensors, weight, seen) if whole and not step.looped else weight
                found.setdefault(own.id, own)
                seen.add(own.id)
    return tuple(found.values())


def _at_slot(tensors: Tensors, name: str, rule: OnnxRule, role: str, slot: int) -> Iterator[Weight]:
    read = tensors.spec(name)
    roots = [root for root in tensors.roots[name] if _is_weight(tensors, root, rule)]
    if rule.quantised and role == "buffer":
        roots = [root for root in roots if tensors.stored[root].elements > 1]
    if read is not None:
        # A vector made by repeating one number (an absent bias, for one) holds no parameter.
        roots = [root for root in roots if tensors.stored[root].elements > 1 or read.elements == 1]
        roots.sort(key=lambda root: tensors.stored[root].elements != read.elements)
    for root in roots:
        stored = rule.unpacked.get(slot, tensors.stored[root])
        reshaped = rule.kind.startswith("conv") and read is not None and read.elements == stored.elements
        shape = read.shape if reshaped and read is not None else stored.shape
        kept = "buffer" if root in tensors.scales else role
        yield Weight(id=root, shape=shape, dtype=stored.dtype, role=kept)
    if not roots and slot in rule.weights[:1] and not rule.loose and read is not None:
        yield Weight(id=name, shape=read.shape, dtype=read.dtype, role="buffer")


def _is_weight(tensors: Tensors, root: str, rule: OnnxRule) -> bool:
    """True for what can be a weight: of quantised operators, and once scaled, whole numbers too."""
    spec, scaled = tensors.stored[root], root in tensors.scaled
    quantised = spec.dtype in QUANTISED
    if not rule.loose:
        biased = spec.dtype == BIAS and (rule.quantised or scaled or root in tensors.scales)
        return spec.elements > 0 and (spec.dtype in FLOATING or quantised or biased)
    unknown = rule.kind.startswith("other:")
    masked = not unknown and _is_square_mask(tensors, root)
    taken = spec.dtype in FLOATING or (quantised and (unknown or rule.quantised or scaled))
    return taken and spec.elements > 1 and not masked


def _is_square_mask(tensors: Tensors, root: str) -> bool:
    """An attention mask is square with nothing but ones before it, and holds few different numbers.

    A square table whose numbers were left out is a mask unless its name says what else it is.
    """
    shape, value = tensors.stored[root].shape, tensors.values.get(root)
    if len(shape) < 2 or shape[-1] != shape[-2] or not set(shape[:-2]) <= {1}:
        return False
    if value is None:
        return len(shape) > 3 or not LEARNED.search(root)
    return np.unique(value.astype(np.float64)).size <= MASK_NUMBERS


def _untied(tensors: Tensors, weight: Weight, seen: set[str]) -> Weight:
    """`weight` under an id of its own when it is a vector of equal numbers that another op reads too.

    Exporters merge vectors that are equal in value, which untrained biases and scales are; taking
    that for a tie would chain unrelated layers together.
    """
    if weight.id not in seen or len(weight.shape) > 1 or not tensors.is_uniform(weight.id):
        return weight
    number = 2
    while f"{weight.id}#{number}" in seen:
        number += 1
    return Weight(id=f"{weight.id}#{number}", shape=weight.shape, dtype=weight.dtype, role=weight.role)
