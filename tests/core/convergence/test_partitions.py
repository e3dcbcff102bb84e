from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.convergence.partitions import dirichlet_shares, equal_groups, iid_shares
from cutwise.errors import SolverError

LABELS = np.repeat(np.arange(10), 100)


def shares_of(alpha: float, seed: int) -> tuple[np.ndarray, ...]:
    return dirichlet_shares(LABELS, 8, alpha=alpha, least=5, rng=np.random.default_rng(seed))


@settings(max_examples=25, deadline=None)
@given(alpha=st.sampled_from([0.1, 0.5, 5.0]), seed=st.integers(0, 1000))
def test_every_sample_belongs_to_one_device_and_none_has_too_few(alpha: float, seed: int) -> None:
    shares = shares_of(alpha, seed)
    assert sorted(np.concatenate(shares).tolist()) == list(range(1000))
    assert min(map(len, shares)) >= 5


def test_small_alpha_gives_devices_few_classes() -> None:
    def classes(alpha: float) -> float:
        # Classes with at least five in a hundred of a device's samples.
        found = [
            np.bincount(LABELS[s], minlength=10) / s.size for i in range(20) for s in shares_of(alpha, i)
        ]
        return float(np.mean([(part >= 0.05).sum() for part in found]))

    assert classes(0.1) < 4 < classes(0.5) < 7 < classes(100.0)


def test_hopeless_partitions_say_what_to_change() -> None:
    with pytest.raises(SolverError, match="raise alpha or lower the number of devices"):
        dirichlet_shares(np.zeros(10), 4, alpha=0.1, least=5, rng=np.random.default_rng(0))


def test_iid_shares_are_equal_and_complete() -> None:
    shares = iid_shares(1445, 12, rng=np.random.default_rng(0))
    # 1445 = 12 * 120 + 5.
    assert [len(share) for share in shares] == [121] * 5 + [120] * 7
    assert sorted(np.concatenate(shares).tolist()) == list(range(1445))


@pytest.mark.parametrize("groups", [1, 2, 3, 6, 12])
def test_groups_are_cuts_of_one_order_of_devices(groups: int) -> None:
    (whole,) = equal_groups(12, 1, rng=np.random.default_rng(3))
    parts = equal_groups(12, groups, rng=np.random.default_rng(3))
    assert tuple(device for part in parts for device in part) == whole
    assert {len(part) for part in parts} == {12 // groups}
