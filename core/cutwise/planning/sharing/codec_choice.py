"""The settings a compressor can have, and the one that sends least within the accuracy limit (P3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np

from cutwise.caches import kept
from cutwise.compression import CODECS, Codec, Uncompressed, compressor_names
from cutwise.compression.codec import CodecFields
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.problem.split_problem import SplitProblem, pinned_by
from cutwise.scenario.parts import Compression
from cutwise.tolerances import LIMIT_ROUNDING

OWN = "scenario"
P3_CODEC = "top_k"
REFINED = 1e-6
"""Where the limit is met, settings are told apart to this relative distance of the tuned field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecSetting:
    """A compressor with its numbers, the size it leaves and the accuracy it costs."""

    codec: Codec
    size_ratio: float
    loss_ratio: float


def codec_choices() -> tuple[str, ...]:
    """What may be asked for: the scenario's own compressor, or a registered one by its name."""
    return (OWN, *compressor_names())


def with_codec(problem: SplitProblem, codec: Any) -> SplitProblem:
    """The same problem with another compressor."""
    scenario = problem.scenario
    scenario = replace(scenario, compression=replace(scenario.compression, codec=codec))
    return replace(problem, scenario=scenario, pinned=pinned_by(problem.private, scenario))


def with_compressor(problem: SplitProblem, kind: str) -> SplitProblem:
    """The problem with the scenario's own compressor, or with one of `kind` at P3's setting.

    A scenario that compresses nothing gets P3's: half of the elements, 8 bits. What is known of tensors
    and of the device's coding speed is kept.
    """
    codec = problem.scenario.compression.codec
    if isinstance(codec, Uncompressed):
        return with_codec(problem, CODECS[kind if kind in CODECS else P3_CODEC]())
    if kind not in CODECS or isinstance(codec, CODECS[kind]):
        return problem
    known = {f.name: getattr(codec, f.name) for f in fields(CodecFields)}
    return with_codec(problem, CODECS[kind](**known))


def on_limit(problem: SplitProblem) -> SplitProblem:
    """The problem with the setting that sends least within the accuracy limit; as it is without a limit.

    Delay, energy and traffic grow with the size whatever the cuts and shares, and the accuracy depends on
    the setting alone, so that this setting is optimal together with any of them. Where none keeps the
    limit it is the one that costs least accuracy.
    """
    limit = problem.scenario.limits.accuracy_loss_ratio
    if limit is None:
        return problem
    return with_codec(problem, lightest(problem.scenario.compression, limit).codec)


@kept
def lightest(compression: Compression, limit: float) -> CodecSetting:
    """The setting with the least size whose loss is at most `limit`.

    Every setting that the codec lists is tried; between one that keeps the limit and its neighbour that
    does not, the limit is bisected.
    """
    best: CodecSetting | None = None
    for line in _lines(compression):
        for light, heavy in _starts(line, limit):
            size = heavy.size_ratio if light is None else light.size_ratio
            if best is None or size < best.size_ratio:
                found = heavy if light is None else _met(compression, light, heavy, limit)
                best = found if best is None or found.size_ratio < best.size_ratio else best
    return best or min(frontier(compression), key=lambda setting: setting.loss_ratio)


@kept
def frontier(compression: Compression) -> tuple[CodecSetting, ...]:
    """Settings that no other undercuts in both size and loss, by rising size."""
    settings = sorted(
        (one for line in _lines(compression) for one in line), key=lambda s: (s.size_ratio, s.loss_ratio)
    )
    lasting: list[CodecSetting] = []
    for setting in settings:
        if not lasting or setting.loss_ratio < lasting[-1].loss_ratio:
            lasting.append(setting)
    return tuple(lasting)


def setting_of(compression: Compression) -> CodecSetting:
    """The setting that the compressor has."""
    return _setting(compression, _compressor(compression.codec))


def keeps(setting: CodecSetting, limit: float) -> bool:
    """True where the loss is within the limit."""
    return setting.loss_ratio <= limit * (1 + LIMIT_ROUNDING)


def tightened(compression: Compression, setting: CodecSetting, limit: float) -> CodecSetting:
    """The lightest setting between one that keeps the limit and its lighter neighbour on the grid."""
    for line in _lines(compression):
        for light, heavy in pairwise(line):
            if heavy == setting and not keeps(light, limit):
                return _met(compression, light, heavy, limit)
    return setting


def _starts(
    line: tuple[CodecSetting, ...], limit: float
) -> Iterable[tuple[CodecSetting | None, CodecSetting]]:
    """Where a line of settings, by rising size, comes to keep the limit."""
    if keeps(line[0], limit):
        yield None, line[0]
    for light, heavy in pairwise(line):
        if keeps(heavy, limit) and not keeps(light, limit):
            yield light, heavy


def _met(compression: Compression, light: CodecSetting, heavy: CodecSetting, limit: float) -> CodecSetting:
    """The lightest setting between two that keeps the limit."""
    codec: Any = heavy.codec
    name = codec.tuned_field
    low, high = getattr(light.codec, name), getattr(codec, name)
    while abs(high / low - 1) > REFINED:
        middle = float(np.sqrt(low * high))
        found = _setting(compression, replace(codec, **{name: middle}))
        if keeps(found, limit):
            high, heavy = middle, found
        else:
            low = middle
    return heavy


@kept
def _lines(compression: Compression) -> tuple[tuple[CodecSetting, ...], ...]:
    """The settings that the codec lists, with what they leave and cost."""
    return tuple(
        tuple(_setting(compression, codec) for codec in line)
        for line in _compressor(compression.codec).settings()
    )


def _compressor(codec: Uncompressed | Codec) -> Codec:
    """The codec, for problems that `with_compressor` gave one."""
    assert not isinstance(codec, Uncompressed)
    return codec


def _setting(compression: Compression, codec: Codec) -> CodecSetting:
    forecast = codec.forecast(element_count=REFERENCE_COUNT)
    return CodecSetting(
        codec=codec,
        size_ratio=forecast.size_ratio,
        loss_ratio=compression.accuracy.loss_ratio(forecast.error_ratio),
    )
