"""The compression of `cutwise.compression.TopK` on many mini-batches at once, in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LossyChannel:
    """Keeps the largest magnitudes of a tensor, each rounded at random to one of 2^(value_bits - 1) levels.

    The levels lie evenly between the smallest and the largest kept magnitude, rounding is unbiased and the
    sign has a bit of its own: what a `cutwise.compression.TopK` with these fields gives back.
    """

    density_ratio: float = 1.0
    value_bits: int = 8

    def passed(self, data: Tensor, present: Tensor, *, generator: Generator) -> Tensor:
        """What arrives of (copies, samples, numbers), one tensor a copy; `present` marks its real samples."""
        import torch

        sent = (data * present[:, :, None]).flatten(1)
        magnitudes = sent.abs()
        kept = self._kept(magnitudes, present.sum(1) * data.shape[2])
        low = magnitudes.masked_fill(~kept, torch.inf).amin(1, keepdim=True)
        step = (magnitudes.amax(1, keepdim=True) - low) / (2 ** (self.value_bits - 1) - 1)
        place = torch.where(kept & (step > 0), (magnitudes - low) / step, 0.0)
        draws = torch.rand(place.shape, generator=generator, dtype=place.dtype)
        level = place.floor() + (draws < place.frac())
        arrived = torch.where(kept, (low + step * level) * sent.sign(), 0.0)
        return arrived.view_as(data)

    def _kept(self, magnitudes: Tensor, elements: Tensor) -> Tensor:
        import torch

        if self.density_ratio == 1:
            return magnitudes > 0
        counts = (self.density_ratio * elements).round().clamp(min=1)
        places = magnitudes.topk(int(counts.max()), dim=1).indices
        among = torch.arange(places.shape[1]) < counts[:, None]
        return torch.zeros_like(magnitudes, dtype=torch.bool).scatter(1, places, among) & (magnitudes > 0)
