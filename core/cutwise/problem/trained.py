"""Whether training trains anything: quantised weights are not trained, only adapters beside them."""

from __future__ import annotations

from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.options.tuning import Lora
from cutwise.errors import ScenarioError

INSTEAD = 'set mode = "inference", or train adapters with tuning = { kind = "lora" }'


def check_trained(cost: GraphCost) -> None:
    """Raises `ScenarioError` with one sentence where training would train nothing of the model.

    That is where all weights of a file are whole numbers or frozen, and where the workload quantises them:
    training programs refuse to train quantised weights, for their gradients have no meaning in so few bits.
    """
    workload, graph = cost.workload, cost.graph
    if not workload.training or isinstance(workload.tuning, Lora):
        return
    if workload.quantised:
        raise ScenarioError(
            [
                f"workload.weights_dtype: weights in {workload.quantised} are not trained, so nothing of "
                f"{graph.name} would be; {INSTEAD}, or give the format in which they are trained"
            ]
        )
    if graph.parameters and not cost.trainable_parameters and not workload.frozen:
        formats = ", ".join(sorted({weight.dtype for weight in graph.weights.values()}))
        raise ScenarioError(
            [
                f"workload.mode: nothing of {graph.name} is trainable: its {graph.parameters:,} parameters "
                f"({formats}) are frozen or stored quantised; {INSTEAD}"
            ]
        )
