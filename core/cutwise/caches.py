"""Everything that is kept for the next question, in one table: how many answers, by what key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from cutwise.frozen import FrozenDict, frozen

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """What one function keeps: at most so many `entries`, None where there are no more keys than that.

    Values that hold arrays are keys by their digest; where keys count `by_type`, 1 and 1.0 are two. A
    property is kept with the value it belongs to.
    """

    entries: int | None
    key: str
    keeps: str
    by_type: bool = False


CACHES: Mapping[str, Cache] = FrozenDict(
    {
        "cutwise.frozen._reader": Cache(entries=None, key="dataclass", keeps="how its fields are read"),
        "cutwise.units._hints": Cache(
            entries=None, key="dataclass", keeps="types of its fields and their registered names"
        ),
        "cutwise.units._with_names": Cache(
            entries=None, key="dataclass and names", keeps="types of its fields with these names"
        ),
        "cutwise.analyses.bands.drawn_turns.block_members": Cache(
            entries=16, key="graph", keeps="which op is in which block"
        ),
        "cutwise.analyses.divisions.group_counts.divided_round": Cache(
            entries=512, key="question, how many groups", keeps="delay, energy and cuts of that round"
        ),
        "cutwise.analyses.maps.places.explored_cuts._together": Cache(
            entries=16, key="priced graph and cuts", keeps="what the cuts of a map add up to"
        ),
        "cutwise.analyses.maps.places.point_prices._held": Cache(
            entries=16, key="sides of cuts", keeps="what they hold at their peaks"
        ),
        "cutwise.costs.moved_bytes._layout": Cache(
            entries=16, key="graph, training, kind of attention", keeps="whose storage each output lies in"
        ),
        "cutwise.fields.field_rules.is_made_as": Cache(
            entries=256, key="dataclass and what a field takes", keeps="whether it may stand there"
        ),
        "cutwise.fields.field_rules.field_rules": Cache(
            entries=None, key="dataclass", keeps="what may stand in each field, and how all are read"
        ),
        "cutwise.graph.model_graph.ModelGraph.edges": Cache(
            entries=1, key="the graph itself", keeps="its edges"
        ),
        "cutwise.graph.model_graph.ModelGraph.edge_array": Cache(
            entries=1, key="the graph itself", keeps="its edges as an array"
        ),
        "cutwise.importers.hugging_face.safetensors_header.ParameterTable.parameters": Cache(
            entries=1, key="the table itself", keeps="number of parameters"
        ),
        "cutwise.importers.hugging_face.safetensors_header.ParameterTable.dtypes": Cache(
            entries=1, key="the table itself", keeps="elements of each dtype"
        ),
        "cutwise.budgets.budgets": Cache(entries=None, key="none", keeps="the budgets in force"),
        "cutwise.hardware.profiles.hardware": Cache(entries=None, key="none", keeps="the catalogue"),
        "cutwise.planning.one_device.work.work_columns._columns": Cache(
            entries=16, key="priced graph and batch size", keeps="its work as columns over the ops"
        ),
        "cutwise.hardware.time_classes.time_classes": Cache(
            entries=None, key="none", keeps="compute time by class of hardware"
        ),
        "cutwise.calibration.shipped_calibrations.shipped_calibrations": Cache(
            entries=None, key="none", keeps="the shipped calibrations"
        ),
        "cutwise.stated.shipped_scenarios.shipped_scenarios": Cache(
            entries=None, key="none", keeps="names of the shipped scenarios"
        ),
        "cutwise.stated.shipped_scenarios.shipped_scenario": Cache(
            entries=None, key="name", keeps="a shipped scenario"
        ),
        "cutwise.stated.scenario_library.scenario_library": Cache(
            entries=None, key="none", keeps="the scenario library"
        ),
        "cutwise.scenario.scenario_file._usual": Cache(
            entries=None, key="dataclass", keeps="itself with every default"
        ),
        "cutwise.stated.link_words.link_dictionary": Cache(
            entries=None, key="version of links", keeps="their deflate dictionary"
        ),
        "cutwise.stated.link_words.link_presets": Cache(
            entries=None, key="version of links", keeps="shipped scenarios as they were then"
        ),
        "cutwise.stated.link.question_of_link": Cache(
            entries=16, key="text of a link", keeps="the question it asks"
        ),
        "cutwise.scenario.vocabulary.words.words": Cache(
            entries=None, key="none", keeps="the table of words"
        ),
        "cutwise.measured.decoding_rates.predicted_rates": Cache(
            entries=None, key="none", keeps="the rates that were measured, with what is planned for them"
        ),
        "cutwise.measured.memory_runs.predicted_memory": Cache(
            entries=None, key="none", keeps="the runs that were measured, with what is predicted for them"
        ),
        "cutwise.measured.split_runs.split_runs": Cache(
            entries=None, key="none", keeps="the runs of split training"
        ),
        "cutwise.measured.split_runs.layer_benchmark": Cache(
            entries=None, key="none", keeps="the benchmark of layers beside them"
        ),
        "cutwise.measured.split_levels.predicted_splits": Cache(
            entries=None, key="none", keeps="their cuts, with what is predicted for them at every level"
        ),
        "cutwise.measured.split_decisions.split_decisions": Cache(
            entries=None, key="none", keeps="which cuts the levels would have chosen"
        ),
        "cutwise.measured.times.model_totals.model_totals": Cache(
            entries=None, key="none", keeps="totals of the models that others measured"
        ),
        "cutwise.measured.times.timed_models.timed_models": Cache(
            entries=None, key="none", keeps="times of models that others measured"
        ),
        "cutwise.measured.splits.board_splits.board_splits": Cache(
            entries=None, key="none", keeps="cuts that others measured"
        ),
        "cutwise.measured.splits.board_splits.from_other_models": Cache(
            entries=None, key="none", keeps="what is predicted for each from the other models"
        ),
        "cutwise.measured.times.time_comparisons._rows": Cache(
            entries=None, key="run and level", keeps="its rows with what is predicted for them"
        ),
        "cutwise.measured.times.fitted_times.left_out_rows": Cache(
            entries=None, key="set of machines", keeps="its rows, each predicted from the others"
        ),
        "cutwise.measured.times.fitted_times.few_rows": Cache(
            entries=None, key="run", keeps="its rows, predicted from five of them"
        ),
        "cutwise.measured.agreement.stated_agreements.stated_agreements": Cache(
            entries=None, key="none", keeps="what rows said that may not be shipped"
        ),
        "cutwise.measured.agreement.stated_agreements.stated_regrets": Cache(
            entries=None, key="none", keeps="what choices cost on rows that may not be shipped"
        ),
        "cutwise.measured.energies.capped_trainings.capped_trainings": Cache(
            entries=None, key="none", keeps="trainings under power caps"
        ),
        "cutwise.hardware.decoding.decoding_classes": Cache(
            entries=None, key="none", keeps="the classes of decoding"
        ),
        "cutwise.question._decided_modes": Cache(
            entries=8, key="graph, scenario and scheme", keeps="the power modes that are best"
        ),
        "cutwise.compression.magnitudes.gaussian": Cache(entries=None, key="none", keeps="a profile"),
        "cutwise.compression.magnitudes.student_t4": Cache(entries=None, key="none", keeps="a profile"),
        "cutwise.compression.magnitudes.outlier_channels": Cache(entries=None, key="none", keeps="a profile"),
        "cutwise.convergence.table.shipped_table": Cache(entries=None, key="none", keeps="the study's table"),
        "cutwise.leakage.leakage_table.leakage_table": Cache(
            entries=None, key="none", keeps="what attacks recovered"
        ),
        "cutwise.convergence.study_design.digits": Cache(entries=None, key="none", keeps="the study's data"),
        "cutwise.costs.lora._adapted": Cache(
            entries=32, key="graph, tuning and frozen names", keeps="the graph with adapters"
        ),
        "cutwise.costs.kernels.kernel_costs._kernel_costs": Cache(
            entries=16, key="graph, workload and accelerator", keeps="what its kernels keep and hold"
        ),
        "cutwise.costs.memory.tensor_lifetimes.timeline_of": Cache(
            entries=8, key="priced graph and accelerator", keeps="when its kernels run"
        ),
        "cutwise.costs.generation.token_axis.token_axis": Cache(
            entries=32, key="graph", keeps="its attentions over tokens and its output layer"
        ),
        "cutwise.costs.memory.bounds._border_bytes": Cache(
            entries=32, key="priced graph", keeps="what gradients may take more at a border"
        ),
        "cutwise.costs.memory.bounds._kept_forward": Cache(
            entries=32, key="priced graph", keeps="what its ops keep to the end of the forward pass"
        ),
        "cutwise.costs.memory.bounds._moving_bytes": Cache(
            entries=32, key="priced graph", keeps="what its whole peak is made of but for what stays"
        ),
        "cutwise.costs.memory.held._held": Cache(
            entries=1 << 15, key="priced graph and side", keeps="what the side holds at its peak"
        ),
        "cutwise.cuts.block_wise._contracted_network": Cache(
            entries=16, key="blocks and which are contracted", keeps="the flow network that is left"
        ),
        "cutwise.cuts.max_flow.flow_network": Cache(
            entries=16, key="split graph", keeps="its flow network, without weights"
        ),
        "cutwise.cuts.tiers.tier_cut.tier_network": Cache(
            entries=16, key="split graph and levels", keeps="units and flow network, without weights"
        ),
        "cutwise.cuts.tiers.tier_labels.level_units": Cache(
            entries=16, key="split graph and levels", keeps="units of all levels"
        ),
        "cutwise.cuts.u_shape.flow._network": Cache(
            entries=16, key="split graph", keeps="its flow network, without weights"
        ),
        "cutwise.sweeping.whole_sweep.Sweep.digest": Cache(
            entries=1, key="the sweep itself", keeps="its digest"
        ),
        "cutwise.sweeping.whole_sweep.Sweep.together": Cache(
            entries=1, key="the sweep itself", keeps="which of its schemes are answered in columns"
        ),
        "cutwise.scenario.versions.versions": Cache(entries=None, key="none", keeps="product and data"),
        "cutwise.scenario.versions.data_version": Cache(entries=None, key="none", keeps="the data's digest"),
        "cutwise.scenario.checks._choices": Cache(
            entries=None, key="dataclass", keeps="names that each field may be"
        ),
        "cutwise.scenario.file_checker._checker_of": Cache(
            entries=8, key="registered kinds", keeps="the reader of scenario files"
        ),
        "cutwise.scenario.remedies.places._places_with": Cache(
            entries=8, key="registered kinds", keeps="every field of a scenario by its path"
        ),
        "cutwise.scenario.file_checker._names": Cache(
            entries=None, key="dataclass", keeps="names of its fields"
        ),
        "cutwise.analyses.base.asked_plan": Cache(entries=8, key="question", keeps="its plan"),
        "cutwise.scenario.changes._known_value": Cache(
            entries=4096, key="path, value, kinds", keeps="the value as a file would give it", by_type=True
        ),
        "cutwise.problem.pricing.priced": Cache(entries=32, key="graph and workload", keeps="the price"),
        "cutwise.problem.pricing._at_length": Cache(
            entries=8, key="graph and tokens", keeps="the graph at that length"
        ),
        "cutwise.problem.pricing.tied_ops": Cache(entries=32, key="graph", keeps="ops that share a weight"),
        "cutwise.problem.numbers.device_columns": Cache(
            entries=256, key="devices and workload", keeps="speeds, memories and places"
        ),
        "cutwise.problem.numbers.server_numbers": Cache(
            entries=256, key="server and dtype", keeps="speed and memory"
        ),
        "cutwise.problem.powers.power_conditions": Cache(
            entries=256, key="devices, server, laws and access point", keeps="what all draw"
        ),
        "cutwise.problem.powers.edge_powers_w": Cache(
            entries=64, key="edges and law of the clock", keeps="what they draw"
        ),
        "cutwise.problem.numbers.coding_of": Cache(
            entries=256, key="compression and dtype", keeps="ratios and seconds a byte"
        ),
        "cutwise.problem.numbers.accuracy_loss_ratio": Cache(
            entries=256, key="compression", keeps="the accuracy it costs"
        ),
        "cutwise.problem.edge_links.edge_columns": Cache(
            entries=64, key="edges and dtype", keeps="speeds and memories"
        ),
        "cutwise.problem.split_problem._private": Cache(
            entries=64, key="priced graph and privacy", keeps="the ops kept on the device"
        ),
        "cutwise.planning.answer.pins._least": Cache(
            entries=64, key="priced graph, pins and ties", keeps="the smallest device side"
        ),
        "cutwise.planning.answer.pins._privacy_pins": Cache(
            entries=64, key="priced graph and privacy", keeps="what privacy pins, in words"
        ),
        "cutwise.planning.answer.shared_weight_words.tied_pins": Cache(
            entries=64, key="priced graph and ties", keeps="what shared weights pin, in words"
        ),
        "cutwise.planning.answer.shared_weight_words.shared_weights_text": Cache(
            entries=64, key="priced graph", keeps="what becomes of shared weights, in words"
        ),
        "cutwise.planning.one_device.cut_memory._memory_of": Cache(
            entries=64, key="priced graph and cuts", keeps="bounds on what their sides hold"
        ),
        "cutwise.planning.one_device.candidates._pooled": Cache(
            entries=64, key="priced graph and split graph", keeps="the pool of cuts with its sums"
        ),
        "cutwise.planning.one_device.candidates._under": Cache(
            entries=64, key="priced graph, split graph, memory rules", keeps="cuts under memories, with sums"
        ),
        "cutwise.planning.answer.next_best.every_split": Cache(
            entries=8, key="priced graph and split graph", keeps="all splits with their sums, if they are few"
        ),
        "cutwise.planning.sharing.codec_choice.lightest": Cache(
            entries=256, key="compression and accuracy limit", keeps="the setting that sends least"
        ),
        "cutwise.planning.sharing.codec_choice.frontier": Cache(
            entries=256, key="compression", keeps="settings that none undercuts"
        ),
        "cutwise.planning.sharing.codec_choice._lines": Cache(
            entries=64, key="compression", keeps="the grid of settings"
        ),
        "cutwise.papers.paper.papers": Cache(entries=None, key="none", keeps="the five papers"),
        "cutwise.papers.recomputed._answer": Cache(
            entries=128, key="graph, scenario, scheme, options", keeps="its plan, or why there is none"
        ),
        "cutwise.papers.paper._graph": Cache(entries=None, key="a paper's model", keeps="its graph"),
    }
)
"""Every cache of the library, by the full name of what is kept."""


def keeping(table: Mapping[str, Cache]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that keeps a function's answers as `table` says; what it hands out cannot be written to."""

    def kept(function: Callable[P, R]) -> Callable[P, R]:
        row = table[full_name(function)]

        @lru_cache(maxsize=row.entries, typed=row.by_type)
        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            return frozen(function(*args, **kwargs))

        return answer  # type: ignore[return-value]  # a cached function takes what its function takes

    return kept


def full_name(function: Callable[..., object]) -> str:
    """Module and name, as they stand in the table."""
    return f"{function.__module__}.{function.__qualname__}"


kept = keeping(CACHES)
"""Keeps the answers of a function of the library."""
