"""The graph of a Keras model: nested models are gone into, layers called again keep their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.net import Net
from cutwise.importers.json_formats.document import shown
from cutwise.importers.keras_format.layers import LAYERS
from cutwise.importers.keras_format.layers.keras_layer import Layer
from cutwise.importers.keras_format.open_sizes import OpenSizes
from cutwise.importers.keras_format.operations import operation_of
from cutwise.importers.keras_format.topology import (
    INPUT,
    Described,
    Ref,
    Topology,
    is_model,
    refuse,
    topology,
)
from cutwise.plain import Json
from cutwise.read_limits import GRAPH_DEPTH, KERAS_CALLS, NAME_CHARACTERS, WORD_CHARACTERS

OVER_TIME = "TimeDistributed"
EXPORT = "export it to ONNX where its code is, with model.export('model.onnx', format='onnx')"


def graph_of(file: str, document: Mapping[str, Json], dims: Mapping[str, int], *, name: str) -> ModelGraph:
    """The graph of the model that `document`, its class and settings, describes.

    Raises `ModelImportError` for a model that is code, for a layer that is not known, and for settings that
    do not fit.
    """
    config = document.get("config")
    if not is_model(config):
        kind = shown(document.get("class_name"))
        raise ModelImportError(f"{file}: is a {kind}, whose graph is code and not in the file; {EXPORT}")
    sizes = OpenSizes(file, dims)
    builder = _Builder(file, sizes)
    builder.model(config, None, ModelPlace())
    sizes.refuse_others()
    own = config.get("name") if isinstance(config, dict) else None
    return ModelGraph(
        name=own[:NAME_CHARACTERS] if isinstance(own, str) and own.isprintable() and own else name,
        ops=tuple(builder.net.ops),
        batch_size=sizes.batch_size,
        dims=sizes.chosen,
        warnings=(*sizes.warnings, *_frozen(builder.net)),
    )


def _frozen(net: Net) -> Iterator[str]:
    """What is to be said of layers that the file does not train."""
    held = {w.id: w.elements for op in net.ops for w in op.weights if w.role == "frozen"}
    if held:
        yield (
            f"{sum(held.values()):,} parameters in {len(held):,} weights are those of layers that are not "
            "trainable: they stay as they are"
        )


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """Where a model stands: `path` before its weights, `block` before its ops, how deep it may nest on."""

    path: str = ""
    block: str = ""
    depth: int = GRAPH_DEPTH
    trainable: bool = True

    def inside(self, name: str, number: int, *, trainable: bool) -> ModelPlace:
        """The place of the model `name` here at its call of that number."""
        block = name if number == 0 else f"{name}:{number}"
        return ModelPlace(
            self.of(name),
            f"{self.block}/{block}" if self.block else block,
            self.depth - 1,
            trainable=self.trainable and trainable,
        )

    def of(self, name: str) -> str:
        """The path of the layer `name` here."""
        return f"{self.path}/{name}" if self.path else name


class _Builder:
    """Adds the ops of a model, and of the models in it, to one net."""

    def __init__(self, file: str, sizes: OpenSizes) -> None:
        self.file, self.sizes, self.net = file, sizes, Net("fp32")
        self.calls: Counter[str] = Counter()
        self.total = 0
        # A model that is called again has the layers it had.
        self.plans: dict[str, Topology] = {}

    def model(self, config: Json, given: Sequence[str] | None, place: ModelPlace) -> tuple[str, ...]:
        """The tensors a model makes of those it is `given`; of inputs of its own where it is given none."""
        if place.depth == 0:
            refuse(self.file, "nests models too deeply")
        if place.path not in self.plans:
            self.plans[place.path] = topology(self.file, config)
        plan = self.plans[place.path]
        if given is not None and len(given) < len(plan.inputs):
            refuse(
                self.file,
                f"gives the model {shown(place.path)} {len(given)} of its {len(plan.inputs)} inputs",
            )
        known = {ref[0]: tensor for ref, tensor in zip(plan.inputs, given or (), strict=False)}
        made: dict[tuple[str, int], tuple[str, ...]] = {}
        for name, call in plan.order:
            layer = plan.layers[name]
            if layer.kind == INPUT:
                made[name, call] = (known[name] if name in known else self._input(layer, place),)
            else:
                inputs = tuple(self._tensor(made, ref) for ref in layer.calls[call])
                made[name, call] = self._called(plan, layer, call, inputs, place)
        return tuple(self._tensor(made, ref) for ref in plan.outputs)

    def _tensor(self, made: Mapping[tuple[str, int], tuple[str, ...]], ref: Ref) -> str:
        name, call, number = ref
        found = made.get((name, call), ())
        if number >= len(found):
            refuse(self.file, f"reads result {number} of layer {shown(name)}, which there is not")
        return found[number]

    def _input(self, layer: Described, place: ModelPlace) -> str:
        shape = self.sizes.sized(place.of(layer.name), layer.config)
        dtype = "int32" if str(layer.config.get("dtype")).startswith(("int", "uint")) else "fp32"
        with self.net.at(place.block, ""):
            return self.net.op("input", layer.name, (), shape, dtype=dtype)

    def _refuse_changed(self, layer: Described) -> None:
        """Adapters and whole numbers that were put into a layer are weights beside those it was made with."""
        if layer.config.get("lora_rank"):
            raise ModelImportError(
                f"{self.file}: layer {shown(layer.name)} has adapters of rank "
                f"{shown(layer.config['lora_rank'])}, which are not read; save the model before enable_lora, "
                'and plan it with tuning = { kind = "lora" }'
            )
        policy = layer.config.get("dtype")
        if isinstance(policy, dict) and "Quantized" in str(policy.get("class_name")):
            raise ModelImportError(
                f"{self.file}: layer {shown(layer.name)} is quantised; save the model before quantize, and "
                'plan it with weights_dtype = "int8"'
            )

    def _called(
        self, plan: Topology, described: Described, call: int, inputs: tuple[str, ...], place: ModelPlace
    ) -> tuple[str, ...]:
        """What one call of a layer, or of a model that is a layer, makes."""
        own = f"{place.block}/{described.name}"
        number = self.calls[own]
        self.calls[own] += 1
        self.total += 1
        if self.total > KERAS_CALLS:
            refuse(self.file, f"calls more than {KERAS_CALLS:,} layers")
        self._refuse_changed(described)
        trains = place.trainable and described.config.get("trainable") is not False
        if is_model(dict(described.config)):
            config = described.config
            inner: Json = config["layers"] if set(config) == {"layers"} else dict(config)
            return self.model(inner, inputs, place.inside(described.name, number, trainable=trains))
        layer = Layer(
            file=self.file,
            net=self.net,
            kind=described.kind,
            path=place.of(described.name),
            op_id=described.name if number == 0 else f"{described.name}:{number}",
            config=described.config if trains else {**described.config, "trainable": False},
            inputs=inputs,
        )
        with self.net.at(place.block, ""):
            return self._written(plan, described, call, layer, place)

    def _written(
        self, plan: Topology, described: Described, call: int, layer: Layer, place: ModelPlace
    ) -> tuple[str, ...]:
        operation = operation_of(described.module, described.kind, described.config)
        if operation is not None:
            stated = plan.shapes.get((described.name, call, 0))
            return (operation(layer, self.sizes.filled(stated)),)
        if described.kind == OVER_TIME:
            return (self._over_time(layer, place),)
        if described.kind in LAYERS:
            found = LAYERS[described.kind](layer)
            return (found,) if isinstance(found, str) else found
        kind = shown(described.kind[:WORD_CHARACTERS])
        raise ModelImportError(
            f"{self.file}: layer {shown(layer.path)} is a {kind}, a layer of somebody's own or one not read "
            f"here; {EXPORT}"
        )

    def _over_time(self, layer: Layer, place: ModelPlace) -> str:
        """A layer at every step: the steps are laid beside the batch, and apart again."""
        inner = layer.config.get("layer")
        if not isinstance(inner, dict) or len(layer.shape) < 3:
            layer.refuse("names no layer, or reads no steps")
        batch, steps, *rest = layer.shape
        flat = layer.op("reshape", (batch * steps, *rest), name="steps")
        plan = topology(self.file, [inner])
        described = list(plan.layers.values())[-1]
        inside = place.inside(layer.op_id, 0, trainable=layer.flag("trainable", True))
        made = self._called(plan, replace(described, calls=((),)), 0, (flat,), inside)[0]
        return layer.op("reshape", (batch, steps, *self.net.shape(made)[1:]), inputs=[made])
