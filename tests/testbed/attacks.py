"""What smashed data tell of inputs, and gradients of labels: decoders, a classifier, a correlation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PENALTIES = torch.logspace(-6, 2, 17)
COMPONENTS, HIDDEN, STEPS, BATCH = 256, 256, 500, 128


def decoded_ratio(known: Tensor, wanted: Tensor, seen: Tensor, hidden: Tensor, *, seed: int) -> float:
    """How much of `hidden` is told from `seen` by the better of two decoders of `known` to `wanted`.

    Real targets: the part of their variance; whole numbers are classes: the part of right answers beyond
    those of the most frequent class. Which decoder is better is decided on a fifth of what is known.
    """
    known, seen = _components(known, seen)
    classes = not wanted.is_floating_point()
    held = len(known) // 5
    best, found = -torch.inf, 0.0
    for decoder in (ridge_decoder, network_decoder):
        told = decoder(known[held:], wanted[held:], torch.cat([known[:held], seen]), seed=seed)
        checked = _told_ratio(told[:held], wanted[:held], wanted[held:], classes=classes)
        if checked > best:
            best, found = checked, _told_ratio(told[held:], hidden, wanted, classes=classes)
    return max(0.0, found)


def label_ratio(known: Tensor, labels: Tensor, seen: Tensor, hidden: Tensor) -> float:
    """Labels read off gradients, beyond guessing; their length tells little, so that each is made unit."""
    known, seen = (functional.normalize(x, dim=1, eps=1e-30) for x in (known, seen))
    told = ridge_decoder(*_components(known, seen)[:1], labels, _components(known, seen)[1], seed=0)
    return max(0.0, _told_ratio(told, hidden, labels, classes=True))


def ridge_decoder(known: Tensor, wanted: Tensor, seen: Tensor, *, seed: int) -> Tensor:
    """What least squares with the penalty of least leave-one-out error says of `seen`."""
    targets = _as_reals(wanted)
    middle, about = known.mean(0), targets.mean(0)
    left, sizes, right = torch.linalg.svd(known - middle, full_matrices=False)
    turned, best, factors = left.T @ (targets - about), torch.inf, torch.zeros(0)
    for penalty in PENALTIES * sizes[0] ** 2:
        shrunk = sizes**2 / (sizes**2 + penalty)
        leverage = (left**2 @ shrunk)[:, None] + 1 / len(known)
        missed = (targets - about - left @ (shrunk[:, None] * turned)) / (1 - leverage).clamp(min=1e-6)
        if missed.square().mean() < best:
            best = missed.square().mean()
            factors = right.T @ ((sizes / (sizes**2 + penalty))[:, None] * turned)
    return about + (seen - middle) @ factors


def network_decoder(known: Tensor, wanted: Tensor, seen: Tensor, *, seed: int) -> Tensor:
    """What a small network says of `seen`, trained on what is known."""
    torch.manual_seed(seed)
    classes = not wanted.is_floating_point()
    outputs = int(wanted.max()) + 1 if classes else wanted.shape[1]
    network = nn.Sequential(nn.Linear(known.shape[1], HIDDEN), nn.GELU(), nn.Linear(HIDDEN, outputs))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(STEPS):
        rows = torch.randint(0, len(known), (BATCH,))
        made = network(known[rows])
        loss = functional.cross_entropy if classes else functional.mse_loss
        optimizer.zero_grad()
        loss(made, wanted[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        return network(seen)


def distance_correlation(left: Tensor, right: Tensor) -> float:
    """How far distances among the rows of one tell those of the other: 0 for independent, 1 for alike.

    Bias corrected by U-centring (Székely and Rizzo 2014): many columns and few rows alone do not raise it.
    """
    a, b = (_centred(torch.cdist(x.double(), x.double())) for x in (left, right))
    both = (a * b).sum() / ((a * a).sum() * (b * b).sum()).sqrt().clamp(min=1e-300)
    return float(both.clamp(min=0).sqrt())


def _centred(distances: Tensor) -> Tensor:
    count = len(distances)
    rows = distances.sum(1, keepdim=True) / (count - 2)
    centred = distances - rows - rows.T + distances.sum() / ((count - 1) * (count - 2))
    return centred.fill_diagonal_(0)


def _components(known: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the directions that vary most in what is known, each column scaled to about one."""
    middle = known.mean(0)
    _, _, right = torch.linalg.svd(known - middle, full_matrices=False)
    turned = [(x - middle) @ right[:COMPONENTS].T for x in (known, seen)]
    scale = turned[0].std() + 1e-30
    return turned[0] / scale, turned[1] / scale


def _as_reals(wanted: Tensor) -> Tensor:
    return wanted if wanted.is_floating_point() else functional.one_hot(wanted).float()


def _told_ratio(told: Tensor, true: Tensor, known: Tensor, *, classes: bool) -> float:
    if not classes:
        return 1 - float((told - true).square().sum() / (true - known.mean(0)).square().sum())
    guessed = float((true == known.mode().values).float().mean())
    right = float((told.argmax(1) == true).float().mean())
    return (right - guessed) / (1 - guessed)
