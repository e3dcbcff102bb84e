from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutwise.convergence.schedule import Learner, Schedule, round_schedule, server_turns


def of(learners: list[Learner], *, number: int = 0, epochs: int = 1, batch: int | None = 10) -> Schedule:
    return round_schedule(learners, round_number=number, local_epochs=epochs, batch_size=batch)


def test_every_sample_is_trained_once_in_every_local_epoch(learner: Learner) -> None:
    plan = of([replace(learner, groups=((0, 1), (2, 3)))], epochs=3)
    there = plan.present > 0
    assert np.bincount(plan.samples[there], minlength=60).tolist() == [3] * 60


def test_a_chain_has_the_mini_batches_of_its_devices_one_after_another(learner: Learner) -> None:
    # Devices 2, 0, 1, 3 have 12, 24, 18, 6 samples: mini-batches of 10+2, 10+10+4, 10+8, 6.
    plan = of([learner])
    assert plan.present.sum(2).tolist() == [[10, 2, 10, 10, 4, 10, 8, 6]]
    first = plan.samples[0, :2][plan.present[0, :2] > 0]
    assert sorted(first) == sorted(learner.shares[2])


def test_chains_at_work_are_the_first_ones(learner: Learner) -> None:
    # Groups (3,), (0, 1), (2,): 1, 3 + 2, 2 mini-batches.
    plan = of([replace(learner, groups=((3,), (0, 1), (2,)))])
    assert plan.present.sum((1, 2)).tolist() == [42, 12, 6]
    assert plan.active.tolist() == [3, 2, 1, 1, 1]
    assert plan.weight.tolist() == [42 / 60, 12 / 60, 6 / 60]


def test_a_device_sees_the_same_order_in_every_grouping(learner: Learner) -> None:
    together, apart = of([learner]), of([replace(learner, groups=((0,), (1,), (2,), (3,)))])
    share = set(learner.shares[1].tolist())
    (chain,) = (row for row in range(4) if set(apart.samples[row, 0]) <= share)
    assert np.array_equal(together.samples[0, 5], apart.samples[chain, 0])


def test_rounds_shuffle_anew_and_repeat_by_seed(learner: Learner) -> None:
    assert not np.array_equal(of([learner]).samples, of([learner], number=1).samples)
    assert np.array_equal(of([learner]).samples, of([learner]).samples)


def test_without_a_batch_size_a_device_takes_one_step(learner: Learner) -> None:
    assert of([learner], batch=None).present.sum(2).tolist() == [[12, 24, 18, 6]]


def test_learners_keep_their_own_weights(learner: Learner) -> None:
    plan = of([learner, replace(learner, groups=((0, 1), (2, 3)))])
    assert [plan.weight[plan.owner == k].sum() for k in (0, 1)] == [1.0, 1.0]


def test_a_shared_server_serves_every_chain_once_and_no_learner_twice_in_a_turn() -> None:
    turns = server_turns([0, 1, 0, 0, 1], rng=np.random.default_rng(0))
    assert sorted(np.concatenate(turns).tolist()) == [0, 1, 2, 3, 4]
    assert [len(turn) for turn in turns] == [2, 2, 1]
