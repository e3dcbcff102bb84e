"""P3's compressor: the largest elements, rounded at random without bias, mask and levels coded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Ints, Singles
from cutwise.compression.codec import CODECS, CodecFields, Forecast, read_payload, write_payload
from cutwise.compression.coders.entropy_coder import decode_bits, decode_symbols, encode_bits, encode_symbols
from cutwise.compression.coders.mask_coder import MASK_CODERS, MaskCoding
from cutwise.compression.coders.quantiser import (
    QuantisedTensor,
    Rounding,
    as_reals,
    kept_range,
    largest,
    levels_back,
    stochastic_levels,
)
from cutwise.compression.coders.rice_coder import pack_integers, unpack_integers
from cutwise.compression.expectation import top_k_expectation
from cutwise.compression.magnitudes import MagnitudeProfile
from cutwise.compression.rate_model import SCALE_BITS, binary_entropy_bits
from cutwise.units import quantity

HEAVY_KURTOSIS = 10.0
"""Above it a few values hold most of the energy."""
LEAST_DENSITY, DENSITIES = 1e-3, 33
VALUE_BITS = range(2, 13)


@CODECS.named("top_k")
@dataclass(frozen=True, slots=True, kw_only=True)
class TopK(CodecFields):
    r"""Keeps the round(ρ n) largest magnitudes on $2^{b-1}$ levels from the smallest to the largest of them.

    Bits an element: $c_{mask} + \rho (H_{sign} + H) + 64/n$ with $H$ the entropy of the levels (P3, arXiv
    2501.09237; the size its authors' code counts). Deviations from that code: rounding is unbiased and the
    range ends at the true maximum unless asked otherwise; levels are coded by rANS instead of Huffman.

    >>> codec = TopK(density_ratio=0.5, value_bits=3)  # 4 levels from 1 to 4: both kept values are levels
    >>> codec.decode(codec.encode([[1.0, -4.0], [0.5, 0.25]])).tolist()
    [[1.0, -4.0], [0.0, 0.0]]
    """

    tuned_field: ClassVar[str] = "density_ratio"
    kind: Literal["top_k"] = quantity("top_k", title="Codec", help="The largest elements, quantised (P3)")
    density_ratio: float = quantity(
        0.5, unit="ratio", ge=1e-6, le=1, symbol="ρ", title="Density", scale="log", shown=(0.01, 1.0),
        help="Share of the elements that is kept, those of largest magnitude; 1 - sparsity",
    )  # fmt: skip
    value_bits: int = quantity(
        8, ge=2, le=12, symbol="b", title="Bits a value", shown=(2, 12),
        help="Bits of a kept value before coding: one is the sign, the others number the levels",
    )  # fmt: skip
    mask_coding: MaskCoding = quantity(
        "entropy", title="Mask coding", help="How the places of the kept elements are coded"
    )
    value_coding: Literal["entropy", "plain"] = quantity(
        "entropy", title="Value coding", help="How the levels are coded; plain: all of one width"
    )
    rounding: Rounding = quantity(
        "unbiased", title="Rounding", help="How a value between levels is rounded; authors: as in P3's code"
    )
    clip_ratio: float = quantity(
        0.0, unit="ratio", ge=0, lt=1, title="Clipped", shown=(0.0, 0.2),
        help="Share of the kept values above the top level (0.05 in the authors' code); it is biased, and "
        "destroys tensors in which a few channels are far larger than the others",
    )  # fmt: skip

    @property
    def label(self) -> str:
        """The codec and its setting in words."""
        return f"top_k, {self.density_ratio:.3g} kept, {self.value_bits} bits"

    @property
    def level_count(self) -> int:
        """Levels a magnitude can take."""
        return 1 << (self.value_bits - 1)

    def quantised(self, tensor: ArrayLike, *, seed: int = 0) -> QuantisedTensor:
        """What the receiver will hold; raises `SolverError` where an element is not finite."""
        reals = as_reals(tensor)
        kept = largest(reals, density_ratio=self.density_ratio)
        values = reals.ravel()[kept]
        scale = kept_range(np.abs(values), clip_ratio=self.clip_ratio)
        levels = stochastic_levels(
            np.abs(values), scale=scale, level_count=self.level_count, rounding=self.rounding, seed=seed
        )
        return QuantisedTensor(shape=reals.shape, kept=kept, levels=levels, negative=values < 0, scale=scale)

    def restored(self, tensor: ArrayLike, *, seed: int = 0) -> Singles:
        """The tensor after compression: its shape, 32-bit numbers."""
        return levels_back(self.quantised(tensor, seed=seed), level_count=self.level_count)

    def encode(self, tensor: ArrayLike, *, seed: int = 0) -> bytes:
        """Header, mask, levels and signs as bytes."""
        held = self.quantised(tensor, seed=seed)
        mask = MASK_CODERS[self.mask_coding].encode(held.kept)
        return write_payload(
            held, held.levels.size, (mask, self._levels_out(held.levels), encode_bits(held.negative))
        )

    def decode(self, payload: bytes) -> Singles:
        """The tensor that a codec with the same fields encoded; `SolverError` for a damaged payload."""
        parts = read_payload(payload, section_count=3)
        mask, levels, signs = parts.sections
        held = QuantisedTensor(
            shape=parts.shape,
            kept=MASK_CODERS[self.mask_coding].decode(mask, parts.element_count, parts.number),
            levels=self._levels_in(levels, parts.number),
            negative=decode_bits(signs, count=parts.number),
            scale=parts.scale,
        )
        return levels_back(held, level_count=self.level_count)

    def forecast(self, *, element_count: float, profile: MagnitudeProfile | None = None) -> Forecast:
        """Size, error and seconds, expected over the rounding."""
        magnitudes = self.expected(profile)
        found = top_k_expectation(
            magnitudes,
            density_ratio=self.density_ratio,
            level_count=self.level_count,
            clip_ratio=self.clip_ratio,
            rounding=self.rounding,
        )
        level_bits = found.level_bits if self.value_coding == "entropy" else self.value_bits - 1
        sign_bits = float(binary_entropy_bits(magnitudes.negative_ratio))
        mask_bits = MASK_CODERS[self.mask_coding].element_bits(min(found.kept_ratio, 1.0))
        return self.priced(
            element_count=element_count,
            coded_bits=element_count * (mask_bits + found.kept_ratio * (sign_bits + level_bits)) + SCALE_BITS,
            error_ratio=found.error_ratio,
            warnings=self._warnings(magnitudes),
        )

    def settings(self) -> Sequence[Sequence[TopK]]:
        """A line of densities for every number of bits."""
        densities = np.minimum(np.geomspace(LEAST_DENSITY, 1.0, DENSITIES), 1.0).tolist()
        return [
            [replace(self, value_bits=bits, density_ratio=kept) for kept in densities] for bits in VALUE_BITS
        ]

    def _warnings(self, profile: MagnitudeProfile) -> tuple[str, ...]:
        if self.clip_ratio == 0 or profile.kurtosis <= HEAVY_KURTOSIS:
            return ()
        return (
            f"clip_ratio {self.clip_ratio} cuts off outliers (kurtosis {profile.kurtosis:.0f}, normal values "
            "have 3): most of the tensor's energy is lost; set it to 0",
        )

    def _levels_out(self, levels: Ints) -> bytes:
        if self.value_coding == "plain":
            return pack_integers(levels, self.value_bits - 1)
        return encode_symbols(levels, self.level_count)

    def _levels_in(self, payload: bytes, count: int) -> Ints:
        if self.value_coding == "plain":
            return unpack_integers(payload, count=count, width=self.value_bits - 1)
        return decode_symbols(payload, count=count, alphabet=self.level_count)
