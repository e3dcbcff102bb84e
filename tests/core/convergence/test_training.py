from __future__ import annotations

import copy
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

from cutwise.convergence.lossy_channel import LossyChannel
from cutwise.convergence.schedule import Learner, round_schedule, server_turns
from cutwise.convergence.small_cnn import image_patches, initial_weights

torch = pytest.importorskip("torch")

from cutwise.convergence.training import Recipe, TrainedRound, right_answers, train  # noqa: E402
from tests.core.convergence.torch_oracle import as_stack, averaged, one_step, plain_network  # noqa: E402

FULL = Recipe(batch_size=None)
CUTS = (1, 2, 3, 4)
ONE_EACH = ((0,), (1,), (2,), (3,))


def rounds(
    images: np.ndarray, labels: np.ndarray, learners: list[Learner], recipe: Recipe, number: int
) -> list[TrainedRound]:
    played = train(
        torch.as_tensor(image_patches(images)), torch.as_tensor(labels), learners=learners, recipe=recipe
    )
    return list(islice(played, number))


def batches_of(learner: Learner, round_number: int, **facts: Any) -> list[np.ndarray]:
    """The real samples of a single chain's mini-batches."""
    plan = round_schedule([learner], round_number=round_number, **facts)
    return [row[there > 0] for row, there in zip(plan.samples[0], plan.present[0], strict=True)]


@pytest.mark.parametrize("cut", CUTS)
def test_split_training_is_unsplit_training_step_by_step_at_every_cut(
    cut: int, images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    recipe = Recipe(cut=cut, batch_size=7, local_epochs=2)
    played = rounds(images, labels, [learner], recipe, 2)
    oracle = plain_network(initial_weights([learner.seed]))
    for number, trained in enumerate(played):
        expected = [
            one_step(oracle, images[batch], labels[batch], learning_rate=0.3)
            for batch in batches_of(learner, number, local_epochs=2, batch_size=7)
        ]
        assert [float(loss) for loss in trained.losses] == pytest.approx(expected, abs=1e-9)
        for part, other in zip(trained.weights, as_stack(oracle), strict=True):
            assert part[0].numpy() == pytest.approx(other, abs=1e-9)


@pytest.mark.parametrize("cut", CUTS[:-1])
def test_losses_are_bit_identical_wherever_the_model_is_cut(
    cut: int, images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    split, whole = (
        rounds(images, labels, [learner], Recipe(cut=c, batch_size=7), 3) for c in (cut, CUTS[-1])
    )
    for here, there in zip(split, whole, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(here.losses, there.losses, strict=True))
        assert all(torch.equal(a, b) for a, b in zip(here.weights, there.weights, strict=True))


def test_gsfl_with_one_group_is_split_learning(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    (trained,) = rounds(images, labels, [learner], FULL, 1)
    oracle = plain_network(initial_weights([learner.seed]))
    for device in learner.groups[0]:
        share = learner.shares[device]
        one_step(oracle, images[share], labels[share], learning_rate=0.3)
    for part, other in zip(trained.weights, as_stack(oracle), strict=True):
        assert part[0].numpy() == pytest.approx(other, abs=1e-12)


def test_gsfl_with_one_device_a_group_is_split_federated_learning_weighted_by_samples(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    grouped = replace(learner, groups=ONE_EACH)
    played = rounds(images, labels, [grouped], FULL, 2)
    oracle = plain_network(initial_weights([learner.seed]))
    for _ in played:
        models = [copy.deepcopy(oracle) for _ in range(4)]
        for model, share in zip(models, learner.shares, strict=True):
            one_step(model, images[share], labels[share], learning_rate=0.3)
        oracle = averaged(models, [24, 18, 12, 6])
    for part, other in zip(played[-1].weights, as_stack(oracle), strict=True):
        assert part[0].numpy() == pytest.approx(other, abs=1e-12)


def test_gsfl_averages_its_groups_by_their_samples(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    grouped = replace(learner, groups=((0, 3), (2, 1)))
    (trained,) = rounds(images, labels, [grouped], FULL, 1)
    models = [plain_network(initial_weights([learner.seed])) for _ in range(2)]
    for model, group in zip(models, grouped.groups, strict=True):
        for device in group:
            share = learner.shares[device]
            one_step(model, images[share], labels[share], learning_rate=0.3)
    oracle = averaged(models, [24 + 6, 12 + 18])
    for part, other in zip(trained.weights, as_stack(oracle), strict=True):
        assert part[0].numpy() == pytest.approx(other, abs=1e-12)


def test_one_full_batch_step_a_device_averaged_is_one_step_on_all_data(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    # The mean of the devices' gradients, weighted by samples, is the gradient over all samples.
    (trained,) = rounds(images, labels, [replace(learner, groups=ONE_EACH)], FULL, 1)
    oracle = plain_network(initial_weights([learner.seed]))
    one_step(oracle, images, labels, learning_rate=0.3)
    for part, other in zip(trained.weights, as_stack(oracle), strict=True):
        assert part[0].numpy() == pytest.approx(other, abs=1e-12)


def test_version_two_serves_every_device_with_one_server_side_model(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    grouped = replace(learner, groups=ONE_EACH)
    recipe = Recipe(batch_size=None, shared_server=True)
    (trained,) = rounds(images, labels, [grouped], recipe, 1)
    start = plain_network(initial_weights([learner.seed]))
    order = served_order(learner.seed)
    devices = [copy.deepcopy(start[:1]) for _ in range(4)]
    server = start[1:]
    for device in order:
        share = learner.shares[device]
        one_step(
            torch.nn.Sequential(*devices[device], *server), images[share], labels[share], learning_rate=0.3
        )
    mean = averaged(devices, [24, 18, 12, 6])
    oracle = torch.nn.Sequential(*mean, *server)
    for part, other in zip(trained.weights, as_stack(oracle), strict=True):
        assert part[0].numpy() == pytest.approx(other, abs=1e-12)


def served_order(seed: int) -> list[int]:
    """Chains of four devices with a mini-batch each stand in the order of the devices."""
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    return [int(turn[0]) for turn in server_turns([0, 0, 0, 0], rng=rng)]


def test_learners_side_by_side_do_not_touch_each_other(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    other = replace(learner, seed=6, groups=((0, 1), (2, 3)), learning_rate=0.1)
    together = rounds(images, labels, [other, learner], Recipe(), 2)[-1].weights
    alone = rounds(images, labels, [learner], Recipe(), 2)[-1].weights
    for part, expected in zip(together, alone, strict=True):
        assert part[1].numpy() == pytest.approx(expected[0].numpy(), abs=1e-12)


def test_what_the_channel_drops_is_not_trained(
    images: np.ndarray, labels: np.ndarray, learner: Learner
) -> None:
    # One number of 24 * 256 is sent: the gradient of the first block has one channel at most.
    narrow = Recipe(batch_size=None, channel=LossyChannel(density_ratio=1e-9, value_bits=8))
    single = replace(learner, groups=((0,),), learning_rate=1.0)
    (trained,) = rounds(images, labels, [single], narrow, 1)
    moved = trained.weights[0][0].numpy() - initial_weights([learner.seed])[0][0]
    assert (np.abs(moved).max(0) > 0).sum() <= 1


def test_right_answers_go_through_the_channel(images: np.ndarray, labels: np.ndarray) -> None:
    weights = [torch.as_tensor(part) for part in initial_weights([5])]
    patches = torch.as_tensor(image_patches(images))[None]
    oracle = plain_network(initial_weights([5]))
    answers = oracle(torch.as_tensor(images)[:, None]).argmax(1)
    generator = torch.Generator().manual_seed(0)
    right = right_answers(
        weights, patches, torch.as_tensor(labels)[None], recipe=Recipe(batch_size=20), generator=generator
    )
    assert int(right) == int((answers.numpy() == labels).sum())
    shut = Recipe(batch_size=20, channel=LossyChannel(density_ratio=1e-9))
    # The right answers are those of the open channel; a channel that drops all but one number loses some.
    right = right_answers(weights, patches, answers[None], recipe=shut, generator=generator)
    assert int(right) < 60
