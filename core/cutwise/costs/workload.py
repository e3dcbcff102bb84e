"""What is done with the model: training or inference, batch, epochs, optimiser, number formats, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cutwise.errors import ScenarioError
from cutwise.frozen import FrozenDict
from cutwise.units import bound_mistakes, quantity

Dtype = Literal["fp32", "bf16", "fp16", "int8", "int4", "nf4"]
Mode = Literal["training", "inference"]
Optimizer = Literal["sgd", "sgd_momentum", "adam"]

OPTIMIZER_STATES = FrozenDict({"sgd": 0, "sgd_momentum": 1, "adam": 2})
QUANTISED = frozenset({"int8", "int4", "nf4"})
HALF_PRECISION = frozenset({"bf16", "fp16"})
LORA_TARGETS = ("attention", "mlp", "all_linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
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
    mini-batch.

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

    def __post_init__(self) -> None:
        mistakes = bound_mistakes(self)
        if not self.targets:
            mistakes.append(f"targets: name {', '.join(LORA_TARGETS)}, or an op id or block")
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def factor(self) -> float:
        """What an adapter's result is multiplied by."""
        return self.alpha / self.rank


TUNINGS: Mapping[str, type[FullTuning | Lora]] = FrozenDict({"full": FullTuning, "lora": Lora})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One training or inference set-up; every field has a default.

    Exactly one of `local_epochs` and `local_iterations` counts the work of a device in a round: with
    neither given it is one epoch, that is ceil(samples / batch_size) iterations. `compute_dtype`,
    `smashed_dtype` and `optimizer_dtype` follow `weights_dtype` (fp32 for the optimiser, fp16 for the
    tensors of quantised weights) unless given.

    >>> Workload(weights_dtype="nf4").smashed
    'fp16'
    """

    mode: Mode = quantity("training", help="Train the model, or only run it", title="Mode")
    batch_size: int = quantity(
        32, ge=1, le=65536, symbol="B", title="Batch size", scale="log", shown=(1, 512),
        help="Samples in one mini-batch",
    )  # fmt: skip
    local_epochs: int | None = quantity(
        None, ge=1, le=10_000, title="Local epochs", shown=(1, 20),
        help="Passes over a device's own samples in one round; one where nothing is given",
    )  # fmt: skip
    local_iterations: int | None = quantity(
        None, ge=1, le=10_000_000, symbol="N_loc", title="Local iterations", scale="log", shown=(1, 1000),
        help="Mini-batches a device trains in one round, in place of local epochs",
    )  # fmt: skip
    micro_batches: int = quantity(
        1, ge=1, le=65536, title="Micro-batches", scale="log", shown=(1, 32),
        help="Parts of a mini-batch that overlap: the device works on one while the server works on another",
    )  # fmt: skip
    optimizer: Optimizer = quantity("sgd", title="Optimiser", help="Decides the optimiser's state in memory")
    weights_dtype: Dtype = quantity("fp32", title="Weights", help="Number format of the weights")
    compute_dtype: Dtype | None = quantity(None, title="Compute", help="Number format of saved activations")
    smashed_dtype: Dtype | None = quantity(None, title="Smashed data", help="Number format of what is sent")
    optimizer_dtype: Dtype | None = quantity(
        None, title="Optimiser state", help="Number format of the optimiser's state"
    )
    master_weights: bool = quantity(
        False, title="Master weights",
        help="Keep an fp32 copy of every trained weight that is held in 16 bit; counted as optimiser state",
    )  # fmt: skip
    tuning: FullTuning | Lora = quantity(
        FullTuning(), title="Tuning", tagged=True, help="Train all parameters, or low-rank adapters"
    )
    frozen: tuple[str, ...] = quantity(
        (), title="Frozen", help="Ops that are not trained: ids or blocks, with * as a wildcard"
    )
    attention: Literal["fused", "eager"] = quantity(
        "fused", title="Attention", help="Fused attention keeps no probabilities for the backward pass"
    )
    checkpointing: Literal["none", "blocks"] = quantity(
        "none", title="Checkpointing",
        help="Keep only the inputs of blocks for the backward pass and run each block forward once more",
    )  # fmt: skip
    sequence_length: int | None = quantity(
        None, ge=1, le=10_000_000, symbol="S", title="Sequence length", scale="log", shown=(16, 8192),
        help="Tokens of a sample. A configuration (config.json) follows; any other model has to be read at "
        "this length. None: as it was read",
    )  # fmt: skip
    tied_weights: Literal["one_side", "untied"] = quantity(
        "one_side", title="Tied weights",
        help="Ops that share a weight stay on one side, or each keeps and trains a copy of its own",
    )  # fmt: skip
    labels_at: Literal["server", "device"] = quantity(
        "server", title="Labels at", help="Where the loss reads the labels; at the server they are sent up"
    )
    label_bytes: float | None = quantity(
        None, unit="bytes", ge=0, le=1e15, symbol="ℓ", title="Label bytes",
        help="Bytes of one sample's label; 8 for each target where nothing is given",
    )  # fmt: skip

    def __post_init__(self) -> None:
        mistakes = bound_mistakes(self)
        if self.local_epochs is not None and self.local_iterations is not None:
            mistakes.append("give local_epochs or local_iterations, not both")
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def training(self) -> bool:
        """True for training, False for inference."""
        return self.mode == "training"

    @property
    def compute(self) -> str:
        """Number format of activations: given, or the weights' own, or fp16 for quantised weights."""
        return self.compute_dtype or _unquantised(self.weights_dtype)

    @property
    def smashed(self) -> str:
        """Number format of smashed data and their gradients."""
        return self.smashed_dtype or self.compute

    @property
    def optimizer_state(self) -> str:
        """Number format of the optimiser's state; fp32 unless given."""
        return self.optimizer_dtype or "fp32"

    def iterations(self, samples: int) -> int:
        """Iterations a device with `samples` samples trains in one round.

        >>> Workload(batch_size=32).iterations(100)
        4
        """
        if self.local_iterations is not None:
            return self.local_iterations
        return (self.local_epochs or 1) * -(-samples // self.batch_size)


def _unquantised(dtype: str) -> str:
    return "fp16" if dtype in QUANTISED else dtype
