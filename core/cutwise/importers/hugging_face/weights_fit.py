"""Whether the weights that a file holds are those of the model that its configuration describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cutwise.graph.model_graph import Op
from cutwise.importers.hugging_face.folder import missing_text
from cutwise.importers.hugging_face.safetensors_header import ParameterTable


def differences(ops: Sequence[Op], table: ParameterTable) -> Iterator[str]:
    """What does not fit between graph and weights."""
    described = parameters_of(ops)
    if table.missing:
        yield missing_text(table, described=described)
    elif table.parameters not in _stored_parameters(ops, described):
        yield (
            f"{table.file} holds {table.parameters:,} parameters, the configuration describes {described:,} "
            f"({table.parameters - described:+,}): parts that are not built here, or files of two models"
        )


def surplus_of(ops: Sequence[Op], table: ParameterTable) -> int:
    """How many more parameters the file holds than the graph has; 0 where they fit or shards are missing."""
    described = parameters_of(ops)
    fits = table.missing or table.parameters in _stored_parameters(ops, described)
    return 0 if fits else table.parameters - described


def _stored_parameters(ops: Sequence[Op], described: int) -> frozenset[int]:
    """Numbers of parameters that files of a model hold.

    Tied weights are stored once, or for each layer; the largest, a table of tokens, under any of the names
    it has, its own beside those of its readers. Tables that are computed, not trained, may be left out.
    """
    readers = Counter(weight for op in ops for weight in op.weights)
    shared = {weight: count for weight, count in readers.items() if count > 1}
    repeated = sum(weight.elements * (count - 1) for weight, count in shared.items())
    largest = max(shared, key=lambda weight: weight.elements, default=None)
    names = range(shared[largest] + 1) if largest else ()
    more = {0, repeated, *(largest.elements * count for count in names if largest)}
    computed = parameters_of([op for op in ops if op.attrs.get("stops_gradient")])
    return frozenset(described + extra - less for extra in more for less in (0, computed))


def parameters_of(ops: Sequence[Op]) -> int:
    """Parameters and buffers of all ops, tied ones once."""
    return sum({weight.id: weight.elements for op in ops for weight in op.weights}.values())
