"""How GGUF files store numbers: types by their number, with the bytes of a block of equal treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict


@dataclass(frozen=True, slots=True)
class TensorType:
    """`block` elements take `bytes_a_block` bytes; `dtype` is what they are unpacked to."""

    name: str
    block: int
    bytes_a_block: int
    dtype: str

    @property
    def bits(self) -> float:
        """Bits an element takes, scales included."""
        return 8 * self.bytes_a_block / self.block


def _row(text: str) -> tuple[int, TensorType]:
    number, name, block, size, dtype = text.split()
    return int(number), TensorType(name, int(block), int(size), dtype)


TENSOR_TYPES: Mapping[int, TensorType] = FrozenDict(
    map(
        _row,
        (
            "0 F32 1 4 fp32",
            "1 F16 1 2 fp16",
            "2 Q4_0 32 18 fp16",
            "3 Q4_1 32 20 fp16",
            "6 Q5_0 32 22 fp16",
            "7 Q5_1 32 24 fp16",
            "8 Q8_0 32 34 fp16",
            "9 Q8_1 32 40 fp16",
            "10 Q2_K 256 84 fp16",
            "11 Q3_K 256 110 fp16",
            "12 Q4_K 256 144 fp16",
            "13 Q5_K 256 176 fp16",
            "14 Q6_K 256 210 fp16",
            "15 Q8_K 256 292 fp16",
            "16 IQ2_XXS 256 66 fp16",
            "17 IQ2_XS 256 74 fp16",
            "18 IQ3_XXS 256 98 fp16",
            "19 IQ1_S 256 50 fp16",
            "20 IQ4_NL 32 18 fp16",
            "21 IQ3_S 256 110 fp16",
            "22 IQ2_S 256 82 fp16",
            "23 IQ4_XS 256 136 fp16",
            "24 I8 1 1 int8",
            "25 I16 1 2 int16",
            "26 I32 1 4 int32",
            "27 I64 1 8 int64",
            "28 F64 1 8 fp64",
            "29 IQ1_M 256 56 fp16",
            "30 BF16 1 2 bf16",
            "34 TQ1_0 256 54 fp16",
            "35 TQ2_0 256 66 fp16",
            "39 MXFP4 32 17 fp16",
            "40 NVFP4 64 36 fp16",
            "41 Q1_0 128 18 fp16",
        ),
    )
)
"""Number of a type: its row; sizes as in ggml's own table (gguf 0.19.0, GGML_QUANT_SIZES)."""

# Bits of an element: the value of `weights_dtype` that stores so many.
WEIGHT_DTYPES: Mapping[float, str] = FrozenDict(
    {32: "fp32", 16: "fp16", 8.5: "q8_0", 4.83: "q4_k_m", 4.5: "q4_0"}
)


def weights_dtype_of(elements: Mapping[TensorType, int]) -> str:
    """The value of `workload.weights_dtype` nearest to what most elements are stored as.

    >>> weights_dtype_of({TENSOR_TYPES[12]: 900, TENSOR_TYPES[14]: 100, TENSOR_TYPES[0]: 1})
    'q4_k_m'
    """
    most = max(elements, key=lambda row: (elements[row], row.name))
    if most.name in NAMED:
        return NAMED[most.name]
    return WEIGHT_DTYPES[min(WEIGHT_DTYPES, key=lambda bits: abs(bits - most.bits))]


NAMED: Mapping[str, str] = FrozenDict(
    {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "Q8_0": "q8_0", "Q4_0": "q4_0", "Q4_K": "q4_k_m"}
)
