"""The residual blocks of `test_checkpointing.towers` in torch, with or without checkpoints."""

from __future__ import annotations

from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from tests.core.costs.small_transformers import WIDTH


class Block(nn.Module):
    """Norm, layer, GELU, layer, sum."""

    def __init__(self):
        super().__init__()
        self.norm, self.up, self.down = (
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.Linear(4 * WIDTH, WIDTH),
        )

    def forward(self, x):
        return x + self.down(functional.gelu(self.up(self.norm(x))))


class Towers(nn.Module):
    """An embedding and blocks; with `again` every block is run again, the last too."""

    def __init__(self, *, again: bool, count: int = 3):
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(12, WIDTH), *(Block() for _ in range(count))])
        self.again = again

    def forward(self, x):
        x = self.parts[0](x)
        for part in self.parts[1:]:
            x = checkpoint(part, x, use_reentrant=False) if self.again else part(x)
        return x
