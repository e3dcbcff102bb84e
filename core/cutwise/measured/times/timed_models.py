"""Times of whole models that others measured and that may be shipped, run by run."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from cutwise.caches import kept
from cutwise.frozen import Frozen, FrozenDict
from cutwise.measured.times.model_totals import ModelTotals, model_totals, total_name
from cutwise.registry import NamedTable

TIMED_MODELS = "measured/timed_models.csv"
TIMM = "huggingface/pytorch-image-models, results (2026-08)"
VIDUR = "microsoft/vidur, profiling data (2024-11)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun(Frozen):
    """A set of rows from one source: what was run, and what of it constants were fitted on.

    `time_class` names the class of hardware with its software where it is not the catalogue's. Of a run that
    is `learnt` "half", those models are learnt from that `in_learning_half` picks.
    """

    what: str
    source: str
    licence: str
    time_class: str = ""
    learnt: str = "none"


def _timm(what: str, learnt: str) -> TimedRun:
    return TimedRun(what=what, source=TIMM, licence="Apache-2.0", learnt=learnt)


RUNS: Mapping[str, TimedRun] = NamedTable(
    "run that was timed",
    {
        "timm_training_3090": _timm("Training, RTX 3090", "half"),
        "timm_inference_3090": _timm("Inference, RTX 3090", "half"),
        "timm_inference_4090": _timm("Inference, RTX 4090", "none"),
        "timm_inference_i7": _timm("Inference, Core i7-12700H", "half"),
        "vidur_a100": TimedRun(
            what="LLM layer, A100", source=VIDUR, licence="MIT", learnt="all"
        ),
        "vidur_h100": TimedRun(what="LLM layer, H100", source=VIDUR, licence="MIT"),
        "lambda_training": TimedRun(
            what="Training, four server cards",
            source="lambdal/deeplearning-benchmark (2025-12)", licence="none stated",
        ),
        "ncnn": TimedRun(
            what="Inference, ncnn", source="Tencent/ncnn, benchmark (2026-07)",
            licence="BSD-3-Clause", learnt="all",
        ),
        "qualcomm_npu": TimedRun(
            what="Inference, phone NPU", source="quic/ai-hub-models 0.65.0 (2026-10)",
            licence="BSD-3-Clause", time_class="phone_npu", learnt="all",
        ),
    },
)  # fmt: skip
NCNN_CLASSES = FrozenDict({"cpu_arm_pytorch": "cpu_arm_runtime", "desktop_gpu": "desktop_gpu_batch_1"})
"""What a compiled runtime makes of a part's usual class, at one image at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedModel(Frozen):
    """One row: a model on a part, `batch_size` samples at once; the part's `profile` where it has one."""

    run: str
    hardware: str
    profile: str
    setting: str
    totals: ModelTotals
    batch_size: int
    measured_s: float

    @property
    def is_learnt(self) -> bool:
        """True where constants were fitted on this row."""
        learnt = RUNS[self.run].learnt
        return learnt == "all" or (learnt == "half" and in_learning_half(self.totals.model))


def in_learning_half(model: str) -> bool:
    """Which half of a table's models constants and bands may be learnt from: by a checksum of the name.

    >>> in_learning_half("densenet121"), in_learning_half("resnet18")
    (False, True)
    """
    return zlib.crc32(model.encode()) % 2 == 0


@kept
def timed_models() -> tuple[TimedModel, ...]:
    """Every row that is shipped, in the order of the table."""
    text = files("cutwise.assets").joinpath(TIMED_MODELS).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(map(timed_model, rows))


def timed_model(row: Mapping[str, str]) -> TimedModel:
    """A row of the table, with the totals of its model."""
    name = total_name(row["model"], int(row["size"]), row["workload"])
    return TimedModel(
        run=row["run"],
        hardware=row["hardware"],
        profile=row["profile"],
        setting=row["setting"],
        totals=model_totals()[name],
        batch_size=int(row["batch"]),
        measured_s=float(row["measured_s"]),
    )
