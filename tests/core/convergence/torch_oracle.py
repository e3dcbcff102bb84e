"""The same network from torch's own layers, one copy at a time, and the schemes written as plain loops."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import nn


def plain_network(weights: list[Any]) -> nn.Sequential:
    """Torch's layers with the weights of a stack's only copy, in 64 bits."""
    layers = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(16, 32, 2, stride=2), nn.ReLU()),
        nn.Sequential(ChannelsLast(), nn.Linear(128, 64), nn.ReLU()),
        nn.Sequential(nn.Linear(64, 10)),
    ).double()
    k1, b1, k2, b2, k3, b3, k4, b4 = (torch.as_tensor(part[0]) for part in weights)
    shaped = (
        k1.T.reshape(16, 1, 3, 3), b1[0], k2.reshape(2, 2, 16, 32).permute(3, 2, 0, 1), b2[0],
        k3.T, b3[0], k4.T, b4[0],
    )  # fmt: skip
    with torch.no_grad():
        for parameter, value in zip(layers.parameters(), shaped, strict=True):
            parameter.copy_(value)
    return layers


class ChannelsLast(nn.Module):
    def forward(self, data: torch.Tensor) -> torch.Tensor:
        return data.permute(0, 2, 3, 1).flatten(1)


def as_stack(layers: nn.Sequential) -> list[np.ndarray]:
    """The way back: kernels and biases as the stack lays them out, without the axis of copies."""
    k1, b1, k2, b2, k3, b3, k4, b4 = (parameter.detach().numpy() for parameter in layers.parameters())
    return [
        k1.reshape(16, 9).T, b1[None], k2.transpose(2, 3, 1, 0).reshape(64, 32), b2[None],
        k3.T, b3[None], k4.T, b4[None],
    ]  # fmt: skip


def one_step(layers: nn.Sequential, images: Any, labels: Any, *, learning_rate: float) -> float:
    """Monolithic gradient descent on one mini-batch; answers the loss."""
    answers = layers(torch.as_tensor(images)[:, None])
    loss = nn.functional.cross_entropy(answers, torch.as_tensor(labels))
    layers.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter -= learning_rate * parameter.grad
    return loss.item()


def averaged(models: list[nn.Sequential], samples: list[int]) -> nn.Sequential:
    """Weights averaged, each model's by its samples."""
    result = copy.deepcopy(models[0])
    with torch.no_grad():
        for target, *parts in zip(
            result.parameters(), *(model.parameters() for model in models), strict=True
        ):
            target.copy_(sum(n * p for n, p in zip(samples, parts, strict=True)) / sum(samples))
    return result
