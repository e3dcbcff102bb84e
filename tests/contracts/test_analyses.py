"""What every registered analysis keeps, whatever it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

import pandas as pd
import pytest

import cutwise
from cutwise import analyses
from cutwise.__main__ import main
from cutwise.analyses import ANALYSES, Record, analysis_with
from cutwise.channels import FixedRate, Shannon
from cutwise.cli.inputs import MANY_NUMBERS, spelled
from cutwise.cli.printing import FINE
from cutwise.errors import CutwiseError, ScenarioError, UnknownNameError
from cutwise.options import choices_of, option_hints
from cutwise.plain import plain
from cutwise.question import Question
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Scenario
from cutwise.scenario.scenario_file import dump_scenario
from cutwise.schemes import SCHEMES
from cutwise.units import facts_of
from tests.contracts.families import modules_of

SHARED = {
    "adaptive_grid",
    "alike_devices",
    "as_planned",
    "asked_rows",
    "band_basis",
    "base",
    "bisection",
    "changed_quantities",
    "changing_cuts",
    "cheapest_pair",
    "curve_limits",
    "cut_moves",
    "cut_reason",
    "cut_regrets",
    "cut_trades",
    "decision_map",
    "device_map",
    "drawn_factors",
    "drawn_turns",
    "drawn_worlds",
    "explored_cuts",
    "figure_formulas",
    "figure_inputs",
    "figure_terms",
    "front_points",
    "front_walks",
    "held_beside",
    "helping_ways",
    "input_ranges",
    "judged_cuts",
    "laws",
    "least_factors",
    "map_grid",
    "map_places",
    "meeting_schemes",
    "pace",
    "plan_bands",
    "point_prices",
    "quantity_axis",
    "round_map",
    "round_points",
    "row_lines",
    "sampled_map",
    "scenario_rows",
    "score_lines",
    "sections",
    "skyband",
    "stage_formulas",
    "straight_map",
    "sweep_file",
    "sweep_settings",
    "sweep_table",
    "target_changes",
    "tier_memory",
    "usual_quantities",
    "world_scores",
    "written_out",
}
"""Modules of the family that register nothing."""

FLEET = (
    Device(name="phone", flops_per_s=2e10, samples=400, distance_m=150.0),
    Device(name="board", profile="jetson_tx2", samples=900, distance_m=60.0),
)
SAMPLES = ("vgg16", "resnet18")
SCENARIOS = {
    "two devices": Scenario(devices=FLEET, channel=FixedRate(uplink_bps=5e7, downlink_bps=1e8)),
    "one over the air": Scenario(devices=FLEET[1:], channel=Shannon()),
}
NEEDED: dict[str, dict[str, Any]] = {
    "sweep": {"over": {"channel.uplink_latency_s": (0.0, 0.1), "workload.batch_size": (1, 8)}}
}
"""Options that an analysis cannot do without."""
OTHER_VALUES: dict[tuple[str, str], Any] = {
    ("break_evens", "along"): ("server.flops_per_s",),
    ("map", "across"): "server.flops_per_s",
    ("map", "up"): "channel.downlink_bps",
    ("map", "schemes"): ("split_federated", "split_learning"),
    ("compare", "schemes"): ("device_only", "fast_split"),
    ("front", "points"): 2,
    ("replan", "rates"): (1.0, 0.5),
    ("replan", "seed"): 11,
    ("shadow_prices", "quantities"): ("channel.uplink_bps",),
    ("targets", "quantities"): ("channel.uplink_bps",),
    ("tornado", "quantities"): ("channel.uplink_bps",),
    ("uncertainty", "ranges"): ("server.speed=/2",),
    ("sweep", "schemes"): ("device_only",),
    ("sweep", "over"): {"channel.uplink_latency_s": (0.0, 0.2), "workload.batch_size": (1, 8)},
}
"""A value to try where the type and the bounds name none."""
WITHOUT_EFFECT: dict[tuple[str, str], str] = {}
"""Options that change no record of these questions, and why."""

every_analysis = pytest.mark.parametrize("name", list(ANALYSES))


def question(sample: str = "resnet18", scenario: str = "two devices") -> Question:
    return Question(graph=cutwise.load_model(f"sample:{sample}"), scenario=SCENARIOS[scenario])


def found(name: str, asked: Question, **options: Any) -> Record:
    return analysis_with(name, NEEDED.get(name, {}) | options).run(asked)


def other_value(name: str, option: str) -> Any:
    """A value of an option that is not its default."""
    if (name, option) in OTHER_VALUES:
        return OTHER_VALUES[name, option]
    analysis = ANALYSES[name]
    hint, facts = option_hints(analysis)[option], facts_of(analysis, option)
    first = next(f.default for f in fields(analysis) if f.name == option)
    if option == "device":
        return FLEET[1].name
    tried = [False, True] if hint is bool else [*choices_of(hint), *(facts["shown"] or ())]
    tried += [facts[bound] for bound in ("ge", "le") if bound in facts]
    return next(value for value in tried if value != first)


@every_analysis
def test_it_is_a_frozen_dataclass_that_asks_in_one_sentence(name: str) -> None:
    analysis = ANALYSES[name]
    assert is_dataclass(analysis)
    assert analysis.__dataclass_params__.frozen
    assert analysis.name == name
    assert analysis.asks[-1] in ".?"
    assert sum(analysis.asks.count(end) for end in (". ", "? ")) == 0
    assert isinstance(analysis.of_plan, bool)
    assert isinstance(analysis.in_report, bool)
    assert not (analysis.in_report and NEEDED.get(name)), "a report has no options to give"


@every_analysis
def test_every_option_is_named_explained_and_bounded(name: str) -> None:
    analysis = ANALYSES[name]
    for option in fields(analysis):
        facts, hint = facts_of(analysis, option.name), option_hints(analysis)[option.name]
        assert option.kw_only
        assert facts["title"]
        assert facts["help"]
        assert option.default is not MISSING or option.name in NEEDED[name]
        if {int, float} & {hint, *get_args(hint)} and get_origin(hint) is not tuple:
            assert "ge" in facts or "gt" in facts, option.name


@every_analysis
def test_its_options_are_told_apart_from_those_of_every_scheme(name: str) -> None:
    own = {option.name for option in fields(ANALYSES[name])} | {"scheme", "cut", "json", "dim"}
    theirs = {option.name for scheme in SCHEMES.values() for option in fields(scheme)} - {"cut"}
    assert not ANALYSES[name].of_plan or not own & theirs


@every_analysis
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_its_record_is_a_frozen_value_with_a_form_for_each_reader(
    name: str, sample: str, scenario: str
) -> None:
    record: Any = found(name, question(sample, scenario))
    assert is_dataclass(record)
    assert type(record).__dataclass_params__.frozen
    assert isinstance(record.to_frame(), pd.DataFrame)
    assert plain(record) == plain(record.plain())
    assert json.loads(json.dumps(plain(record), allow_nan=False)) == plain(record)
    assert record.text().strip()
    assert "\n" not in record.summary()


@every_analysis
def test_the_same_question_twice_has_the_same_record(name: str) -> None:
    assert found(name, question()) == found(name, question())
    slow = replace(question(), scenario=replace(SCENARIOS["two devices"], channel=FixedRate(uplink_bps=1e5)))
    assert found(name, slow) != found(name, question())


@every_analysis
def test_python_asks_as_the_question_does(name: str) -> None:
    asked, needed = question(), NEEDED.get(name, {})
    record = cutwise.analyse(asked.graph, asked.scenario, name, scheme="split_federated", **needed)
    assert record == found(name, replace(asked, scheme="split_federated"))


@every_analysis
def test_a_pinned_cut_belongs_to_an_analysis_of_the_plan(name: str) -> None:
    pinned = replace(question(), cut="layer4/0/relu2")
    assert (found(name, pinned) != found(name, question())) == ANALYSES[name].of_plan


@every_analysis
def test_every_option_changes_the_record_of_some_question(name: str) -> None:
    for option in fields(ANALYSES[name]):
        value = other_value(name, option.name)
        changed = any(
            found(name, question(sample), **{option.name: value}) != found(name, question(sample))
            for sample in SAMPLES
        )
        assert changed != ((name, option.name) in WITHOUT_EFFECT), option.name


def words_of(name: str, options: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The options as words of a command line."""
    for option, value in options.items():
        yield f"--{spelled(option)}"
        if option_hints(ANALYSES[name])[option] in MANY_NUMBERS:
            (folder / "numbers.txt").write_text("\n".join(map(str, value)), encoding="utf-8")
            yield str(folder / "numbers.txt")
        else:
            yield ",".join(value) if isinstance(value, tuple) else str(value)


def sweep_words(options: Mapping[str, Any], folder: Path) -> list[str]:
    """The file that asks for a sweep."""
    head = [f"{key} = {json.dumps(value)}" for key, value in options.items() if key != "over"]
    over = [f"{json.dumps(path)} = {json.dumps(values)}" for path, values in options["over"].items()]
    lines = ['model = "sample:resnet18"', 'scenario = "scenario.toml"', *head, "[over]", *over]
    (folder / "sweep.toml").write_text("\n".join(lines), encoding="utf-8")
    return [str(folder / "sweep.toml")]


@every_analysis
def test_its_command_prints_the_record(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = question()
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(dump_scenario(asked.scenario), encoding="utf-8")
    given = [{}, *({option.name: other_value(name, option.name)} for option in fields(ANALYSES[name]))]
    for options in given:
        words = ["sample:resnet18", str(scenario), *words_of(name, options, tmp_path)]
        if name == "sweep":
            words = sweep_words(NEEDED[name] | options, tmp_path)
        assert main([spelled(name), *words, "--json"]) == FINE
        record = found(name, asked, **options)
        assert json.loads(capsys.readouterr().out) == plain(record)
        assert main([spelled(name), *words]) == FINE
        assert capsys.readouterr().out == f"{record.text()}\n"


@every_analysis
def test_an_analysis_of_the_plan_has_a_command_that_takes_the_scheme(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([spelled(name), "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert ("--scheme" in told.replace("--schemes", "")) == ANALYSES[name].of_plan
    assert name == "sweep" or all(f"--{spelled(option.name)}" in told for option in fields(ANALYSES[name]))


@every_analysis
def test_where_nothing_fits_it_says_so_and_breaks_nothing(name: str) -> None:
    tight = {"deadline": Limits(deadline_s=1e-9), "energy": Limits(device_energy_j=1e-9)}
    for limits in tight.values():
        asked = replace(question(), scenario=replace(SCENARIOS["two devices"], limits=limits))
        try:
            told = json.dumps(plain(found(name, asked)), allow_nan=False)
        except CutwiseError as error:
            told = str(error)
        assert told.strip()


@every_analysis
def test_a_wrong_option_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown option of {name} 'colour'"):
        analysis_with(name, NEEDED.get(name, {}) | {"colour": "red"})
    with pytest.raises(UnknownNameError, match=r"unknown option of .* 'colour'"):
        cutwise.analyse(question().graph, None, name, colour="red", **NEEDED.get(name, {}))
    for option in NEEDED.get(name, {}):
        with pytest.raises(ScenarioError, match=f"{name}.{option}: give a value"):
            analysis_with(name, {})


def test_an_unknown_analysis_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="unknown analysis 'explian'; did you mean 'explain'"):
        cutwise.analyse(question().graph, None, "explian")


def test_an_unknown_device_is_suggested() -> None:
    for name in ("cut_curve", "explain"):
        with pytest.raises(UnknownNameError, match="unknown device 'phones'; did you mean 'phone'"):
            found(name, question(), device="phones")


def test_every_module_of_the_family_registers_an_analysis() -> None:
    registered = {analysis.__module__ for analysis in ANALYSES.values()}
    assert modules_of(analyses, shared=SHARED) == registered
