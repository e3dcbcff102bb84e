"""P3's learning check: a small ViT, LoRA, eight clients; smashed data compressed beside uncompressed.

python -m tests.bench.lossy_vit --seeds 5

The model is trained on digits lying on their side, then tuned with LoRA for upright ones: clients hold the
first blocks, the server a copy of the rest for each, all adapters are averaged after every round, and Adam
starts anew. Each setting has the same images, adapters, batches and learning rate; the rate is chosen without
compression on another seed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cutwise.compression import TopK
from cutwise.convergence.lossy_channel import LossyChannel
from tests.bench.clock import table

CLIENTS, SAMPLES, BATCH, ROUNDS = 8, 80, 16, 40
PATCH, WIDTH, DEPTH, HEADS, RANK, CUT = 2, 64, 4, 4, 8, 2
EARLIER, TESTED, EARLIER_PASSES = 700, 400, 30
RATES, SEARCH_SEED = (0.002, 0.005, 0.01, 0.02, 0.05), 100
LAST = 5


@dataclass(frozen=True)
class Setting:
    """What passes the cut: `up` the smashed data, `down` their gradients; None passes all."""

    name: str
    up: TopK | None = None
    down: TopK | None = None


MILD, HARSH = TopK(density_ratio=0.5, value_bits=8), TopK(density_ratio=0.1, value_bits=3)
SETTINGS = (
    Setting("uncompressed"),
    Setting(f"{MILD.label}, up", up=MILD),
    Setting(f"{MILD.label}, both", up=MILD, down=MILD),
    Setting(f"{HARSH.label}, both", up=HARSH, down=HARSH),
)


class Adapted(nn.Module):
    """A frozen linear layer with a LoRA branch."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.base = nn.Linear(width_in, width_out)
        self.down = nn.Parameter(torch.randn(RANK, width_in) / width_in**0.5)
        self.up = nn.Parameter(torch.zeros(width_out, RANK))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + x @ self.down.T @ self.up.T


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = Adapted(WIDTH, 3 * WIDTH), Adapted(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, _ = x.shape
        heads = self.qkv(self.first(x)).view(count, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(*heads).transpose(1, 2)
        x = x + self.out(mixed.reshape(count, tokens, WIDTH))
        return x + self.mlp(self.second(x))


class Vit(nn.Module):
    """Patches of 2x2 pixels, learned places, mean over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(PATCH * PATCH, WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn((8 // PATCH) ** 2, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10)

    def device_side(self, images: Tensor) -> Tensor:
        patches = images.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).flatten(3).flatten(1, 2)
        return self.blocks[:CUT](self.embed(patches) + self.places)

    def server_side(self, smashed: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks[CUT:](smashed).mean(1)))

    def tuned(self) -> list[nn.Parameter]:
        """Adapters and the head."""
        parts = [p for name, p in self.named_parameters() if name.endswith((".down", ".up"))]
        return [*parts, *self.head.parameters()]


def sent(tensor: Tensor, codec: TopK | None, generator: torch.Generator) -> Tensor:
    """What arrives of a mini-batch's tensor."""
    if codec is None:
        return tensor
    channel = LossyChannel(density_ratio=codec.density_ratio, value_bits=codec.value_bits)
    flat = tensor.flatten(1)[None]
    present = torch.ones(1, len(tensor), dtype=torch.bool)
    return channel.passed(flat, present, generator=generator).view_as(tensor)


def step(model: Vit, images: Tensor, labels: Tensor, setting: Setting, noise: torch.Generator) -> None:
    """Gradients of one mini-batch as split learning finds them: two graphs, joined by what passes the cut."""
    smashed = model.device_side(images)
    arrived = sent(smashed.detach(), setting.up, noise).requires_grad_()
    cross_entropy(model.server_side(arrived), labels).backward()
    smashed.backward(sent(arrived.grad, setting.down, noise))


def images_of(seed: int) -> tuple[Tensor, Tensor]:
    """Grey images of 8x8 and their labels in the order of the seed."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(seed).permutation(len(found.target))
    images = torch.as_tensor(found.images[order] / 16, dtype=torch.float32)
    return images, torch.as_tensor(found.target[order])


def earlier_model(seed: int) -> Vit:
    """The model after its first task: digits lying on their side, all parameters trained."""
    torch.manual_seed(seed)
    images, labels = (part[:EARLIER] for part in images_of(seed))
    model = Vit()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(EARLIER_PASSES):
        for batch in torch.randperm(EARLIER).split(32):
            optimizer.zero_grad()
            lying = images[batch].transpose(1, 2)
            cross_entropy(model.server_side(model.device_side(lying)), labels[batch]).backward()
            optimizer.step()
    wanted = {id(parameter) for parameter in model.tuned()}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in wanted)
    return model


def accuracies(start: Vit, seed: int, setting: Setting, rate: float) -> list[float]:
    """Test accuracy before the first and after every round."""
    images, labels = images_of(seed)
    noise, order = torch.Generator().manual_seed(seed), np.random.default_rng([seed, 1])
    shares = np.split(np.arange(EARLIER, EARLIER + CLIENTS * SAMPLES), CLIENTS)
    copies = [Vit() for _ in range(CLIENTS)]
    for copy in copies:
        for own, given in zip(copy.parameters(), start.parameters(), strict=True):
            own.requires_grad_(given.requires_grad)
    state = start.state_dict()
    found = [_accuracy(start, images[-TESTED:], labels[-TESTED:], setting, noise)]
    for _ in range(ROUNDS):
        for copy, share in zip(copies, shares, strict=True):
            copy.load_state_dict(state)
            optimizer = torch.optim.Adam(copy.tuned(), lr=rate)
            for batch in np.array_split(order.permutation(share), SAMPLES // BATCH):
                optimizer.zero_grad()
                step(copy, images[batch], labels[batch], setting, noise)
                optimizer.step()
        states = [copy.state_dict() for copy in copies]
        state = {name: torch.stack([one[name] for one in states]).mean(0) for name in state}
        copies[0].load_state_dict(state)
        found.append(_accuracy(copies[0], images[-TESTED:], labels[-TESTED:], setting, noise))
    return found


@torch.no_grad()
def _accuracy(model: Vit, images: Tensor, labels: Tensor, setting: Setting, noise: torch.Generator) -> float:
    parts = [sent(model.device_side(batch), setting.up, noise) for batch in images.split(BATCH)]
    guesses = torch.cat([model.server_side(part) for part in parts]).argmax(1)
    return float((guesses == labels).double().mean())


@torch.no_grad()
def sent_ratio(model: Vit, seed: int, codec: TopK | None) -> float:
    """Bytes of one mini-batch's smashed data as the codec writes them, over fp32."""
    if codec is None:
        return 1.0
    smashed = model.device_side(images_of(seed)[0][:BATCH])
    return len(codec.encode(smashed.flatten(1).double().numpy())) / (4 * smashed.numel())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lossy_vit", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    searched = earlier_model(SEARCH_SEED)
    ends = {rate: np.mean(accuracies(searched, SEARCH_SEED, SETTINGS[0], rate)[-LAST:]) for rate in RATES}
    rate = max(ends, key=ends.__getitem__)
    models = [earlier_model(seed) for seed in range(asked.seeds)]
    runs = {
        setting: np.array([accuracies(model, seed, setting, rate) for seed, model in enumerate(models)])
        for setting in SETTINGS
    }
    plain = runs[SETTINGS[0]][:, -LAST:].mean(1)
    rows = []
    for setting, found in runs.items():
        last = found[:, -LAST:].mean(1)
        apart = 100 * (last - plain)
        rows.append(
            (
                setting.name,
                f"{100 * found[:, 0].mean():.1f}",
                f"{100 * last.mean():.1f}",
                f"{apart.mean():+.1f} ({apart.min():+.1f} to {apart.max():+.1f})",
                f"{sent_ratio(models[0], 0, setting.up):.3f}",
            )
        )
    print(f"\n{asked.seeds} seeds, {ROUNDS} rounds of {CLIENTS} clients, learning rate {rate:g}")
    table(["", "before (%)", "after (%)", "points apart", "sent over fp32"], rows)


if __name__ == "__main__":
    main()
