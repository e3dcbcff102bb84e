"""How weights are quantised: what is stored beside them, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cutwise.fields.field_values import Settled
from cutwise.units import quantity

LEFT_ALONE = ("lm_head", "embeddings", "norms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantisation(Settled):
    """Blocks, scales and exceptions of quantised weights; what is None follows the format or the preset.

    `format` quantises matrices while everything else keeps the workload's `weights_dtype`; a quantised
    `weights_dtype` says the same in one word.
    """

    format: Literal["int8", "int4", "nf4"] | None = quantity(
        None, title="Quantised", help="Number format of quantised matrices; none are where it is absent"
    )
    block: int | None = quantity(
        None, ge=1, le=1_000_000, title="Block", scale="log", shown=(32, 4096),
        help="Weights that share one scale: 64 in nf4, 128 in int4, a row of the matrix in int8 if absent",
    )  # fmt: skip
    scales: Literal["fp32", "fp16", "double"] | None = quantity(
        None, title="Scales",
        help="Number format of the scales; double: quantised themselves. fp32 in nf4, else fp16 if absent",
    )  # fmt: skip
    skip: tuple[Literal["lm_head", "embeddings", "norms"], ...] | None = quantity(
        None, title="Left alone",
        help="What is not quantised: the head, the embeddings, the norms, unless the preset says otherwise",
    )  # fmt: skip
    others: Literal["fp32", "bf16", "fp16"] | None = quantity(
        None, title="Weights left alone",
        help="Number format of weights that are not quantised; fp32 in training with adapters (peft), else "
        "the compute format, unless the preset says otherwise",
    )  # fmt: skip
    keeps_inputs: bool | None = quantity(
        None, title="Inputs kept",
        help="Quantised products keep their inputs for the backward pass (bitsandbytes up to 0.41)",
    )  # fmt: skip
