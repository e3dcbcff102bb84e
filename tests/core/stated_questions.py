"""Random questions: every scheme with its options, every kind of part, 1 to 300 devices, every digit."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from cutwise.channels import CHANNELS, Channel
from cutwise.compression import ACCURACIES, CODECS, Accuracy, Codec
from cutwise.energy import CLOCK_LAWS, RADIOS
from cutwise.energy.clock_law import ClockLaw
from cutwise.energy.radio import Radio
from cutwise.errors import ScenarioError
from cutwise.importers import samples
from cutwise.options import option_hints
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import LayerDepth, Scenario
from cutwise.schemes import SCHEMES, baseline_names
from cutwise.schemes.options import scheme_with
from cutwise.stated.link import link_of
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import BEST_BASELINE, ModelReference, StatedQuestion
from cutwise.units import facts_of, hints_of

NAMES = (
    "phone",
    "Gerät №7",
    "設備",
    "🤖",
    'a "quote" \\ back',
    "tab\tand\nline",
    "{n}",
    "= [x] # y",
    "’s",
    "-1",
)
SIZES = (1, 1, 2, 3, 5, 8, 30, 60, 300)
NAMED = {
    "profile": ("jetson_tx2", "raspberry_pi_4", "rtx_4090"), "decoding": (None,),
    "error_ratios": ((0.0, 0.1, 1 / 3),), "loss_ratios": ((0.0, 0.0123456789012345, 2 / 3),),
    "targets": (("mlp",), ("block.*", "ü"),), "frozen": ((), ("conv1", "layer1.*")),
    "keep_on_device": ("raw_allowed", LayerDepth(layers=1), LayerDepth(layers=7), ("conv1", "é"), ()),
}  # fmt: skip


def random_question(rng: random.Random, *, devices: int = 0) -> StatedQuestion:
    """A question that can be asked, whatever it is about."""
    preset = rng.choice(shipped_scenarios())
    scenario = random_scenario_of(rng, preset, devices)
    scheme = rng.choice(list(SCHEMES))
    return StatedQuestion(
        model=random_reference(rng),
        preset=preset,
        scenario=scenario,
        scheme=scheme,
        options=random_options(rng, scheme),
        cut=rng.choice(("", "conv1", "layer1.0/add,fc", "x" * 200)),
        device=rng.choice(("", rng.choice(scenario.device_names))),
        baseline=rng.choice(("", BEST_BASELINE, *baseline_names())),
        kept=tuple(link_of(StatedQuestion(cut=f"op{n}")) for n in range(rng.choice((0, 0, 1, 3)))),
        figure=rng.choice(("", "p1/9", "p4/Figure 2 (a)")),
    )


def random_reference(rng: random.Random) -> ModelReference:
    dims = {f"dim {n}": rng.randrange(1, 10**6) for n in range(rng.choice((0, 0, 1, 3)))}
    if rng.random() < 0.5:
        return ModelReference(sample=rng.choice(samples()), dims=dims)
    digest = hashlib.sha256(str(rng.random()).encode()).hexdigest()
    return ModelReference(digest=digest, name=rng.choice(NAMES), dims=dims)


def random_options(rng: random.Random, scheme: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, hint in option_hints(SCHEMES[scheme]).items():
        if rng.random() < 0.6:
            found[name] = _drawn(rng, SCHEMES[scheme], name, hint)
    scheme_with(scheme, found)
    return found


def random_scenario_of(rng: random.Random, preset: str, devices: int) -> Scenario:
    """The shipped one, edited here and there, or another one altogether."""
    scenario = shipped_scenario(preset)
    for part in fields(Scenario):
        if rng.random() < 0.4 and part.name not in ("devices", "edges"):
            scenario = replace(scenario, **{part.name: _part(rng, scenario, part.name)})
    if rng.random() < 0.3:
        names = rng.sample(NAMES, rng.choice((1, 2, 3)))
        edges = tuple(replace(_made(rng, Edge), name=name) for name in names)
        scenario = replace(scenario, edges=edges)
    if devices or rng.random() < 0.7:
        scenario = replace(scenario, devices=random_fleet(rng, devices or rng.choice(SIZES)))
    return scenario


def random_fleet(rng: random.Random, count: int) -> tuple[Device, ...]:
    alike = _made(rng, Device)
    each = [alike if rng.random() < 0.3 else _made(rng, Device) for _ in range(count)]
    return tuple(
        replace(one, name="" if rng.random() < 0.1 else f"{rng.choice(NAMES)} {n}")
        for n, one in enumerate(each)
    )


def _part(rng: random.Random, owner: Any, name: str) -> Any:
    return _drawn(rng, type(owner), name, hints_of(type(owner))[name])


def _made(rng: random.Random, owner: type[Any]) -> Any:
    """One with some of its fields drawn; drawn again where they do not go together."""
    chosen = [f.name for f in fields(owner) if f.name != "kind" and rng.random() < 0.5]
    for _ in range(50):
        try:
            return owner(**{name: _drawn(rng, owner, name, hints_of(owner)[name]) for name in chosen})
        except ScenarioError:
            chosen = rng.sample(chosen, len(chosen) // 2)
    return owner()


def _drawn(rng: random.Random, owner: type[Any], name: str, hint: Any) -> Any:
    if name in NAMED:
        return rng.choice(NAMED[name])
    hint, kinds = (hint.__value__ if hasattr(hint, "__value__") else hint), get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return _drawn(rng, owner, name, rng.choice(kinds))
    if get_origin(hint) is Literal:
        return rng.choice(kinds)
    if get_origin(hint) is tuple:
        allowed = get_args(kinds[0])
        if not allowed:
            return tuple(sorted(round(rng.uniform(0.1, 1.0), 3) for _ in range(3)))
        return tuple(rng.sample(allowed, rng.randrange(1, len(allowed) + 1)))
    if is_dataclass(hint):
        return _made(rng, hint)  # type: ignore[arg-type]
    if hint in DRAWN:
        return DRAWN[hint](rng, facts_of(owner, name))
    return _made(rng, rng.choice(registered(hint)))


FAMILIES: dict[Any, Any] = {
    Channel: CHANNELS, Codec: CODECS, Accuracy: ACCURACIES, ClockLaw: CLOCK_LAWS, Radio: RADIOS,
}  # fmt: skip


def registered(protocol: Any) -> list[type[Any]]:
    """The kinds of table that are registered for a protocol."""
    return list(FAMILIES[protocol].values())


def _bounds(facts: Mapping[str, Any]) -> tuple[float, float]:
    least = facts.get("ge", facts.get("gt", 0.0))
    return least, facts.get("le", facts.get("lt", 1e6))


def _float(rng: random.Random, facts: Mapping[str, Any]) -> float:
    """Any digits; sometimes an end, the smaller zero, or a figure that people write."""
    least, most = _bounds(facts)
    if "ge" in facts and rng.random() < 0.1:
        return -0.0 if least == 0 else float(least)
    if rng.random() < 0.1:
        return float(most) if "le" in facts else (least + most) / 3
    start = max(least, most * 1e-15)
    return min(max(start * (most / start) ** rng.random(), start * 1.0001), most * 0.9999)


def _int(rng: random.Random, facts: Mapping[str, Any]) -> int:
    least, most = _bounds(facts)
    return rng.choice((int(least), int(most), rng.randrange(int(least), int(most) + 1)))


DRAWN = {
    bool: lambda rng, _: rng.random() < 0.5,
    str: lambda rng, _: rng.choice(NAMES),
    float: _float,
    int: _int,
    type(None): lambda *_: None,
}


EMPTY = {"format": "cutwise-scenario/1"}


def old_link(**content: Any) -> str:
    """As version 0.1 wrote them."""
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")
