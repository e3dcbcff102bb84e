"""Our own runs of PyTorch on a processor: bytes it kept and took, beside bytes that the library predicts."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cutwise.caches import kept
from cutwise.costs.graph_cost import price
from cutwise.costs.kernels.kernel_costs import kernel_costs
from cutwise.costs.kernels.op_columns import kept_bytes
from cutwise.costs.memory.peak_memory import peak_memory
from cutwise.costs.options.loss import Loss
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.config_file import from_config

MEMORY_RUNS = "measured/memory_runs.csv"
OPTION = re.compile(r"(weights|checkpoint|attn|compute|loss|adapter|optimizer|foreach|dropout)=(\S+)")
ADAPTERS = re.compile(r"'r': (\d+), 'targets': (\[.*?\])")
LOSSES: Mapping[str, Loss] = FrozenDict(
    {"chunked": Loss(parts=8, kept_logits=False), "plain": Loss(compute="same", kept_logits=False)}
)
LLAMA: Mapping[str, Any] = FrozenDict(
    {
        "model_type": "llama", "hidden_size": 1024, "intermediate_size": 2752, "num_hidden_layers": 8,
        "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 8192,
        "tie_word_embeddings": False,
    }
)  # fmt: skip
MODELS: Mapping[str, Mapping[str, Any]] = FrozenDict(
    {
        "llama_32k": {**LLAMA, "vocab_size": 32000},
        "llama_gqa_128k": {
            **LLAMA, "vocab_size": 128256, "num_key_value_heads": 4, "intermediate_size": 3584,
        },
        "llama_small_vocabulary": {**LLAMA, "vocab_size": 2000},
        "gpt2": {
            "model_type": "gpt2", "n_embd": 768, "n_layer": 8, "n_head": 12, "vocab_size": 50257,
            "n_positions": 2048, "attn_pdrop": 0.0,
        },
        "gpt_neox": {
            "model_type": "gpt_neox", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 6,
            "num_attention_heads": 16, "vocab_size": 50304, "max_position_embeddings": 4096,
            "rotary_pct": 0.25, "tie_word_embeddings": False,
        },
        "bert": {
            "model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 768,
            "intermediate_size": 3072, "num_hidden_layers": 8, "num_attention_heads": 12, "vocab_size": 30522,
            "max_position_embeddings": 1024, "attention_probs_dropout_prob": 0.0,
        },
    }
)  # fmt: skip
"""The configurations that ran, as transformers builds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRun(Frozen):
    """One training step: bytes saved for the backward pass and the most at once, measured and predicted."""

    model: str
    batch_size: int
    sequence_length: int
    options: str
    measured_saved_bytes: float
    measured_peak_bytes: float
    saved_bytes: float
    peak_bytes: float

    @property
    def predicted_saved_ratio(self) -> float:
        """Predicted over measured bytes that are saved."""
        return self.saved_bytes / self.measured_saved_bytes

    @property
    def predicted_peak_ratio(self) -> float:
        """Predicted over measured bytes at the peak."""
        return self.peak_bytes / self.measured_peak_bytes


@kept
def predicted_memory() -> tuple[MemoryRun, ...]:
    """Every run that was measured with what the library predicts for it, in the order of the table."""
    text = files("cutwise.assets").joinpath(MEMORY_RUNS).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(map(_predicted, rows))


def _predicted(row: Mapping[str, str]) -> MemoryRun:
    graph, workload = _run(row)
    cost = price(graph, workload)
    kernels = kernel_costs(cost.graph, workload, accelerator=False)
    saved_bytes = float(kept_bytes(kernels)[0].sum()) * workload.batch_size + sum(kernels.saved.once_bytes)
    return MemoryRun(
        model=row["model"],
        batch_size=workload.batch_size,
        sequence_length=int(row["sequence"]),
        options=row["options"],
        measured_saved_bytes=float(row["saved_bytes"]),
        measured_peak_bytes=float(row["peak_bytes"]),
        saved_bytes=saved_bytes,
        peak_bytes=float(peak_memory(cost, accelerator=False)),
    )


def _run(row: Mapping[str, str]) -> tuple[ModelGraph, Workload]:
    """The model and the workload of a run; its caller let the logits go."""
    said, tokens = dict(OPTION.findall(row["options"])), int(row["sequence"])
    workload = Workload(
        batch_size=int(row["batch"]), sequence_length=tokens, weights_dtype=said.get("weights", "fp32"),
        compute_dtype=said.get("compute"), autocast="compute" in said, attention=said.get("attn", "sdpa"),
        checkpointing="blocks" if "checkpoint" in said else "none",
        optimizer=said.get("optimizer", "adamw"), optimizer_step="fused" if "foreach" in said else "foreach",
        loss=LOSSES.get(said.get("loss", ""), Loss(kept_logits=False)), **dict(_adapters(row, said)),
    )  # fmt: skip
    return from_config(dict(MODELS[row["model"]]), {"sequence": tokens}), workload


def _adapters(row: Mapping[str, str], said: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """The tuning of a run with adapters."""
    if found := ADAPTERS.search(row["options"]):
        given: dict[str, Any] = {"rank": int(found[1]), "adapter_dtype": said.get("adapter", "fp32")}
        targets = tuple(f"*{name}" for name in ast.literal_eval(found[2]))
        yield "tuning", Lora(targets=targets, dropout_ratio=float(said.get("dropout", 0)), **given)
