"""Shapes, small values and weight roots of what one ONNX node makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.scales import note_scales
from cutwise.importers.onnx_format.contrib.shapes import (
    MisfitError,
    as_stored,
    contrib_types,
    floating,
    schema_of,
    stand_in,
)
from cutwise.importers.onnx_format.data_sizes import bounded
from cutwise.importers.onnx_format.file_tensors import store_constant
from cutwise.importers.onnx_format.tensors import (
    OnnxStep,
    OnnxTrace,
    SizeMisfitError,
    Tensors,
    Values,
    label,
    sizes_remedy,
    static_spec,
)
from cutwise.importers.onnx_format.windows import check_window
from cutwise.read_limits import ONNX_VALUE_ELEMENTS, TENSOR_ELEMENTS

if TYPE_CHECKING:
    from onnx import OperatorSetIdProto, TypeProto

# What a node reads of these inputs is a shape or a dtype, not data: no dependence on the model's input.
SHAPE_ONLY_INPUTS: Mapping[str, frozenset[int]] = FrozenDict(
    {
        "Shape": frozenset({0}),
        "Size": frozenset({0}),
        "EyeLike": frozenset({0}),
        "RandomNormalLike": frozenset({0}),
        "RandomUniformLike": frozenset({0}),
        "CastLike": frozenset({1}),
    }
)

# Their result holds no weight: it is made from a shape, or counts.
ROOTLESS = frozenset(
    {"Shape", "Size", "EyeLike", "RandomNormalLike", "RandomUniformLike", "ConstantOfShape", "Range"}
)

# Only their first input is data; the others are positions, shapes or scales.
FIRST_INPUT_ROOTS = frozenset(
    {
        "CastLike",
        "Gather",
        "Slice",
        "Reshape",
        "Expand",
        "Unsqueeze",
        "Squeeze",
    }
)

SCATTERING = frozenset({"ScatterElements", "ScatterND", "Scatter"})

# Evaluated with numpy when all inputs are small and known; none needs more room than its result.
_FOLDED = """
    Shape Size ConstantOfShape Gather GatherElements Concat Slice Unsqueeze Squeeze Add Sub Mul Div Mod Neg
    Abs Floor Ceil Round Sqrt Pow Reciprocal Min Max Cast CastLike Range Equal Less LessOrEqual Greater
    GreaterOrEqual Not And Or Where Expand Tile Reshape Flatten Identity Transpose Split ReduceProd ReduceMax
    ReduceMin ReduceSum CumSum NonZero ScatterND ScatterElements Trilu Exp Log Sin Cos
"""
FOLDED = frozenset(_FOLDED.split())

# The result is at most as large as the input, though its size is known only afterwards.
BOUNDED_BY_INPUT = frozenset({"NonZero"})


def infer(known: OnnxTrace, step: OnnxStep) -> None:
    """Enters types, small values and weight roots of what `step` makes into the tables of `known`.

    Raises `ModelImportError` when the node's inputs do not fit together or its result is absurd.
    """
    if step.node.op_type == "Constant" and store_constant(known, step):
        return
    check_window(known, step)
    types = _inferred(known, step)
    for name in filter(None, step.outputs):
        found = types.get(name)
        if static_spec(found) is None:
            found = known.declared.get(name, found)
        if found is not None:
            known.tensors.types[name] = found
        _check_size(known, step, name)
    _check_reshape(known, step)
    note_scales(known.tensors, step)
    if _is_constant(known.tensors, step):
        _enter_constants(known, step)
    for name, largest in bounded(known, step).items():
        known.tensors.types[name] = largest
        _check_size(known, step, name)


def _inferred(known: OnnxTrace, step: OnnxStep) -> dict[str, TypeProto | None]:
    from onnx import shape_inference
    from onnx.checker import ValidationError

    node, tensors = step.node, known.tensors
    try:
        own = contrib_types(known, step)
    except MisfitError as error:
        raise ModelImportError(_misfit(known, step, str(error))) from None
    if own is not None:
        return own
    own_node, node = node, stand_in(node)
    schema = schema_of(known, node)
    if schema is None:
        return {}
    types = {name: tensors.types[name] for name in step.inputs if name in tensors.types}
    if any(name and name not in types for name in node.input):
        return {}
    like = types[node.input[-1]] if node is not own_node else None
    types = types if like is None else floating(types)
    data = {name: known.proto(name) for name in node.input if name in tensors.values}
    opsets = [_opset(domain, number) for domain, number in known.opsets.items()]
    try:
        made = shape_inference.infer_node_outputs(
            schema, node, types, data, opset_imports=opsets, ir_version=known.ir_version
        )
        return dict(made) if like is None else as_stored(made, like)
    except (shape_inference.InferenceError, ValidationError) as error:
        raise SizeMisfitError(_misfit(known, step, str(error))) from None


def _opset(domain: str, number: int) -> OperatorSetIdProto:
    from onnx.helper import make_opsetid

    return make_opsetid(domain, number)


def _misfit(known: OnnxTrace, step: OnnxStep, reason: str) -> str:
    shapes = ", ".join(
        f"{name}: {'×'.join(map(str, spec.shape)) or 'scalar'}"
        for name in step.inputs
        if name and (spec := known.tensors.spec(name)) is not None
    )
    short = " ".join(reason.split())[:160]
    return (
        f"{known.file}: {label(step.node)} does not fit its inputs ({shapes}): {short}; {sizes_remedy(known)}"
    )


def _check_size(known: OnnxTrace, step: OnnxStep, name: str) -> None:
    spec = known.tensors.spec(name)
    if spec is not None and spec.elements > TENSOR_ELEMENTS:
        raise ModelImportError(
            f"{known.file}: {label(step.node)} makes a tensor of {spec.elements:.3g} elements, "
            f"more than any model needs; {sizes_remedy(known)}"
        )


def _check_reshape(known: OnnxTrace, step: OnnxStep) -> None:
    """Sizes written into a file survive other sizes given for its inputs; onnx does not compare them."""
    if step.node.op_type != "Reshape":
        return
    before, after = (known.tensors.spec(name) for name in (step.inputs[0], step.outputs[0]))
    if before is not None and after is not None and before.elements != after.elements:
        sizes = "×".join(map(str, after.shape))
        raise SizeMisfitError(_misfit(known, step, f"it makes {sizes}, another number of elements"))


def _is_constant(tensors: Tensors, step: OnnxStep) -> bool:
    shape_only = SHAPE_ONLY_INPUTS.get(step.node.op_type, frozenset())
    return all(
        tensors.is_constant(name) or number in shape_only for number, name in enumerate(step.inputs) if name
    )


def _enter_constants(known: OnnxTrace, step: OnnxStep) -> None:
    tensors = known.tensors
    if _enter_as_stored(known, step):
        return
    roots = _roots(tensors, step)
    for name in filter(None, step.outputs):
        tensors.roots[name] = roots
    for name, value in _evaluated(known, step).items():
        tensors.set_value(name, value)


def _enter_as_stored(known: OnnxTrace, step: OnnxStep) -> bool:
    """True for nodes that stand for a stored tensor of their own.

    A tensor made from a stored shape is a weight whose numbers were left out. A renamed vector is
    how exporters merge equal initial values (biases of zero, scales of one), not a tied weight,
    unless its numbers are known and differ.
    """
    tensors, source = known.tensors, step.inputs[0] if step.inputs else ""
    spec = tensors.spec(step.outputs[0]) if step.outputs else None
    if spec is None or source not in tensors.stored:
        return False
    made = step.node.op_type == "ConstantOfShape" and spec.dtype.startswith(("fp", "bf"))
    trained = source in tensors.values and not tensors.is_uniform(source)
    renamed = step.node.op_type == "Identity" and len(spec.shape) <= 1 and not trained
    if made or renamed:
        tensors.filled |= {step.outputs[0]} if made else set()
        tensors.stored[step.outputs[0]] = spec
        tensors.roots[step.outputs[0]] = (step.outputs[0],)
        if renamed and source in tensors.values:
            tensors.values[step.outputs[0]] = tensors.values[source]
    return made or renamed


def _roots(tensors: Tensors, step: OnnxStep) -> tuple[str, ...]:
    if step.node.op_type in ROOTLESS:
        return ()
    read = step.inputs[:1] if step.node.op_type in FIRST_INPUT_ROOTS else step.inputs
    found = dict.fromkeys(root for name in read for root in tensors.roots.get(name, ()))
    # What numbers are put into is no weight of its own.
    return tuple(root for root in found if root not in tensors.filled or step.node.op_type not in SCATTERING)


def _evaluated(known: OnnxTrace, step: OnnxStep) -> dict[str, Values]:
    node, tensors = step.node, known.tensors
    if node.domain not in ("", "ai.onnx") or (node.op_type not in FOLDED and node.op_type != "Constant"):
        return {}
    if node.op_type in ("Shape", "Size"):
        return _shape_value(tensors, step)
    found = {name: tensors.values.get(name) for name in node.input if name}
    if node.op_type == "CastLike":
        found[node.input[1]] = _of_type(tensors.types.get(node.input[1]))
    feeds = {name: value for name, value in found.items() if value is not None}
    if len(feeds) < len(found) or not _is_small(tensors, step):
        return {}
    return _run(known, step, feeds)


def _shape_value(tensors: Tensors, step: OnnxStep) -> dict[str, Values]:
    spec = tensors.spec(step.inputs[0])
    if spec is None:
        return {}
    if step.node.op_type == "Size":
        return {step.outputs[0]: np.array(spec.elements, dtype=np.int64)}
    bounds = {attribute.name: attribute.i for attribute in step.node.attribute}
    part = spec.shape[bounds.get("start", 0) : bounds.get("end", len(spec.shape))]
    return {step.outputs[0]: np.array(part, dtype=np.int64)}


def _of_type(value_type: TypeProto | None) -> Values | None:
    from onnx.helper import tensor_dtype_to_np_dtype

    element = value_type.tensor_type.elem_type if value_type is not None else 0
    return np.zeros(1, dtype=tensor_dtype_to_np_dtype(element)) if element else None


def _is_small(tensors: Tensors, step: OnnxStep) -> bool:
    if step.node.op_type in BOUNDED_BY_INPUT:
        return True
    specs = [tensors.spec(name) for name in step.outputs if name]
    return all(spec is not None and spec.elements <= ONNX_VALUE_ELEMENTS for spec in specs)


def _run(known: OnnxTrace, step: OnnxStep, feeds: dict[str, Values]) -> dict[str, Values]:
    import warnings

    from onnx.helper import make_function
    from onnx.reference import ReferenceEvaluator

    node = step.node
    inputs, outputs = list(dict.fromkeys(filter(None, node.input))), list(filter(None, node.output))
    function = make_function(
        "cutwise", "fold", inputs, outputs, [node], [_opset("", known.opsets.get("", 1))]
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = ReferenceEvaluator(function).run(None, feeds, {})
    except Exception:
        # A value that numpy cannot make is not known; whatever needed it is refused where it stands.
        return {}
    return {
        name: value
        for name, value in zip(outputs, results, strict=True)
        if hasattr(value, "dtype") and value.size <= ONNX_VALUE_ELEMENTS
    }
