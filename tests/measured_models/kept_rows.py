"""Rows whose licence does not let them be shipped, read beside the project and held against predictions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from statistics import median

import numpy as np

from cutwise.energy import Amplifier, Phone5g
from cutwise.energy.beside_measured import MeasuredClocks, chosen_clock, predicted_powers_w, radio_power_w
from cutwise.hardware.profiles import hardware
from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.energies.capped_trainings import LAWS
from cutwise.measured.times.model_totals import ModelTotals, model_totals, total_name
from cutwise.measured.times.time_comparisons import held_times
from cutwise.measured.times.timed_models import TimedModel
from tests.measured_models.rows_table import read
from tests.shared_files import DATA

DVFS_ROWS = DATA / "measured" / "gpu_dvfs" / "v100-dvfs-real.csv"
PHONE_ROWS = DATA / "measured" / "sigcomm21_5g" / "power_throughput_rsrp_mn.csv"
PHONE_EVERY = 5
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


def kernels() -> list[MeasuredClocks]:
    """Each kernel of a V100 at its ten clocks."""
    idle_ratio = hardware()["v100"].idle_power_w / hardware()["v100"].power_w
    by_kernel: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in read(DVFS_ROWS):
        by_kernel.setdefault((row["benchmark"], row["kernel"], row["argNo"]), []).append(row)
    found = []
    for rows in by_kernel.values():
        rows.sort(key=lambda row: float(row["core_frequency"]))
        columns = {name: np.array([float(row[name]) for row in rows]) for name in CLOCK_COLUMNS}
        clocks, watts, times = columns.values()
        found.append(
            MeasuredClocks(
                clocks_hz=1e6 * clocks, powers_w=watts, times_s=1e-3 * times,
                idle_power_w=idle_ratio * float(watts[-1]),
            )
        )  # fmt: skip
    return found


CLOCK_COLUMNS = ("core_frequency", "average_power", "time")


def clock_powers(law: str) -> tuple[HeldRow, ...]:
    """Power at every clock but the highest, which is given; the share of the law was fitted to these rows."""
    return tuple(
        HeldRow(
            name="kernel", hardware="V100", hardware_class="server_gpu", family="kernel", measured=watts,
            predicted=said, is_learnt=True,
        )
        for one in kernels()
        for watts, said in zip(one.powers_w, predicted_powers_w(LAWS[law], one), strict=True)
    )  # fmt: skip


def clock_regrets(law: str) -> list[float]:
    """What the clock that the law would choose takes beyond the least energy measured."""
    return [chosen_clock(LAWS[law], one).excess_ratio for one in kernels()]


def phone_powers(radio: str) -> tuple[HeldRow, ...]:
    """Watts of a 5G phone beside its base, every fifth row; half of the rows were fitted to."""
    found = []
    for row in list(_phone_rows())[::PHONE_EVERY]:
        up, down = 1e6 * float(row["uplink_Mbps"]), 1e6 * float(row["downlink_Mbps"])
        alone = Amplifier().draw(transmit_power_w=0.2)
        said = (
            radio_power_w(Phone5g(signal_dbm=float(row["nr_ssRsrp"])), uplink_bps=up, downlink_bps=down)
            if radio == "connected"
            else float(alone.sending_w if up > down else alone.receiving_w)
        )
        found.append(
            HeldRow(
                name="row", hardware="S20 Ultra", hardware_class="phone", family="radio",
                measured=float(row["hardware_power"]) / 1e3, predicted=said, is_learnt=True,
            )
        )  # fmt: skip
    return tuple(found)


def _phone_rows() -> Iterator[Mapping[str, str]]:
    for row in read(PHONE_ROWS):
        told = all(row[name] for name in ("hardware_power", "uplink_Mbps", "downlink_Mbps", "nr_ssRsrp"))
        if told and -130 < float(row["nr_ssRsrp"]) < -40:
            yield row
