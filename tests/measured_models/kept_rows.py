"""Rows whose licence does not let them be shipped, read beside the project and held against predictions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from statistics import median

from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.times.model_totals import ModelTotals, model_totals, total_name
from cutwise.measured.times.time_comparisons import held_times
from cutwise.measured.times.timed_models import TimedModel
from tests.measured_models.rows_table import read
from tests.shared_files import DATA

LAMBDA_ROWS = DATA / "measured" / "lambda_training"
CARDS: Mapping[str, str] = {
    # what a system with one card is called, and its row of the catalogue
    r"_1xH200_140GB_SXM_": "h200_sxm",
    r"_1xH100_80GB_SXM5_": "h100_sxm",
    r"_1xH100_80GB_PCIe_": "h100_pcie",
    r"_1xB200_192GB_": "b200",
}
TRAINED: Mapping[str, tuple[str, int, int]] = {
    # column of the table: model, size, batch of a card with 80 GB
    "resnet50": ("resnet50", 224, 1280),
    "bert_base_squad": ("bert_base", 384, 320),
    "bert_large_squad": ("bert_large", 384, 112),
}


def trained(model: str) -> tuple[ModelTotals, int]:
    """Totals of a model that was trained in half precision, and its batch."""
    name, size, batch = TRAINED[model]
    return model_totals()[total_name(name, size, "training_amp")], batch


def lambda_rows(level: str) -> tuple[HeldRow, ...]:
    """Training of three models on single cards: the median of all systems with the same card."""
    return held_times([TimedModel(**row) for row in _lambda()], level)


def _lambda() -> Iterator[dict[str, object]]:
    rows = list(read(LAMBDA_ROWS / "pytorch-train-throughput-v2-fp16.csv"))
    for card, profile in CARDS.items():
        systems = [row for row in rows if re.search(card, row[""])]
        for model in TRAINED:
            per_s = median(float(row[model]) for row in systems if float(row[model] or 0) > 0)
            totals, batch = trained(model)
            yield {
                "run": "lambda_training", "hardware": profile, "profile": profile, "setting": "",
                "totals": totals, "batch_size": batch, "measured_s": batch / per_s,
            }  # fmt: skip
