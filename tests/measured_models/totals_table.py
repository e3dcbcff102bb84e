"""Writes `assets/measured/model_totals.csv`: what every measured model takes, priced as a plan prices it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, fields, replace
from pathlib import Path

import numpy as np

import cutwise
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.measured.times.model_totals import ModelTotals, totals_of
from tests.measured_models.built_graphs import (
    NCNN,
    QUALCOMM,
    SPLITS,
    Key,
    bert,
    llama_layer,
    model_name,
    phi_layer,
)

AMP = {"compute_dtype": "fp16", "autocast": True}
WORKLOADS: Mapping[str, Workload] = {
    # PyTorch of 2022 had no fused attention, and NVIDIA's BERT has none
    "training_amp": Workload(attention="eager", **AMP),
    "inference_amp": Workload(mode="inference", **AMP),
    "inference_fp32": Workload(mode="inference"),
    "compiled_fp16": Workload(mode="inference", weights_dtype="fp16", kernels="fused"),
    "compiled_fp32": Workload(mode="inference", kernels="fused"),
}
TIMM_WORKLOADS = ("training_amp", "inference_amp", "compiled_fp32")
BATCH, BERT_TOKENS, LAYER_TOKENS = 2, 384, 1024
A_TOKEN, A_BATCH = ("forward_flops", "moved_bytes"), ("read_bytes", "launches")
ABOUT = """\
# Totals of the models that others measured, priced by this library: sums over all ops, a sample (FLOPs,
# moved bytes) or once a mini-batch (read bytes, launches). `size` is the side of the image in pixels, or
# tokens of a sample; of LLM layers a token is the sample, and the attention itself is left out, as in what
# was measured.
# Made by: python -m tests.measured_models totals GRAPHS
"""


def write_totals(folder: Path, target: Path) -> int:
    """Prices every graph of the folder and of the configurations; answers how many rows there are."""
    rows = [*_of_files(folder), *_of_configurations()]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(ModelTotals)])
        writer.writerows([_short(value) for value in astuple(row)] for row in rows)
    return len(rows)


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def _of_files(folder: Path) -> Iterator[ModelTotals]:
    for path in sorted(folder.glob("*.pt2")):
        library, name, size = path.stem.split(".")
        key = (library, name, int(size))
        graph = cutwise.load_model(path)
        if graph.batch_size != BATCH:  # its samples are mixed, as where kernels depend on them
            continue
        for workload in dict.fromkeys(_workloads(key)):
            yield _total(price(graph, WORKLOADS[workload]), model_name(key), key[2], workload)


def _workloads(key: Key) -> Iterator[str]:
    if key[0] == "timm":
        yield from TIMM_WORKLOADS
    if key in NCNN.values():
        yield from ("compiled_fp32", "compiled_fp16")
    if key in QUALCOMM.values():
        yield "compiled_fp16"
    if key in SPLITS.values():
        yield "inference_fp32"


def _of_configurations() -> Iterator[ModelTotals]:
    for name, sizes in {"bert_base": (768, 12, 12), "bert_large": (1024, 24, 16)}.items():
        cost = price(bert(*sizes, BERT_TOKENS), WORKLOADS["training_amp"])
        yield replace(_total(cost, name, BERT_TOKENS, "training_amp"), family="language model")
    for parallel in (1, 2, 4, 8):
        yield _layer(lambda tokens, p=parallel: llama_layer(p, tokens), f"llama2_7b_layer_of_{parallel}")
    yield _layer(phi_layer, "phi_2_layer_of_1")


def _layer(graph_of: Callable[[int], ModelGraph], name: str) -> ModelTotals:
    """Of one token: all but the attention is proportional to tokens, or does not depend on them."""
    cost = price(graph_of(LAYER_TOKENS), WORKLOADS["compiled_fp16"])
    inside = np.array([_in_layer(op) for op in cost.graph.ops])
    parts = {column: inside / LAYER_TOKENS for column in A_TOKEN} | {column: inside for column in A_BATCH}
    layer = replace(cost, **{column: getattr(cost, column) * part for column, part in parts.items()})
    return replace(totals_of(layer, model=name, size=1, workload="compiled_fp16"), family="language model")


def _in_layer(op: Op) -> bool:
    return op.block.startswith("layers/0/") and op.kind != "attention"


def _total(cost: GraphCost, model: str, size: int, workload: str) -> ModelTotals:
    return totals_of(cost, model=model, size=size, workload=workload)
