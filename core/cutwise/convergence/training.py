"""Split and federated training for real: device forward, smashed data up, server step, gradient down.

Every scheme is a grouping. Devices of a group train in turn and hand the device-side model on; every group
has a server-side model of its own; the round ends with the average of both, weighted by samples (P5). One
group is split learning, a device a group is split federated learning (version 1), and that with the whole
model on the device is federated averaging. Version 2 alone differs: one server-side model serves all devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutwise.convergence.lossy_channel import LossyChannel
from cutwise.convergence.schedule import Learner, Schedule, round_schedule, server_turns
from cutwise.convergence.small_cnn import forward, initial_weights

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the learners of a study share: blocks on the device, local epochs, mini-batch, channel.

    `cut` is 1 to 4; 4 leaves nothing to the server. Without a batch size every step sees all of a device's
    data. `shared_server`: one server-side model serves all devices at once (SplitFed, version 2).
    """

    cut: int = 1
    local_epochs: int = 1
    batch_size: int | None = 16
    shared_server: bool = False
    channel: LossyChannel | None = None


class TrainedRound(NamedTuple):
    """The averaged weights after a round, copies = learners, and the losses of every step of every chain."""

    weights: list[Tensor]
    losses: list[Tensor]


class Batch(NamedTuple):
    """A mini-batch for every chain at work: what the model reads, labels, which samples are real, steps."""

    data: Tensor
    labels: Tensor
    present: Tensor
    rates: Tensor


def train(
    patches: Tensor, labels: Tensor, *, learners: Sequence[Learner], recipe: Recipe
) -> Iterator[TrainedRound]:
    """Round after round without end; sample numbers of the learners are rows of `patches` and `labels`."""
    import torch

    weights = [
        torch.tensor(part, dtype=patches.dtype)
        for part in initial_weights([learner.seed for learner in learners])
    ]
    generator = torch.Generator().manual_seed(learners[0].seed)
    play = _shared_server_round if recipe.shared_server else _grouped_round
    round_number = 0
    while True:
        schedule = round_schedule(
            learners,
            round_number=round_number,
            local_epochs=recipe.local_epochs,
            batch_size=recipe.batch_size,
        )
        batches = _batches(patches, labels, schedule, learners)
        weights, losses = play(weights, schedule, batches, recipe, generator)
        yield TrainedRound(weights, losses)
        round_number += 1


def right_answers(
    weights: Sequence[Tensor], patches: Tensor, labels: Tensor, *, recipe: Recipe, generator: Generator
) -> Tensor:
    """How many test samples each learner's model names right, sent through the channel in mini-batches.

    `patches` is (learners, samples, numbers) and `labels` (learners, samples); samples fill whole batches.
    """
    import torch

    with torch.no_grad():
        smashed = forward(weights[: 2 * recipe.cut], patches)
        if recipe.channel is not None:
            sent = smashed.reshape(-1, recipe.batch_size or patches.shape[1], smashed.shape[2])
            whole = torch.ones(sent.shape[:2], dtype=sent.dtype)
            smashed = recipe.channel.passed(sent, whole, generator=generator).view_as(smashed)
        answers = forward(weights[2 * recipe.cut :], smashed, first=recipe.cut).argmax(2)
    return (answers == labels).sum(1)


def _batches(
    patches: Tensor, labels: Tensor, schedule: Schedule, learners: Sequence[Learner]
) -> Iterator[Batch]:
    """Step after step, the mini-batches of the chains still at work."""
    import torch

    samples = torch.tensor(schedule.samples)
    present = torch.tensor(schedule.present, dtype=patches.dtype)
    steps = np.array([learners[owner].learning_rate for owner in schedule.owner])
    rates = torch.tensor(steps, dtype=patches.dtype)[:, None, None]
    for step, active in enumerate(schedule.active.tolist()):
        rows = samples[:active, step]
        yield Batch(patches[rows], labels[rows], present[:active, step], rates[:active])


def _grouped_round(
    weights: list[Tensor], schedule: Schedule, batches: Iterator[Batch], recipe: Recipe, generator: Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """Every chain starts from its learner's model and ends in the average."""
    chains = _of_owners(weights, schedule)
    losses = []
    for batch in batches:
        at_work = [part[: len(batch.data)] for part in chains]
        device, server = at_work[: 2 * recipe.cut], at_work[2 * recipe.cut :]
        smashed, received = _sent_up(device, batch, recipe, generator)
        loss, gradient = _server_step(server, received, batch, recipe.cut)
        _device_step(device, smashed, _sent_down(gradient, batch, recipe, generator), batch)
        losses.append(loss)
    return _averaged(chains, schedule, len(weights[0])), losses


def _shared_server_round(
    weights: list[Tensor], schedule: Schedule, batches: Iterator[Batch], recipe: Recipe, generator: Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """Devices step at once, then the server steps on one device's smashed data after the other."""
    import torch

    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    chains = _of_owners(weights[: 2 * recipe.cut], schedule)
    server = [part.clone() for part in weights[2 * recipe.cut :]]
    losses = []
    for batch in batches:
        owner = schedule.owner[: len(batch.data)]
        device = [part[: len(batch.data)] for part in chains]
        smashed, received = _sent_up(device, batch, recipe, generator)
        gradient, loss = torch.zeros_like(received), torch.zeros_like(batch.rates[:, 0, 0])
        for turn in server_turns(owner, rng=rng):
            served, models = torch.tensor(turn), torch.tensor(owner[turn])
            picked = [part[models] for part in server]
            turn_batch = Batch(*(part[served] for part in batch))
            loss[served], gradient[served] = _server_step(picked, received[served], turn_batch, recipe.cut)
            for part, stepped in zip(server, picked, strict=True):
                part[models] = stepped.detach()
        _device_step(device, smashed, _sent_down(gradient, batch, recipe, generator), batch)
        losses.append(loss)
    return [*_averaged(chains, schedule, len(weights[0])), *server], losses


def _sent_up(
    device: Sequence[Tensor], batch: Batch, recipe: Recipe, generator: Generator
) -> tuple[Tensor, Tensor]:
    """The smashed data on the devices, and what the server receives of them."""
    for part in device:
        part.requires_grad_()
    smashed = forward(device, batch.data)
    received = smashed.detach()
    if recipe.channel is not None:
        received = recipe.channel.passed(received, batch.present, generator=generator)
    return smashed, received


def _server_step(server: list[Tensor], received: Tensor, batch: Batch, cut: int) -> tuple[Tensor, Tensor]:
    """Loss of every chain and gradient of the smashed data; the server-side weights take their step."""
    import torch

    received = received.detach().requires_grad_()
    for part in server:
        part.requires_grad_()
    answers = forward(server, received, first=cut)
    entropies = torch.nn.functional.cross_entropy(
        answers.flatten(0, 1), batch.labels.flatten(), reduction="none"
    )
    losses = (entropies.view_as(batch.present) * batch.present).sum(1) / batch.present.sum(1)
    gradient, *slopes = torch.autograd.grad(losses.sum(), [received, *server])
    _descend(server, slopes, batch.rates)
    return losses.detach(), gradient


def _sent_down(gradient: Tensor, batch: Batch, recipe: Recipe, generator: Generator) -> Tensor:
    if recipe.channel is None:
        return gradient
    return recipe.channel.passed(gradient, batch.present, generator=generator)


def _device_step(device: list[Tensor], smashed: Tensor, gradient: Tensor, batch: Batch) -> None:
    import torch

    _descend(device, torch.autograd.grad(smashed, device, gradient), batch.rates)


def _descend(weights: Sequence[Tensor], slopes: Sequence[Tensor], rates: Tensor) -> None:
    for part, slope in zip(weights, slopes, strict=True):
        part.detach().sub_(rates * slope)


def _of_owners(weights: Sequence[Tensor], schedule: Schedule) -> list[Tensor]:
    """A copy of its learner's weights for every chain."""
    import torch

    owner = torch.tensor(schedule.owner)
    return [part[owner] for part in weights]


def _averaged(chains: Sequence[Tensor], schedule: Schedule, learners: int) -> list[Tensor]:
    """The chains of every learner averaged, each weighted by its samples."""
    import torch

    owner = torch.tensor(schedule.owner)
    weight: Any = torch.tensor(schedule.weight, dtype=chains[0].dtype)[:, None, None]
    empty = [torch.zeros((learners, *part.shape[1:]), dtype=part.dtype) for part in chains]
    return [zero.index_add(0, owner, weight * part) for zero, part in zip(empty, chains, strict=True)]
