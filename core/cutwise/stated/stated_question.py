"""Everything that a reader has asked as one frozen value: model by name, scenario, how it is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cutwise.defaults import DEFAULT_SCHEME
from cutwise.fields.readable_names import readable_name
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise.stated.shipped_scenarios import FIRST_SCENARIO, shipped_scenario

FIRST_SAMPLE = "resnet18"
BEST_BASELINE = "best"
"""The baseline of this name is the best valid one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference(Frozen):
    """Which model: a shipped one, or a file by the SHA-256 of its bytes, in hexadecimal digits, and its name.

    `dims` are the sizes that its open dimensions are given.
    """

    sample: str = ""
    digest: str = ""
    name: str = ""
    dims: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", readable_name(self.name))
        Frozen.__post_init__(self)

    @property
    def label(self) -> str:
        """What people call it.

        >>> ModelReference(sample="gpt2").label, ModelReference(digest="00", name="my.onnx").label
        ('gpt2', 'my.onnx')
        """
        return self.sample or self.name

    @property
    def source(self) -> str:
        """How a command line names it."""
        return f"sample:{self.sample}" if self.sample else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedQuestion(Frozen):
    """What is asked, with the model named: equal questions have equal answers.

    `preset` is the shipped scenario it began with. `options` are those of the scheme; `cut` pins one cut for
    every device (the ops it lies behind). `device` is who is looked at, empty for the last to finish.
    `baseline` is what the plan is compared with: a baseline's name, `BEST_BASELINE`, or empty for nothing.
    `kept` are links of questions to compare with; `figure` is the published figure that it was opened for
    ("p1/9": paper and figure).
    """

    model: ModelReference = field(default_factory=lambda: ModelReference(sample=FIRST_SAMPLE))
    preset: str = FIRST_SCENARIO
    scenario: Scenario = field(default_factory=shipped_scenario)
    scheme: str = DEFAULT_SCHEME
    options: Mapping[str, Any] = field(default_factory=dict)
    cut: str = ""
    device: str = ""
    baseline: str = "device_only"
    kept: tuple[str, ...] = ()
    figure: str = ""


def question_about(graph: ModelGraph, stated: StatedQuestion) -> Question:
    """The question about the model itself; its baseline is named only where one of them is."""
    return Question(
        graph=graph,
        scenario=stated.scenario,
        scheme=stated.scheme,
        options=stated.options,
        cut=stated.cut,
        baseline="" if stated.baseline == BEST_BASELINE else stated.baseline,
    )
