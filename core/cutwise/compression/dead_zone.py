"""A better compressor than top-k at equal size: a uniform quantiser with a dead zone, entropy coded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Ints, Singles
from cutwise.compression.codec import CODECS, CodecFields, Forecast, read_payload, write_payload
from cutwise.compression.coders.entropy_coder import decode_bits, decode_symbols, encode_bits, encode_symbols
from cutwise.compression.coders.quantiser import QuantisedTensor, as_reals, dead_zone_back, dead_zone_levels
from cutwise.compression.coders.rice_coder import best_exponent, rice_decode, rice_encode
from cutwise.compression.expectation import dead_zone_expectation, mean_place
from cutwise.compression.magnitudes import MagnitudeProfile
from cutwise.compression.rate_model import SCALE_BITS, binary_entropy_bits
from cutwise.units import quantity

ESCAPE = 1023
"""Levels from here on are rare: the coder sees this symbol, the excess follows as a Golomb code."""
STEPS = (0.01, 100.0, 65)
SMALLEST_STEP = float(np.finfo(np.float32).tiny)


@CODECS.named("dead_zone")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadZone(CodecFields):
    r"""Levels $\lfloor |x|/\Delta + 1/3 \rfloor$: what is below two thirds of a step becomes zero.

    One knob instead of two, and sparsity follows from the tensor. Bits an element:
    $H(\text{level}) + P(\text{level} > 0) H_{sign} + 64/n$. Not unbiased: a value comes back as its level
    plus the mean place of all values inside their steps.

    >>> codec = DeadZone(step_ratio=0.5)  # root mean square 1, step 0.5: 2.4 steps are level 2, 3.2 level 3
    >>> codec.decode(codec.encode([1.2, -1.6, 0.0, 0.0])).round(3).tolist()  # places 0.4 and 0.2, mean 0.3
    [1.149999976158142, -1.649999976158142, 0.0, 0.0]
    """

    tuned_field: ClassVar[str] = "step_ratio"
    kind: Literal["dead_zone"] = quantity(
        "dead_zone", title="Codec", help="A uniform quantiser with a dead zone, entropy coded"
    )
    step_ratio: float = quantity(
        0.5, unit="ratio", ge=0.01, le=100, symbol="Δ", title="Step", scale="log", shown=(0.01, 4.0),
        help="Step between levels relative to the root mean square of the tensor",
    )  # fmt: skip

    @property
    def label(self) -> str:
        """The codec and its setting in words."""
        return f"dead_zone, step {self.step_ratio:.3g}"

    def quantised(self, tensor: ArrayLike, *, seed: int = 0) -> QuantisedTensor:
        """What the receiver will hold, the same for every seed; `SolverError` where one is not finite."""
        reals = as_reals(tensor)
        magnitudes = np.abs(reals).ravel().astype(np.float64)
        mean_square = float(magnitudes @ magnitudes) / max(1, magnitudes.size)
        step = float(np.float32(max(self.step_ratio * mean_square**0.5, SMALLEST_STEP)))
        levels = dead_zone_levels(magnitudes, step=step)
        place = float(np.float32(mean_place(magnitudes / step, levels, np.ones(levels.size))))
        kept = levels > 0
        return QuantisedTensor(
            shape=reals.shape,
            kept=kept,
            levels=levels[kept],
            negative=reals.ravel()[kept] < 0,
            scale=(step, place),
        )

    def restored(self, tensor: ArrayLike, *, seed: int = 0) -> Singles:
        """The tensor after compression: its shape, 32-bit numbers."""
        return dead_zone_back(self.quantised(tensor, seed=seed))

    def encode(self, tensor: ArrayLike, *, seed: int = 0) -> bytes:
        """Header, levels, what exceeds the escape level, and signs as bytes."""
        held = self.quantised(tensor, seed=seed)
        levels = np.zeros(held.kept.size, dtype=np.int64)
        levels[held.kept] = held.levels
        symbols = np.minimum(levels, ESCAPE)
        alphabet = int(symbols.max(initial=0)) + 1
        sections = (encode_symbols(symbols, alphabet), _excess_out(levels), encode_bits(held.negative))
        return write_payload(held, alphabet, sections)

    def decode(self, payload: bytes) -> Singles:
        """The tensor that a codec of this kind encoded; `SolverError` for a damaged payload."""
        parts = read_payload(payload, section_count=3)
        symbols, excess, signs = parts.sections
        levels = decode_symbols(symbols, count=parts.element_count, alphabet=parts.number)
        levels[levels == ESCAPE] += _excess_in(excess, int((levels == ESCAPE).sum()))
        kept = levels > 0
        return dead_zone_back(
            QuantisedTensor(
                shape=parts.shape,
                kept=kept,
                levels=levels[kept],
                negative=decode_bits(signs, count=int(kept.sum())),
                scale=parts.scale,
            )
        )

    def forecast(self, *, element_count: float, profile: MagnitudeProfile | None = None) -> Forecast:
        """Size, error and seconds for this profile."""
        magnitudes = self.expected(profile)
        found = dead_zone_expectation(magnitudes, step_ratio=self.step_ratio)
        sign_bits = found.kept_ratio * float(binary_entropy_bits(magnitudes.negative_ratio))
        return self.priced(
            element_count=element_count,
            coded_bits=element_count * (found.level_bits + sign_bits) + SCALE_BITS,
            error_ratio=found.error_ratio,
        )

    def settings(self) -> Sequence[Sequence[DeadZone]]:
        """One line of steps, the widest first."""
        return [[replace(self, step_ratio=float(step)) for step in np.geomspace(*STEPS)[::-1]]]


def _excess_out(levels: Ints) -> bytes:
    excess = levels[levels >= ESCAPE] - ESCAPE
    exponent = best_exponent(excess)
    return bytes([exponent]) + rice_encode(excess, exponent)


def _excess_in(payload: bytes, count: int) -> Ints:
    return rice_decode(payload[1:], count=count, exponent=payload[0])
