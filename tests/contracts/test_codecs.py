"""What every registered codec keeps, in every setting that its own fields offer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise import compression
from cutwise.cli.listings import first_line
from cutwise.compression import CODECS, PROFILES, Codec, compressor_names, profile_of
from cutwise.compression.codec import CodecFields
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.errors import ScenarioError, SolverError
from cutwise.graph.model_graph import ModelGraph
from cutwise.options import choices_of, option_hints
from cutwise.planning.sharing.codec_choice import frontier, keeps, lightest
from cutwise.scenario.parts import Compression, Limits, Scenario
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario, scenario_from_dict
from cutwise.schemes.sft import Sft
from cutwise.units import hints_of
from tests.contracts.families import modules_of

SHARED = {
    "accuracy", "codec", "entropy_coder", "expectation", "frequency_table", "magnitudes", "mask_coder",
    "quantiser", "rate_model", "rice_coder",
}  # fmt: skip
"""Modules of the family that register no codec."""
ODD_TENSORS = (np.zeros((0, 3)), np.zeros(7), np.array(2.5), np.array([[-1e-40]]))
every_codec = pytest.mark.parametrize("kind", compressor_names())


def variants(kind: str) -> Iterator[Codec]:
    """The codec as it is, and once with every other name that one of its fields may be."""
    plain = CODECS[kind]()
    yield plain
    for name, hint in hints_of(CODECS[kind]).items():
        for value in choices_of(hint):
            if value != getattr(plain, name):
                yield replace(plain, **{name: value})


def ends(kind: str) -> Iterator[Codec]:
    """The first and the last setting of the first and the last line."""
    lines = CODECS[kind]().settings()
    yield from (line[at] for line in (lines[0], lines[-1]) for at in (0, -1))


def bits_of(tensor: Any) -> list[int]:
    return tensor.view(np.int32).ravel().tolist()


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@every_codec
def test_it_is_a_described_frozen_dataclass_whose_kind_is_its_registered_name(kind: str) -> None:
    codec = CODECS[kind]()
    assert isinstance(codec, Codec)
    assert isinstance(codec, CodecFields)
    assert codec.kind == kind
    assert codec.label.startswith(kind)
    assert first_line(CODECS[kind]).endswith(".")
    assert all(field.metadata["description"] for field in fields(codec))
    hash(codec)


@every_codec
def test_bytes_decode_to_the_restored_tensor_bit_for_bit(kind: str) -> None:
    tensor = normal(2, 30, 64)
    for codec in (*variants(kind), *ends(kind)):
        back = codec.decode(codec.encode(tensor, seed=5))
        assert back.shape == tensor.shape
        assert bits_of(back) == bits_of(codec.restored(tensor, seed=5))
        assert codec.encode(tensor, seed=5) == codec.encode(tensor, seed=5)


@every_codec
def test_empty_zero_scalar_and_tiny_tensors_survive(kind: str) -> None:
    for codec in variants(kind):
        for tensor in ODD_TENSORS:
            back = codec.decode(codec.encode(tensor))
            assert back.shape == tensor.shape
            assert np.abs(back - tensor).max(initial=0.0) <= 0.3 * np.abs(tensor).max(initial=0.0) + 1e-38


@every_codec
def test_a_damaged_payload_and_a_tensor_that_is_not_finite_are_refused(kind: str) -> None:
    codec = CODECS[kind]()
    payload = codec.encode(normal(100))
    for damaged in (payload[:-1], payload + b"x", payload[:5]):
        with pytest.raises(SolverError, match="payload of"):
            codec.decode(damaged)
    with pytest.raises(SolverError, match="finite"):
        codec.encode(np.array([1.0, np.nan]))


@every_codec
def test_the_forecast_from_the_tensors_own_profile_is_what_happens(kind: str) -> None:
    """P3 must-reproduce check 3: size within 1 %; the error within 3 % of the measured one."""
    tensor = normal(250_000)
    for codec in variants(kind):
        forecast = codec.forecast(element_count=tensor.size, profile=profile_of(tensor))
        assert len(codec.encode(tensor)) == pytest.approx(forecast.size_bytes, rel=0.01)
        error = ((codec.restored(tensor) - tensor) ** 2).mean() / (tensor**2).mean()
        assert float(error) == pytest.approx(forecast.error_ratio, rel=0.03)
        assert forecast.size_ratio == pytest.approx(forecast.size_bytes / (4 * tensor.size))


@every_codec
@pytest.mark.parametrize("magnitudes", list(PROFILES))
def test_the_forecast_for_reference_magnitudes_is_what_happens_to_such_a_tensor(
    kind: str, magnitudes: str
) -> None:
    """Every magnitude of the profile as often as its share says, half of them negative."""
    profile, count = PROFILES[magnitudes](), REFERENCE_COUNT
    at = np.searchsorted(np.cumsum(profile.element_ratio), (np.arange(count) + 0.5) / count)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=count)
    values = profile.magnitude_ratio[np.minimum(at, len(profile.magnitude_ratio) - 1)] * signs
    tensor = np.random.default_rng(2).permutation(values).astype(np.float32)
    codec = CODECS[kind](magnitudes=magnitudes)
    forecast = codec.forecast(element_count=count)
    assert forecast == codec.forecast(element_count=count, profile=profile)
    assert len(codec.encode(tensor)) == pytest.approx(forecast.size_bytes, rel=0.02)
    error = ((codec.restored(tensor) - tensor) ** 2).mean() / (tensor**2).mean()
    assert float(error) == pytest.approx(forecast.error_ratio, rel=0.05)


@every_codec
def test_coding_takes_the_raw_bits_over_the_speed(kind: str) -> None:
    """1000 elements are 32,000 bit: 32 ms at 1 Mbit/s, 16 ms at 2 Mbit/s."""
    forecast = CODECS[kind](encode_bps=1e6, decode_bps=2e6).forecast(element_count=1000)
    assert (forecast.encode_s, forecast.decode_s) == (0.032, 0.016)


@every_codec
def test_each_line_of_settings_starts_with_the_lightest_and_runs_along_the_tuned_field(kind: str) -> None:
    for line in CODECS[kind]().settings():
        sizes = [codec.forecast(element_count=REFERENCE_COUNT).size_ratio for codec in line]
        assert sizes[0] == min(sizes)
        for light, heavy in pairwise(line):
            name = heavy.tuned_field
            assert getattr(light, name) != getattr(heavy, name)
            assert replace(light, **{name: getattr(heavy, name)}) == heavy


@every_codec
def test_the_setting_chosen_keeps_the_limit_and_is_on_the_frontier(kind: str) -> None:
    known = Compression(codec=CODECS[kind]())
    losses = [setting.loss_ratio for setting in frontier(known)]
    assert losses == sorted(losses, reverse=True)
    limit = losses[len(losses) // 2]
    found = lightest(known, limit)
    assert keeps(found, limit)
    assert found.size_ratio <= min(s.size_ratio for s in frontier(known) if keeps(s, limit))


@every_codec
def test_files_keep_it_and_mistakes_in_its_table_are_named(kind: str) -> None:
    for codec in (*variants(kind), *ends(kind)):
        scenario = Scenario(compression=Compression(codec=codec, directions="both"))
        assert parse_scenario(dump_scenario(scenario).encode()) == scenario
    table, misspelt = {"kind": kind, "encode_bps": 0.0}, {"kind": kind, "encode_bp": 1.0}
    with pytest.raises(ScenarioError, match=r"compression\.codec\.encode_bps: must be greater than or"):
        scenario_from_dict({"format": "cutwise-scenario/1", "compression": {"codec": table}})
    with pytest.raises(ScenarioError, match=r"compression\.codec\.encode_bp: unknown key; did you mean"):
        scenario_from_dict({"format": "cutwise-scenario/1", "compression": {"codec": misspelt}})


@every_codec
def test_plans_use_it_and_sft_takes_it_by_name(kind: str, chain: ModelGraph) -> None:
    codec = CODECS[kind]()
    plan = cutwise.plan(chain, Scenario(compression=Compression(codec=codec)))
    assert {decision.compression for decision in plan.decisions} == {codec.label}
    assert kind in choices_of(option_hints(Sft)["codec"])
    chosen = cutwise.plan(chain, Scenario(limits=Limits(accuracy_loss_ratio=0.05)), "sft", codec=kind)
    (decision,) = chosen.decisions
    assert str(decision.compression).startswith(kind)
    assert decision.accuracy_loss_ratio <= 0.05 * (1 + 1e-8)


def test_every_module_of_the_family_registers_a_codec() -> None:
    registered = {CODECS[kind].__module__ for kind in CODECS}
    packages = {f"{compression.__name__}.coders"}
    assert modules_of(compression, shared=SHARED) - packages == registered
