"""Laws beside measured rows, and P4's beside the same: kernels of a V100, capped GPUs, a 5G phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cutwise.energy import Amplifier, ClockLaw, PaperLaw, Phone5g, StaticLaw
from cutwise.energy.beside_measured import (
    MeasuredClocks,
    capped_clock_ratio,
    chosen_clock,
    predicted_powers_w,
    radio_power_w,
)

MEASURED = Path(__file__).parents[4] / "shared" / "data" / "measured"
IDLE_RATIO = 50 / 300
"""A V100 at rest over its design power, by the catalogue: what P4's law takes for static."""


def rows(name: str) -> pd.DataFrame:
    file = MEASURED / name
    if not file.exists():
        pytest.skip(f"{name} is not beside the project")
    return pd.read_csv(file)


def kernels() -> list[MeasuredClocks]:
    """Each kernel of the V100 at its ten clocks."""
    return list(_kernels(rows("gpu_dvfs/v100-dvfs-real.csv")))


def _kernels(table: pd.DataFrame) -> Iterator[MeasuredClocks]:
    for _, rows_of in table.groupby(["benchmark", "kernel", "argNo"]):
        ordered = rows_of.sort_values("core_frequency")
        watts = ordered.average_power.to_numpy()
        yield MeasuredClocks(
            clocks_hz=1e6 * ordered.core_frequency.to_numpy(),
            powers_w=watts,
            times_s=1e-3 * ordered.time.to_numpy(),
            idle_power_w=IDLE_RATIO * float(watts[-1]),
        )


def test_at_the_chosen_clock_energy_is_within_3_percent_of_the_least_measured() -> None:
    """In-sample: the share was fitted to these rows. P4's law promises 45 % and loses 30 %."""
    ours, papers = ([chosen_clock(law, one) for one in kernels()] for law in (StaticLaw(), PaperLaw()))
    excess = np.array([one.excess_ratio for one in ours])
    assert len(ours) == 20
    assert excess.mean() <= 0.01
    assert np.mean(excess <= 0.03) >= 0.9
    assert excess.max() <= 0.07
    saved = np.median([one.saved_ratio for one in ours])
    assert saved >= 0.2
    assert np.median([one.promised_ratio for one in ours]) <= saved
    assert np.mean([one.excess_ratio for one in papers]) >= 0.25
    assert np.median([one.promised_ratio for one in papers]) >= 0.4
    assert np.median([one.saved_ratio for one in papers]) <= 0.05


def off(law: ClockLaw, least: float) -> float:
    """Mean relative error of the watts at clocks from `least` on, the highest given."""
    found = []
    for one in kernels():
        errors = np.abs(predicted_powers_w(law, one) / one.powers_w - 1)
        found.append(errors[one.clock_ratios >= least])
    return float(np.concatenate(found).mean())


def test_power_is_within_11_percent_where_the_law_holds() -> None:
    """8.2 % from half the clock on, 11.0 % with the three clocks below; P4's law 22 and 28 %."""
    assert off(StaticLaw(), StaticLaw().least_clock_ratio) <= 0.09
    assert off(StaticLaw(), 0.0) <= 0.1101
    assert off(PaperLaw(), StaticLaw().least_clock_ratio) >= 0.2


@pytest.mark.parametrize(("file", "most"), [("v100", 0.095), ("p100", 0.06)])
def test_time_under_a_power_cap_is_that_of_the_clock_with_that_power(file: str, most: float) -> None:
    """Training of networks, none of which was fitted to: the power drawn over that without a cap says the
    clock, the clock the time."""
    errors = []
    for _, one in rows(f"zeus/summary_power_{file}.csv").groupby(
        ["dataset", "network", "batch_size", "optimizer"]
    ):
        ordered = one.sort_values("power_limit")
        power, spent = ordered.average_power.to_numpy(), ordered.time_per_epoch.to_numpy()
        for drawn, slower in zip(power / power[-1], spent / spent[-1], strict=True):
            if 0.38 < drawn < 0.95:
                clock = capped_clock_ratio(StaticLaw(), float(drawn))
                errors.append(float(StaticLaw().time_ratio(clock)) / slower - 1)
    assert len(errors) > 80
    assert np.abs(errors).mean() <= most


def test_a_phones_5g_radio_is_within_15_percent() -> None:
    """Half of the rows were fitted to. Amplifier and circuits alone are 4.6 and 8 times too frugal."""
    table = rows("sigcomm21_5g/power_throughput_rsrp_mn.csv").dropna(
        subset=["hardware_power", "uplink_Mbps", "downlink_Mbps", "nr_ssRsrp"]
    )
    table = table[table.nr_ssRsrp.between(-130, -40, inclusive="neither")].iloc[::5]
    up, down = 1e6 * table.uplink_Mbps.to_numpy(), 1e6 * table.downlink_Mbps.to_numpy()
    watts = table.hardware_power.to_numpy() / 1e3
    found = [
        radio_power_w(Phone5g(signal_dbm=float(signal)), uplink_bps=u, downlink_bps=d)
        for signal, u, d in zip(table.nr_ssRsrp, up, down, strict=True)
    ]
    assert np.abs(np.array(found) / watts - 1).mean() <= 0.15
    alone = Amplifier().draw(transmit_power_w=0.2)
    sends = up > down
    frugal = watts / np.where(sends, alone.sending_w, alone.receiving_w)
    assert np.median(frugal[sends]) > 4
    assert np.median(frugal[~sends]) > 7


def test_a_clock_below_every_power_is_none() -> None:
    assert capped_clock_ratio(StaticLaw(), 0.2) == 0.0


def test_a_radio_by_hand() -> None:
    """2.6 + 0.07 x 10 + 0.0018 x 500 + 0.0106 x 50 W at -90 dBm, 500 Mbit/s down and 50 up."""
    found = radio_power_w(Phone5g(signal_dbm=-90), uplink_bps=5e7, downlink_bps=5e8)
    assert found == pytest.approx(2.6 + 0.7 + 0.9 + 0.53)
