"""Which parameters are trained: all, or low-rank adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled, settled
from cutwise.frozen import FrozenDict
from cutwise.units import quantity

LORA_TARGETS = ("attention", "mlp", "all_linear")
AdapterDtype = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning(Settled):
    """Which parameters are trained; the base of `FullTuning` and `Lora`."""

    kind: Literal["full", "lora"] = quantity("full", title="Tuning", help="All parameters, or adapters")


@dataclass(frozen=True, slots=True, kw_only=True)
class FullTuning(Tuning):
    """All parameters are trained, but for the frozen ones."""

    kind: Literal["full"] = quantity("full", title="Tuning", help="All parameters are trained")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora(Tuning):
    """Low-rank adapters are trained beside linear layers, and nothing else.

    `targets` are "attention" (projections into and out of an attention), "mlp" (the other linear layers of
    a residual branch, or all but the last of a model without attention), "all_linear" (every linear
    layer but the output layer), or patterns of op ids and blocks. An adapter is `factor` B A x with
    `factor` = alpha / rank: a side branch of two small layers, or `merged` into the weights before each
    mini-batch. Stacked experts get merged ones, where a pattern names them.

    >>> Lora(rank=8).factor
    2.0
    """

    kind: Literal["lora"] = quantity("lora", title="Tuning", help="Only low-rank adapters are trained")
    rank: int = quantity(
        8, ge=1, le=65536, symbol="r", title="LoRA rank", scale="log", shown=(1, 256),
        help="Inner width of each adapter",
    )  # fmt: skip
    alpha: float = quantity(
        16.0, gt=0, le=1e9, symbol="α", title="LoRA alpha",
        help="Scales the adapters by alpha / rank; it changes the result, not its cost",
    )  # fmt: skip
    targets: tuple[str, ...] = quantity(
        ("attention",), title="LoRA targets",
        help="Layers with an adapter: attention, mlp, all_linear, or ids or blocks with * as a wildcard",
    )  # fmt: skip
    merged: bool = quantity(
        False, title="Merged adapters",
        help="Add the adapters to the weights before each mini-batch, in place of side branches",
    )  # fmt: skip
    dropout_ratio: float | None = quantity(
        None, unit="ratio", ge=0, lt=1, title="LoRA dropout", shown=(0.0, 0.5),
        help="Share of an adapter's input that is dropped; 0.05 unless the preset says otherwise",
    )  # fmt: skip
    adapter_dtype: AdapterDtype | None = quantity(
        None, title="Adapters",
        help="Number format of the adapters; fp32 unless the preset says otherwise",
    )  # fmt: skip

    def __post_init__(self) -> None:
        mistakes = settled(self)
        if not self.targets:
            mistakes.append(f"targets: name {', '.join(LORA_TARGETS)}, or an op id or block")
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def factor(self) -> float:
        """What an adapter's result is multiplied by."""
        return self.alpha / self.rank


TUNINGS: Mapping[str, type[FullTuning | Lora]] = FrozenDict({"full": FullTuning, "lora": Lora})
