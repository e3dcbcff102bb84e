"""What common training programs do where a workload does not say: options by name, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cutwise.costs.options.loss import LossForm
from cutwise.frozen import Frozen, FrozenDict

PresetName = Literal["hf_peft", "hf_bf16", "torchtune", "litgpt", "liger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(Frozen):
    """Every option of a training run that has one value, for formulas to read.

    `others` None: the compute format. `joint_products`: one product makes queries, keys and values.
    """

    loss: LossForm = "upcast"
    loss_parts: int = 1
    kept_logits: bool = True
    dropout_ratio: float = 0.05
    adapter_dtype: str = "fp32"
    fused_kernels: bool = False
    fused_step: bool = False
    joint_products: bool = False
    skip: tuple[str, ...] = ("lm_head", "embeddings", "norms")
    others: str | None = "fp32"
    keeps_inputs: bool = True


DEFAULTS = RunOptions()
PRESETS: Mapping[str, RunOptions] = FrozenDict(
    {
        "hf_peft": DEFAULTS,
        "hf_bf16": DEFAULTS,
        "torchtune": replace(
            DEFAULTS, adapter_dtype="bf16", loss_parts=8, kept_logits=False, dropout_ratio=0.0, others=None
        ),
        "litgpt": replace(
            DEFAULTS, adapter_dtype="bf16", loss="in_parts", joint_products=True,
            skip=("embeddings", "norms"), others=None,
        ),
        "liger": replace(DEFAULTS, fused_kernels=True, loss="fused", kept_logits=False),
    }
)  # fmt: skip
"""transformers with peft; transformers in bf16; torchtune; litgpt; transformers with Liger's kernels."""
