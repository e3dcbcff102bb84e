"""Rates of decoding and of prompts that others measured, against plans of the public face.

The rows lie beside the project; where they are absent nothing is checked. Bandwidths and classes are those
of each row, sizes of the models those of their published configurations.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.arrays import Floats
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.hardware.decoding import decoding_classes
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario

ROWS = Path(__file__).parents[3] / ".." / "shared" / "data" / "decoding_rates.csv"
Row = Mapping[str, str]

MOST_TOKENS = 262_144


def llama(h: int, m: int, layers: int, heads: int, kv: int, words: int, tied: bool = False) -> dict[str, Any]:
    return {
        "model_type": "llama", "hidden_size": h, "intermediate_size": m, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": 128, "vocab_size": words,
        "tie_word_embeddings": tied, "max_position_embeddings": MOST_TOKENS,
    }  # fmt: skip


def two_matrices(h: int, m: int, layers: int, words: int) -> dict[str, Any]:
    """StableLM-Base-Alpha is a GPT-NeoX; Phi-1.5 has blocks of the same sizes."""
    return {
        "model_type": "gpt_neox", "hidden_size": h, "intermediate_size": m, "num_hidden_layers": layers,
        "num_attention_heads": 32, "vocab_size": words, "max_position_embeddings": MOST_TOKENS,
        "tie_word_embeddings": False,
    }  # fmt: skip


MODELS = {
    "llama2_7b": llama(4096, 11008, 32, 32, 32, 32000),
    "llama2_13b": llama(5120, 13824, 40, 40, 40, 32000),
    "llama2_70b": llama(8192, 28672, 80, 64, 8, 32000),
    "llama3_8b": llama(4096, 14336, 32, 32, 8, 128256),
    "llama3_70b": llama(8192, 28672, 80, 64, 8, 128256),
    "llama31_405b": llama(16384, 53248, 126, 128, 8, 128256),
    "llama32_3b": llama(3072, 8192, 28, 24, 8, 128256, tied=True),
    "qwen25_14b": llama(5120, 13824, 48, 40, 8, 152064),
    "qwen25_3b": llama(2048, 11008, 36, 16, 2, 151936, tied=True),
    "tinyllama": llama(2048, 5632, 22, 32, 4, 32000) | {"head_dim": 64},
    "qwen3_4b": llama(2560, 9728, 36, 32, 8, 151936, tied=True),
    "stablelm_3b": two_matrices(4096, 16384, 16, 50688),
    "phi_1_5": two_matrices(2048, 8192, 24, 51200),
}
CLASSES = {
    "nvidia gpu": "gpu", "amd gpu": "gpu", "gpu behind a small board": "gpu_small_board",
    "apple gpu": "apple_gpu", "jetson": "jetson", "cpu pc or apu": "cpu_pc", "cpu board": "cpu_board",
    "eager pytorch": "eager", "eager pytorch, nf4": "eager_nf4",
}  # fmt: skip
FORMATS = {"f16": "fp16", "q40": "q4_0"}


def rows(mode: str) -> Sequence[Row]:
    if not ROWS.exists():
        pytest.skip("the measured rates are not here")
    with ROWS.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["mode"] == mode]


@functools.cache
def graph_of(name: str) -> ModelGraph:
    return from_config(MODELS[name], {"sequence": 16}, name=name)


def workload(row: Row, **tokens: int) -> Workload:
    weights = FORMATS.get(row["weights_format"], row["weights_format"])
    return Workload(mode="inference", batch_size=1, weights_dtype=weights, compute_dtype="fp16", **tokens)  # type: ignore[arg-type]


def decoded(group: Sequence[Row]) -> list[float]:
    """Planned over measured tokens a second of rows that differ in the hardware alone."""
    devices = tuple(
        Device(
            name=str(number),
            flops_per_s=1e14,
            memory_bandwidth_bytes_per_s=float(row["memory_bandwidth_bytes_per_s"]),
            decoding=CLASSES[row["class"]],  # type: ignore[arg-type]
            samples=1,
        )
        for number, row in enumerate(group)
    )
    asked = workload(group[0], prompt_tokens=int(float(group[0]["context_tokens"])), new_tokens=1)
    plan = cutwise.plan(graph_of(group[0]["model"]), Scenario(workload=asked, devices=devices), "device_only")
    assert plan.inference is not None
    rates = [served.tokens.tokens_per_s or 0.0 for served in plan.inference.devices if served.tokens]
    measured = [float(row["measured_tokens_per_s"]) for row in group]
    return [rate / known for rate, known in zip(rates, measured, strict=True)]


def grouped(found: Sequence[Row]) -> Sequence[Sequence[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        key = (row["model"], row["weights_format"], row["context_tokens"])
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def within(ratios: Floats, factor: float) -> float:
    return float(np.mean((ratios <= factor) & (ratios >= 1 / factor)))


def test_decoding_rates_are_those_that_were_measured():
    ratios = np.array([ratio for group in grouped(rows("decode")) for ratio in decoded(group)])
    assert len(ratios) > 100
    assert abs(np.median(ratios) - 1) <= 0.1
    assert np.mean(np.abs(ratios - 1) <= 0.25) >= 0.75
    assert within(ratios, 1.5) >= 0.9


def test_eager_pytorch_is_a_class_of_its_own():
    eager = [row for row in rows("decode") if row["class"].startswith("eager")]
    ratios = np.array([ratio for group in grouped(eager) for ratio in decoded(group)])
    assert np.all(np.abs(ratios - 1) <= 0.25)


PEAKS = {
    "rtx_4090": 330e12, "rtx_3060": 51e12, "a6000": 154.8e12, "6000_ada": 364e12, "l40s": 362e12,
    "a100_80": 312e12, "a100_pcie": 312e12, "h100_pcie": 756.5e12, "3090": 142e12, "4080": 195e12,
    "3080": 119e12, "3070": 81e12, "3080_ti": 136e12, "4070_ti": 160e12, "a40": 149.7e12,
    "4000_ada": 107e12, "5000_ada": 261e12, "m2_ultra": 27.2e12, "m1_max": 10.4e12, "m3_max": 14.2e12,
    "m1": 2.3e12,
}  # fmt: skip
"""Dense 16-bit FLOP/s of data sheets, those that no profile has recalled."""


@pytest.mark.parametrize(("kind", "lowest"), [("nvidia gpu", 0.43), ("apple gpu", 0.89)])
def test_prompts_are_read_at_their_class_s_share_of_the_peak(kind: str, lowest: float):
    """As many rows within 25 % as one efficiency holds: 43 to 59 % for NVIDIA's, 89 to 100 % for Apple's."""
    share = decoding_classes()[CLASSES[kind]].prefill_ratio or 0.0
    ratios = []
    for row in rows("prefill"):
        if row["class"] != kind or row["device"] not in PEAKS:
            continue
        party = Device(
            flops_per_s=share * PEAKS[row["device"]],
            memory_bandwidth_bytes_per_s=float(row["memory_bandwidth_bytes_per_s"]),
            decoding=CLASSES[kind],  # type: ignore[arg-type]
            samples=1,
        )
        asked = workload(row, prompt_tokens=int(row["tokens"]), new_tokens=0)
        plan = cutwise.plan(graph_of(row["model"]), Scenario(workload=asked, devices=(party,)), "device_only")
        ratios.append(int(row["tokens"]) / plan.delay_s / float(row["measured_tokens_per_s"]))
    near = float(np.mean(np.abs(np.array(ratios) - 1) <= 0.25))
    assert len(ratios) >= 10
    assert near >= lowest
