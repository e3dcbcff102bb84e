"""Which solver proves a round: the fast one for every device whose limits do not bind."""

from __future__ import annotations

import cutwise
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import Scenario


def test_without_limits_that_bind_max_flow_alone_proves_the_round(chain: ModelGraph) -> None:
    report = cutwise.plan(chain, Scenario(), "fast_split").report
    assert report.status == "optimal"
    assert report.certificate is not None
    assert report.certificate.method == "max-flow"
