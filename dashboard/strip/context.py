"""What decides which fields are shown and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.inference_words import said
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise.units import facts_of
from cutwise_dashboard.caches import kept

FieldShown = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The question, and its model where it is known."""

    stated: StatedQuestion
    graph: ModelGraph | None

    @property
    def scenario(self) -> Scenario:
        return self.stated.scenario

    def facts(self, owner: type[Any], name: str) -> Mapping[str, Any]:
        """The facts of one field, in the words of training or of inference."""
        return facts_in_words(owner, name, self.scenario.workload.training)


@kept
def facts_in_words(owner: type[Any], name: str, training: bool) -> Mapping[str, Any]:
    """The facts of one field, in the words of training or of inference."""
    facts = facts_of(owner, name)
    if not training:
        facts |= {part: said(facts[part], training=False) for part in ("title", "help") if facts.get(part)}
    return FrozenDict(facts)
