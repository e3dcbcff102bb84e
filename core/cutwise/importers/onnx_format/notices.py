"""What an ONNX file no longer says about its model, told from the traces exporters leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cutwise.graph.model_graph import FLOATING, Op
from cutwise.importers.onnx_format.tensors import OnnxTrace

if TYPE_CHECKING:
    from onnx import ValueInfoProto

QUANTISED_SHARE = 0.05
"""Below that it is a table of whole numbers, not a quantised model."""
KEEP = "torch.onnx.export(…, dynamo=True, optimize=False)"


def warnings_about(known: OnnxTrace, ops: Sequence[Op], inputs: Sequence[ValueInfoProto]) -> Iterator[str]:
    """One sentence for each thing of the file that its graph does not show as it was."""
    from onnx.defs import onnx_opset_version

    read_inputs = {op.source for op in ops if op.kind == "input"}
    for value in inputs:
        if value.name not in read_inputs:
            yield f"input {value.name!r} is read by no op and is left out"
    if known.opsets.get("", 1) > onnx_opset_version():
        yield (
            f"opset {known.opsets['']} is newer than the installed onnx package knows "
            f"({onnx_opset_version()}); newer operators are read as older ones"
        )
    yield from _untied(ops)
    if _looks_folded(ops):
        yield (
            "batch normalisation looks folded into the convolutions: training needs more memory than this "
            f"graph shows; export with {KEEP} to keep it"
        )


def quantised_warnings(ops: Sequence[Op]) -> Iterator[str]:
    """A sentence where a good part of the parameters is stored in a format that is not trained."""
    weights = {w.id: w for op in ops for w in op.weights if w.role == "parameter"}.values()
    whole = [weight for weight in weights if weight.dtype not in FLOATING]
    fixed, total = sum(w.elements for w in whole), sum(w.elements for w in weights)
    if fixed and fixed >= QUANTISED_SHARE * total:
        formats = ", ".join(sorted({weight.dtype for weight in whole}))
        yield (
            f"{fixed:,} of {total:,} parameters are stored quantised ({formats}) and cannot be trained: plan "
            "inference, or give the model from before it was quantised"
        )


def _untied(ops: Sequence[Op]) -> Iterator[str]:
    """Output layers that look like the transposed copy an exporter made of a tied embedding."""
    tables = {op.weights[0].shape: op.weights[0].id for op in ops if op.kind == "embedding" and op.weights}
    for op in ops:
        if op.kind == "linear" and op.weights and not op.weights[0].id.endswith(".weight"):
            table = tables.get(op.weights[0].shape[::-1])
            if table is not None:
                yield (
                    f"weights {table!r} and {op.weights[0].id!r} may be one tied weight stored twice, and "
                    f"count as two; export with {KEEP} to keep the tie"
                )


def _looks_folded(ops: Sequence[Op]) -> bool:
    """True when no norm is left and a convolution carries the marks that folding leaves behind."""
    convolutions = [op for op in ops if op.kind.startswith("conv")]
    if any(op.kind.endswith("_norm") for op in ops):
        return False
    return any(_is_folded(op) for op in convolutions)


def _is_folded(op: Op) -> bool:
    """Weights renamed by an exporter, a bias the module does not have, or a place in the norm's module."""
    weight, *biases = [weight.id for weight in op.weights] or [""]
    if weight.startswith(("onnx::Conv", "const_fold")):
        return True
    module = weight.removesuffix(".weight")
    if module == weight:
        return False
    return module.split(".")[-1] not in op.id.split("/") or any(name != f"{module}.bias" for name in biases)
