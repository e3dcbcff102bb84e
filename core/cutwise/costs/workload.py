"""What is done with the model: training or inference, batch, epochs, optimiser, number formats, labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from cutwise.costs.options.loss import Loss
from cutwise.costs.options.presets import DEFAULTS, PRESETS, PresetName, RunOptions
from cutwise.costs.options.quantisation import Quantisation
from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.frozen import FrozenDict
from cutwise.units import quantity

T = TypeVar("T")

Dtype = Literal["fp32", "bf16", "fp16", "int8", "int4", "nf4"]
WeightsDtype = Literal[Dtype, "q8_0", "q4_k_m", "q4_0"]
Mode = Literal["training", "inference"]
TiedWeights = Literal["one_side", "copied", "untied"]
Optimizer = Literal["sgd", "sgd_momentum", "adamw", "adamw_8bit", "adam"]
AttentionKernel = Literal["sdpa", "flash", "eager", "fused"]

OPTIMIZER_STATES = FrozenDict({"sgd": 0, "sgd_momentum": 1, "adamw": 2, "adamw_8bit": 2})
QUANTISED = frozenset({"int8", "int4", "nf4", "q8_0", "q4_k_m", "q4_0"})
HALF_PRECISION = frozenset({"bf16", "fp16"})


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
    optimizer: Optimizer = quantity(
        "sgd", title="Optimiser", help="Decides the optimiser's state in memory", aliases={"adam": "adamw"}
    )
    weights_dtype: WeightsDtype = quantity(
        "fp32", title="Weights",
        help="Number format of the weights; q8_0, q4_k_m and q4_0 are those of GGUF files",
    )  # fmt: skip
    compute_dtype: Dtype | None = quantity(None, title="Compute", help="Number format of saved activations")
    smashed_dtype: Dtype | None = quantity(None, title="Smashed data", help="Number format of what is sent")
    optimizer_dtype: Dtype | None = quantity(
        None, title="Optimiser state",
        help="Number format of the optimiser's state; that of the weights it belongs to if absent",
    )  # fmt: skip
    optimizer_step: Literal["foreach", "fused"] | None = quantity(
        None, title="Optimiser step",
        help="foreach: all weights at once, with a copy of one state; fused: in place. foreach if absent",
    )  # fmt: skip
    gradient_accumulation: int = quantity(
        1, ge=1, le=65536, title="Gradient accumulation", scale="log", shown=(1, 64),
        help="Mini-batches whose gradients are added up before a step: above 1 all gradients stay in memory",
    )  # fmt: skip
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
    quantisation: Quantisation = quantity(
        Quantisation(),
        title="Quantisation",
        help="What is stored beside quantised weights, and what is left alone",
    )
    loss: Loss = quantity(Loss(), title="Loss", help="How the loss is computed")
    preset: PresetName | None = quantity(
        None, title="Program",
        help="Whose ways fill in what is not given: transformers with peft or in bf16, torchtune, litgpt, "
        "transformers with Liger's kernels. hf_bf16 holds its weights in bf16; the others as given here",
    )  # fmt: skip
    kernels: Literal["separate", "fused"] | None = quantity(
        None, title="Kernels",
        help="Norms, rotations and gated activations run as several kernels, or one (compiled, Liger)",
    )  # fmt: skip
    autocast: bool = quantity(
        False, title="Autocast",
        help="fp32 weights are copied to the compute format for products; norms and losses stay in fp32",
    )  # fmt: skip
    attention: AttentionKernel = quantity(
        "sdpa", title="Attention", aliases={"fused": "sdpa"},
        help="sdpa: one kernel, keys and values copied for every head that reads them; flash: no copies; "
        "eager: probabilities are kept for the backward pass",
    )  # fmt: skip
    checkpointing: Literal["none", "blocks"] = quantity(
        "none", title="Checkpointing",
        help="Keep only the inputs of blocks for the backward pass and run each block forward once more",
    )  # fmt: skip
    sequence_length: int | None = quantity(
        None, ge=1, le=10_000_000, symbol="S", title="Sequence length", scale="log", shown=(16, 8192),
        help="Tokens of a sample. A configuration (config.json) follows; any other model has to be read at "
        "this length. None: as it was read",
    )  # fmt: skip
    prompt_tokens: int | None = quantity(
        None, ge=0, le=10_000_000, title="Prompt tokens", scale="log", shown=(1, 8192),
        help="Tokens that a request gives a language model before it generates text; in inference only. "
        "None: the sequence length where new tokens are asked for",
    )  # fmt: skip
    new_tokens: int | None = quantity(
        None, ge=0, le=10_000_000, title="New tokens", scale="log", shown=(1, 4096),
        help="Tokens that a language model generates for each request; in inference only. None: one where a "
        "prompt is given",
    )  # fmt: skip
    tied_weights: TiedWeights | None = quantity(
        None, title="Tied weights",
        help="What becomes of a weight that several ops read: they stay on one side; each side holds a copy, "
        "kept equal by its gradient in every iteration; or each op trains its own. None: a copy on each side "
        "where it is frozen or nothing is trained, else one side",
    )  # fmt: skip
    labels_at: Literal["server", "device"] = quantity(
        "server", title="Labels at", help="Where the loss reads the labels; at the server they are sent up"
    )
    label_bytes: float | None = quantity(
        None, unit="bytes", ge=0, le=1e15, symbol="ℓ", title="Label bytes",
        help="Bytes of one sample's label; 8 for each target where nothing is given",
    )  # fmt: skip

    def __post_init__(self) -> None:
        mistakes = settled(self)
        if self.preset == "hf_bf16" and self.weights_dtype == "fp32" and not self.autocast:
            object.__setattr__(self, "weights_dtype", "bf16")
        if self.local_epochs is not None and self.local_iterations is not None:
            mistakes.append("give local_epochs or local_iterations, not both")
        mistakes += _generation_mistakes(self)
        if mistakes:
            raise ScenarioError(mistakes)

    @property
    def generates(self) -> bool:
        """True where tokens are asked for."""
        return self.prompt_tokens is not None or self.new_tokens is not None

    @property
    def training(self) -> bool:
        """True for training, False for inference."""
        return self.mode == "training"

    @property
    def compute(self) -> str:
        """Number format of activations: given, or the weights' own, or fp16 for quantised weights."""
        return self.compute_dtype or _unquantised(self.weights_dtype)

    @property
    def quantised(self) -> str | None:
        """Number format of quantised matrices; None where nothing is quantised."""
        return self.quantisation.format or (self.weights_dtype if self.weights_dtype in QUANTISED else None)

    @property
    def run(self) -> RunOptions:
        """Every option of the run: given, or the preset's, or the default.

        >>> Workload(preset="torchtune").run.loss_parts
        8
        """
        known = PRESETS.get(self.preset or "", DEFAULTS)
        loss, quantisation, tuning = self.loss, self.quantisation, self.tuning
        adapters = (tuning.dropout_ratio, tuning.adapter_dtype) if isinstance(tuning, Lora) else (None, None)
        return RunOptions(
            loss=_given(loss.compute, known.loss),
            loss_parts=_given(loss.parts, known.loss_parts),
            kept_logits=_given(loss.kept_logits, known.kept_logits),
            dropout_ratio=_given(adapters[0], known.dropout_ratio),
            adapter_dtype=_given(adapters[1], known.adapter_dtype),
            fused_kernels=known.fused_kernels if self.kernels is None else self.kernels == "fused",
            fused_step=known.fused_step if self.optimizer_step is None else self.optimizer_step == "fused",
            joint_products=known.joint_products,
            skip=_given(quantisation.skip, known.skip),
            others=_given(quantisation.others, known.others),
            keeps_inputs=_given(quantisation.keeps_inputs, known.keeps_inputs),
        )

    @property
    def smashed(self) -> str:
        """Number format of smashed data and their gradients."""
        return self.smashed_dtype or self.compute

    def iterations(self, samples: int) -> int:
        """Iterations a device with `samples` samples trains in one round; in inference its batches.

        >>> Workload(batch_size=32).iterations(100)
        4
        """
        if self.local_iterations is not None:
            return self.local_iterations
        epochs = 1 if self.local_epochs is None else self.local_epochs
        passes = epochs if self.training else 1
        return passes * -(-samples // self.batch_size)


def _generation_mistakes(workload: Workload) -> list[str]:
    if not workload.generates:
        return []
    mistakes = []
    if workload.micro_batches > 1:
        mistakes.append("micro_batches: new tokens follow one another; set micro_batches = 1")
    if workload.prompt_tokens == workload.new_tokens == 0:
        mistakes.append("prompt_tokens and new_tokens are both 0; give one of them")
    return mistakes


def _given(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def _unquantised(dtype: str) -> str:
    return "fp16" if dtype in QUANTISED else dtype
