"""Attacks on what has a known answer, and against an independent library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV

from cutwise.leakage.leakage_table import leakage_table
from tests.testbed.attacks import (
    PENALTIES,
    decoded_ratio,
    distance_correlation,
    label_ratio,
    ridge_decoder,
)
from tests.testbed.leakage_study import CODECS


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_ridge_decoder_is_that_of_scikit_learn() -> None:
    known, seen, wanted = drawn(60, 8).double(), drawn(5, 8, seed=1).double(), drawn(60, 3, seed=2).double()
    largest = torch.linalg.svdvals(known - known.mean(0))[0]
    oracle = RidgeCV(alphas=(PENALTIES * largest**2).tolist()).fit(known.numpy(), wanted.numpy())
    told = ridge_decoder(known, wanted, seen, seed=0)
    assert told.numpy() == pytest.approx(oracle.predict(seen.numpy()), abs=1e-4)


def test_what_is_turned_and_scaled_is_decoded_and_what_is_drawn_apart_is_not() -> None:
    data, turn = drawn(400, 6), drawn(6, 12, seed=3)
    sent = data @ turn
    assert decoded_ratio(sent[:200], data[:200], sent[200:], data[200:], seed=0) > 0.99
    apart = drawn(400, 6, seed=4)
    assert decoded_ratio(sent[:200], apart[:200], sent[200:], apart[200:], seed=0) < 0.1


def test_classes_are_told_beyond_the_most_frequent_one() -> None:
    """Half are of class 0: who always says so is right half of the time, which counts nothing."""
    classes = torch.tensor([0, 1, 0, 2] * 100)
    corners = torch.eye(3)[classes] + 0.01 * drawn(400, 3)
    assert decoded_ratio(corners[:200], classes[:200], corners[200:], classes[200:], seed=0) == pytest.approx(
        1
    )
    assert label_ratio(corners[:40], classes[:40], 1e-3 * corners[40:], classes[40:]) == pytest.approx(1)
    assert label_ratio(drawn(40, 3), classes[:40], drawn(360, 3, seed=5), classes[40:]) < 0.2


def test_distance_correlation_is_one_of_what_is_alike_and_nothing_of_what_is_independent() -> None:
    left, right = drawn(300, 5), drawn(300, 50, seed=6)
    assert distance_correlation(left, 3 * left + 1) == pytest.approx(1)
    assert distance_correlation(left, right) < 0.15


def test_distance_correlation_is_its_definition() -> None:
    """U-centred distances of four points by loops (Székely and Rizzo 2014, definition 2)."""
    left, right = drawn(4, 2).double(), drawn(4, 3, seed=1).double()

    def centred(points: torch.Tensor) -> np.ndarray:
        count = len(points)
        far = np.array([[float((a - b).norm()) for b in points] for a in points])
        made = np.zeros((count, count))
        for i in range(count):
            for j in range(count):
                if i != j:
                    made[i, j] = far[i, j] - far[i].sum() / (count - 2) - far[:, j].sum() / (count - 2)
                    made[i, j] += far.sum() / ((count - 1) * (count - 2))
        return made

    a, b = centred(left), centred(right)
    both = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
    assert distance_correlation(left, right) == pytest.approx(max(both, 0.0) ** 0.5)


def test_the_shipped_table_has_every_cut_codec_and_seed_of_the_study() -> None:
    keys = [(r.family, r.position, r.codec, r.setting_ratio, r.seed) for r in leakage_table().rows]
    seeds = {row.seed for row in leakage_table().rows}
    settings = [(c.kind, getattr(c, getattr(c, "tuned_field", "") or "", 1.0)) for c in CODECS]
    expected = {
        (family, cut, *setting, seed)
        for family, ops in (("cnn", 19), ("transformer", 18))
        for cut in range(1, ops)
        for setting in settings
        for seed in seeds
    }
    assert len(seeds) >= 2
    assert len(keys) == len(set(keys))
    assert set(keys) == expected
    assert "leakage_study" in leakage_table().facts["command"]
