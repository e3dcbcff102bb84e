"""Published rates of generating text that may be shipped, beside what plans say for the same hardware."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cutwise.caches import kept
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen, FrozenDict
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario

DECODING_RATES = "measured/decoding_rates.csv"
PEAK_FLOPS_PER_S = 1e14
"""So quick that the memory alone bounds a token, as it does for a batch of one."""


def _llama(h: int, m: int, layers: int, heads: int, kv: int, words: int, *, tied: bool = False) -> Any:
    return FrozenDict(
        {
            "model_type": "llama", "hidden_size": h, "intermediate_size": m, "num_hidden_layers": layers,
            "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": 128, "vocab_size": words,
            "tie_word_embeddings": tied, "max_position_embeddings": 131_072,
        }
    )  # fmt: skip


PUBLISHED_MODELS: Mapping[str, Mapping[str, Any]] = FrozenDict(
    {
        "llama2_13b": _llama(5120, 13824, 40, 40, 40, 32000),
        "llama3_8b": _llama(4096, 14336, 32, 32, 8, 128256),
        "llama3_70b": _llama(8192, 28672, 80, 64, 8, 128256),
        "llama31_405b": _llama(16384, 53248, 126, 128, 8, 128256),
        "llama32_3b": _llama(3072, 8192, 28, 24, 8, 128256, tied=True),
        "qwen25_14b": _llama(5120, 13824, 48, 40, 8, 152064),
    }
)
"""Sizes of the published configurations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingRate(Frozen):
    """Tokens a second of one machine, as measured and as planned; `recalled` marks its memory bandwidth."""

    source: str
    machine: str
    model: str
    number_format: str
    decoding: str
    recalled: bool
    measured_tokens_per_s: float
    tokens_per_s: float

    @property
    def predicted_rate_ratio(self) -> float:
        """Planned over measured tokens a second."""
        return self.tokens_per_s / self.measured_tokens_per_s


@kept
def predicted_rates() -> tuple[DecodingRate, ...]:
    """Every rate that is shipped with the plan's for the same bandwidth, model and class of hardware."""
    text = files("cutwise.assets").joinpath(DECODING_RATES).read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    alike: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        alike.setdefault((row["model"], row["format"], row["context_tokens"]), []).append(row)
    return tuple(found for group in alike.values() for found in _planned(group))


def _planned(rows: Sequence[Mapping[str, str]]) -> Iterator[DecodingRate]:
    """Rows that differ in the hardware alone: one plan has a device for each."""
    first = rows[0]
    weights: Any = first["format"]
    workload = Workload(
        mode="inference", batch_size=1, weights_dtype=weights, compute_dtype="fp16",
        prompt_tokens=int(first["context_tokens"]), new_tokens=1,
    )  # fmt: skip
    devices = tuple(_device(number, row) for number, row in enumerate(rows))
    graph = from_config(dict(PUBLISHED_MODELS[first["model"]]), {"sequence": 16}, name=first["model"])
    scenario = Scenario(workload=workload, devices=devices)
    plan = shown_plan(Question(graph=graph, scenario=scenario, scheme="device_only"))
    assert plan.inference is not None
    for row, served in zip(rows, plan.inference.devices, strict=True):
        assert served.tokens is not None
        yield DecodingRate(
            source=row["source"], machine=row["machine"], model=row["model"], number_format=row["format"],
            decoding=row["decoding"], recalled=row["recalled"] == "yes",
            measured_tokens_per_s=float(row["tokens_per_s"]), tokens_per_s=served.tokens.tokens_per_s or 0.0,
        )  # fmt: skip


def _device(number: int, row: Mapping[str, str]) -> Device:
    decoding: Any = row["decoding"]
    return Device(
        name=str(number),
        flops_per_s=PEAK_FLOPS_PER_S,
        memory_bandwidth_bytes_per_s=float(row["bandwidth_bytes_per_s"]),
        decoding=decoding,
        samples=1,
    )
