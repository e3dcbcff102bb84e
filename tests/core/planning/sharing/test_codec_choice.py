"""The lightest setting within an accuracy limit, against a finer grid, and the settings worth having."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.compression import DeadZone, TopK
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.compression.top_k import VALUE_BITS
from cutwise.planning.sharing.codec_choice import frontier, keeps, lightest, setting_of, tightened
from cutwise.scenario.parts import Compression

PROFILES = ("gaussian", "student_t4", "outlier_channels")


@pytest.mark.parametrize("magnitudes", PROFILES)
@pytest.mark.parametrize("limit", [0.003, 0.03, 0.2])
def test_no_setting_of_a_finer_grid_is_lighter_within_the_limit(magnitudes: str, limit: float) -> None:
    codec = TopK(magnitudes=magnitudes)  # type: ignore[arg-type]
    found = lightest(Compression(codec=codec), limit)
    sizes = [
        forecast.size_ratio
        for bits in VALUE_BITS
        for density in np.geomspace(1e-3, 1, 120).clip(max=1.0).tolist()
        if (
            forecast := replace(codec, density_ratio=density, value_bits=bits).forecast(
                element_count=REFERENCE_COUNT
            )
        ).error_ratio
        <= limit
    ]
    assert found.size_ratio <= min(sizes) * (1 + 1e-5)
    assert keeps(found, limit)
    assert found.loss_ratio == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize("magnitudes", PROFILES)
def test_the_dead_zone_is_lighter_at_every_limit(magnitudes: str) -> None:
    for limit in (0.003, 0.03, 0.2):
        top_k, dead_zone = (
            lightest(Compression(codec=codec), limit)
            for codec in (TopK(magnitudes=magnitudes), DeadZone(magnitudes=magnitudes))  # type: ignore[arg-type]
        )
        assert dead_zone.size_ratio < top_k.size_ratio


@pytest.mark.parametrize("codec", [TopK(), DeadZone()], ids=["top_k", "dead_zone"])
def test_settings_on_the_frontier_trade_size_for_loss(codec: TopK | DeadZone) -> None:
    settings = frontier(Compression(codec=codec))
    sizes, losses = ([getattr(s, name) for s in settings] for name in ("size_ratio", "loss_ratio"))
    assert sizes == sorted(set(sizes))
    assert losses == sorted(set(losses), reverse=True)
    limit = 0.05
    kept = next(s for s in settings if keeps(s, limit))
    near = tightened(Compression(codec=codec), kept, limit)
    assert (
        kept.size_ratio
        >= near.size_ratio
        >= lightest(Compression(codec=codec), limit).size_ratio * (1 - 1e-9)
    )
    assert near.loss_ratio == pytest.approx(limit, rel=1e-3)


def test_where_no_setting_keeps_the_limit_the_most_exact_one_is_taken() -> None:
    found = lightest(Compression(codec=TopK()), 1e-9)
    assert found.loss_ratio == min(setting.loss_ratio for setting in frontier(Compression(codec=TopK())))


def test_a_setting_knows_its_size_and_loss() -> None:
    """(0.5, 8 bits) without entropy coding, with a bitmap: 5/32 (notes 2.2)."""
    codec = TopK(density_ratio=0.5, value_bits=8, mask_coding="bitmap", value_coding="plain")
    assert setting_of(Compression(codec=codec)).size_ratio == pytest.approx(5 / 32, rel=1e-4)
