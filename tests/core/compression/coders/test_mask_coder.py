"""Every way to write a mask gives the mask back and takes what its formula says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.compression.coders.mask_coder import MASK_CODERS

NAMES = sorted(MASK_CODERS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(values=st.lists(st.booleans(), max_size=200))
def test_masks_come_back(name: str, values: list[bool]) -> None:
    mask = np.array(values, dtype=bool)
    coder = MASK_CODERS[name]
    assert coder.decode(coder.encode(mask), mask.size, int(mask.sum())).tolist() == values


@pytest.mark.parametrize("density", [0.05, 0.1, 0.5])
@pytest.mark.parametrize("name", NAMES)
def test_size_is_what_the_formula_says(name: str, density: float) -> None:
    mask = np.random.default_rng(0).random(200_000) < density
    coder = MASK_CODERS[name]
    measured = 8 * len(coder.encode(mask)) / mask.size
    assert measured == pytest.approx(coder.element_bits(float(mask.mean())), rel=0.015)


@pytest.mark.parametrize("density", [0.02, 0.2, 0.5, 0.8])
def test_the_entropy_bound_is_below_golomb_and_bitmap(density: float) -> None:
    bits = {name: coder.element_bits(density) for name, coder in MASK_CODERS.items()}
    assert bits["entropy"] <= min(bits["golomb"], bits["bitmap"])
