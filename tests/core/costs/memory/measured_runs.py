"""Rows of fine-tuning memory measured by others, as workloads."""

from __future__ import annotations

import csv
import json
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

PUBLISHED = DATA / "finetuning_memory.csv"
Row = Mapping[str, str]

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
