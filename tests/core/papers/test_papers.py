"""The papers' files, figures from plans, measures that say what plans say, and draws; orderings must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses.comparison import CompareAnalysis
from cutwise.compression import TopK
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.papers import MEASURES, Paper, Recomputed, headline, paper, papers, read_beside, recomputed
from cutwise.papers.measures import layer_of
from cutwise.papers.paper import PROVENANCES, READINGS, WHOLE, _read
from cutwise.papers.recomputed import QUANTITIES
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import scenario_from_dict
from cutwise.schemes import SCHEMES, rival_names

FIGURES = [(key, figure.name) for key, one in papers().items() for figure in one.figures]
DRAWS = 4


@cache
def found(key: str, name: str) -> Recomputed:
    return recomputed(paper(key), name)


def layers(ops: tuple[str, ...]) -> int:
    """Repeated layers of which some op is among these."""
    return len({number for op in ops if (number := layer_of(op)) is not None})


def test_every_paper_states_its_idea_link_scheme_provenance_and_definition() -> None:
    assert [one.arxiv for one in papers().values()] == [
        "2507.01041", "2501.13318", "2501.09237", "2412.00090", "2305.18889",
    ]  # fmt: skip
    for one in papers().values():
        assert {one.scheme, *one.compared} <= set(SCHEMES)
        assert one.link.endswith(one.arxiv)
        assert one.proposed.endswith(".")
        assert one.reconstruction.endswith(".")
        assert one.figures
        for figure in one.figures:
            assert figure.provenance in PROVENANCES
            assert figure.reading in READINGS
            assert figure.measure in MEASURES
            assert figure.quantity in QUANTITIES
            assert figure.source
            assert figure.definition.endswith(".")
            assert set(figure.counted) <= set(SCHEMES) - {one.scheme}


def test_least_and_most_of_a_range_are_of_one_world_and_one_set_of_baselines() -> None:
    one = paper("P1")
    least, most = one.figures
    assert (least.reading, most.reading) == ("least", "most")
    assert one.at_preset("least") == one.at_preset("most")
    assert least.counted == most.counted
    saved = {rival.scheme: rival.saved_ratio for rival in found("P1", "least").rivals}
    assert saved == {rival.scheme: rival.saved_ratio for rival in found("P1", "most").rivals}
    counted = [saved[name] for name in least.counted]
    assert (found("P1", "least").ratio, found("P1", "most").ratio) == (min(counted), max(counted))


@pytest.mark.parametrize(("key", "name"), FIGURES)
def test_every_figure_is_what_plans_of_the_public_face_say(key: str, name: str) -> None:
    """And each baseline's reduction is one minus the one quantity over the other, all baselines shown."""
    one, shown = paper(key), found(key, name)
    scenario, quantity = one.at_preset(name), QUANTITIES[shown.figure.quantity]
    own = quantity(cutwise.plan(one.graph(), scenario, one.scheme, **one.options))
    assert shown.value == own
    assert {rival.scheme for rival in shown.rivals} >= set(rival_names())
    for rival in shown.rivals:
        theirs = cutwise.plan(one.graph(), scenario, rival.scheme)
        assert rival.value == quantity(theirs)
        assert rival.status == theirs.status
        assert rival.counted == (rival.scheme in shown.figure.counted and theirs.status != "infeasible")
        if rival.value:
            assert rival.saved_ratio == pytest.approx(1 - own / rival.value, rel=1e-12)
    assert shown.read is not None
    assert shown.read.counted
    assert headline(one, name, draws=2).preset_ratio == shown.ratio


@pytest.mark.parametrize(("key", "name"), FIGURES)
def test_whether_a_figure_is_met_is_said(key: str, name: str) -> None:
    shown = found(key, name)
    assert shown.ratio is not None
    assert shown.met == (abs(shown.ratio - shown.figure.value_ratio) <= 0.02)
    assert ("not met" in shown.sentence) != shown.met
    far = replace(shown, rivals=tuple(replace(rival, counted=False) for rival in shown.rivals))
    assert (far.ratio, far.met) == (None, False)
    assert "every scheme that counts breaks a rule" in far.sentence


def test_all_schemes_of_a_figure_stand_in_one_comparison() -> None:
    """What the Schemes page compares on the preset's scenario, the paper's scheme with its options."""
    one, shown = paper("P5"), found("P5", "delay")
    asked = Question(
        graph=one.graph(), scenario=one.at_preset("delay"), scheme=one.scheme, options=one.options
    )
    names = (one.scheme, *(rival.scheme for rival in shown.rivals))
    rows = CompareAnalysis(schemes=names).run(asked).plans
    assert {name: plan.delay_s for name, plan in rows.items()} == {
        one.scheme: shown.value,
        **{rival.scheme: rival.value for rival in shown.rivals},
    }


def values_at(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of a scenario by its path, devices and edges by position."""
    if isinstance(value, tuple) and value and all(map(is_dataclass, value)):
        parts = {f"{path}.{at}": part for at, part in enumerate(value)}
    elif is_dataclass(value):
        parts = {f"{path}.{f.name}".removeprefix("."): getattr(value, f.name) for f in fields(value)}
    else:
        return {path: value}
    return {leaf: found for name, part in parts.items() for leaf, found in values_at(part, name).items()}


@pytest.mark.parametrize(("key", "name"), FIGURES)
def test_every_deviation_from_the_defaults_is_listed_and_nothing_else(key: str, name: str) -> None:
    """A scenario with one device, the defaults and what is listed, and no other value, is the preset's."""
    one, shown = paper(key), found(key, name)
    listed = {deviation.path for deviation in shown.deviations}
    known = values_at(Scenario())
    for path, value in values_at(one.at_preset(name)).items():
        parts = path.split(".")
        if parts[-1] == "name":
            continue
        general = ".".join("*" if part.isdigit() else part for part in parts)
        usual = known.get(general.replace("*", "0"), value_by_kind(one.at_preset(name), parts))
        if value != usual:
            assert general in listed or ".".join(parts[:-1]) in listed, path
        elif "*" not in general:
            assert general not in listed, path
    for option, value in one.options.items():
        assert (f"{one.scheme}.{option}" in listed) == (value != getattr(SCHEMES[one.scheme](), option))
    assert set(one.stated) <= listed


def value_by_kind(scenario: Scenario, parts: list[str]) -> Any:
    """The default of a field that only another kind of channel, tuning, codec, device or edge has."""
    owner: Any = scenario
    for part in parts[:-1]:
        owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
    return getattr(type(owner)(), parts[-1])


def test_a_preset_uses_the_speed_of_codecs_that_was_measured_and_keeps_half() -> None:
    """P3: the text keeps half; a codec of another speed than the product's own would be listed."""
    one = paper("P3")
    for figure in one.figures:
        plan = found("P3", figure.name).own
        own = TopK()
        assert {d.compression for d in plan.decisions} == {own.label}
        assert own.density_ratio == 0.5
        assert {d.encode_s_per_byte for d in plan.decisions} == {8 / own.encode_bps}
        assert {d.decode_s_per_byte for d in plan.decisions} == {8 / own.decode_bps}


def test_p3_puts_blocks_on_every_device_as_many_as_memory_holds_where_that_is_faster() -> None:
    for name in ("delay_preprint", "delay_journal"):
        plan, scenario = found("P3", name).own, paper("P3").at_preset(name)
        depths = [layers(decision.cut.device_ops) for decision in plan.decisions]
        share = scenario.server.flops_per_s / len(scenario.devices)
        assert all(
            (depth > 1) == (device.flops_per_s > share)
            for depth, device in zip(depths, scenario.devices, strict=True)
        )
        assert min(depths) == 1 < max(depths)
        assert len({round(decision.bandwidth_share, 6) for decision in plan.decisions}) > 1


def test_p2_puts_layers_on_user_edge_and_cloud() -> None:
    for decision in found("P2", "memory").own.decisions:
        assert decision.edge_cut is not None
        here, there = layers(decision.cut.device_ops), layers(decision.edge_cut.device_ops)
        assert 2 <= here < there < 12


def test_p1_cuts_at_several_depths_and_across_branches() -> None:
    cuts = [decision.cut for decision in found("P1", "least").own.decisions]
    assert len({cut.label for cut in cuts}) > 1
    assert max(len(cut.crossing) for cut in cuts) > 1


def test_p4_has_cuts_inside_and_a_clock_inside_and_beats_each_end_where_the_paper_says() -> None:
    """All on the devices is slower; all that privacy allows at the server takes the server more energy."""
    plan, shown = found("P4", "delay").own, {r.scheme: r for r in found("P4", "delay").rivals}
    depths = [layers(decision.cut.device_ops) for decision in plan.decisions]
    assert 0 < min(depths) < max(depths)
    clocks = [decision.server_frequency_ratio for decision in plan.decisions if decision.cut.crossing]
    lowest = cutwise.plan(paper("P4").graph(), paper("P4").at_preset("delay"), "card", frequency="lowest")
    assert all(clock < 1 for clock in clocks)
    assert max(clocks) > max(decision.server_frequency_ratio for decision in lowest.decisions[2:])
    assert plan.delay_s < shown["device_only"].value  # type: ignore[operator]
    energy = {r.scheme: r for r in found("P4", "energy").rivals}
    assert plan.energy_by_owner_j["server"] < energy["first_layer"].value  # type: ignore[operator]
    assert shown["server_only"].status == "infeasible"


def row_of(one: Paper, name: str, settings: Mapping[str, Any], at: int) -> Scenario:
    """The scenario of one draw; what belongs to the measure is put where the scenario has it."""
    paths = {path: values[at] for path, values in settings.items() if "." in path}
    paths = {path: round(float(v)) if path.endswith(WHOLE) else float(v) for path, v in paths.items()}
    if "delay_weight" in settings:
        weight = float(settings["delay_weight"][at])
        paths |= {"objective.delay_weight": weight, "objective.energy_weight": 1 - weight}
    return changed(one.at_preset(name), paths)


@pytest.mark.parametrize(("key", "name"), [pair for pair in FIGURES if pair[0] != "P2"])
def test_each_measure_is_the_plans_own_figure_in_every_draw(key: str, name: str) -> None:
    """Of the paper's scheme and of every scheme that counts."""
    one = paper(key)
    figure = one.figure(name)
    rng = np.random.default_rng(11)
    settings = {setting.path: setting.drawn(rng, DRAWS) for setting in one.settings}
    columns = MEASURES[figure.measure](one.graph(), one.at_preset(name), settings, one.options)
    assert set(columns) >= {one.scheme, *figure.counted}
    for at in range(DRAWS):
        scenario = row_of(one, name, settings, at)
        for scheme, values in columns.items():
            there, options = scenario, dict(one.options) if scheme == one.scheme else {}
            if scheme == "sft":
                codec = TopK(density_ratio=float(settings["density_ratio"][at]))
                there = replace(scenario, compression=replace(scenario.compression, codec=codec))
            plan = cutwise.plan(one.graph(), there, scheme, **options)
            assert values[at] == pytest.approx(QUANTITIES[figure.quantity](plan), rel=1e-8), scheme


def test_the_measure_of_p2_is_the_plans_own_figure() -> None:
    """The plan decides cuts; the measure is given the layers of its own whole ones."""
    one = paper("P2")
    scenario = scenario_from_dict(
        {
            "format": "cutwise-scenario/1",
            "workload": {"tied_weights": "untied", "tuning": {"kind": "lora", "targets": ["all_linear"]}},
            "privacy": {"keep_on_device": ["layers/2/mlp/LayerNorm"]},
            "channel": {"kind": "fixed_rate", "uplink_bps": 1e9, "downlink_bps": 1e9},
            "server": {"flops_per_s": 1e15},
            "edges": [{"flops_per_s": 1e10}] * 2,
            "backhaul": {"rate_bps": 1e11},
            "devices": [{"flops_per_s": 1e10}] * 3,
        }
    )
    plans = {name: cutwise.plan(one.graph(), scenario, name) for name in ("split_llm", "split_federated")}
    decision = plans["split_llm"].decisions[0]
    assert decision.edge_cut is not None
    assert decision.cut.device_ops == plans["split_federated"].decisions[0].cut.device_ops
    there = layers(decision.edge_cut.device_ops) - layers(decision.cut.device_ops)
    settings = {
        "users": 3, "edges": 2, "user_blocks": layers(decision.cut.device_ops), "edge_blocks": there,
    }  # fmt: skip
    columns = MEASURES["server_memory"](
        one.graph(), scenario, {name: np.array([float(value)]) for name, value in settings.items()}, {}
    )
    for name, plan in plans.items():
        assert columns[name][0] == pytest.approx(plan.server_memory_bytes, rel=1e-9)


@pytest.mark.parametrize(("key", "name"), FIGURES)
def test_draws_follow_the_seed_and_stay_in_their_ranges(key: str, name: str) -> None:
    one = paper(key)
    found, again = (headline(one, name, draws=20, seed=3) for _ in range(2))
    assert np.array_equal(found.reduction_ratio, again.reduction_ratio)
    assert np.isfinite(found.reduction_ratio).all()
    assert (found.reduction_ratio <= 1 + 1e-12).all()
    for setting in one.settings:
        assert (found.settings[setting.path] >= setting.low).all()
        assert (found.settings[setting.path] <= setting.high).all()
    strengths = [abs(value) for value in found.influence.values()]
    assert strengths == sorted(strengths, reverse=True)
    assert 0 <= found.published_rank_ratio <= 1
    assert len(found.to_frame()) == 20


def test_the_optimum_is_never_later_than_any_of_its_baselines() -> None:
    """P1's ordering, for every draw; and its least is never more than its most."""
    one = paper("P1")
    least, most = (headline(one, name, draws=200) for name in ("least", "most"))
    assert (least.reduction_ratio >= -1e-9).all()
    assert (least.reduction_ratio <= most.reduction_ratio).all()


def test_unknown_papers_and_figures_are_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="unknown paper 'P9'"):
        paper("P9")
    with pytest.raises(UnknownNameError, match="unknown figure of P1 'speed'"):
        headline(paper("P1"), "speed", draws=10)
    with pytest.raises(ScenarioError, match="draws is 1"):
        headline(paper("P1"), "most", draws=1)
    with pytest.raises(ScenarioError, match=r"p9\.toml"):
        _read("p9.toml", "colour = 'blue'")


@pytest.mark.parametrize(("key", "name"), FIGURES)
def test_a_figure_read_beside_any_plan_is_ours_at_its_preset(key: str, name: str) -> None:
    here, ours = paper(key), found(key, name)
    assert read_beside(ours.figure, ours.own, here.graph(), here.at_preset(name)) == ours.read
