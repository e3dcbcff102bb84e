"""How many weights the tensors of a quantised model hold: packed ones several each, their scales none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, Weight
from cutwise.units import BITS_PER_BYTE

UNPACKED = (FLOATING - {"fp8"}) | {"bool"}
USUAL_BITS = 4
GPTQ_PART, PACKED_PARTS = "qweight", frozenset({"qweight", "weight_packed"})
# What stands beside packed weights (GPTQ, AWQ), beside weights of a byte (fp8, int8, compressed-tensors,
# modelopt), and behind a weight's name (bitsandbytes).
BESIDE_PACKED = frozenset({"qzeros", "scales", "g_idx", "perm"})
BESIDE_WEIGHT = re.compile(
    r"(weight|input|output|activation)_(scale\w*|global_scale|zero_point|shape|g_idx|format)|SCB|[kv]_scale"
)
BEHIND_WEIGHT = re.compile(r"(.*)\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.\w+)")


def weights_held(tensors: Mapping[str, Weight]) -> int:
    """Weights in all tensors that are no buffers, those that are packed several to an element included.

    >>> packed = Weight(id="fc.qweight", shape=(4, 32), dtype="int32")
    >>> scales = Weight(id="fc.scales", shape=(1, 32), dtype="fp16")
    >>> zeros = Weight(id="fc.qzeros", shape=(1, 4), dtype="int32")    # 4 bits: 4 x 8 for 32 scales
    >>> weights_held({weight.id: weight for weight in (packed, scales, zeros)})
    1024
    """
    parameters = [weight for weight in tensors.values() if weight.role == "parameter"]
    if all(weight.dtype in UNPACKED for weight in parameters):
        return sum(weight.elements for weight in parameters)
    return sum(_held(weight, tensors) for weight in parameters if not _is_beside(weight.id, tensors))


def packed_bits(tensors: Mapping[str, Weight]) -> int | None:
    """Bits of the weights that are packed or held as whole numbers of a byte; None where none are.

    >>> packed_bits({"fc.weight": Weight(id="fc.weight", shape=(8, 8), dtype="int8")})
    8
    """
    for name, weight in tensors.items():
        module, _, part = name.rpartition(".")
        if part in PACKED_PARTS:
            return _bits(module, tensors)
        if part == "weight" and weight.dtype in {"int8", "uint8", "fp8"}:
            return int(BITS_PER_BYTE) * weight.elements // _held(weight, tensors)
    return None


def _is_beside(name: str, tensors: Mapping[str, Weight]) -> bool:
    module, _, part = name.rpartition(".")
    if part in BESIDE_PACKED:
        return f"{module}.{GPTQ_PART}" in tensors
    if part.endswith("_scales"):
        return f"{name.removesuffix('_scales')}_blocks" in tensors
    if BESIDE_WEIGHT.fullmatch(part):
        return True
    behind = BEHIND_WEIGHT.fullmatch(name)
    return behind is not None and behind[1] in tensors


def _held(weight: Weight, tensors: Mapping[str, Weight]) -> int:
    module, _, part = weight.id.rpartition(".")
    own_bits = int(DTYPE_BYTES[weight.dtype] * BITS_PER_BYTE)
    if part in PACKED_PARTS:
        return weight.elements * own_bits // _bits(module, tensors)
    halves = weight.dtype == "uint8" and (
        part.endswith("_blocks") or f"{weight.id}.absmax" in tensors or f"{module}.weight_scale_2" in tensors
    )
    return weight.elements * (own_bits // USUAL_BITS if halves else 1)


def _bits(module: str, tensors: Mapping[str, Weight]) -> int:
    """Bits of a packed weight: those of a zero point, of which there is one for each scale."""
    zeros, scales = tensors.get(f"{module}.qzeros"), tensors.get(f"{module}.scales")
    if zeros is None or scales is None or not scales.elements:
        return USUAL_BITS
    bits = zeros.elements * DTYPE_BYTES[zeros.dtype] * BITS_PER_BYTE / scales.elements
    return int(bits) if 1 <= bits <= BITS_PER_BYTE else USUAL_BITS
