"""Every control of the sidebar sets one field, which tests/contracts/test_controls.py tries too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cutwise.channels import CHANNELS
from cutwise.compression import ACCURACIES, CODECS
from cutwise.costs.options.tuning import TUNINGS
from cutwise.scenario.parts import Objective
from cutwise.schemes import SCHEMES
from cutwise.units import hints_of
from cutwise_dashboard.controls import SHOWN, choices_in
from tests.contracts.controls import Control, option_controls, scenario_controls
from tests.dashboard.test_plan_page import choice, scenario, with_drawers

NO_FIELDS = {
    "model": "another graph",
    "scheme": "another scheme",
    "devices.picked": "whose controls are shown",
    "workload.counted": "which of two fields counts the work",
    "edges.count": "how many tables there are",
    "privacy.layers": "one control for three spellings of a field",
}
"""Controls of the page's own, tried in test_plan_page.py, and what they are about."""
SECTIONS = {
    "workload.lora": "workload.tuning",
    "edges": "edges.0",
    "scenario": "",
    **{f"channel.{kind}": "channel" for kind in CHANNELS},
    **{f"compression.{kind}": "compression.codec" for kind in CODECS},
    **{f"compression.{kind}": "compression.accuracy" for kind in ACCURACIES},
    "devices.all devices": "devices.0",
}
"""Where the fields of a section of the page stand in the scenario, if elsewhere."""
KINDS = {"workload.tuning", "compression.codec", "compression.accuracy"}
"""Controls that are named after the table whose kind they choose."""
COUPLED = {"flops_per_s": {"efficiency_ratio"}}
"""Fields that giving another one takes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A sidebar with this scheme, model and parts of the scenario, and the controls tried in it."""

    tried: tuple[str, ...]
    scheme: str = "fast_split"
    sample: str = "resnet18"
    parts: dict[str, Any] = field(default_factory=dict)


def compressed(codec: str = "top_k", accuracy: str = "error") -> dict[str, Any]:
    return {"compression": {"codec": {"kind": codec}, "accuracy": {"kind": accuracy}}}


TIERS = {"edges": [{"profile": "rtx_3060"}, {"profile": "rtx_4090"}]}
SKEWED = {"convergence": {"kind": "table"}, "data": {"partition": "dirichlet"}}
STATES = {
    "plain": State(tried=("workload.", "devices.", "server.", "limits.", "scenario.", "objective.kind")),
    "at once": State(tried=("sharing.",), scheme="split_federated"),
    "tiers": State(tried=("edges.", "backhaul."), scheme="split_llm", parts=TIERS),
    "counted": State(tried=("workload.local_iterations",), parts={"workload": {"local_iterations": 5}}),
    "half precision": State(
        tried=("workload.master_weights", "workload.optimizer_dtype"),
        parts={"workload": {"weights_dtype": "fp16", "optimizer": "adam"}},
    ),
    "attention": State(tried=("workload.attention", "workload.tuning"), sample="vit_b16"),
    "generating": State(
        tried=(
            "workload.prompt_tokens",
            "workload.new_tokens",
            "server.memory_bandwidth",
            "server.decoding",
            "devices.all devices.memory_bandwidth",
            "devices.all devices.decoding",
        ),
        sample="gpt2",
        parts={"workload": {"mode": "inference", "prompt_tokens": 8, "new_tokens": 4}},
    ),
    "tied": State(tried=("workload.tied_weights",), sample="gpt2"),
    "known rounds": State(tried=("convergence.", "data."), parts=SKEWED),
    **{
        f"scheme {name}": State(tried=(f"option.{name}.",), scheme=name)
        for name in SCHEMES
        if fields(SCHEMES[name])
    },
    **{
        f"objective {kind}": State(tried=("objective.",), parts={"objective": {"kind": kind}})
        for kind in choices_in(hints_of(Objective)["kind"])
    },
    **{f"channel {k}": State(tried=("channel.",), parts={"channel": {"kind": k}}) for k in CHANNELS},
    **{
        f"tuning {k}": State(
            tried=(f"workload.{k}.",), sample="vit_b16", parts={"workload": {"tuning": {"kind": k}}}
        )
        for k in TUNINGS
    },
    **{
        f"codec {k}": State(tried=("compression.codec", f"compression.{k}."), parts=compressed(k))
        for k in CODECS
    },
    **{
        f"accuracy {k}": State(
            tried=("compression.accuracy", f"compression.{k}.", "compression.directions"),
            parts=compressed(accuracy=k),
        )
        for k in ACCURACIES
    },
}


def sidebar() -> None:
    from cutwise_dashboard.sidebar import show

    show()


def opened(state: State) -> AppTest:
    """The sidebar alone, every section open."""
    page = AppTest.from_function(sidebar, default_timeout=60)
    page.session_state["choice"] = choice(scheme=state.scheme, sample=state.sample)
    page.session_state["scenario"] = scenario(**state.parts)
    return with_drawers(page.run(), are_open=True)


def control_of(key: str) -> Control:
    """The field that a control is about; fails for one that nothing tries."""
    section, _, name = key.rpartition(".")
    if section.startswith("option."):
        scheme = section.removeprefix("option.")
        return next(one for one in option_controls() if (one.scheme, one.path) == (scheme, name))
    path = f"{key}.kind" if key in KINDS else f"{SECTIONS.get(section, section)}.{name}".removeprefix(".")
    kind = section.rpartition(".")[2]
    found = [one for one in scenario_controls() if one.path == path]
    own = [one for one in found if kind in [value for _, value in one.needs]]
    assert found, f"{key} is a control of no field that tests/contracts/test_controls.py tries"
    return (own or found)[0]


@pytest.mark.parametrize("name", STATES)
def test_every_control_is_that_of_a_field_and_sets_it_alone(name: str) -> None:
    page = opened(STATES[name])
    shown = [key for key in page.session_state[SHOWN] if key not in NO_FIELDS and not key.startswith("dims.")]
    controls = {key: control_of(key) for key in shown}
    tried = [key for key in shown if key.startswith(STATES[name].tried)]
    assert tried or not has_setting(STATES[name])
    for key in tried:
        assert set_by(page, key, controls[key]), f"{key} sets nothing"


def has_setting(state: State) -> bool:
    """Some schemes have options that the page does not offer, and some kinds of table have no fields."""
    return not state.tried[0].startswith(("option.", "workload.full"))


def set_by(page: AppTest, key: str, control: Control) -> bool:
    """True where some value given to the control arrives at its field, and nowhere else; it is put back."""
    first, before = page.session_state[SHOWN][key], given(page)
    for value in control.values():
        after = given(turned(page, key, value))
        if moved := {path for path in before | after if before.get(path) != after.get(path)}:
            within = control.path.removesuffix(".kind")
            extra = {f"{within.rpartition('.')[0]}.{other}" for other in COUPLED.get(control.name, ())}
            assert all(path == within or path.startswith(f"{within}.") for path in moved - extra), moved
            with_drawers(turned(page, key, first), are_open=True)
            return True
    return False


def turned(page: AppTest, key: str, value: Any) -> AppTest:
    page.session_state[key] = list(value) if isinstance(value, tuple) else value
    page.run()
    assert not page.exception, page.exception
    return page


def given(page: AppTest) -> dict[str, Any]:
    """Every value of the session's scenario by its path, and of its scheme's options; of a list the first."""
    return dict(_leaves(page.session_state["scenario"], "")) | dict(page.session_state["choice"].options)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        yield from _leaves(value[0], f"{path}0.")
    elif is_dataclass(value):
        for part in fields(value):
            yield from _leaves(getattr(value, part.name), f"{path}{part.name}.")
    else:
        yield path.removesuffix("."), value


def test_no_reason_is_kept_for_a_control_that_is_gone() -> None:
    shown = set(opened(State(tried=(), scheme="split_llm", parts=TIERS)).session_state[SHOWN])
    assert set(NO_FIELDS) <= shown
