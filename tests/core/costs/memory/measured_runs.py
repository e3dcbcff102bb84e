"""Rows of fine-tuning memory measured by others and by us, as workloads."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cutwise.costs.options.loss import Loss
from cutwise.costs.options.quantisation import Quantisation
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.config_file import from_config
from tests.shared_files import DATA

PUBLISHED, OWN = DATA / "finetuning_memory.csv", DATA / "finetuning_own_measurements.csv"
Row = Mapping[str, str]

LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 1024, "intermediate_size": 2752, "num_hidden_layers": 8,
    "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}  # fmt: skip
OWN_MODELS: dict[str, dict[str, Any]] = {
    "llama_32k": {**LLAMA, "vocab_size": 32000},
    "llama_gqa_128k": {**LLAMA, "vocab_size": 128256, "num_key_value_heads": 4, "intermediate_size": 3584},
    "llama_small_vocabulary": {**LLAMA, "vocab_size": 2000},
    "gpt2": {
        "model_type": "gpt2", "n_embd": 768, "n_layer": 8, "n_head": 12, "vocab_size": 50257,
        "n_positions": 2048, "attn_pdrop": 0.0,
    },
    "gpt_neox": {
        "model_type": "gpt_neox", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 6,
        "num_attention_heads": 16, "vocab_size": 50304, "max_position_embeddings": 4096, "rotary_pct": 0.25,
        "tie_word_embeddings": False,
    },
    "bert": {
        "model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 768,
        "intermediate_size": 3072, "num_hidden_layers": 8, "num_attention_heads": 12, "vocab_size": 30522,
        "max_position_embeddings": 1024, "attention_probs_dropout_prob": 0.0,
    },
}  # fmt: skip
OPTION = re.compile(r"(weights|checkpoint|attn|compute|loss|adapter|optimizer|foreach|dropout)=(\S+)")
ADAPTERS = re.compile(r"'r': (\d+), 'targets': (\[.*?\])")
OWN_LOSSES = {"chunked": Loss(parts=8, kept_logits=False), "plain": Loss(compute="same", kept_logits=False)}

FORMATS = {"nf4": "nf4", "nf4-dq": "nf4", "gptq": "int4", "int8": "int8"}
LOSSES: dict[str, dict[str, Any]] = {
    "upcast": {"compute": "upcast"}, "plain": {"compute": "same"}, "litgpt": {"compute": "in_parts"},
    "inplace": {"compute": "in_place"}, "fused": {"compute": "fused"},
    "chunked": {"compute": "same", "parts": 8},
}  # fmt: skip
OPTIMIZERS = {"adamw": "adamw", "adamw fused": "adamw", "adamw8": "adamw_8bit"}
PROGRAMS = ("liger", "litgpt", "torchtune")


def rows(file: Path) -> list[Row]:
    with file.open() as opened:
        return list(csv.DictReader(opened))


def own_run(row: Row) -> tuple[ModelGraph, Workload]:
    """A run of PyTorch on a processor; the caller lets the logits go."""
    said, tokens = dict(OPTION.findall(row["options"])), int(row["seq"])
    adapters = ADAPTERS.search(row["options"])
    tuned: dict[str, Any] = {}
    if adapters:
        tuned["tuning"] = Lora(
            rank=int(adapters[1]), targets=tuple(f"*{name}" for name in ast.literal_eval(adapters[2])),
            dropout_ratio=float(said.get("dropout", 0)), adapter_dtype=said.get("adapter", "fp32"),
        )  # fmt: skip
    workload = Workload(
        batch_size=int(row["batch"]), sequence_length=tokens, weights_dtype=said.get("weights", "fp32"),
        compute_dtype=said.get("compute"), autocast="compute" in said, attention=said.get("attn", "sdpa"),
        checkpointing="blocks" if "checkpoint" in said else "none",
        optimizer=said.get("optimizer", "adamw"), optimizer_step="fused" if "foreach" in said else "foreach",
        loss=OWN_LOSSES.get(said.get("loss", ""), Loss(kept_logits=False)), **tuned,
    )  # fmt: skip
    return from_config(OWN_MODELS[row["model"]], {"sequence": tokens}), workload


def readable() -> Iterator[tuple[Row, ModelGraph]]:
    """Published rows of families that are read, with their models."""
    for row in rows(PUBLISHED):
        try:
            yield row, _graph(row["config"], int(row["sequence"]))
        except CutwiseError:
            continue


@cache
def _graph(config: str, tokens: int) -> ModelGraph:
    keys = {"max_position_embeddings": 131072, **json.loads(config)}
    if keys["model_type"] == "bert":
        keys["architectures"] = ["BertForSequenceClassification"]
    return from_config(keys, {"sequence": tokens})


def as_stated(row: Row) -> Workload:
    """Everything that the row's source states, and the assumptions that stand beside it."""
    assumed, program = row["assumptions"], row["source"]
    given = _given(row)
    if row["quantisation"]:
        given["quantisation"] = Quantisation(
            format=FORMATS[row["quantisation"]],
            scales="double" if row["quantisation"] == "nf4-dq" else None,
            others="fp32" if "unquantised weights in fp32" in assumed else "bf16",
            keeps_inputs="keeps its input" in assumed,
            skip=("embeddings", "norms") if "litgpt" in program else None,
        )
    if row["tuning"] == "lora":
        given["tuning"] = Lora(
            rank=int(row["rank"]), targets=_targets(row), dropout_ratio=float(row["dropout"]),
            adapter_dtype=row["adapter_dtype"],
        )  # fmt: skip
    return Workload(
        **given, attention=row["attention"], kernels=row["kernels"],
        optimizer_step="fused" if row["optimizer"] == "adamw fused" else "foreach",
        loss=Loss(kept_logits="2 B a logit" in assumed, **LOSSES[row["loss"]]),
        gradient_accumulation=2 if "earlier micro-batch" in assumed else 1,
        master_weights="master adapters" in assumed, preset="litgpt" if "one product" in assumed else None,
    )  # fmt: skip


def as_a_user_says(row: Row) -> Workload:
    """Model, batch, length, tuning, format, checkpoints, optimiser, attention, and a program with preset."""
    given, source = _given(row), row["source"]
    if row["quantisation"]:
        scales = "double" if row["quantisation"] == "nf4-dq" else None
        given["quantisation"] = Quantisation(format=FORMATS[row["quantisation"]], scales=scales)
    if row["tuning"] == "lora":
        given["tuning"] = Lora(rank=int(row["rank"]), targets=_targets(row))
    program = next((name for name in PROGRAMS if name in source), None)
    fused = row["kernels"] == "fused" and program is None and "Qwen" not in source
    return Workload(
        **given, preset=program, kernels="fused" if fused else None,
        attention="flash" if row["attention"] == "flash" else "sdpa",
        gradient_accumulation=2 if "accumulation" in row["note"] else 1,
    )  # fmt: skip


def _given(row: Row) -> dict[str, Any]:
    weights = "bf16" if row["quantisation"] else row["weights_dtype"]
    return {
        "batch_size": int(row["batch"]), "sequence_length": int(row["sequence"]), "weights_dtype": weights,
        "compute_dtype": row["compute_dtype"],
        "autocast": (weights, row["compute_dtype"]) == ("fp32", "bf16"),
        "checkpointing": "blocks" if row["checkpointing"] == "True" else "none",
        "optimizer": OPTIMIZERS[row["optimizer"]],
    }  # fmt: skip


def _targets(row: Row) -> tuple[str, ...]:
    """GPT-NeoX and Falcon make queries, keys and values with one product, the others do not."""
    joint = json.loads(row["config"])["model_type"] in {"gpt_neox", "falcon"}
    left_out = {"head", *(("q_proj", "v_proj") if joint else ("query_key_value",))}
    names = [name for name in row["targets"].split() if name not in left_out]
    return tuple("all_linear" if name == "all" else f"*{name}" for name in names)
